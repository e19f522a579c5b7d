"""Commands for those who keep the services running."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hongxia import services
from hongxia.cli.telling import show, tell
from hongxia.client import Client, ClientError

Chosen = Annotated[str | None, typer.Option("--service", help="只看这一个服务；不写则全部")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    parked = typer.Typer(help="搁置的事件：无法取用、留待重放的。", no_args_is_help=True)
    parked.command(name="list")(list_parked)
    parked.command(name="replay")(replay_parked)
    app.add_typer(parked, name="parked")
    app.command()(reread)


def list_parked(service: Chosen = None) -> None:
    """列出搁置的事件与原因。"""
    client = Client.from_environment()
    found = [(name, event) for name in _chosen(service) for event in client.pages(name, "/parked")]
    if not found:
        tell("没有搁置的事件")
        return
    table = Table("服务", "来源", "位置", "类型", "日期", "原因", "次数")
    for name, event in found:
        table.add_row(*map(Text, (name, *_row(event))))
    show(table)


def _row(event: dict[str, Any]) -> tuple[str, ...]:
    why = f"{event['reason']}（{event['detail']}）"
    return event["source"], str(event["position"]), event["type"], event["occurredon"], why, str(event["attempts"])


def replay_parked(service: Chosen = None) -> None:
    """重放搁置的事件；仍有搁置的则以非零状态结束。"""
    client = Client.from_environment()
    left = 0
    for name in _chosen(service):
        done = client.post(name, "/parked/replay")
        left += done["still_parked"]
        if done["applied"] or done["still_parked"]:
            tell(f"{name}：重放成功 {done['applied']} 个，仍搁置 {done['still_parked']} 个")
    if left:
        raise ClientError(f"仍有 {left} 个事件搁置，原因见 hongxia parked list")
    tell("没有搁置的事件了")


def _chosen(service: str | None) -> list[str]:
    if service is None:
        return services.names()
    services.must_exist(service)
    return [service]


def reread(
    consumer: Annotated[str, typer.Argument(help="读取的服务")],
    source: Annotated[str, typer.Argument(help="它从头重读的来源")],
) -> None:
    """让一个服务忘掉从一个来源读到的一切，从头重读：用于历史不一致，而来源现有的历史已决定作数时。"""
    services.must_exist(consumer)
    services.must_exist(source)
    Client.from_environment().post(consumer, f"/cursors/{source}/reset")
    tell(f"{consumer} 正在从头重读 {source}")
