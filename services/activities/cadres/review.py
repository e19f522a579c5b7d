"""What depends on a cadre is looked at again when something about the cadre or the record changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.contradictions import Found
from hongxia.dates import lived_on
from hongxia.records import in_parts
from hongxia.rules import ENTERED_TWICE
from services.activities.attendance.model import Attendance
from services.activities.cadres import mirror
from services.activities.cadres.mirror import CADRES
from services.activities.cadres.model import Cadre
from services.activities.checks.model import Check
from services.activities.contradictions.model import CONTRADICTIONS
from services.activities.presence.model import Presence
from services.activities.works.model import Work

PRESENCES: tuple[tuple[type[Presence], str], ...] = ((Attendance, "attendances"), (Check, "checks"))


def review(session: Session, cadre_ids: Iterable[str]) -> None:
    """Hold the records of some cadres against what is known of the cadres now; list, or resolve, contradictions."""
    concerned = CADRES.same_entities(session, list(cadre_ids))
    if concerned:
        CONTRADICTIONS.review(session, concerned, list(_found(session, concerned)))


def _found(session: Session, concerned: set[str]) -> Iterator[Found]:
    cadres = CADRES.known(session, concerned)
    for model, collection in PRESENCES:
        for record_id, cadre_id, day in _standing(session, concerned, model.id, model.cadre_id, model.on, of=model):
            cadre = cadres.get(cadre_id)
            for violation in mirror.violations(cadre, "", day, "") if cadre is not None else ():
                against = cadre.against(violation.code, day) if cadre is not None else ""
                yield Found(violation.code, cadre_id, collection, record_id, day, against=against)
    yield from _works(session, concerned, cadres)


def _works(session: Session, concerned: set[str], cadres: dict[str, Cadre]) -> Iterator[Found]:
    alike: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
    columns = (Work.id, Work.cadre_id, Work.collected_on, Work.genre, Work.title, Work.by_family)
    for work_id, cadre_id, day, genre, title, by_family in _standing(session, concerned, *columns, of=Work):
        cadre = cadres.get(cadre_id)
        if cadre is None:
            continue
        if not by_family and not lived_on(cadre.deceased_on, day):
            against = cadre.against("cadre-deceased", day)
            yield Found("cadre-deceased", cadre_id, "works", work_id, day, against=against)
        alike.setdefault((cadre.id, day, genre, title), []).append((work_id, cadre_id))
    for (_, day, *_), works in alike.items():
        for (first, one), (second, other) in combinations(sorted(works), 2):
            if one != other:  # of one person under two numbers; what is alike under one was asked about
                yield Found(ENTERED_TWICE, other, "works", second, day, first)


def _standing(session: Session, concerned: set[str], *columns: Any, of: Any) -> Iterator[Any]:
    for part in in_parts(sorted(concerned)):
        query = select(*columns).where(of.cadre_id.in_(part), of.state.in_(("recorded", "collected")))
        yield from session.execute(query.order_by(of.id))
