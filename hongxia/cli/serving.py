"""Commands that run a service, or prepare one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hongxia import logs, services
from hongxia.cli.telling import tell
from hongxia.client import Client, ClientError
from hongxia.settings import (
    DEFAULT_URL,
    Misconfigured,
    address_faults,
    database_faults,
    load,
    trusted,
    value_of,
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(migrate)
    app.command()(revision)
    app.command()(wait)


def serve(
    service: Annotated[str | None, typer.Argument(help="只运行这一个服务；不写则五个服务同在一个进程")] = None,
    address: Annotated[str, typer.Option(help="内嵌运行时的监听地址")] = "127.0.0.1:8080",
    data: Annotated[Path, typer.Option(envvar="HONGXIA_DATA", help="内嵌运行时的数据目录")] = Path(".hongxia"),
) -> None:
    """运行服务：不写名称即内嵌运行全部服务，无需安装任何服务器。"""
    if service is not None:
        services.must_exist(service)
        settings = load(os.environ)
        logs.configure(settings.log_level)
        from hongxia.runtime.runner import serve as run

        run(service, settings)
        return
    if faults := address_faults("--address", address):
        raise Misconfigured("\n".join(faults))
    logs.configure(os.environ.get("LOG_LEVEL") or "WARNING")
    from hongxia.runtime.runner import Embedded, serve_embedded

    embedded = Embedded(data.absolute(), address)

    def ready(local_token: str) -> None:
        console = Console(stderr=True)
        tell(f"红霞已在 {embedded.url} 运行，数据在 {embedded.data}", console=console)
        tell(f"在浏览器打开：{embedded.url}/#token={local_token}", console=console)

    serve_embedded(embedded, ready)


def migrate(service: Annotated[str, typer.Argument(help="服务名")]) -> None:
    """把一个服务的数据库升级到当前版本（DATABASE_URL）。"""
    from hongxia.database import migrate as upgrade

    services.must_exist(service)
    url = value_of(os.environ, "DATABASE_URL")
    if not url:
        raise Misconfigured("缺少环境变量 DATABASE_URL（或 DATABASE_URL_FILE）")
    if faults := database_faults(url):
        raise Misconfigured("\n".join(faults))
    try:
        upgrade(url, services.load(service).definition.migrations)
    except Exception as error:  # noqa: BLE001 - whatever a migration fails of becomes one line
        raise Misconfigured(f"{service} 的数据库迁移失败，未作任何更改：{_cause(error)}") from None
    tell(f"{service}：数据库已是当前版本")


def revision(
    service: Annotated[str, typer.Argument(help="服务名")],
    message: Annotated[str, typer.Option("-m", "--message", help="这次改动的英文说明")],
) -> None:
    """按模型与现有迁移的差别，写出一个新的数据库迁移（供开发者核对后提交）。"""
    from hongxia.migrations.revising import write_revision

    services.must_exist(service)
    definition = services.load(service).definition
    path = write_revision(definition.metadata, definition.migrations, message)
    tell(f"已写入 {path}，请核对后提交" if path else f"{service}：模型与迁移一致，没有要改的")


def _cause(error: Exception) -> str:
    origin = getattr(error, "orig", None) or error
    return f"{type(origin).__name__} {str(origin).splitlines()[0] if str(origin) else ''}".strip()


def wait(timeout: Annotated[int, typer.Option(help="最多等待的秒数", min=1)] = 60) -> None:
    """等到全部服务就绪（/readyz）。"""
    deadline = time.monotonic() + timeout
    waiting = services.names()
    while waiting:
        waiting = [name for name in waiting if not _ready(name)]
        if waiting and time.monotonic() > deadline:
            raise Misconfigured(f"等待超时，尚未就绪：{'、'.join(waiting)}")
        if waiting:
            time.sleep(0.2)


def _ready(service: str) -> bool:
    client = Client(os.environ.get("HONGXIA_URL") or DEFAULT_URL, "", trusted(os.environ))
    try:
        client.get(service, "/readyz")
    except ClientError:
        return False
    return True
