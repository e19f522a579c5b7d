"""The page that tells how to fill in the workbooks, rendered from their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hongxia.workbook.declare import Column, Kind, Sheet, Workbook
from hongxia.workbook.layout import COVER, HELP, NOTES, TITLE, UNIT, YEAR
from hongxia.workbook.numberformat import EXACT_DIGITS
from hongxia.workbook.sheet import MOST_ROWS

INTRODUCTION = f"""\
# Workbooks

How to fill in the Excel workbooks that the services import. This page is what `hongxia workbooks` prints of the
declarations in `services/*/workbook.py`, and a test compares the two: change the declaration, not the page.

Sheet names, headers and values are Chinese and are given here exactly as they stand in a file. The easiest start is a
template (`hongxia templates DIR`), which has them all, with drop-down lists; a file made from this page by other means
is read just as well. The name of the file does not matter: a file is known by its cover.

## A file

- Format .xlsx, no password. One year and one unit (bureau) a file. A workbook may be spread over several files, as long
  as each is complete in itself: what a row refers to in another sheet of the workbook must be in the same file.
- A sheet named `{COVER}` with a label in one cell and its value in the next to the right: `{TITLE}` (the title of the
  workbook, below), `{YEAR}` (a number such as 2022, not after the current year) and `{UNIT}` (the name of the bureau).
  `{NOTES}` (notes) is not read.
- The sheets named below, each with its headers in row 1 and one record a row from row 2 on. A sheet without records
  stays in the file with its headers, unless it is marked optional: then it may be left out. Other sheets are an error;
  `{HELP}`, the explanations in a template, is not read.
- Columns may stand in any order. A required column must be there and every cell of it filled in; an optional one may be
  left out or its cells left empty. Other columns are an error, and so is content below an empty header.
- Empty rows are skipped. At most {MOST_ROWS} rows a sheet.
- A file is imported whole or not at all; errors are told by sheet, row and column, those of single cells first, and
  once there are none, those of rows that do not fit together or the records there are. The same file imported twice
  changes nothing: a record is known by the key of its sheet.

## A cell
"""

KINDS = (
    (
        "text",
        "any text, or a whole number as Excel shows it. Blanks around it are dropped, full-width digits and letters "
        f"become half-width. Numbers of more than {EXACT_DIGITS} digits must be text: Excel loses the last digits",
    ),
    ("whole number", "a number without decimals, also as text"),
    ("yuan", "an amount in yuan (元, never 万元) with at most two decimals, also as text; `1,234.50` is taken"),
    ("date", "an Excel date, or text: `2022-03-01`, `2022/3/1`, `2022.3.1`, `2022年3月1日`, `20220301`"),
    ("month", "an Excel date, or text: `2022-03`, `2022/3`, `2022年3月`"),
    ("yes/no", "`是` or `否`"),
    ("choice", "one of the values listed, exactly"),
)

DATES_AND_FORMULAS = """\
“In the year” means the year on the cover; “not in the future” means not after the day of the import. A formula must
have a stored result (save the file in Excel once).
"""


def render(workbooks: Iterable[Workbook]) -> str:
    """docs/workbooks.md for those workbooks, in the order in which they are imported."""
    ordered = sorted(workbooks, key=lambda workbook: (workbook.order, workbook.name))
    kinds = ["| kind | what is taken |", "|---|---|", *(f"| {kind} | {taken} |" for kind, taken in KINDS)]
    parts = [INTRODUCTION, "\n".join(kinds) + "\n", DATES_AND_FORMULAS, "\n".join(_overview(ordered))]
    for workbook in ordered:
        parts.append(f"## {workbook.title_zh}\n\n{workbook.help_en} Service: {workbook.service}.\n")
        parts += ["\n".join(_sheet(workbook, sheet)) for sheet in workbook.sheets]
    parts.append("\n".join(_figures(ordered)))
    return "\n".join(parts)


def _overview(workbooks: Sequence[Workbook]) -> Iterator[str]:
    yield "## The workbooks, in the order of import"
    yield ""
    yield f"| {TITLE} | service | sheets |"
    yield "|---|---|---|"
    for workbook in workbooks:
        sheets = ", ".join(
            f"`{sheet.title_zh}`" + (" (optional)" if sheet.optional else "") for sheet in workbook.sheets
        )
        yield f"| `{workbook.title_zh}` | {workbook.service} | {sheets} |"
    yield ""


def _sheet(workbook: Workbook, sheet: Sheet) -> Iterator[str]:
    yield f"### {workbook.title_zh} · sheet `{sheet.title_zh}`" + (" (optional)" if sheet.optional else "")
    yield ""
    yield sheet.help_en
    yield ""
    yield f"Key: {_titles(sheet, sheet.key)}; no two rows may share it." + "".join(
        f" Nor may two rows share {_titles(sheet, fields)}." for fields in sheet.unique
    )
    yield ""
    yield "| column | required | kind | what to write | example |"
    yield "|---|---|---|---|---|"
    for column in sheet.columns:
        what = _cell(f"{column.help_en}{_reference(workbook, column)}{_values(column)}")
        required = "yes" if column.required else "no"
        yield f"| `{column.title_zh}` | {required} | {_kind(column)} | {what} | {_cell(column.example)} |"
    yield ""


def _titles(sheet: Sheet, fields: Sequence[str]) -> str:
    return " + ".join(f"`{sheet.column(name).title_zh}`" for name in fields)


def _reference(workbook: Workbook, column: Column) -> str:
    if not column.refers_to:
        return ""
    target = workbook.sheet(column.refers_to)
    return f" Must be a {_titles(target, target.key)} of the sheet `{target.title_zh}`."


def _values(column: Column) -> str:
    if not column.choices:
        return ""
    return " Values: " + ", ".join(f"`{label}`" for label in column.choices) + "."


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


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _figures(workbooks: Sequence[Workbook]) -> Iterator[str]:
    yield "## Which rows make which figure"
    yield ""
    yield "Rows of the year on the cover, whatever the bureau; of the register every cadre that is known, by the dates"
    yield "of the row, whichever year's workbook brought it. Voided or cancelled records count nowhere. A figure named"
    yield "in two sheets is made of both. A rate is shown in percent with at most two decimals, rounded half up, but"
    yield "never up to 100."
    yield ""
    yield "| figure | name | workbook · sheet | rule |"
    yield "|---|---|---|---|"
    for workbook in workbooks:
        for sheet in workbook.sheets:
            for figure in sheet.figures:
                where = f"{workbook.title_zh} · {sheet.title_zh}"
                yield f"| `{figure.code}` | {figure.title_zh} | {where} | {_cell(figure.rule_en)} |"
    yield ""
