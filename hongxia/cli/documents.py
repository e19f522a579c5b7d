"""Commands that write what is published about the services: contracts, the workbooks' page, the life cycles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hongxia import contracts, services
from hongxia.events.declare import EventType
from hongxia.lifecycle import draw
from hongxia.workbook.document import Language, render


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(name="contracts")(write_contracts)
    app.command(name="workbooks")(write_workbooks)
    app.command(name="states")(write_states)


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


def write_workbooks(
    language: Annotated[Language, typer.Option("--language", help="说明的语言：en 英文，zh 中文")] = Language.ENGLISH,
) -> None:
    """把工作簿各列的说明（docs/workbooks.md、docs/workbooks.zh-CN.md）打印到标准输出。"""
    books = [item.workbook for name in services.names() for item in services.load(name).definition.workbooks]
    print(render(books, language), end="")


STATES = """\
# Life cycles

The states of every kind of record, and what leads from one to the next. `hongxia states` prints this page from the
declarations that the code uses, and a test compares the two: change the declaration, not the page. Labels are Chinese,
codes and verbs are those of the API.
"""


def write_states() -> None:
    """把各类记录的状态变化（docs/states.md）打印到标准输出。"""
    print("\n".join(states()))


def states() -> list[str]:
    """Return the lines of docs/states.md."""
    lines = [STATES]
    for name in services.names():
        lifecycles = services.load(name).definition.lifecycles
        if lifecycles:
            lines += [f"## {name}", "", *draw(name, lifecycles)]
    return lines[:-1]
