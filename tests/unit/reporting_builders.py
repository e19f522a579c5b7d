"""What the tests of reporting build: its database, sources with a real chain, and requests to its API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import ids
from hongxia.database import Database
from hongxia.events import cursor
from hongxia.events.canonical import canonical
from hongxia.events.chain import GENESIS, link
from hongxia.events.context import Context
from hongxia.events.cursor import Consumer
from hongxia.events.digest import digest_of
from hongxia.events.envelope import Event, parse, splice
from hongxia.events.feed import FeedAway, Head
from hongxia.events.heads import Place
from hongxia.events.tables import platform_metadata, start_log
from services.reporting.app import ReportingService
from services.reporting.base import Shared
from services.reporting.facts import recording
from services.reporting.facts.model import Base, Fact, start_facts
from services.reporting.figures.answers import FigureCache
from services.reporting.figures.catalogue import for_year
from services.reporting.figures.indicators import Figure, Year
from services.reporting.proof.heads import Heads
from tests.keys import prove_of
from tests.unit.service_api import ServiceApi

TODAY = date(2023, 1, 10)
NOW = datetime(2023, 1, 10, 4, tzinfo=UTC)
CONTEXT = Context("urn:hongxia:test:reporting", NOW, "test")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LINE = "11111111-1111-5111-8111-111111111111"
SOURCES = ("activities", "finance", "outreach", "registry")


def new_database(url: str = "sqlite://") -> Database:
    """Reporting's database, empty; in memory unless told otherwise."""
    database = Database(url)
    platform_metadata.create_all(database.engine)
    Base.metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        start_log(connection)
        start_facts(connection)
    return database


@contextmanager
def work(database: Database) -> Iterator[Session]:
    """A unit of work."""
    with database.begin(CONTEXT) as session:
        yield session


def person(number: int) -> str:
    """The id of a made-up cadre."""
    return ids.entity_id("cadre", f"G{number:04}")


class Source:
    """A service as reporting sees it: events with positions and a chain."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[Event] = []

    @property
    def chain(self) -> str:
        """The chain after the last event."""
        return self.events[-1].chain if self.events else GENESIS

    @property
    def head(self, holds: Place | None = None) -> Head:
        """The source's own head."""
        return Head(len(self.events), self.chain, 0, 1)

    def publish(self, what: str, subject: str, data: dict[str, Any], *, version: int = 1, **other: Any) -> Event:
        """One more event: `what` is "visit.recorded", `subject` any name; `other` overrides attributes."""
        full = f"hongxia.{self.name}.{what}.v1"
        entity = subject if UUID.fullmatch(subject) else ids.entity_id("entity", subject)
        envelope = {
            "specversion": "1.0",
            "id": ids.entity_id("event", full, entity, version),
            "source": f"urn:hongxia:test:{self.name}",
            "type": full,
            "subject": entity,
            "time": "2023-01-09T00:00:00.000000Z",
            "data": data,
            "entityversion": version,
            "occurredon": "2022-06-30",
            "salt": "00" * 16,
            **other,
        }
        committed, position = canonical(envelope), len(self.events) + 1
        chain = link(self.chain, position, digest_of(envelope))
        event = parse(splice(committed, position, position, chain))
        self.events.append(event)
        return event

    def consumer(self, database: Database) -> Consumer:
        """Reporting's reading of this source."""
        return Consumer(
            database,
            self.name,
            lambda session, events: recording.record(session, self.name, events),
            prove_of(self.name),
        )

    def read(self, database: Database, size: int = 1000) -> None:
        """Let reporting read what it has not read yet, in batches."""
        after = cursor.position(self.consumer(database))
        for start in range(after, len(self.events), size):
            cursor.apply(self.consumer(database), CONTEXT, self.events[start : start + size])


def cadre(registry: Source, number: int, what: str = "registered", *, version: int = 1, **state: Any) -> Event:
    """An event about a cadre: registered in 2012 and living unless told otherwise."""
    flags = dict.fromkeys(("advanced_age", "hardship", "living_alone", "resettled"), False)
    codes = {"retirement_category": "2", "rank": "132", "treatment": "131", "age_band": "70-79"}
    medical = {"medical_treatment": None, "reimbursement": None}
    places = {"unit": "u1234abcd", "street": "s1234abcd", "liaison": None}
    dates = {"registered_on": "2012-05-01", "deceased_on": None, "away": []}
    return registry.publish(
        f"cadre.{what}", person(number), {**flags, **codes, **medical, **places, **dates, **state}, version=version
    )


def visit(outreach: Source, name: str, number: int, what: str = "recorded", *, version: int = 1, **data: Any) -> Event:
    """An event about a visit to a cadre."""
    usual = {"cadre_id": person(number), "visited_on": "2022-07-01", "form": "home", "category": "love_knocks"}
    more = {"occasion": "birthday", "five_must": False, "people": 1}
    return outreach.publish(f"visit.{what}", name, {**usual, **more, **data}, version=version)


def contact(outreach: Source, number: int, on: str, what: str = "made", *, version: int = 1) -> Event:
    """An event about a contact with a cadre on a date."""
    data = {"cadre_id": person(number), "contacted_on": on, "month": on[:7], "method": "phone"}
    return outreach.publish(f"contact.{what}", f"{number}/{on}".replace("-", ""), data, version=version)


def session_event(activities: Source, name: str, what: str = "held", *, version: int = 1, **data: Any) -> Event:
    """An event about a session: an online lesson unless told otherwise."""
    usual = {"programme": "online", "title": "开学第一课", "host": "centre", "topic": None, "held_on": "2022-03-01"}
    state = "cancelled" if what == "cancelled" else "held"
    return activities.publish(
        f"session.{what}", name, {**usual, "others_count": 0, "state": state, **data}, version=version
    )


def attendance(activities: Source, session: str, number: int) -> Event:
    """A cadre attended a session."""
    data = {"session_id": ids.entity_id("entity", session), "cadre_id": person(number), "programme": "online"}
    return activities.publish("attendance.recorded", f"{session}/{number}", {**data, "attended_on": "2022-03-01"})


def suggestion(outreach: Source, name: str, what: str = "received", *, version: int = 1, **data: Any) -> Event:
    """An event about a suggestion, received on 6 April 2022 unless told otherwise."""
    usual = {"category": "health", "channel": "phone", "received_on": "2022-04-06"}
    dates = {"assigned_on": None, "resolved_on": None}
    return outreach.publish(f"suggestion.{what}", name, {**usual, **dates, **data}, version=version)


def approved(outreach: Source, case: str, number: int, on: str = "2022-01-18", *, version: int = 2, **data: Any) -> str:
    """Aid of 8,000 yuan was approved for a cadre; gives the id of the case."""
    usual = {"cadre_id": person(number), "amount_fen": 800_000, "approved_on": on, "pay_on": on}
    event = outreach.publish("aid.approved", case, {**usual, **data}, version=version, occurredon=on)
    return event.subject


def case_event(outreach: Source, case: str, what: str, on: str, *, version: int, **data: Any) -> Event:
    """What became of an aid case on a day, as outreach tells it."""
    usual = {"cadre_id": person(1), "amount_fen": 800_000}
    return outreach.publish(f"aid.{what}", case, {**usual, **data}, version=version, occurredon=on)


def answer(finance: Source, case: str, what: str, on: str, *, version: int = 1, **data: Any) -> Event:
    """Finance's answer to an aid case on a day: paid, refused, waiting, returned, withdrawn, reversed."""
    usual = {"case_id": case, "amount_fen": 800_000}
    more = {
        "paid": {"expenditure_id": LINE, "line_id": LINE, "paid_on": on},
        "refused": {"reason": "no-money", "refused_on": on},
        "waiting": {"pay_on": on},
    }
    own = more.get(what, {f"{what}_on": on})
    return finance.publish(f"aid.{what}", case, {**usual, **own, **data}, version=version, occurredon=on)


def contradiction(
    source: Source, record: str, what: str = "found", *, version: int = 1, on: str = "2022-08-20"
) -> Event:
    """A record of a source contradicts another one, or does not any more."""
    data = {"kind": "after-death", "scope": person(1), "record": "visits", "record_id": record, "other_id": None}
    return source.publish(f"contradiction.{what}", f"about {record}", {**data, "on": on}, version=version)


def figure(database: Database, code: str, year: int = 2022, today: date = TODAY) -> Figure:
    """A figure as it stands."""
    indicator = for_year(year).find(code)
    assert indicator is not None
    with database.read() as session:
        return Year(session, year, today).figure(indicator)


def value(database: Database, code: str, **of: Any) -> str | None:
    """Its value alone."""
    return figure(database, code, **of).value


def facts(database: Database, kind: str) -> list[Fact]:
    """The facts of a kind, in every generation."""
    with database.read() as session:
        found = list(session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.generation, Fact.entity)))
        session.expunge_all()
    return found


class Api(ServiceApi):
    """Reporting's routes, called as over HTTP; `sources` give the heads, one that is missing can't be reached."""

    def __init__(self, database: Database, *sources: Source) -> None:
        super().__init__(ReportingService, database, NOW)
        self.service.host.consumers = {source: Source(source).consumer(database) for source in SOURCES}
        self.sources = {source.name: source for source in sources}
        self.service.shared = Shared(Heads(self._head), FigureCache())

    def json(self, path: str) -> Any:
        """What a GET of a path answers."""
        return self("GET", path).json

    def _head(self, source: str) -> Head:
        if source not in self.sources:
            raise FeedAway(source)
        return self.sources[source].head
