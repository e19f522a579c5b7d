"""Commands that write what is published about the services: contracts, and the page about workbooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hongxia import contracts, services
from hongxia.events.declare import EventType
from hongxia.workbook.document import render


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="contracts")(write_contracts)
    app.command(name="workbooks")(write_workbooks)


def event_types() -> list[EventType]:
    """The event types of all installed services."""
    return [declared for name in services.names() for declared in services.load(name).definition.events]


def titles() -> dict[str, str]:
    """Return what the installed services are called in Chinese, by name."""
    return {name: services.load(name).definition.title for name in services.names()}


def write_contracts(
    directory: Annotated[Path, typer.Argument(help="写入的目录")] = Path("contracts"),
    labels: Annotated[Path | None, typer.Option("--labels", help="把契约中的中文名称另写入此文件（YAML）")] = None,
    release: Annotated[bool, typer.Option("--release", help="同时记为已发布的契约")] = False,
) -> None:
    """写出事件契约（JSON Schema、AsyncAPI）与各服务的接口说明（OpenAPI）。"""
    from hongxia.runtime.service import dump_openapi

    declared = event_types()
    openapi = {name: dump_openapi(services.load(name)) for name in services.names()}
    contracts.write(directory, declared, openapi)
    if labels:
        contracts.write_labels(labels, declared, titles())
    if release:
        contracts.release(directory, declared)


def write_workbooks() -> None:
    """把工作簿各列的说明（docs/workbooks.md）打印到标准输出。"""
    books = [item.workbook for name in services.names() for item in services.load(name).definition.workbooks]
    print(render(sorted(books, key=lambda book: book.order)), end="")
