"""Two at once, on PostgreSQL: whoever comes second waits for the first, wherever a rule looks at both records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.database import Database, migrate
from hongxia.events.envelope import Event
from hongxia.ids import entity_id
from services.activities.app import ActivitiesService
from services.activities.attendance.rules import ATTENDANCE
from services.activities.cadres import follow
from services.activities.cadres.mirror import CADRES
from services.activities.checks.model import Check
from services.activities.drives.model import Drive
from services.activities.health_checks.model import HealthCheck
from services.activities.presence import rules as presence
from services.activities.rosters.model import Roster
from services.activities.sessions import rules as sessions
from services.activities.sessions.model import Meeting
from services.activities.works.model import Work
from tests.datakeys import DATA_KEYS
from tests.unit.activities_builders import (
    CHEN,
    LIN,
    TODAY,
    Api,
    a_year,
    add_cadres,
    cadre_event,
    load,
    session_row,
    work,
)

SESSION = entity_id("session", 2022, "CC-1")
WORK = entity_id("work", 2022, "ZP-1")
PLANNED = entity_id("session", 2022, "CC-4")
BATCH = entity_id("health-check", 2022, "TJ-01")
DRIVE = entity_id("drive", 2022, "JZ-1")


@pytest.fixture
def database(database_url: Callable[[str], str]) -> Iterator[Database]:
    url = database_url("activities")
    migrate(url, ActivitiesService.definition.migrations)
    database = Database(url, keys=DATA_KEYS)
    add_cadres(database, "G0001", "G0002")
    year = a_year()
    year["sessions"].append(session_row("CC-4", state="scheduled"))
    load(database, **year)
    yield database
    database.close()


@contextmanager
def impatient(database: Database) -> Iterator[None]:
    """From here on a transaction that has to wait for another one gives up, so that the test sees that it waits."""

    def give_up_soon(connection: Any) -> None:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '300ms'")

    event.listen(database.engine, "begin", give_up_soon)
    try:
        yield
    finally:
        event.remove(database.engine, "begin", give_up_soon)


def learn(session: Session, *received: Event) -> None:
    follow.from_registry(session, received)
    session.flush()


def a_death(session: Session) -> None:
    learn(session, cadre_event("deceased", LIN, version=2, deceased_on="2022-05-01"))


def a_merge(session: Session) -> None:
    learn(session, cadre_event("merged", CHEN, version=2, into=LIN))


def a_cancelled_session(session: Session) -> None:
    sessions.cancel(session, records.lock(session, Meeting, SESSION), "entered-in-error")
    session.flush()


def holding(model: type[Any], record_id: str) -> Callable[[Session], None]:
    """Somebody who is about to change a record."""

    def hold(session: Session) -> None:
        records.lock(session, model, record_id)

    return hold


def of_lin(api: Api, path: str) -> str:
    return str(api("GET", f"/{path}?cadre_id={LIN}").json["items"][0]["id"])


def roster(api: Api) -> dict[str, Any]:
    first: dict[str, Any] = api("GET", "/rosters").json["items"][0]
    return first


def attend(api: Api, session_id: str = SESSION, cadre_id: str = LIN) -> Any:
    return api("POST", f"/sessions/{session_id}/attendances", {"cadre_id": cadre_id})


THIRD = entity_id("session", 2022, "CC-3")

WAITING: list[tuple[str, Callable[[Session], None], Callable[[Api], Any]]] = [
    ("an attendance for a death", a_death, lambda api: attend(api, THIRD)),
    (
        "attendances of a new session for a death",
        a_death,
        lambda api: api.post("/sessions", **_NEW, attendances=[{"cadre_id": LIN}]),
    ),
    ("an attendance under the other number for a merge", a_merge, lambda api: attend(api, THIRD, LIN)),
    (
        "a check for a death",
        a_death,
        lambda api: api("POST", f"/health-checks/{BATCH}/checks", {"cadre_id": LIN}),
    ),
    (
        "a work for a death",
        a_death,
        lambda api: api.post("/works", genre="poem", collected_on="2022-05-10", cadre_id=LIN),
    ),
    ("a work that gets another author for a death", a_death, lambda api: api.amend(f"/works/{WORK}", genre="essay")),
    (
        "an attendance that moves for a death",
        a_death,
        lambda api: api.amend(f"/attendances/{of_lin(api, 'attendances')}", attended_on="2022-05-12"),
    ),
    (
        "an attendance that is voided for a death",
        a_death,
        lambda api: api("POST", f"/attendances/{of_lin(api, 'attendances')}/void", {"reason": "other"}),
    ),
    ("a session that moves for a death", a_death, lambda api: api.amend(f"/sessions/{SESSION}", held_on="2022-05-12")),
    (
        "a session that is cancelled for a death",
        a_death,
        lambda api: api("POST", f"/sessions/{SESSION}/cancel", {"reason": "other"}),
    ),
    (
        "a batch that is voided for a death",
        a_death,
        lambda api: api("POST", f"/health-checks/{BATCH}/void", {"reason": "other"}),
    ),
    ("an attendance for its session", holding(Meeting, THIRD), lambda api: attend(api, THIRD)),
    ("an attendance for a session being cancelled", a_cancelled_session, lambda api: attend(api, SESSION, CHEN)),
    (
        "an attendance that moves for its session",
        holding(Meeting, SESSION),
        lambda api: api.amend(f"/attendances/{of_lin(api, 'attendances')}", attended_on="2022-05-12"),
    ),
    (
        "a check for its batch",
        holding(HealthCheck, BATCH),
        lambda api: api("POST", f"/health-checks/{BATCH}/checks", {"cadre_id": CHEN}),
    ),
    (
        "a roster for its drive",
        holding(Drive, DRIVE),
        lambda api: api("POST", f"/drives/{DRIVE}/rosters", {**_ROSTER, "unit": roster(api)["unit"]}),
    ),
    (
        "a roster that is amended for its drive",
        holding(Drive, DRIVE),
        lambda api: api.amend(f"/rosters/{roster(api)['id']}", attended=20),
    ),
    (
        "a roster for another who amends it",
        holding(Roster, entity_id("roster", DRIVE, "2022-04-12", f"u{entity_id('unit', '区教育局')[:8]}")),
        lambda api: api.amend(f"/rosters/{roster(api)['id']}", attended=20),
    ),
    ("a work for another who amends it", holding(Work, WORK), lambda api: api.amend(f"/works/{WORK}", genre="essay")),
]

_ROSTER = {"on": "2022-04-14", "attended": 3, "vaccinated": 3}
_NEW = {"programme": "college", "title": "新的一讲", "held_on": "2022-05-20", "host": "centre", "state": "held"}
_LESSON = {
    "session_no": "CC-9",
    "programme": "college",
    "title": "第九讲",
    "held_on": date(2022, 5, 20),
    "host": "centre",
    "venue": None,
    "topic": None,
    "others_count": 0,
}


@pytest.mark.parametrize(("first", "second"), [case[1:] for case in WAITING], ids=[case[0] for case in WAITING])
def test_a_request_waits(database: Database, first: Callable[[Session], None], second: Callable[[Api], Any]) -> None:
    api = Api(database)
    with work(database) as session:
        first(session)
        with impatient(database):
            assert second(api).status_code == 503
    assert second(api).status_code != 503


@pytest.mark.parametrize(
    "first",
    [
        a_death,
        holding(Meeting, SESSION),
        holding(HealthCheck, BATCH),
        holding(Drive, DRIVE),
        holding(Work, WORK),
        holding(Check, entity_id("check", BATCH, LIN)),
    ],
    ids=["a death", "a session", "a batch", "a drive", "a work", "a check"],
)
def test_an_import_waits_for_what_its_rows_are_about(database: Database, first: Callable[[Session], None]) -> None:
    with work(database) as session:
        first(session)
        with impatient(database), pytest.raises(OperationalError):
            load(database, **a_year())
    load(database, **a_year())


def test_what_the_registry_says_waits_for_an_import_and_then_finds_what_it_brought(database: Database) -> None:
    def record(session: Session) -> None:
        lesson = sessions.record(session, entity_id("session", 2022, "CC-9"), _LESSON, "held", TODAY)
        session.flush()
        presence.record_all(session, ATTENDANCE, lesson, [{"cadre_id": LIN}], TODAY)
        session.flush()

    with work(database) as session:
        record(session)
        with impatient(database), pytest.raises(OperationalError), work(database) as other:
            a_death(other)
    with work(database) as session:
        a_death(session)
    assert ("cadre-deceased", entity_id("attendance", entity_id("session", 2022, "CC-9"), LIN)) in Api(
        database
    ).contradictions()


def test_a_merge_waits_for_who_records_something_of_the_survivor(database: Database) -> None:
    with work(database) as session:
        assert CADRES.lock(session, LIN) is not None
        with impatient(database), pytest.raises(OperationalError), work(database) as other:
            a_merge(other)


def test_a_merge_waits_for_who_changes_the_session_of_what_it_sets_aside(database: Database) -> None:
    with work(database) as session:
        records.lock(session, Meeting, SESSION)
        with impatient(database), pytest.raises(OperationalError), work(database) as other:
            a_merge(other)


ORDER = ("cadre", "session", "health_check", "drive")
"""Cadres are locked before what they were at, and that before the records of who was there: whatever the command, so
that two of them can't wait for each other.
"""


@contextmanager
def tables_locked(database: Database) -> Iterator[list[str]]:
    """The tables in which rows are locked from here on, each once, in the order of the first lock."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "FOR UPDATE" in statement:
            table = re.search(r"FROM (\w+)", statement)
            assert table is not None
            if table[1] not in found:
                found.append(table[1])

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


COMMANDS: list[tuple[str, list[str], Callable[[Api], Any]]] = [
    ("attend", ["cadre", "session"], lambda api: attend(api, THIRD)),
    (
        "be checked",
        ["cadre", "health_check"],
        lambda api: api("POST", f"/health-checks/{BATCH}/checks", {"cadre_id": CHEN}),
    ),
    (
        "hold",
        ["cadre", "session"],
        lambda api: api("POST", f"/sessions/{PLANNED}/hold", {"attendances": [{"cadre_id": LIN}]}),
    ),
    ("cancel", ["cadre", "session"], lambda api: api("POST", f"/sessions/{SESSION}/cancel", {"reason": "other"})),
    ("move a session", ["cadre", "session"], lambda api: api.amend(f"/sessions/{SESSION}", held_on="2022-05-11")),
    (
        "move a batch",
        ["cadre", "health_check"],
        lambda api: api.amend(f"/health-checks/{BATCH}", held_on="2022-05-11"),
    ),
    (
        "void a batch",
        ["cadre", "health_check"],
        lambda api: api("POST", f"/health-checks/{BATCH}/void", {"reason": "other"}),
    ),
    (
        "void an attendance",
        ["cadre", "session", "attendance"],
        lambda api: api("POST", f"/attendances/{of_lin(api, 'attendances')}/void", {"reason": "other"}),
    ),
    ("amend a work", ["cadre", "work"], lambda api: api.amend(f"/works/{WORK}", genre="essay")),
    ("amend a roster", ["drive", "roster"], lambda api: api.amend(f"/rosters/{roster(api)['id']}", attended=20)),
]


@pytest.mark.parametrize(("tables", "command"), [case[1:] for case in COMMANDS], ids=[case[0] for case in COMMANDS])
def test_locks_are_taken_in_one_order(database: Database, tables: list[str], command: Callable[[Api], Any]) -> None:
    api = Api(database)
    with tables_locked(database) as locked:
        assert command(api).status_code in (200, 201)
    assert locked == tables


def test_an_import_locks_all_cadres_that_it_names_first(database: Database) -> None:
    changed = a_year()
    changed["sessions"][0]["held_on"] = date(2022, 5, 11)
    with tables_locked(database) as locked:
        load(database, confirm=True, **changed)
    assert locked[0] == "cadre"
    assert [table for table in locked if table in ORDER] == list(ORDER)
