"""Commands for those who keep the services running."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hongxia import services
from hongxia.client import Client, ClientError

Chosen = Annotated[str | None, typer.Option("--service", help="只看这一个服务；不写则全部")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    parked = typer.Typer(help="搁置的事件：无法取用、留待重放的。", no_args_is_help=True)
    parked.command(name="list")(list_parked)
    parked.command(name="replay")(replay_parked)
    app.add_typer(parked, name="parked")


def list_parked(service: Chosen = None) -> None:
    """列出搁置的事件与原因。"""
    client = Client.from_environment()
    found = [(name, event) for name in _chosen(service) for event in client.get(name, "/parked")]
    if not found:
        Console().print("没有搁置的事件")
        return
    table = Table("服务", "来源", "位置", "类型", "日期", "原因", "次数")
    for name, event in found:
        table.add_row(name, *_row(event))
    Console().print(table)


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
            Console().print(f"{name}：重放成功 {done['applied']} 个，仍搁置 {done['still_parked']} 个", highlight=False)
    if left:
        raise ClientError(f"仍有 {left} 个事件搁置，原因见 hongxia parked list")
    Console().print("没有搁置的事件了")


def _chosen(service: str | None) -> list[str]:
    if service is not None and service not in services.names():
        raise ClientError(f"没有名为 {service} 的服务；现有：{'、'.join(services.names())}")
    return [service] if service else services.names()
