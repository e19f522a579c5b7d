"""The same fact entered twice is asked about, whichever way it comes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hongxia.rules import ENTERED_TWICE, Violation, ask


def ask_about_twin(
    session: Session,
    record: Any,
    number: str,
    alike: Collection[ColumnElement[bool]],
    question: tuple[str, str],
    confirmed: Collection[str],
    *,
    sealed: str | None = None,
) -> None:
    """Ask if there is a record that is `alike`, and equal in the field `sealed`, which no statement can compare;
    `question` is the field at fault and the message. Two records with different numbers (in the field `number`) are
    two; where one has none, it may be the other. Raises Question.
    """
    model = type(record)
    query = select(model).where(*alike).order_by(model.id)
    if getattr(record, number) is not None:
        query = query.where(getattr(model, number).is_(None))
    with session.no_autoflush:  # what waits to be written has a number, as rows have
        found = session.scalars(query)
        twin = next((each.id for each in found if sealed is None or _same(each, record, sealed)), None)
    if twin is not None:
        field, message = question
        message += "；就是已有的那一条的，不必再登记"
        ask(Violation(field, ENTERED_TWICE, message), confirmed, extra={"existing": twin})


def _same(one: Any, other: Any, name: str) -> bool:
    return bool(getattr(one, name) == getattr(other, name))
