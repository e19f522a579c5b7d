"""Commands of the issuer: make a token, revoke tokens, list what is revoked."""

from __future__ import annotations

import os
from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hongxia import ids, services
from hongxia.cli.telling import show, tell
from hongxia.dates import SHANGHAI, system_clock
from hongxia.http import auth
from hongxia.keys import KEYS, OPERATOR, BadKey, SigningKey, signing_key_path
from hongxia.revoked import LONGEST_LIFE, REVOKED_TOKENS_FILE, VALUE, Act, BadList, Entry, Kind, Revoked, append
from hongxia.roles import ROLES
from hongxia.settings import Misconfigured, value_of

DEFAULT_DAYS = 1

Jtis = Annotated[list[str] | None, typer.Option("--jti", help="令牌编号（签发时打印），可写多次")]
Subjects = Annotated[list[str] | None, typer.Option("--subject", help="持有人代号：其全部令牌，可写多次")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    tokens = typer.Typer(help="签发访问令牌（用签发者的私钥），打印到标准输出；吊销令牌。", invoke_without_command=True)
    tokens.callback()(token)
    tokens.command()(revoke)
    tokens.command()(restore)
    tokens.command(name="list")(list_revoked)
    app.add_typer(tokens, name="token")


def token(
    context: typer.Context,
    role: Annotated[list[str] | None, typer.Option(help="角色，可写多次")] = None,
    subject: Annotated[str, typer.Option(help="令牌持有人的代号，不用姓名")] = "",
    audience: Annotated[str, typer.Option(help="只对这一个服务有效；不写则对全部服务有效")] = auth.EVERY_SERVICE,
    days: Annotated[int, typer.Option(help="有效天数", min=1, max=LONGEST_LIFE.days)] = DEFAULT_DAYS,
) -> None:
    """签发访问令牌（用签发者的私钥），打印到标准输出；令牌编号与到期时刻打印到标准错误，吊销时要用。"""
    if context.invoked_subcommand is not None:
        return
    if not role:
        raise Misconfigured("缺少选项 --role；用法：hongxia token --help")
    if not subject:
        raise Misconfigured("缺少选项 --subject：请注明令牌发给谁（代号，不用姓名）；用法：hongxia token --help")
    _must_be_values([subject])
    unknown = [name for name in role if name not in ROLES]
    if unknown:
        raise Misconfigured(f"没有名为 {'、'.join(unknown)} 的角色；现有：{'、'.join(sorted(ROLES))}")
    if audience != auth.EVERY_SERVICE:
        services.must_exist(audience)
    key, now, jti, life = _operator_key(), system_clock(), ids.new_id(), timedelta(days=days)
    print(auth.mint(key, subject, role, audience, now, life, jti))
    until = (now + life).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    tell(f"令牌编号 {jti}，持有人 {subject}，有效至 {until}", console=Console(stderr=True))


def revoke(jti: Jtis = None, subject: Subjects = None) -> None:
    """吊销令牌：几秒内在全部服务生效，重启与恢复备份之后仍然有效。"""
    _append("revoke", jti, subject)
    tell("已吊销；各服务会在几秒内重新读取名单")


def restore(jti: Jtis = None, subject: Subjects = None) -> None:
    """撤回吊销：尚未到期的令牌重新有效。"""
    _append("restore", jti, subject)
    tell("已撤回吊销；各服务会在几秒内重新读取名单")


def list_revoked() -> None:
    """列出仍然有效的吊销。"""
    found = _read_list(_list_path()).entries()
    if not found:
        tell("没有吊销的令牌")
        return
    table = Table("吊销时刻", "依据", "代号")
    for entry in found:
        moment = entry.moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(moment, {"jti": "令牌编号", "subject": "持有人"}[entry.kind], entry.value)
    show(table)


def _append(act: Act, jtis: list[str] | None, subjects: list[str] | None) -> None:
    wanted: list[tuple[Kind, str]] = [("jti", jti) for jti in jtis or ()]
    wanted += [("subject", subject) for subject in subjects or ()]
    if not wanted:
        raise Misconfigured("请写明 --jti 或 --subject；用法：hongxia token --help")
    _must_be_values([value for _, value in wanted])
    path, now = _list_path(), system_clock().astimezone(UTC)
    _read_list(path)
    append(path, [Entry(now, act, kind, value) for kind, value in wanted])


def _must_be_values(values: list[str]) -> None:
    if any(not VALUE.fullmatch(value) for value in values):
        raise Misconfigured("代号只能含字母、数字与 . _ @ : -，以字母或数字开头，至多 200 个字符")


def _list_path() -> Path:
    path = os.environ.get("REVOKED_TOKENS_FILE")
    if path:
        return Path(path)
    local = _data() / KEYS / REVOKED_TOKENS_FILE
    if not local.is_file():
        raise Misconfigured(
            "没有吊销名单：请用 REVOKED_TOKENS_FILE 指明；hongxia serve 在本机运行时，"
            "请在它的目录中运行或设置 HONGXIA_DATA"
        )
    return local


def _read_list(path: Path) -> Revoked:
    try:
        return Revoked.read(path.read_text(encoding="utf-8"))
    except (BadList, UnicodeDecodeError) as error:
        fault = error if isinstance(error, BadList) else "不是 UTF-8 文本"
        raise Misconfigured(f"吊销名单 {path} 无法使用：{fault}") from None


def _operator_key() -> SigningKey:
    """The operator's private key, or that of the embedded services of this machine."""
    text = value_of(os.environ, "OPERATOR_SIGNING_KEY")
    if text is None:
        local = signing_key_path(_data() / KEYS, OPERATOR)
        if not local.is_file():
            raise Misconfigured(
                "缺少环境变量 OPERATOR_SIGNING_KEY（或 OPERATOR_SIGNING_KEY_FILE）：签发者的 Ed25519 私钥；"
                "hongxia serve 在本机运行时，"
                "请在它的目录中运行或设置 HONGXIA_DATA"
            )
        text = local.read_text(encoding="utf-8")
    try:
        return SigningKey.from_pem(OPERATOR, text)
    except BadKey as error:
        raise Misconfigured(f"OPERATOR_SIGNING_KEY {error}") from None


def _data() -> Path:
    return Path(os.environ.get("HONGXIA_DATA") or ".hongxia")
