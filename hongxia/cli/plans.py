"""What an import did, or would do, in lines for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_ALONE = 5
"""So many changes of one column are listed one by one; more are summed up."""

MOST_SHOWN = 20

Answer = Mapping[str, Any]
"""A service's answer to an import, or its refusal of one that is not confirmed; see ImportedOut."""


def summary(name: str, answer: Answer) -> str:
    """Return one line about what an import did with the rows."""
    counts = {what: sum(sheet.get(what, 0) for sheet in answer["sheets"].values()) for what in _COUNTED}
    parts = [f"{label} {counts[what]} 行" for what, label in _COUNTED.items() if counts[what] or what in _ALWAYS]
    what = "检查通过" if answer["dry_run"] else "已导入"
    return f"{what} {name}（{answer['year']}年）：{'，'.join(parts)}"


_COUNTED = {"created": "新增", "continued": "续填", "changed": "改动", "unchanged": "已有"}
_ALWAYS = ("created", "unchanged")


def details(answer: Answer, *, everything: bool = False) -> Iterator[str]:
    """Yield what an import changes, asks and adds, which rows are gone, and what else should be known.

    Many changes of one column are summed up, and long lists cut short, unless `everything` is wanted.
    """
    yield from _section("改动：", _changes(answer.get("changes", ()), everything))
    yield from _section("疑问：", _cut(_questions(answer), everything))
    yield from _section("名单中没有、将要加入的名称：", _labels(answer))
    yield from _section("以下各行已不在文件中，系统中的记录没有改动：", _missing(answer, everything))
    yield from _notes(answer)


def to_confirm(answer: Answer) -> bool:
    """Return whether the import has to be confirmed."""
    return bool(answer.get("digest"))


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"  {title}"
        yield from (f"    {line}" for line in lines)


def _changes(changes: Sequence[Mapping[str, Any]], everything: bool) -> list[str]:
    columns: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for change in changes:
        columns.setdefault((change["sheet"], change["column"]), []).append(change)
    lines: list[str] = []
    for (sheet, title), found in columns.items():
        if everything or len(found) <= MOST_ALONE:
            lines += [f"“{sheet}”第{c['row']}行（{c['key']}）“{title}”：{_both(c)}" for c in found]
        else:
            first = found[0]
            example = f"例如第{first['row']}行（{first['key']}）：{_both(first)}"
            lines.append(f"“{sheet}”的“{title}”列 {len(found)} 行有改动，{example}")
    return lines


def _both(change: Mapping[str, Any]) -> str:
    if change["before"] == change["after"]:
        return "内容有改动（不显示）"
    return f"由“{change['before']}”改为“{change['after']}”"


def _questions(answer: Answer) -> list[str]:
    return [f"“{asked['sheet']}”第{asked['row']}行：{asked['message']}" for asked in answer.get("questions", ())]


def _labels(answer: Answer) -> list[str]:
    lists: dict[str, list[str]] = {}
    for new in answer.get("labels", ()):
        lists.setdefault(new["list"], []).append(new["label"])
    return [f"{title}：{'、'.join(labels)}" for title, labels in lists.items()]


def _missing(answer: Answer, everything: bool) -> list[str]:
    sheets: dict[str, list[str]] = {}
    for gone in answer.get("missing", ()):
        sheets.setdefault(gone["sheet"], []).append(gone["key"])
    lines = []
    for sheet, keys in sheets.items():
        shown = keys if everything else keys[:MOST_SHOWN]
        more = "" if len(shown) == len(keys) else " 等"
        lines.append(f"“{sheet}”{len(keys)} 行：{'、'.join(shown)}{more}")
    return lines


def _notes(answer: Answer) -> Iterator[str]:
    """What an import wants to be known besides: hidden rows that it has read, sheets that it has not."""
    for note in answer.get("notes", ()):
        yield f"  注意：{note['text']}"


def _cut(lines: list[str], everything: bool) -> list[str]:
    if everything or len(lines) <= MOST_SHOWN:
        return lines
    return [*lines[:MOST_SHOWN], f"……另有 {len(lines) - MOST_SHOWN} 处，加 --all 全部列出"]
