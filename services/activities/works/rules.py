"""What may be recorded of works, amended and withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.dates import lived_on
from hongxia.events.publish import publish
from hongxia.rules import Violation, ask, past_day, refuse
from services.activities.cadres import mirror
from services.activities.cadres.mirror import CADRES
from services.activities.cadres.model import Cadre
from services.activities.cadres.review import review
from services.activities.twins import ask_about_twin
from services.activities.works.events import WORK_AMENDED, WORK_COLLECTED, WORK_WITHDRAWN
from services.activities.works.model import Work

BY_FAMILY = "by-family"
"""The question whether a work that came after the author's death was handed in by the family."""


def violations(values: Mapping[str, Any], cadre: Cadre | None, today: date) -> Iterator[Violation]:
    """Yield what is wrong with a work; `values` are those of WorkSchema, `cadre` the author if one is named."""
    yield from past_day("collected_on", values["collected_on"], today)
    if values["cadre_id"] is not None and cadre is None:
        yield mirror.unknown("cadre_id")


def record(
    session: Session,
    work_id: str,
    values: Mapping[str, Any],
    cadre: Cadre | None,
    today: date,
    confirmed: Collection[str] = (),
) -> Work:
    """Record a work of an author (locked by the caller), or of one outside the register.

    Raises Refused, Question (entered-twice, by-family).
    """
    refuse(violations(values, cadre, today))
    work = Work(id=work_id, **{**values, "cadre_id": cadre.id if cadre else None})
    work.by_family = _is_by_family(work.by_family, work.collected_on, cadre, confirmed)
    _ask_about_twin(session, work, confirmed)
    records.begin(session, work, "record")
    publish(session, WORK_COLLECTED, work, on=work.collected_on)
    return work


def amend(
    session: Session,
    work: Work,
    changes: Mapping[str, Any],
    reason: str,
    today: date,
    confirmed: Collection[str] = (),
) -> Work:
    """Change what was recorded of a work. Raises Conflicting (wrong-state), Refused, Question (by-family)."""
    work.lifecycle.after(work.state, "amend")
    after = {name: getattr(work, name) for name in ("cadre_id", "collected_on", "by_family")} | dict(changes)
    cadre = CADRES.find(session, after["cadre_id"]) if after["cadre_id"] is not None else None
    refuse(violations(after, cadre, today))
    if any(changes.get(name, getattr(work, name)) != getattr(work, name) for name in ("cadre_id", "collected_on")):
        by_family = _is_by_family(after["by_family"], after["collected_on"], cadre, confirmed)
        changes = {**changes, "by_family": by_family}
    if "cadre_id" in changes:
        changes = {**changes, "cadre_id": cadre.id if cadre else None}
    before = work.cadre_id
    changed = records.change(session, work, changes)
    if changed:
        publish(session, WORK_AMENDED, work, on=work.collected_on, changed=changed, reason=reason)
        review(session, {each for each in (before, work.cadre_id) if each is not None})
    return work


def withdraw(session: Session, work: Work, reason: str) -> Work:
    """Withdraw a work: it does not count any more. Raises Conflicting (wrong-state)."""
    records.move(session, work, "withdraw", reason=reason)
    publish(session, WORK_WITHDRAWN, work, on=work.collected_on, reason=reason)
    if work.cadre_id is not None:
        review(session, [work.cadre_id])
    return work


def _is_by_family(by_family: bool, day: date, cadre: Cadre | None, confirmed: Collection[str]) -> bool:
    """A work that came after its author's death was handed in by the family, or there is a mistake."""
    if by_family or cadre is None or lived_on(cadre.deceased_on, day):
        return by_family
    message = f"作者已于 {cadre.deceased_on} 去世，收到日期 {day} 在其后；由家属代交的，请确认"
    ask(Violation("cadre_id", BY_FAMILY, message), confirmed)
    return True


def _ask_about_twin(session: Session, work: Work, confirmed: Collection[str]) -> None:
    """Works of unknown authors are held against one another only if they have a title."""
    if work.cadre_id is None and work.title is None:
        return
    same = (Work.genre == work.genre, Work.collected_on == work.collected_on, Work.title == work.title)
    author = Work.cadre_id.is_(None)
    if work.cadre_id is not None:
        author = Work.cadre_id.in_(CADRES.same_entities(session, [work.cadre_id]))
    message = f"{work.collected_on} 已有一件作者、体裁和题目相同的作品；确为另一件的，请确认后登记"
    alike = (*same, author, Work.state == "collected")
    ask_about_twin(session, work, "work_no", alike, ("title", message), confirmed)
