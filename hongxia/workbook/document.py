"""The page that tells how to fill in the workbooks, rendered from their declarations in English or Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from hongxia.workbook.declare import Column, Figure, Kind, Sheet, Workbook
from hongxia.workbook.document_texts import CHINESE, ENGLISH, Words
from hongxia.workbook.write import format_zh


class Language(StrEnum):
    """The language of the page. What stands in a file is Chinese in both."""

    ENGLISH = "en"
    CHINESE = "zh"


def render(workbooks: Iterable[Workbook], language: Language = Language.ENGLISH) -> str:
    """docs/workbooks.md or docs/workbooks.zh-CN.md for those workbooks, in the order in which they are imported."""
    return _Page(language).render(sorted(workbooks, key=lambda workbook: (workbook.order, workbook.name)))


class _Page:
    """The page in one language."""

    def __init__(self, language: Language) -> None:
        self._chinese = language is Language.CHINESE
        self._words: Words = CHINESE if self._chinese else ENGLISH

    def render(self, workbooks: Sequence[Workbook]) -> str:
        words = self._words
        parts = [words.introduction, "\n".join(_table(words.kinds_header, words.kinds)) + "\n", words.after_kinds]
        parts += [words.again, "\n".join(_table(words.again_header, words.again_cases)) + "\n", words.after_again]
        parts.append("\n".join(self._overview(workbooks)))
        for workbook in workbooks:
            service = words.service.format(service=workbook.service)
            parts.append(f"## {workbook.title_zh}\n\n{self._help(workbook)}{service}\n")
            parts += ["\n".join(self._sheet(workbook, sheet)) for sheet in workbook.sheets]
        parts.append("\n".join(self._figures(workbooks)))
        return "\n".join(parts)

    def _help(self, declared: Workbook | Sheet | Column) -> str:
        return declared.help_zh if self._chinese else declared.help_en

    def _optional(self, sheet: Sheet) -> str:
        return self._words.optional if sheet.optional else ""

    def _overview(self, workbooks: Sequence[Workbook]) -> Iterator[str]:
        yield self._words.overview
        yield ""
        rows = []
        for workbook in workbooks:
            sheets = self._words.separator.join(
                f"`{sheet.title_zh}`{self._optional(sheet)}" for sheet in workbook.sheets
            )
            rows.append((f"`{workbook.title_zh}`", workbook.service, sheets))
        yield from _table(self._words.overview_header, rows)
        yield ""

    def _sheet(self, workbook: Workbook, sheet: Sheet) -> Iterator[str]:
        words = self._words
        yield words.sheet.format(workbook=workbook.title_zh, sheet=sheet.title_zh) + self._optional(sheet)
        yield ""
        yield self._help(sheet)
        yield ""
        yield words.key.format(titles=_titles(sheet, sheet.key)) + "".join(
            words.unique.format(titles=_titles(sheet, fields)) for fields in sheet.unique
        )
        yield ""
        yield from _table(words.columns_header, [self._column(workbook, column) for column in sheet.columns])
        yield ""

    def _column(self, workbook: Workbook, column: Column) -> tuple[str, ...]:
        required = self._words.yes if column.required else self._words.no
        what = f"{self._help(column)}{self._reference(workbook, column)}"
        if self._chinese:
            shape = format_zh(column) if column.kept else "不读取"
            return f"`{column.title_zh}`", required, what, shape, column.example
        values = self._words.values.format(values=", ".join(f"`{label}`" for label in column.choices))
        what += values if column.choices else ""
        return f"`{column.title_zh}`", required, _kind(column), what, column.example

    def _reference(self, workbook: Workbook, column: Column) -> str:
        if not column.refers_to or column.refers_unless:
            return ""  # the help says when it refers
        target = workbook.sheet(column.refers_to)
        if self._chinese and f"“{target.title_zh}”表" in column.help_zh:
            return ""  # the help in the template says so already
        return self._words.reference.format(titles=_titles(target, target.key), sheet=target.title_zh)

    def _figures(self, workbooks: Sequence[Workbook]) -> Iterator[str]:
        yield self._words.figures_title
        yield ""
        yield self._words.figures
        yield ""
        rows = [
            (f"`{figure.code}`", figure.title_zh, f"{workbook.title_zh} · {sheet.title_zh}", self._rule(figure))
            for workbook in workbooks
            for sheet in workbook.sheets
            for figure in sheet.figures
        ]
        yield from _table(self._words.figures_header, rows)
        yield ""

    def _rule(self, figure: Figure) -> str:
        return (figure.rule_zh or figure.rule_en) if self._chinese else figure.rule_en


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|---" * len(header) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _titles(sheet: Sheet, fields: Sequence[str]) -> str:
    return " + ".join(f"`{sheet.column(name).title_zh}`" for name in fields)


def _kind(column: Column) -> str:
    if column.kind is Kind.TEXT:
        return f"text, at most {column.max_length} characters" if column.kept else "not read"
    if column.kind in (Kind.INTEGER, Kind.YUAN):
        name = "whole number" if column.kind is Kind.INTEGER else "yuan"
        lowest = {None: ", may be negative", 0: ", not negative"}.get(column.minimum, ", above 0")
        highest = "" if column.maximum is None else f", at most {column.maximum}"
        return name + (lowest if column.minimum in (None, 0, 1) else f", at least {column.minimum}") + highest
    name = {Kind.YES_NO: "yes/no", Kind.CHOICE: "choice"}.get(column.kind, column.kind.value)
    return name + (", in the year" if column.within_year else "") + (", not in the future" if column.not_future else "")
