"""`hongxia figures`: the year's figures in the terminal, by the public API only."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hongxia.cli.telling import show, tell
from hongxia.client import Client, ClientError
from services.reporting.labels import service_title
from services.reporting.proof.completeness import STATES

SERVICE = "reporting"
STYLES = {"complete": "green", "no_data": "dim", "catching_up": "yellow", "parked": "magenta", "diverged": "bold red"}

Item = Mapping[str, Any]


def figures(
    year: Annotated[int, typer.Argument(help="年度")],
    csv_file: Annotated[Path | None, typer.Option("--csv", help="另存为 CSV（code,value,unit,state）")] = None,
    check: Annotated[
        Path | None, typer.Option("--check", help="按此 CSV（code,low,high）核对上下限，超出则失败", exists=True)
    ] = None,
) -> None:
    """年度指标：准确的数字，与报告所载并列。"""
    answer = Client.from_environment().get(SERVICE, f"/years/{year}/indicators")
    show(_table(year, answer["items"]))
    for line in _reasons(answer["items"]):
        tell(line)
    if csv_file:
        _write(csv_file, answer["items"])
    if check:
        faults = _out_of_bounds(_bounds(check), answer["items"])
        if faults:
            raise ClientError("不在核对范围内的指标：\n" + "\n".join(faults))
        tell(f"全部指标在 {check.name} 的范围内", mark="✓", style="green")


def _table(year: int, items: Sequence[Item]) -> Table:
    table = Table("指标", title=f"{year}年度指标", title_style="bold", header_style="bold")
    for title in ("实际完成值", "报告所载", "目标值"):
        table.add_column(title, justify="right")
    table.add_column("数据")
    service = ""
    for item in items:
        if item["service"] != service:
            service = item["service"]
            table.add_section()
            table.add_row(Text(service_title(service), "bold red"))
        state = Text(STATES[item["state"]], STYLES[item["state"]])
        printed, target = Text(item["printed_as"] or "-"), Text(item["target"] or "-")
        table.add_row(Text(item["name"]), Text(_value(item), "bold"), printed, target, state)
    return table


def _value(item: Item) -> str:
    return f"{item['printed'] if item['printed'] is not None else '-'} {item['unit']}"


def _reasons(items: Iterable[Item]) -> list[str]:
    """Why figures are not complete or have no value, each reason once, and what stands beside them."""
    reasons = dict.fromkeys(item["reason"] for item in items if item["reason"])
    empty = [f"{item['name']}：{item['value_reason']}" for item in items if item["value_reason"]]
    beside = [f"{item['name']}：{item['remark']}" for item in items if item["remark"]]
    return [*reasons, *empty, *beside]


def _write(path: Path, items: Iterable[Item]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("code", "value", "unit", "state"))
        writer.writerows((item["code"], item["value"] or "", item["unit"], item["state"]) for item in items)


def _bounds(path: Path) -> dict[str, tuple[Decimal, Decimal]]:
    """The bounds by code. Raises ClientError for a file that has none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {row["code"]: (Decimal(row["low"]), Decimal(row["high"])) for row in csv.DictReader(file)}
    except (KeyError, InvalidOperation, TypeError, UnicodeDecodeError):
        raise ClientError(f"{path} 不是核对用的 CSV：应有 code、low、high 三列") from None


def _out_of_bounds(bounds: Mapping[str, tuple[Decimal, Decimal]], items: Iterable[Item]) -> list[str]:
    values = {item["code"]: item for item in items}
    faults = []
    for code, (low, high) in bounds.items():
        item = values.get(code)
        if item is None:
            faults.append(f"  {code}：没有这项指标")
        elif item["value"] is None:
            faults.append(f"  {code} {item['name']}：没有数值，应在 {low} 到 {high} 之间")
        elif not low <= Decimal(item["value"]) <= high:
            faults.append(f"  {code} {item['name']}：{item['value']}，应在 {low} 到 {high} 之间")
    return faults
