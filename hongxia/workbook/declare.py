"""What a workbook holds: sheets, columns, kinds, keys, and the rules that bind rows together.

A declaration is plain data, made when the owning service is imported; a mistake in one is a `ValueError` at that
moment. What office staff see (titles, help in templates, messages, docs/workbooks.zh-CN.md) is Chinese; `help_en` goes
to docs/workbooks.md. A figure without `rule_zh` has its `rule_en` in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

Value = str | int | bool | date | None


class Kind(StrEnum):
    """How a cell is written, and what Python value comes out of it."""

    TEXT = "text"  # str, blanks around it removed
    INTEGER = "integer"  # int
    YUAN = "yuan"  # int, in fen; the cell holds yuan with at most two decimals
    DATE = "date"  # datetime.date
    MONTH = "month"  # str, "2022-03"
    YES_NO = "yes_no"  # bool; the cell holds 是 or 否
    CHOICE = "choice"  # str, the code that stands behind the Chinese label


@dataclass(frozen=True)
class Column:
    """One column: its Chinese header, the field that its value gets, and what a cell may hold.

    A cell left empty is an error if the column is `required`, and the `default` otherwise. `minimum` and `maximum`
    bound integers as they are, and amounts in fen; None is no bound. `within_year` holds a date to the workbook's
    year, `not_future` to the day of the import. `refers_to` names a sheet of the same workbook whose (single-column)
    key the value must be, except in a row that fills in the field `refers_unless`.
    `check` takes a text and answers what is wrong with it, in Chinese, or None.
    A column that is not `kept` helps the person who fills in the sheet and is never read. The values of one that is
    `private` are never shown in messages.
    """

    title_zh: str
    field: str
    kind: Kind
    help_zh: str
    help_en: str
    example: str = ""
    required: bool = True
    default: Value = None
    choices: Mapping[str, str] = dataclass_field(default_factory=dict)
    max_length: int = 100
    minimum: int | None = 0
    maximum: int | None = None
    within_year: bool = False
    not_future: bool = False
    refers_to: str = ""
    refers_unless: str = ""
    check: Callable[[str], str | None] | None = None
    kept: bool = True
    private: bool = False

    def __post_init__(self) -> None:
        if (self.kind is Kind.CHOICE) != bool(self.choices):
            raise ValueError(f"column {self.field}: choices and kind do not agree")
        if len(set(self.choices.values())) != len(self.choices):
            raise ValueError(f"column {self.field}: two labels share a code")
        if self.required and self.default is not None:
            raise ValueError(f"column {self.field}: a required column has no default")
        object.__setattr__(self, "choices", MappingProxyType(dict(self.choices)))


@dataclass(frozen=True)
class Figure:
    """A year-end figure that rows of a sheet make, with the rule in words that hold for any bureau and year."""

    code: str
    title_zh: str
    rule_en: str
    rule_zh: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sheet. `key` is the natural key, `unique` further sets of fields that no two rows may share.

    An `optional` sheet may be left out of the file; every sheet may be empty. `key_year` names a required date column
    whose year belongs to the key, for rows that a later year's workbook carries on: numbers begin anew each year.
    """

    title_zh: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    help_zh: str
    help_en: str
    unique: tuple[tuple[str, ...], ...] = ()
    figures: tuple[Figure, ...] = ()
    optional: bool = False
    key_year: str = ""

    def __post_init__(self) -> None:
        _distinct(f"sheet {self.name}: header", [column.title_zh for column in self.columns])
        _distinct(f"sheet {self.name}: field", [column.field for column in self.columns])
        required = {column.field for column in self.columns if column.required}
        if not self.key or not set(self.key) <= required:
            raise ValueError(f"sheet {self.name}: the key must name required columns")
        if self.key_year and self.column(self.key_year).kind is not Kind.DATE:
            raise ValueError(f"sheet {self.name}: {self.key_year} has no year")
        for fields in self.unique:
            for name in fields:
                self.column(name)

    def column(self, name: str) -> Column:
        """The column with that field name; `ValueError` if there is none."""
        for column in self.columns:
            if column.field == name:
                return column
        raise ValueError(f"sheet {self.name}: no column {name}")

    def key_of(self, values: Mapping[str, Value]) -> tuple[Value, ...]:
        """Return the natural key of a row's values; None stands for a cell that could not be read."""
        day = values.get(self.key_year) if self.key_year else None
        years = (day.year if isinstance(day, date) else None,) if self.key_year else ()
        return (*(values.get(name) for name in self.key), *years)


@dataclass(frozen=True)
class Row:
    """One filled row: its number in Excel (the header is 1) and its values by field."""

    number: int
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Finding:
    """What a check that looks at several cells or rows found wrong: sheet name, row number, field, Chinese text."""

    sheet: str
    row: int
    field: str
    message_zh: str


Check = Callable[[Mapping[str, Sequence[Row]]], Iterable[Finding]]


@dataclass(frozen=True)
class Workbook:
    """A workbook file. On its cover it says `title_zh`, the year and the unit (the bureau).

    `order` sorts workbooks for import: what others refer to comes first. `checks` see the rows of all sheets,
    once every cell is right by itself.
    """

    name: str
    title_zh: str
    service: str
    sheets: tuple[Sheet, ...]
    help_zh: str
    help_en: str
    order: int
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        _distinct(f"workbook {self.name}: title", [sheet.title_zh for sheet in self.sheets])
        _distinct(f"workbook {self.name}: name", [sheet.name for sheet in self.sheets])
        for sheet in self.sheets:
            for column in sheet.columns:
                if column.refers_to and len(self.sheet(column.refers_to).key) != 1:
                    raise ValueError(f"sheet {sheet.name}: {column.field} refers to a key of several columns")

    def sheet(self, name: str) -> Sheet:
        """The sheet of that name; `ValueError` if there is none."""
        for sheet in self.sheets:
            if sheet.name == name:
                return sheet
        raise ValueError(f"workbook {self.name}: no sheet {name}")


def _distinct(what: str, names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        raise ValueError(f"{what} used twice")
