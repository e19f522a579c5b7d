from __future__ import annotations

from datetime import date

import pytest

from hongxia.events.envelope import Malformed
from hongxia.events.parked import UnknownType
from services.outreach import cadres
from services.outreach.sources import CADRE_MERGED, CADRE_STATES
from tests.unit.outreach_builders import CADRE_STATE, LIN, add_cadre, cadre_event, event_of, new_database, work


def taken(database, *events):
    with work(database) as session:
        cadres.take(session, events)
    with work(database) as session:
        return cadres.find(session, LIN)


def test_a_cadre_is_known_from_the_first_event_on():
    cadre = taken(new_database(), cadre_event())
    assert (cadre.registered_on, cadre.deceased_on, cadre.liaison) == (date(2012, 5, 1), None, "联络一组")
    assert (cadre.hardship, cadre.living_alone, cadre.version) == (True, False, 1)


def test_every_event_of_a_cadre_brings_the_whole_state():
    for name in sorted(CADRE_STATES):
        into = {"into": "77777777-7777-4777-8777-777777777777"} if name == CADRE_MERGED else {}
        cadre = taken(
            new_database(), cadre_event(), event_of(name, LIN, {**CADRE_STATE, **into, "liaison": None}, version=2)
        )
        assert (cadre.liaison, cadre.version) == (None, 2)
        assert cadre.merged_into == into.get("into")


def test_an_older_version_never_overwrites_a_newer_one_within_a_batch_or_later():
    died = cadre_event("deceased", 3, deceased_on="2022-08-09")
    database = new_database()
    assert taken(database, died, cadre_event("amended", 2)).deceased_on == date(2022, 8, 9)
    assert taken(database, cadre_event("amended", 2)).version == 3
    assert taken(database, cadre_event("amended", 4)).deceased_on is None


def test_an_event_of_another_version_or_without_its_data_is_not_taken():
    database = new_database()
    with pytest.raises(UnknownType):
        taken(database, event_of("hongxia.registry.cadre.registered.v2", LIN, CADRE_STATE))
    with pytest.raises(Malformed):
        taken(database, cadre_event(registered_on="yesterday"))
    with pytest.raises(Malformed):
        taken(database, cadre_event(hardship="no"))


def test_what_was_learnt_from_the_registry_can_be_forgotten_and_nothing_else():
    database = new_database()
    add_cadre(database)
    with work(database) as session:
        cadres.forget(session, "finance")
    with database.read() as session:
        assert cadres.find(session, LIN)
    with work(database) as session:
        cadres.forget(session, "registry")
    with database.read() as session:
        assert cadres.find(session, LIN) is None


def test_a_chain_of_merges_ends_at_the_record_that_remains():
    database = new_database()
    last = add_cadre(database, "G0003").id
    middle = add_cadre(database, "G0002", merged_into=last).id
    first = add_cadre(database, "G0001", merged_into=middle).id
    with database.read() as session:
        assert cadres.same_person(session) == {first: last, middle: last}
