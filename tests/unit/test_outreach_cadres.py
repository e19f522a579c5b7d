from __future__ import annotations

from datetime import date

import pytest

from hongxia.dates import TimeAway
from hongxia.events.envelope import Malformed
from hongxia.events.parked import UnknownType
from services.outreach.cadres import registry
from services.outreach.cadres.mirror import CADRES, CHANGES, violations
from services.outreach.cadres.model import Flag
from tests.unit.away_builders import away
from tests.unit.outreach_builders import (
    CHEN,
    LIN,
    STATE,
    TODAY,
    WU,
    Bureau,
    add_cadre,
    cadre_event,
    event_of,
    new_database,
    work,
)


def learnt(database, *events):
    with work(database) as session:
        registry.apply(session, events, TODAY)
    with work(database) as session:
        return CADRES.find(session, LIN)


def test_a_cadre_is_known_from_the_first_event_on():
    cadre = learnt(new_database(), cadre_event(hardship=True))
    assert (cadre.registered_on, cadre.deceased_on, cadre.liaison) == (date(2012, 5, 1), None, "l1234abcd")
    assert (cadre.hardship, cadre.living_alone, cadre.version) == (True, False, 1)


def test_every_event_of_a_cadre_brings_the_whole_state():
    for what in CHANGES:
        cadre = learnt(new_database(), cadre_event(), cadre_event(what, 2, liaison=None, away=away("2022-03-01")))
        assert (cadre.liaison, cadre.away, cadre.version) == (None, (TimeAway(date(2022, 3, 1)),), 2)


def test_an_older_version_never_overwrites_a_newer_one_within_a_batch_or_later():
    died = cadre_event("deceased", 3, deceased_on="2022-08-09")
    database = new_database()
    assert learnt(database, died, cadre_event("amended", 2)).deceased_on == date(2022, 8, 9)
    assert learnt(database, cadre_event("amended", 2)).version == 3
    assert learnt(database, cadre_event("amended", 4)).deceased_on is None


def test_an_event_of_another_version_or_without_its_data_is_not_applied():
    database = new_database()
    with pytest.raises(UnknownType):
        learnt(database, event_of("hongxia.registry.cadre.registered.v2", LIN, STATE))
    with pytest.raises(Malformed):
        learnt(database, cadre_event(registered_on="yesterday"))
    with pytest.raises(Malformed):
        learnt(database, cadre_event(hardship="no"))
    milestone = {"cadre_id": LIN, "milestone": "age-80", "month": "2023-13"}
    with pytest.raises(Malformed):
        learnt(database, event_of("hongxia.registry.milestone.due.v1", WU, milestone))


def test_what_the_registry_says_of_its_own_lists_is_none_of_outreach_s_business():
    database = new_database()
    unit = {"code": "u1234abcd", "label": "区教育局"}
    assert learnt(database, event_of("hongxia.registry.unit.listed.v1", WU, unit)) is None


def test_what_was_learnt_from_the_registry_can_be_dropped_and_nothing_else():
    database = new_database()
    learnt(database, cadre_event(hardship=True))
    with work(database) as session:
        registry.clear(session, "finance")
        assert CADRES.find(session, LIN)
        registry.clear(session, "registry")
        assert CADRES.find(session, LIN) is None
        assert session.query(Flag).all() == []


def test_a_chain_of_merges_ends_at_the_record_that_remains():
    bureau = Bureau("G0001", "G0002", "G0003")
    bureau.merge("G0001", into="G0002")
    bureau.merge("G0002", into="G0003")
    with work(bureau.database) as session:
        assert CADRES.find(session, LIN).id == WU
        assert CADRES.lock(session, LIN).id == WU
        [person] = CADRES.people(session, [CHEN])
        assert (person.cadre.id, person.ids) == (WU, {LIN, CHEN, WU})
    bureau.undo_merge("G0002", into="G0003")
    with work(bureau.database) as session:
        assert {person.cadre.id: person.ids for person in CADRES.people(session, [LIN, WU])} == {
            CHEN: {LIN, CHEN},
            WU: {WU},
        }


def flags(bureau):
    with bureau.database.read() as session:
        rows = session.query(Flag).order_by(Flag.flag, Flag.since)
        return [(row.flag, str(row.since), str(row.until) if row.until else None) for row in rows]


def test_since_when_a_flag_is_set_is_noted_event_by_event_however_they_are_batched():
    one = Bureau("G0001")
    one.registry("care-changed", "G0001", on="2022-11-01", hardship=True)
    one.registry("care-changed", "G0001", on="2022-12-01", hardship=False)
    one.registry("care-changed", "G0001", on="2023-01-02", hardship=True)
    other = Bureau("G0001")
    other.learn(
        other.event("care-changed", "G0001", on="2022-11-01", hardship=True),
        other.event("care-changed", "G0001", on="2022-12-01", hardship=False),
        other.event("care-changed", "G0001", on="2023-01-02", hardship=True),
    )
    wanted = [("hardship", "2022-11-01", "2022-12-01"), ("hardship", "2023-01-02", None)]
    assert flags(one) == flags(other) == wanted


@pytest.mark.parametrize(
    ("state", "day", "codes"),
    [
        ({}, date(2012, 5, 1), []),
        ({}, date(2012, 4, 30), ["before-registration"]),
        ({"deceased_on": date(2022, 8, 9)}, date(2022, 8, 9), []),
        ({"deceased_on": date(2022, 8, 9)}, date(2022, 8, 10), ["cadre-deceased"]),
        ({"away": (TimeAway(date(2022, 8, 9)),)}, date(2022, 8, 8), []),
        ({"away": (TimeAway(date(2022, 8, 9)),)}, date(2022, 8, 9), ["cadre-transferred"]),
        ({"away": (TimeAway(date(2022, 8, 9), date(2022, 9, 1)),)}, date(2022, 8, 31), ["cadre-transferred"]),
        ({"away": (TimeAway(date(2022, 8, 9), date(2022, 9, 1)),)}, date(2022, 9, 1), []),
    ],
)
def test_a_record_of_a_day_needs_a_cadre_who_is_served_and_lives(state, day, codes):
    cadre = add_cadre(new_database(), **state)
    assert [found.code for found in violations(cadre, "visited_on", day, "走访日期")] == codes


def test_the_list_of_a_merged_number_is_that_of_the_person():
    bureau = Bureau("G0001", "G0002")
    api = bureau.api()
    for cadre_id in (LIN, CHEN):
        api("POST", "/contacts", {"cadre_id": cadre_id, "contacted_on": "2022-03-10", "method": "phone"})
    bureau.merge("G0001", into="G0002")
    for cadre_id in (LIN, CHEN):
        assert len(api("GET", f"/contacts?cadre_id={cadre_id}").json["items"]) == 2
    with work(bureau.database) as session:
        assert CADRES.of_entity(session, {"cadre_id": None})("all of them") == "all of them"
