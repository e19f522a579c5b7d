"""Fields of requests and answers that marshmallow does not have: money, texts without stray blanks, ids, flags."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validates_schema

from hongxia.http.problems import Rule
from hongxia.http.values import has_giant_exponent

_YUAN = re.compile(r"^-?[0-9]{1,13}(\.[0-9]+)?$")


class Yuan(fields.Field[int]):
    """An amount: yuan with at most two decimals at the API ("12.30"), integer fen inside."""

    def __init__(self, *, negative: bool = False, zero: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.negative = negative
        self.zero = zero

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else yuan(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        fen = to_fen(value)
        if fen < 0 and not self.negative:
            raise ValidationError("金额不能为负")
        if fen == 0 and not self.zero:
            raise ValidationError("金额不能为零")
        return fen


class Text(fields.String):
    """A text, without blanks around it, that is not empty."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        text = text.strip() if text else text
        if text == "":
            raise ValidationError("不能为空白")
        if text and not text.isprintable():
            raise ValidationError("含有不可见字符")
        return text


class Flag(fields.Boolean):
    """true or false, and no text or number that could mean it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class QueryFlag(fields.Boolean):
    """The same in a query, where everything is text: "true" or "false"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(truthy={"true"}, falsy={"false"}, **options)


class Id(fields.UUID):
    """The id of an entity: a UUID at the API, its text inside."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return str(super()._deserialize(value, attr, data, **kwargs))


class Changes(Schema):
    """What may be amended of a record. Raises Rule (nothing-to-change) where none of it is given; the fields
    `besides` say how, not what.
    """

    besides: ClassVar[frozenset[str]] = frozenset()

    @validates_schema
    def _something(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data.keys() - self.besides:
            raise Rule("没有要修改的内容，至少填写一项", slug="nothing-to-change")


def to_fen(value: Any) -> int:
    """Yuan (text, integer or Decimal; never a float) as integer fen. Raises ValidationError."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValidationError("应为金额，例如 12.30")
    if isinstance(value, Decimal) and has_giant_exponent(value):
        raise ValidationError("应为金额，例如 12.30")
    text = format(value, "f") if isinstance(value, Decimal) else str(value).strip()
    if not _YUAN.match(text):
        raise ValidationError("应为金额，例如 12.30")
    try:
        fen = Decimal(text) * 100
    except InvalidOperation:
        raise ValidationError("应为金额，例如 12.30") from None
    if fen != fen.to_integral_value():
        raise ValidationError("金额最多两位小数")
    return int(fen)


def yuan(fen: int) -> str:
    """Integer fen as yuan with two decimals."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
