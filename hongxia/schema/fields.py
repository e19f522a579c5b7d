"""The fields of a record, each declared once with its label, its help and where it appears.

The bodies and answers of the API, the data of events, and the columns of workbooks are derived from these declarations
(hongxia.schema.derive, hongxia.workbook.columns).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from hongxia.names import clean_text, half_width
from hongxia.values import has_giant_exponent

_YUAN = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,9})?")

ABOUT = (
    *("label", "help", "help_en", "example", "published", "private", "amendable", "creatable", "column"),
    *("within_year", "not_future"),
)
"""What a declaration says about a field besides its type:

`label` and `help` are Chinese, for forms, workbooks and the API's description; `help_en` is English, for contracts and
docs/workbooks.md; `example` is a cell's content in a template. `published`: the field is part of the record's events.
`amendable` (default: true): an amendment may change it. `creatable` (default: true): a new record may have it; a field
that only a later step fills in may not. `column` (default: true): it is a column of the workbook. `private`: messages
never show its values. `within_year` and `not_future` bound the dates of a workbook.
"""


class Declared(fields.Field[Any]):
    """Base that takes the words of ABOUT. Fields are required unless `required=False`; then null is allowed."""

    def __init__(self, *, required: bool = True, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        about = {name: options.pop(name) for name in ABOUT if name in options}
        if not required and not options.get("dump_only"):
            options.setdefault("load_default", None)
            options.setdefault("allow_none", options["load_default"] is None)
        super().__init__(required=required, metadata={**(metadata or {}), **about}, **options)

    def about(self, name: str, default: Any = None) -> Any:
        """Return what the declaration says under one of the words of ABOUT."""
        return self.metadata.get(name, default)


class Yuan(Declared):
    """An amount: yuan with at most two decimals at the API ("12.30"), integer fen inside, in an attribute that ends
    in `_fen`.
    """

    def __init__(self, *, negative: bool = False, zero: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.negative = negative
        self.zero = zero

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else yuan(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        fen = to_fen(value)
        if fen < 0 and not self.negative:
            raise ValidationError(f"金额 {yuan(fen)} 元不能为负")
        if fen == 0 and not self.zero:
            raise ValidationError("金额不能为零")
        return fen


class Text(Declared, fields.String):
    """A text of one line, cleaned before it is checked, as a workbook's cell is: trimmed, digits and letters in half
    width, not empty, at most `longest` characters.
    """

    def __init__(self, *, longest: int = 100, check: Callable[[str], str | None] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest
        self.check = check
        self.validators = [validate.Length(1, longest), *self.validators]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            text = half_width(clean_text(text)) if text is not None else None
        except ValueError as error:
            raise ValidationError(str(error)) from None
        if text == "":
            raise ValidationError("不能为空白")
        problem = self.check(text) if self.check and text else None
        if problem:
            raise ValidationError(problem)
        return text


class Code(Declared, fields.String):
    """One code of a list; the labels stand beside it in workbooks and contracts."""

    def __init__(self, codes: Mapping[str, str], **options: Any) -> None:
        self.codes = codes
        super().__init__(validate=validate.OneOf(list(codes), labels=list(codes.values())), **options)


class Day(Declared, fields.Date):
    """A date in Asia/Shanghai."""


class Count(Declared, fields.Integer):
    """A whole number between bounds, both included."""

    def __init__(self, least: int = 0, most: int = 999_999, **options: Any) -> None:
        self.least = least
        self.most = most
        super().__init__(strict=True, validate=validate.Range(least, most), **options)


class Flag(Declared, fields.Boolean):
    """true or false; texts and numbers that might mean one of them are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class TimeAwaySchema(Schema):
    """A time in which another bureau served the cadre: from `left_on` on, until the day before `returned_on`."""

    class Meta:
        unknown = EXCLUDE  # a subscriber must accept fields that are added later

    left_on = fields.Date(required=True, metadata={"title": "转出日期", "description": "the first day of it"})
    returned_on = fields.Date(
        required=True,
        allow_none=True,
        metadata={"title": "转回日期", "description": "the day on which this bureau serves again; null while it lasts"},
    )


class TimesAway(Declared, fields.List[Any]):
    """All times in which another bureau served the cadre, the earliest first."""

    def __init__(self, **options: Any) -> None:
        super().__init__(cls_or_instance=fields.Nested(TimeAwaySchema), **options)


class Id(Declared, fields.UUID):
    """The id of an entity: a UUID at the API, its text inside."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return str(super()._deserialize(value, attr, data, **kwargs))


class CadreRef(Id):
    """The cadre that a record is about: an opaque id at the API, the cadre's number (干部编号) in workbooks."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "干部编号")
        options.setdefault("help", "干部名册中的编号。")
        options.setdefault("help_en", "The cadre's number in the workbook 干部名册, which is imported before.")
        options.setdefault("example", "G0001")
        super().__init__(**options)


class QueryFlag(fields.Boolean):
    """true or false in a query, where everything is text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(truthy={"true"}, falsy={"false"}, **options)


def to_fen(value: Any) -> int:
    """Return yuan (text, integer or Decimal; never a float) as integer fen. Raises ValidationError."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValidationError("应为金额，例如 12.30")
    if isinstance(value, Decimal) and has_giant_exponent(value):
        raise ValidationError("应为金额，例如 12.30")
    text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
    if not _YUAN.fullmatch(text):
        raise ValidationError("应为金额，例如 12.30")
    try:
        fen = Decimal(text) * 100
    except InvalidOperation:
        raise ValidationError("应为金额，例如 12.30") from None
    if fen != fen.to_integral_value():
        raise ValidationError("金额最多两位小数")
    return int(fen)


def yuan(fen: int) -> str:
    """Return integer fen as yuan with two decimals."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
