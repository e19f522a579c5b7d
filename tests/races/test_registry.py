"""The registry's locks: the register that hands out numbers, and the cadre with those that it was merged into."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from services.registry.app import RegistryService
from services.registry.cadres.model import Cadre
from services.registry.milestones import rules as milestones
from tests.races.conftest import NewRace
from tests.races.kit import Race
from tests.unit.registry_builders import (
    LIAISON_CODE,
    NEW,
    NOW,
    OTHER_LIAISON,
    OTHER_STREET,
    THIRD_LIAISON,
    TODAY,
    context,
    imported,
    list_labels,
    resident_number,
    row,
)
from tests.unit.service_api import ServiceApi


class Office:
    """The registry's API on a race's database, with the bureau's lists."""

    def __init__(self, race: Race) -> None:
        self.api = ServiceApi(RegistryService, race.database, NOW, "records")
        with race.database.begin(context()) as session:
            list_labels(session)

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self.api(method, path, body, If_Match="*")

    def registered(self, serial: int = 1, **different: Any) -> str:
        """The id of a new cadre."""
        body = {**NEW, "resident_number": resident_number(serial=serial), **different}
        found: str = self("POST", "/cadres?confirm=entered-twice", body).json["id"]
        return found


@pytest.mark.lock("services.registry.cadres.numbers:lock")
def test_a_resident_number_is_registered_once(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    first, second = race.between(
        lambda: office("POST", "/cadres", NEW), lambda: office("POST", "/cadres", NEW), after="FROM register"
    )
    assert (first.status_code, second.status_code) == (201, 409)


@pytest.mark.lock("services.registry.cadres.numbers:lock")
def test_the_next_number_is_given_once(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    bodies = [{**NEW, "resident_number": resident_number(born), "name": born} for born in ("19400101", "19410101")]
    answers = race.between(
        lambda: office("POST", "/cadres", bodies[0]),
        lambda: office("POST", "/cadres", bodies[1]),
        after="FROM register",
    )
    assert {answer.json["cadre_no"] for answer in answers} == {"G0001", "G0002"}


@pytest.mark.lock("services.registry.cadres.find:lock_all")
def test_a_command_by_a_merged_number_and_one_by_the_surviving_take_turns(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    survivor, merged = office.registered(), office.registered(2)
    office("POST", f"/cadres/{merged}/merge", {"into": survivor})
    change = {"rank": "131", "on": "2022-08-20", "document_no": "组〔2022〕5号"}
    died, changed = race.between(
        lambda: office("POST", f"/cadres/{survivor}/death", {"deceased_on": "2022-08-09"}),
        lambda: office("POST", f"/cadres/{merged}/rank", change),
    )
    assert (died.status_code, changed.status_code) == (200, 422)


@pytest.mark.lock("services.registry.cadres.find:lock_all")
def test_a_change_is_not_moved_behind_a_death_that_is_just_being_recorded(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    cadre = office.registered()
    office("POST", f"/cadres/{cadre}/street", {"street": OTHER_STREET, "on": "2022-06-01"})
    change = office("GET", f"/changes?cadre_id={cadre}&aspect=street").json["items"][-1]["id"]
    died, moved = race.between(
        lambda: office("POST", f"/cadres/{cadre}/death", {"deceased_on": "2022-08-09"}),
        lambda: office("PATCH", f"/changes/{change}", {"from_on": "2022-08-20"}),
    )
    assert (died.status_code, moved.status_code) == (200, 422)


def test_two_records_are_not_merged_into_each_other(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    one, other = office.registered(), office.registered(2)
    first, second = race.between(
        lambda: office("POST", f"/cadres/{one}/merge", {"into": other}),
        lambda: office("POST", f"/cadres/{other}/merge", {"into": one}),
    )
    assert (first.status_code, second.status_code) == (200, 422)


@pytest.mark.lock("services.registry.cadres.find:lock_all")
def test_an_import_and_an_amendment_take_turns(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    with race.database.begin(context()) as session:
        imported(session, row())
        cadre = session.scalars(select(Cadre.id)).one()

    def import_again() -> Any:
        with race.database.begin(context()) as session:
            return imported(session, row(street="沙湾街道")).sheets

    race.between(
        import_again,
        lambda: office("POST", f"/cadres/{cadre}/death", {"deceased_on": "2022-08-09"}),
        after="FROM cadre WHERE cadre.id",
    )


@pytest.mark.lock("services.registry.changes.handover:reassign")
def test_a_cadre_who_is_just_given_to_another_liaison_is_not_handed_over(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    cadre = office.registered(liaison=LIAISON_CODE)
    office.registered(7, liaison=LIAISON_CODE)
    handover = {"from": LIAISON_CODE, "to": THIRD_LIAISON, "on": "2022-06-01"}
    assigned, moved = race.between(
        lambda: office("POST", f"/cadres/{cadre}/liaison", {"liaison": OTHER_LIAISON, "on": "2022-06-01"}),
        lambda: office("POST", "/liaisons/reassign", handover),
    )
    assert (assigned.status_code, moved.json) == (200, {"moved": 1})


@pytest.mark.lock("services.registry.milestones.rules:announce")
def test_of_two_timers_one_announces(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    office.registered(resident_number=resident_number("19530115"))

    def announce() -> int:
        with race.database.begin(context()) as session:
            return milestones.announce(session, TODAY)

    assert race.between(announce, announce) == (1, 0)


@pytest.mark.lock("services.registry.milestones.rules:announce")
def test_who_is_just_being_recorded_dead_has_no_milestone(new_race: NewRace) -> None:
    race = new_race(RegistryService)
    office = Office(race)
    cadre = office.registered(resident_number=resident_number("19530115"))

    def announce() -> int:
        with race.database.begin(context()) as session:
            return milestones.announce(session, date(2023, 1, 1))

    died, announced = race.between(
        lambda: office("POST", f"/cadres/{cadre}/death", {"deceased_on": "2023-01-02"}), announce
    )
    assert (died.status_code, announced) == (200, 0)
