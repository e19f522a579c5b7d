"""Paging by keyset: a page ends with an opaque cursor that the next request hands back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from hongxia.http.problems import FieldError, Invalid
from hongxia.http.values import fits, is_storable

LIMIT = 100
MOST = 1000


class PageQuery(Schema):
    """The query parameters of every list."""

    limit = fields.Integer(load_default=LIMIT, validate=validate.Range(1, MOST))
    cursor = fields.String(load_default=None)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the items, and the cursor of the next page (None at the end)."""

    items: Sequence[Any]
    next_cursor: str | None = None


def paginate(
    session: Session, query: Select[Any], by: Sequence[InstrumentedAttribute[Any]], asked: dict[str, Any]
) -> Page:
    """The page of an ORM query that `asked` (a loaded PageQuery) names, ordered by columns that are unique together.

    Dates and texts are compared as they are stored. Raises Invalid for a cursor that is none of ours.
    """
    if asked["cursor"]:
        query = query.where(tuple_(*by) > tuple_(*_decoded(asked["cursor"], by)))
    items = session.scalars(query.order_by(*by).limit(asked["limit"] + 1)).all()
    if len(items) <= asked["limit"]:
        return Page(items)
    kept = items[: asked["limit"]]
    return Page(kept, _encoded([getattr(kept[-1], column.key) for column in by]))


def _encoded(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(value) for value in values]).encode()).decode().rstrip("=")


def _decoded(cursor: str, by: Sequence[InstrumentedAttribute[Any]]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(by):
            raise ValueError
        return [_as(column.type.python_type, value) for column, value in zip(by, values, strict=True)]
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise Invalid("cursor 无效", errors=[FieldError("不是本接口给出的游标", parameter="cursor")]) from None


def _as(kind: Any, value: str) -> Any:
    found = kind.fromisoformat(value) if hasattr(kind, "fromisoformat") else kind(value)
    if (isinstance(found, int) and not fits(found)) or (isinstance(found, str) and not is_storable(found)):
        raise ValueError
    return found
