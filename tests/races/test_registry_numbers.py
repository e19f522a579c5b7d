"""A resident number that is looked up as free stays free: by amendments and by a merge that is undone, too."""

from __future__ import annotations

import pytest

from services.registry.app import RegistryService
from tests.races.conftest import NewRace
from tests.races.test_registry import Office
from tests.unit.registry_builders import NEW, resident_number

LOOKED_UP = "FROM cadre WHERE cadre.resident_number"


@pytest.mark.lock("services.registry.cadres.numbers:lock")
def test_a_resident_number_is_not_given_to_two_by_amendments(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    one, other = office.registered(), office.registered(2)
    change = {"resident_number": resident_number(serial=7), "reason": "correction"}
    first, second = race.between(
        lambda: office("PATCH", f"/cadres/{one}", change),
        lambda: office("PATCH", f"/cadres/{other}", change),
        after=LOOKED_UP,
    )
    assert (first.status_code, second.status_code) == (200, 409)


@pytest.mark.lock("services.registry.cadres.numbers:lock")
def test_a_resident_number_is_not_registered_while_the_merge_of_its_owner_is_undone(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    survivor, merged = office.registered(), office.registered(2)
    office("POST", f"/cadres/{merged}/merge", {"into": survivor})
    again = {**NEW, "resident_number": resident_number(serial=2)}
    undone, registered = race.between(
        lambda: office("POST", f"/cadres/{merged}/undo-merge"),
        lambda: office("POST", "/cadres?confirm=entered-twice", again),
        after=LOOKED_UP,
    )
    assert (undone.status_code, registered.status_code) == (200, 409)
