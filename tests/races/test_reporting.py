"""Reporting's locks: the one row that says which facts are shown, and whether a rebuild is making others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hongxia.rules import Conflicting
from services.reporting.app import ReportingService
from services.reporting.facts import rebuild, recording
from tests.races.conftest import NewRace
from tests.races.kit import Race
from tests.unit.reporting_builders import CONTEXT, Source, facts, visit, work


def begun(new_race: NewRace) -> tuple[Race, Source]:
    """A race of a bureau with one visit."""
    race, outreach = new_race(ReportingService), Source("outreach")
    visit(outreach, "one", 1)
    outreach.read(race.database)
    return race, outreach


def nothing() -> None:
    """A pause in which nothing happens."""


def superseded(act: Callable[[], object]) -> bool:
    """Whether a step of a rebuild says that the rebuild has been given up."""
    try:
        act()
    except Conflicting:
        return True
    return False


def names(race: Race) -> set[tuple[int, str]]:
    """The facts that there are: the generation and the month's day of each visit."""
    return {(fact.generation, str(fact.on)) for fact in facts(race.database, "visit")}


@pytest.mark.lock("services.reporting.facts.recording:_written")
def test_a_rebuild_that_begins_while_events_come_in_misses_none(new_race: NewRace) -> None:
    race, outreach = begun(new_race)
    event = visit(outreach, "two", 2, visited_on="2022-07-02")

    def come() -> None:
        with work(race.database) as session:
            recording.record(session, "outreach", [event])

    race.between(come, lambda: rebuild.rebuild(race.database, CONTEXT, nothing).years, after="FROM generation")
    assert names(race) == {(2, "2022-07-01"), (2, "2022-07-02")}


@pytest.mark.lock("services.reporting.facts.rebuild:_begin")
def test_two_rebuilds_never_fill_the_same_generation(new_race: NewRace) -> None:
    race, _ = begun(new_race)
    made = race.between(
        lambda: rebuild._begin(race.database, CONTEXT),
        lambda: rebuild._begin(race.database, CONTEXT),
        after="FROM generation",
    )
    assert made == (2, 3)


def filled(new_race: NewRace) -> tuple[Race, Source, int]:
    """A race of a bureau with a rebuild that has only to show its facts."""
    race, outreach = begun(new_race)
    shadow = rebuild._begin(race.database, CONTEXT)
    rebuild._fill(race.database, CONTEXT, shadow, nothing)
    return race, outreach, shadow


@pytest.mark.lock("services.reporting.facts.rebuild:_require_shadow")
def test_an_event_that_comes_while_new_facts_are_put_in_place_is_among_them(new_race: NewRace) -> None:
    race, outreach, shadow = filled(new_race)
    event = visit(outreach, "two", 2, visited_on="2022-07-02")

    def come() -> None:
        with work(race.database) as session:
            recording.record(session, "outreach", [event])

    race.between(lambda: rebuild._show(race.database, CONTEXT, shadow), come, after="FROM generation")
    assert names(race) == {(2, "2022-07-01"), (2, "2022-07-02")}


@pytest.mark.lock("services.reporting.facts.rebuild:give_up_unfinished")
def test_a_process_that_starts_does_not_drop_the_facts_that_are_just_being_shown(new_race: NewRace) -> None:
    race, _, shadow = filled(new_race)
    race.between(
        lambda: rebuild.give_up_unfinished(race.database, CONTEXT),
        lambda: superseded(lambda: rebuild._show(race.database, CONTEXT, shadow)),
        after="FROM generation",
    )
    assert names(race) == {(1, "2022-07-01")}


def test_an_event_that_comes_while_its_source_is_cleared_is_kept_whole(new_race: NewRace) -> None:
    """The change of the row is the lock here."""
    race, outreach = begun(new_race)
    event = visit(outreach, "two", 2, visited_on="2022-07-02")

    def clear() -> None:
        with work(race.database) as session:
            recording.clear(session, "outreach")

    def come() -> None:
        with work(race.database) as session:
            recording.record(session, "outreach", [event])

    race.between(clear, come, after="UPDATE generation")
    assert names(race) == {(1, "2022-07-02")}
