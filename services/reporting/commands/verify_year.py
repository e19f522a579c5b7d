"""`hongxia verify`: a year held against the histories that it comes from, by the public APIs only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hongxia.cli.telling import tell
from hongxia.client import Client, ClientError
from hongxia.keys import BadKey, PublicKeys
from services.reporting.proof.checks import Check, checks


def verify(
    year: Annotated[int, typer.Argument(help="年度")],
    keys: Annotated[Path | None, typer.Option(help="另行保存的公钥（JWK 集）；不给则用各服务公布的公钥")] = None,
) -> None:
    """验证：重算各来源的事件链，核对末端的签名与每个游标，由事实与日志重算年度摘要；有任何不一致则失败。"""
    failed: list[Check] = []
    for check in checks(Client.from_environment(), year, _pinned(keys)):
        mark, style = ("✓", "green") if check.good else ("✗", "red")
        tell(check.text, mark=mark, style=style)
        if not check.good:
            failed.append(check)
    if failed:
        raise ClientError(f"{year}年度验证未通过：{len(failed)} 处不一致，首处为：{failed[0].text}")
    tell(f"{year}年度验证通过：各来源的事件流一条不缺、前后相接，数字由其得出", style="green")


def _pinned(path: Path | None) -> PublicKeys | None:
    if path is None:
        return None
    try:
        return PublicKeys.from_jwks(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ClientError(f"公钥文件无法读取：{path}（{type(error).__name__}）") from None
    except BadKey as error:
        raise ClientError(f"公钥文件 {path} {error}") from None
