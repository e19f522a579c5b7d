"""The columns of a sheet, made from the fields of a record's schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from marshmallow import Schema

from hongxia.schema.fields import CadreRef, Code, Count, Day, Declared, Flag, Text, Yuan
from hongxia.workbook.declare import Column, Kind

NAME = Column(
    "姓名",
    "name",
    Kind.TEXT,
    "仅供填表人核对，系统不读取、不保存。",
    "Helps the person filling in; never read or kept.",
    example="林晓霞",
    required=False,
    kept=False,
)
"""Stands behind every cadre's number."""


def number(
    title_zh: str, field: str, example: str, help_zh: str = "本年内不重复。", help_en: str = "Unique in the year."
) -> Column:
    """Return the column with the number that a row is known by, within its year unless the help says otherwise."""
    return Column(title_zh, field, Kind.TEXT, help_zh, help_en, example=example, max_length=32)


def columns_of(schema: type[Schema], *, but: Iterable[str] = ()) -> tuple[Column, ...]:
    """Return the columns of a record's fields, in the order of declaration; a field's column has the name of the
    attribute that it is loaded into. Left out is what only comes out, what says `column=False`, and `but`.
    """
    return tuple(_columns(schema, frozenset(but)))


def _columns(schema: type[Schema], but: frozenset[str]) -> Iterator[Column]:
    for name, field in schema._declared_fields.items():
        if not isinstance(field, Declared) or name in but:
            continue
        if field.dump_only or not field.about("column", True):
            continue
        yield _column(field.attribute or name, field)
        if isinstance(field, CadreRef):
            yield NAME


def _column(name: str, field: Any) -> Column:
    about = field.about
    kind, bounds = _kind(field)
    return Column(
        about("label"),
        name,
        kind,
        about("help", ""),
        about("help_en", ""),
        example=about("example", ""),
        required=field.required,
        default=None if field.required else field.load_default,
        within_year=about("within_year", False),
        not_future=about("not_future", False),
        private=about("private", False),
        **bounds,
    )


def _kind(field: Any) -> tuple[Kind, dict[str, Any]]:
    if isinstance(field, CadreRef):
        return Kind.TEXT, {"max_length": 32}
    if isinstance(field, Code):
        return Kind.CHOICE, {"choices": {label: code for code, label in field.codes.items()}}
    if isinstance(field, Text):
        return Kind.TEXT, {"max_length": field.longest, "check": field.check}
    if isinstance(field, Yuan):
        least = None if field.negative else 0 if field.zero else 1
        return Kind.YUAN, {"minimum": least}
    if isinstance(field, Count):
        return Kind.INTEGER, {"minimum": field.least, "maximum": field.most}
    if isinstance(field, Flag):
        return Kind.YES_NO, {}
    if isinstance(field, Day):
        return Kind.DATE, {}
    raise TypeError(f"{type(field).__name__} has no kind of column")
