"""Paging by keyset: a page ends with an opaque cursor that the next request hands back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from hongxia.rules import Refused, Violation
from hongxia.values import fits, is_storable

LIMIT = 100
MOST = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the items, and the cursor of the next page (None at the end)."""

    items: Sequence[Any]
    next_cursor: str | None = None


def paginate(
    session: Session, query: Select[Any], by: Sequence[InstrumentedAttribute[Any]], asked: Mapping[str, Any]
) -> Page:
    """The page of an ORM query that `asked` (a loaded PageQuery) names, ordered by columns that are unique together.

    Dates and texts are compared as they are stored. Raises Refused for a cursor that was not handed out here.
    """
    return _page(session.scalars(_asked_for(query, by, asked)).all(), by, asked)


def paginate_rows(session: Session, query: Select[Any], by: Sequence[Column[Any]], asked: Mapping[str, Any]) -> Page:
    """The same of a query of columns: the items are rows."""
    return _page(session.execute(_asked_for(query, by, asked)).all(), by, asked)


def _asked_for(query: Select[Any], by: Sequence[Any], asked: Mapping[str, Any]) -> Select[Any]:
    if asked["cursor"]:
        query = query.where(tuple_(*by) > tuple_(*_decoded(asked["cursor"], by)))
    return query.order_by(*by).limit(asked["limit"] + 1)


def _page(items: Sequence[Any], by: Sequence[Any], asked: Mapping[str, Any]) -> Page:
    if len(items) <= asked["limit"]:
        return Page(items)
    kept = items[: asked["limit"]]
    return Page(kept, _encoded([getattr(kept[-1], column.key) for column in by]))


def _encoded(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(value) for value in values]).encode()).decode().rstrip("=")


def _decoded(cursor: str, by: Sequence[Any]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(by):
            raise ValueError
        return [_as(column.type.python_type, value) for column, value in zip(by, values, strict=True)]
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise Refused(Violation("?cursor", "bad-cursor", "cursor 不是本接口给出的游标，请从第一页重新读取")) from None


def _as(kind: Any, value: str) -> Any:
    found = kind.fromisoformat(value) if hasattr(kind, "fromisoformat") else kind(value)
    if (isinstance(found, int) and not fits(found)) or (isinstance(found, str) and not is_storable(found)):
        raise ValueError
    return found
