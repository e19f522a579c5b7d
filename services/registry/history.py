"""The dated history of a cadre: rank, treatment, liaison and care, each entry with its date and document."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.http.problems import NotFound, Rule
from services.registry import care
from services.registry.cadres import refuse, step, tell
from services.registry.events import CADRE_AMENDED, CARE_CHANGED, LIAISON_ASSIGNED, TREATMENT_CHANGED
from services.registry.models import Aspect, Cadre, Entry
from services.registry.particulars import Fault

FIRST = 1
"""The version that registration makes; its entries begin every history."""

EVENTS = {
    Aspect.RANK: CADRE_AMENDED,
    Aspect.TREATMENT: TREATMENT_CHANGED,
    Aspect.LIAISON: LIAISON_ASSIGNED,
    Aspect.CARE: CARE_CHANGED,
}
"""Which event says that an aspect changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """From a date on, an aspect is so. Of care, `value` is what care.flags_text makes."""

    aspect: Aspect
    value: str | None
    on: date
    document_no: str | None = None


def of(session: Session, cadre_id: str) -> list[Entry]:
    """The whole history of a cadre, in the order of recording, withdrawn entries included."""
    query = select(Entry).where(Entry.cadre_id == cadre_id).order_by(Entry.version, Entry.aspect)
    return list(session.scalars(query))


def first_entries(cadre: Cadre, documents: dict[Aspect, str | None]) -> list[dict[str, Any]]:
    """The rows that begin the history of a cadre who is being registered."""
    return [
        {
            "cadre_id": cadre.id,
            "aspect": aspect,
            "version": FIRST,
            "from_on": cadre.registered_on,
            "value": _value(cadre, aspect),
            "document_no": documents.get(aspect),
        }
        for aspect in Aspect
    ]


def change(session: Session, cadre: Cadre, new: Change, today: date) -> Cadre:
    """Enter a change for a locked cadre. An entry of the same day as the last one corrects it.

    Raises Rule: not after death, not in the future, not before the entry in force, and not without a difference.
    """
    step(cadre, "change")
    refuse(_faults(cadre, new, in_force(session, new.aspect, [cadre.id])[cadre.id], today))
    return enter(session, cadre, new)


def _faults(cadre: Cadre, new: Change, last: Entry, today: date) -> Iterator[Fault]:
    yield from date_faults(new.on, last.from_on, today)
    if new.value == _value(cadre, new.aspect):
        yield Fault("" if new.aspect is Aspect.CARE else new.aspect, "no-change", "与现有情况相同，没有变动")


def date_faults(on: date, earliest: date, today: date) -> Iterator[Fault]:
    """What is wrong with the date of a change, where `earliest` is the last change or the registration."""
    if on > today:
        yield Fault("on", "date-in-future", "日期晚于今天")
    if on < earliest:
        yield Fault("on", "before-last-change", "日期早于登记日期或上一次变动的日期")


def enter(session: Session, cadre: Cadre, new: Change) -> Cadre:
    """Enter a change that was found to be allowed, and tell it."""
    cadre.version += 1
    _set(cadre, new.aspect, new.value)
    session.add(
        Entry(
            cadre_id=cadre.id,
            aspect=new.aspect,
            version=cadre.version,
            from_on=new.on,
            value=new.value,
            document_no=new.document_no,
        )
    )
    tell(session, EVENTS[new.aspect], cadre, new.on)
    return cadre


def in_force(session: Session, aspect: Aspect, cadre_ids: Collection[str]) -> dict[str, Entry]:
    """The entry that holds now, by cadre."""
    query = select(Entry).where(Entry.aspect == aspect, Entry.void_reason.is_(None), Entry.cadre_id.in_(cadre_ids))
    return {entry.cadre_id: entry for entry in session.scalars(query.order_by(Entry.version))}


def void(session: Session, cadre: Cadre, version: int, reason: str) -> Cadre:
    """Withdraw the last entry of an aspect, so that the one before holds again; the event is an amendment.

    Raises NotFound, and Rule for an entry that a later one follows, or that came with the registration.
    """
    step(cadre, "amend")
    query = select(Entry).where(Entry.cadre_id == cadre.id, Entry.version == version, Entry.void_reason.is_(None))
    entry = session.scalars(query.limit(1)).one_or_none()
    if entry is None:
        raise NotFound("没有这条变动记录，或已撤销", slug="unknown-entry")
    if version == FIRST:
        raise Rule("登记时的内容不能撤销", slug="first-entry")
    aspect = Aspect(entry.aspect)
    if in_force(session, aspect, [cadre.id])[cadre.id] is not entry:
        raise Rule("之后还有变动，请先撤销后面的", slug="not-last-entry")
    entry.void_reason = reason
    session.flush()
    cadre.version += 1
    _set(cadre, aspect, in_force(session, aspect, [cadre.id])[cadre.id].value)
    tell(session, CADRE_AMENDED, cadre, entry.from_on)
    return cadre


def move_start(session: Session, cadre: Cadre, registered_on: date) -> None:
    """Let every history begin on another date of registration. Raises Rule if a change lies before it."""
    entries = of(session, cadre.id)
    if any(entry.from_on < registered_on for entry in entries if entry.version != FIRST and not entry.void_reason):
        refuse([Fault("registered_on", "changes-before-registration", "该日期之前已有待遇、联络员等变动记录")])
    for entry in entries:
        if entry.version == FIRST:
            entry.from_on = registered_on


def _value(cadre: Cadre, aspect: Aspect) -> str | None:
    if aspect is Aspect.CARE:
        return care.flags_text(cadre)
    value: str | None = getattr(cadre, aspect)
    return value


def _set(cadre: Cadre, aspect: Aspect, value: str | None) -> None:
    if aspect is Aspect.CARE:
        care.set_flags(cadre, value or "")
    else:
        setattr(cadre, aspect, value)
