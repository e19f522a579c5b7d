"""The locks that all rooms of all services share: the record that is acted on, and the entity that it is about."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.conformance.test_mirror import PEOPLE, Person, apply, changed, merged
from tests.races.kit import Race
from tests.races.things import Thing, ThingService
from tests.unit.events_builders import NOW, READER
from tests.unit.service_api import ServiceApi


@pytest.mark.lock("hongxia.runtime.routes:locked")
def test_a_record_that_is_just_being_changed_is_not_changed_otherwise(race: Race) -> None:
    api = ServiceApi(ThingService, race.database, NOW)
    path = "/things/" + api("POST", "/things", {}).json["id"]
    finished, dropped = race.between(
        lambda: api("POST", f"{path}/finish"), lambda: api("POST", f"{path}/drop"), after="FROM thing"
    )
    assert (finished.status_code, dropped.status_code) == (200, 409)
    with race.database.read() as session:
        assert session.scalars(select(Thing.state)).all() == ["done"]


@pytest.mark.lock("hongxia.runtime.routes:locked")
def test_of_two_changes_that_were_made_for_one_version_the_second_is_refused(race: Race) -> None:
    api = ServiceApi(ThingService, race.database, NOW)
    path = "/things/" + api("POST", "/things", {}).json["id"]
    first, second = race.between(
        lambda: api("POST", f"{path}/finish", If_Match='"1"'),
        lambda: api("POST", f"{path}/finish", If_Match='"1"'),
        after="FROM thing",
    )
    assert (first.status_code, second.status_code) == (200, 412)


def begin_a_thing_of(race: Race, person: str) -> int:
    """Begin a thing unless one of the person is there: a rule between records that only the entity's lock can hold."""
    with race.database.begin(READER) as session:
        found = PEOPLE.lock(session, person)
        assert found is not None
        count = session.scalar(select(func.count()).select_from(Thing).where(Thing.changed_by == found.id)) or 0
        if count == 0:
            values = {"state": "open", "version": 1, "changed_by": found.id}
            session.add(Thing(id=f"thing-of-{person}", **values))
        return count


@pytest.mark.lock("hongxia.mirror:Mirror.lock")
def test_two_rules_about_one_entity_take_turns_even_by_two_ids(race: Race) -> None:
    apply(race.database, changed("a", 1), changed("b", 1), merged("a", 2, "b"))
    counts = race.between(
        lambda: begin_a_thing_of(race, "a"), lambda: begin_a_thing_of(race, "b"), after="FROM person WHERE person.id ="
    )
    assert counts == (0, 1)


@pytest.mark.lock("hongxia.mirror:Mirror.lock")
def test_a_rule_about_an_entity_waits_for_the_merge_that_is_being_learnt(race: Race) -> None:
    """The consumer learns of the merge after the rule has read the entity, and only when the rule is done."""
    apply(race.database, changed("a", 1), changed("b", 1))
    race.between(
        lambda: begin_a_thing_of(race, "a"),
        lambda: apply(race.database, merged("a", 2, "b")),
        after="FROM person WHERE person.id =",
    )
    with race.database.read() as session:
        assert session.get_one(Person, "a").merged_into == "b"
