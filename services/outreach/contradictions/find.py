"""Finds what contradicts the register: records after a death, before the registration, while another bureau served the
cadre; and what two numbers of one person both have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from hongxia.contradictions import Found
from hongxia.dates import lived_on
from hongxia.mirror import Person, by_any_id, ids_of
from hongxia.records import in_parts
from hongxia.rules import ENTERED_TWICE
from services.outreach.aid.model import COUNTED, AidCase
from services.outreach.cadres import mirror
from services.outreach.cadres.model import Cadre
from services.outreach.contacts.model import Contact
from services.outreach.contradictions.events import CONTRADICTIONS
from services.outreach.stays.model import Stay
from services.outreach.visits.model import Visit

KIND_OF = {
    "cadre-deceased": "after-death",
    "before-registration": "before-registration",
    "cadre-transferred": "while-away",
}
"""The kind of contradiction by the code of the rule that would refuse the record today."""

VISITS, CONTACTS, STAYS, AID_CASES = "visits", "contacts", "stays", "aid-cases"


def review(session: Session, persons: Sequence[Person[Cadre]]) -> None:
    """Find the contradictions of some persons anew: publish those that are new, and those that are gone."""
    CONTRADICTIONS.review(session, ids_of(persons), list(_find(session, persons)))


def _find(session: Session, persons: Sequence[Person[Cadre]]) -> Iterator[Found]:
    person_of = by_any_id(persons)

    def rows(where: Any, *columns: InstrumentedAttribute[Any]) -> list[tuple[Person[Cadre], Any]]:
        model = columns[0].class_
        found: list[tuple[Person[Cadre], Any]] = []
        for part in in_parts(ids_of(persons)):
            query = select(model.id, model.cadre_id, *columns).where(model.cadre_id.in_(part), where)
            found += [(person_of[row.cadre_id], row) for row in session.execute(query.order_by(model.id))]
        return found

    yield from _visits(rows(Visit.state == "recorded", Visit.visited_on, Visit.form, Visit.occasion))
    yield from _contacts(rows(Contact.state == "made", Contact.contacted_on, Contact.method))
    stay = (Stay.admitted_on, Stay.discharged_on, Stay.ended_with)
    yield from _stays(rows(Stay.state != "voided", *stay))
    yield from _aid(rows(AidCase.state.in_(COUNTED), AidCase.applied_on, AidCase.year, AidCase.state))


def _visits(rows: list[tuple[Person[Cadre], Any]]) -> Iterator[Found]:
    for person, row in rows:
        yield from _against(person, VISITS, row.id, row.visited_on, after_death=row.occasion == "death")
    yield from _twice(rows, VISITS, lambda row: (row.visited_on, row.form, row.occasion))


def _contacts(rows: list[tuple[Person[Cadre], Any]]) -> Iterator[Found]:
    for person, row in rows:
        yield from _against(person, CONTACTS, row.id, row.contacted_on)
    yield from _twice(rows, CONTACTS, lambda row: (row.contacted_on, row.method))


def _stays(rows: list[tuple[Person[Cadre], Any]]) -> Iterator[Found]:
    for person, row in rows:
        found = list(_against(person, STAYS, row.id, row.admitted_on))
        if not found and row.discharged_on is not None and row.ended_with is None:
            ended = list(_against(person, STAYS, row.id, row.discharged_on))
            found = [each for each in ended if each.kind == KIND_OF["cadre-deceased"]]
        yield from found
    yield from _twice(rows, STAYS, lambda row: (row.admitted_on,))


def _aid(rows: list[tuple[Person[Cadre], Any]]) -> Iterator[Found]:
    for person, row in rows:
        if row.state == "paid" and not lived_on(person.cadre.deceased_on, row.applied_on):
            yield _found(person, "cadre-deceased", AID_CASES, row.id, row.applied_on)
        for violation in mirror.violations(person.cadre, "", row.applied_on, "", after_death=True):
            if violation.code == "cadre-transferred":
                yield _found(person, violation.code, AID_CASES, row.id, row.applied_on)
    yield from _aided_twice(rows)


def _aided_twice(rows: list[tuple[Person[Cadre], Any]]) -> Iterator[Found]:
    """Two numbers of one person have aid in a year, or finance paid one that was withdrawn too late."""
    groups: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for person, row in rows:
        groups[person.cadre.id, row.year].append(row)
    for (survivor, year), same in groups.items():
        first, *others = sorted(same, key=lambda row: (row.state != "paid", row.cadre_id != survivor, row.id))
        for other in others:
            yield Found("aided-twice", survivor, AID_CASES, other.id, date(year, 12, 31), first.id)


def _against(
    person: Person[Cadre], record: str, record_id: str, day: date, *, after_death: bool = False
) -> Iterator[Found]:
    """What the rules would refuse if the record were made today."""
    for violation in mirror.violations(person.cadre, "", day, "", after_death=after_death):
        yield _found(person, violation.code, record, record_id, day)


def _found(person: Person[Cadre], code: str, record: str, record_id: str, day: date) -> Found:
    """The contradiction for which the rule with a code would refuse a record of a day."""
    against = person.cadre.against(code, day)
    return Found(KIND_OF[code], person.cadre.id, record, record_id, day, against=against)


def _twice(
    rows: list[tuple[Person[Cadre], Any]],
    record: str,
    key: Callable[[Any], tuple[Any, ...]],
) -> Iterator[Found]:
    """The same under two numbers of one person. Whoever records it twice under one number was asked then."""
    groups: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for person, row in rows:
        if len(person.ids) > 1:
            groups[person.cadre.id, *key(row)].append(row)
    for (survivor, day, *_rest), same in groups.items():
        first, *others = sorted(same, key=lambda row: (row.cadre_id != survivor, row.id))
        for other in others:
            if other.cadre_id != first.cadre_id:
                yield Found(ENTERED_TWICE, survivor, record, other.id, day, first.id)
