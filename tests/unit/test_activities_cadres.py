"""What activities makes of the registry's events: whom it knows, who died, and who is one with whom."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from hongxia.database import Database
from hongxia.events.envelope import Event, Malformed
from hongxia.events.parked import UnknownType
from hongxia.ids import entity_id
from services.activities import cadres, following
from services.activities.models import Cadre
from tests.unit.activities_builders import CHEN, LIN, Api, add_cadres, cadre_event, events, load, new_database, work


@pytest.fixture
def database() -> Database:
    return new_database()


def read(database: Database, *received: Event) -> None:
    with work(database) as session:
        following.from_registry(session, received)


def known(database: Database) -> dict[str, tuple[date | None, str | None, int]]:
    with database.read() as session:
        found = session.scalars(select(Cadre))
        return {cadre.id: (cadre.deceased_on, cadre.merged_into, cadre.version) for cadre in found}


def test_the_newest_version_of_a_cadre_is_known(database: Database) -> None:
    read(database, cadre_event("registered", LIN), cadre_event("deceased", LIN, version=3, deceased_on="2022-06-01"))
    assert known(database) == {LIN: (date(2022, 6, 1), None, 3)}
    read(database, cadre_event("amended", LIN, version=2))
    assert known(database) == {LIN: (date(2022, 6, 1), None, 3)}
    read(database, cadre_event("amended", LIN, version=4))
    assert known(database) == {LIN: (None, None, 4)}


@pytest.mark.parametrize("what", ["treatment-changed", "liaison-assigned", "care-changed"])
def test_changes_that_do_not_concern_attendance_are_passed_over(database: Database, what: str) -> None:
    read(database, cadre_event(what, LIN))
    assert known(database) == {}


def test_an_unknown_type_is_not_passed_over(database: Database) -> None:
    with pytest.raises(UnknownType):
        read(database, cadre_event("promoted", LIN))


@pytest.mark.parametrize(
    "event",
    [
        cadre_event("registered", LIN, registered_on="some day"),
        cadre_event("deceased", LIN, deceased_on=7),
        cadre_event("merged", LIN),
        cadre_event("merged", LIN, into=LIN),
    ],
)
def test_a_malformed_event_is_told(database: Database, event: Event) -> None:
    with pytest.raises(Malformed):
        read(database, event)


def test_the_registry_can_be_read_anew(database: Database) -> None:
    add_cadres(database, "G0001")
    with work(database) as session:
        cadres.forget(session, "finance")
    assert known(database)
    with work(database) as session:
        cadres.forget(session, "registry")
    assert not known(database)


def test_what_was_recorded_for_a_double_goes_to_the_one_who_stays_and_once(database: Database) -> None:
    add_cadres(database, "G0001", "G0002")
    api = Api(database)
    both, one = api.held_session(), api.held_session()
    for session_id, cadre_id in ((both["id"], LIN), (both["id"], CHEN), (one["id"], CHEN)):
        api.attended(session_id, cadre_id)
    batch = api.made("/health-checks", held_on="2022-05-10", hospital="区中心医院")
    api.made(f"/health-checks/{batch['id']}/checks", cadre_id=CHEN)
    api.made("/works", genre="poem", collected_on="2022-05-10", cadre_id=CHEN)
    before = len(events(database))
    read(database, cadre_event("merged", CHEN, version=2, into=LIN))
    raised = [(name, event["data"]["cadre_id"]) for name, event in events(database)[before:]]
    assert sorted(raised) == [
        ("attendance.recorded", LIN),
        ("attendance.voided", CHEN),
        ("attendance.voided", CHEN),
        ("check.recorded", LIN),
        ("check.voided", CHEN),
        ("work.amended", LIN),
    ]
    assert {event["correlationid"] for _, event in events(database)[before:]} == {"registry"}
    standing = api("GET", f"/attendances?cadre_id={LIN}&state=recorded").json["items"]
    assert {attendance["session_id"] for attendance in standing} == {both["id"], one["id"]}
    read(database, cadre_event("merged", CHEN, version=2, into=LIN))
    assert len(events(database)) == before + len(raised)


def test_a_merged_cadre_is_named_by_the_one_who_stays(database: Database) -> None:
    add_cadres(database, "G0001", "G0002")
    read(database, cadre_event("merged", CHEN, version=2, into=LIN))
    api = Api(database)
    session = api.held_session()
    refused = api("POST", f"/sessions/{session['id']}/attendances", {"cadre_id": CHEN})
    assert refused.json["type"] == "urn:hongxia:problem:cadre-merged"
    assert refused.json["merged_into"] == LIN


def test_a_chain_of_merges_ends_at_the_last(database: Database) -> None:
    add_cadres(database, "G0001", "G0002", "G0003")
    last = Api(database)
    session = last.held_session()
    last.attended(session["id"], CHEN)
    end = entity_id("cadre", "G0003")
    read(database, cadre_event("merged", CHEN, version=2, into=LIN), cadre_event("merged", LIN, version=2, into=end))
    assert {merged for _, merged, _ in known(database).values()} == {None, end}
    standing = last("GET", "/attendances?state=recorded").json["items"]
    assert [attendance["cadre_id"] for attendance in standing] == [end]


def test_a_workbook_from_before_a_merge_still_changes_nothing(database: Database) -> None:
    add_cadres(database, "G0001", "G0002")
    sheets = {
        "sessions": [
            {
                "session_no": "CC-1",
                "title": "第一讲",
                "programme": "online",
                "held_on": date(2022, 5, 10),
                "host": "centre",
                "state": "held",
            }
        ],
        "attendances": [{"session_no": "CC-1", "cadre_id": number} for number in ("G0001", "G0002")],
        "works": [{"work_no": "ZP-1", "cadre_id": "G0002", "genre": "poem", "collected_on": date(2022, 5, 10)}],
    }
    load(database, **sheets)
    read(database, cadre_event("merged", CHEN, version=2, into=LIN))
    before = len(events(database))
    assert load(database, **sheets)["attendances"].unchanged == 2
    assert len(events(database)) == before
