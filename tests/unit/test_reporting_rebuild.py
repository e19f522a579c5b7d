"""Facts can be derived anew to the same digest, beside live traffic, and tampering is found."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, select, update

from hongxia.database import Database
from hongxia.events import parked
from hongxia.events.canonical import canonical
from hongxia.rules import Conflicting
from services.reporting.app import Sharing
from services.reporting.facts import rebuild, recording
from services.reporting.facts.generations import live
from services.reporting.facts.model import Fact, Generation, Log
from services.reporting.proof import digest, verification
from tests.unit.reporting_builders import (
    CONTEXT,
    SOURCES,
    Api,
    Source,
    attendance,
    cadre,
    contact,
    facts,
    new_database,
    session_event,
    value,
    visit,
    work,
)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return new_database(f"sqlite:///{tmp_path}/reporting.sqlite3")


def nothing() -> None:
    """A pause in which nothing happens."""


def year_of_events() -> list[Source]:
    """A small year of three sources."""
    registry, outreach, activities = Source("registry"), Source("outreach"), Source("activities")
    for number in range(1, 9):
        cadre(registry, number)
        contact(outreach, number, f"2022-0{number}-10")
        visit(outreach, f"v{number}", number, five_must=True, people=number)
    cadre(registry, 3, "deceased", version=2, deceased_on="2022-08-09")
    visit(outreach, "v2", 2, "amended", version=2, visited_on="2021-12-30")
    visit(outreach, "v4", 4, "voided", version=2)
    session_event(activities, "lesson", others_count=3)
    attendance(activities, "lesson", 1)
    return [registry, outreach, activities]


def digest_of(database: Database, year: int = 2022) -> str:
    with database.read() as session:
        return digest.of_year(session, live(session), year, nothing).digest


def verified(database: Database, year: int = 2022) -> verification.Verified:
    with database.read() as session:
        return verification.verify(session, year, list(SOURCES), nothing)


def test_a_fact_is_hashed_in_canonical_json() -> None:
    fact = {
        "kind": "session", "entity": "e", "version": 2, "on": "2022-03-01", "year": 2022, "amount": -5, "person": None,
        "parent": None, "attrs": {"title": "“开学”\n\t\x01 é\u2028", "b": True, "a": None}, "voided": False,
    }  # fmt: skip
    assert digest.line({**fact, "source": "activities", "position": 3}) == canonical(fact)


def test_the_digest_is_the_same_however_the_events_came_in() -> None:
    expected = None
    for seed in range(6):
        database, chance = new_database(), random.Random(seed)
        sources = year_of_events()
        chance.shuffle(sources)
        for source in sources:
            source.read(database, size=chance.randint(1, 7))
        expected = expected or digest_of(database)
        assert digest_of(database) == expected


def test_another_fact_makes_another_digest() -> None:
    database, outreach = new_database(), Source("outreach")
    visit(outreach, "one", 1)
    outreach.read(database)
    before = digest_of(database)
    visit(outreach, "one", 1, "amended", version=2, people=2)
    outreach.read(database)
    assert digest_of(database) != before


def test_a_rebuild_gives_the_same_digests_and_shows_the_new_generation(database: Database) -> None:
    for source in year_of_events():
        source.read(database)
    before = digest_of(database)
    done = rebuild.rebuild(database, CONTEXT, nothing)
    assert [(year.year, year.before == year.after) for year in done.years] == [(2021, True), (2022, True)]
    assert digest_of(database) == before
    assert {fact.generation for fact in facts(database, "visit")} == {2}


def test_a_rebuild_mends_facts_that_the_log_does_not_bear_out(database: Database) -> None:
    for source in year_of_events():
        source.read(database)
    with work(database) as session:
        session.execute(update(Fact).where(Fact.kind == "visit").values(amount=1))
        session.execute(delete(Fact).where(Fact.kind == "contact"))
    done = rebuild.rebuild(database, CONTEXT, nothing)
    assert done.years[1].before != done.years[1].after
    assert value(database, "outreach.five_visits.persons") == str(1 + 3 + 5 + 6 + 7 + 8)
    assert verified(database).equal


def test_what_comes_in_during_a_rebuild_is_in_the_new_generation(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = year_of_events()
    outreach = sources[1]
    late = outreach.events[3]
    with work(database) as session:
        parked.park(session, "outreach", late, None, 1, CONTEXT.now)
        recording.record(session, "outreach", [event for event in outreach.events if event is not late])
    monkeypatch.setattr(rebuild, "CHUNK", 4)

    def once(*things: Callable[[], object]) -> Callable[[], None]:
        waiting = list(things)
        return lambda: waiting.pop(0)() if waiting else None  # type: ignore[func-returns-value]

    def replay() -> None:
        parked.replay(database, CONTEXT, lambda _source: outreach.consumer(database).handle)

    def more() -> None:
        with work(database) as session:
            recording.record(session, "outreach", [visit(outreach, "new", 1, five_must=True, people=50)])

    rebuild.rebuild(database, CONTEXT, once(more, replay))
    assert value(database, "outreach.five_visits.persons") == str(1 + 3 + 5 + 6 + 7 + 8 + 50)
    with database.read() as session:
        assert session.execute(select(Generation.live, Generation.shadow)).one() == (2, None)


def test_a_rebuild_gives_way_to_a_newer_one_and_leaves_the_facts_alone(database: Database) -> None:
    for source in year_of_events():
        source.read(database)
    before = digest_of(database)

    def another() -> None:
        with work(database) as session:
            session.execute(update(Generation).values(shadow=9, last=9))

    with pytest.raises(Conflicting):
        rebuild.rebuild(database, CONTEXT, another)
    assert digest_of(database) == before
    assert {fact.generation for fact in facts(database, "visit")} == {1}


def test_a_rebuild_in_which_the_process_died_is_ended_at_the_next_start(database: Database) -> None:
    for source in year_of_events():
        source.read(database)
    before = digest_of(database)

    def die() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        rebuild.rebuild(database, CONTEXT, die)
    assert {fact.generation for fact in facts(database, "visit")} == {1, 2}
    sharing = Sharing()
    sharing.hosting = SimpleNamespace(host=Api(database).service.host)
    sharing.setup()
    with database.read() as session:
        assert session.execute(select(Generation.live, Generation.shadow)).one() == (1, None)
    assert {fact.generation for fact in facts(database, "visit")} == {1}
    assert digest_of(database) == before


def test_a_start_beside_a_rebuild_makes_it_give_way_and_leaves_the_facts_alone(database: Database) -> None:
    for source in year_of_events():
        source.read(database)
    before = digest_of(database)
    with pytest.raises(Conflicting):
        rebuild.rebuild(database, CONTEXT, lambda: rebuild.give_up_unfinished(database, CONTEXT))
    assert digest_of(database) == before


def test_a_rebuild_is_given_up_when_a_source_is_to_be_read_anew(database: Database) -> None:
    for source in year_of_events():
        source.read(database)

    def reset() -> None:
        with work(database) as session:
            recording.clear(session, "outreach")

    with pytest.raises(Conflicting):
        rebuild.rebuild(database, CONTEXT, reset)
    assert not facts(database, "visit")


def test_an_event_that_the_rules_do_not_take_any_more_stops_a_rebuild(database: Database) -> None:
    for source in year_of_events():
        source.read(database)
    with work(database) as session:
        session.execute(update(Log).where(Log.source == "outreach", Log.position == 2).values(body=b"{}"))
    with pytest.raises(Conflicting) as refused:
        rebuild.rebuild(database, CONTEXT, nothing)
    assert "outreach 位置 2" in refused.value.message
    with database.read() as session:
        assert session.execute(select(Generation.live, Generation.shadow)).one() == (1, None)


def test_a_sound_year_verifies_parked_events_included(database: Database) -> None:
    sources = year_of_events()
    visit(sources[1], "broken", 1, people="many")
    for source in sources:
        source.read(database)
    found = verified(database)
    assert found.equal
    assert found.digest == found.derived
    assert {source.source: source.events for source in found.sources}["outreach"] == 19


@pytest.mark.parametrize("what", ["body", "row", "tail", "fact", "not-json"])
def test_tampering_is_found(database: Database, what: str) -> None:
    for source in year_of_events():
        source.read(database)
    fifth = (Log.source == "outreach") & (Log.position == 5)
    with work(database) as session:
        body = session.scalars(select(Log.body).where(fifth)).one()
        if what == "body":
            session.execute(
                update(Log).where(fifth).values(body=body.replace(b'"home"', b'"hone"').replace(b"phone", b"phona"))
            )
        elif what == "row":
            session.execute(delete(Log).where(fifth))
        elif what == "tail":
            session.execute(delete(Log).where(Log.source == "outreach", Log.position >= 17))
        elif what == "fact":
            session.execute(update(Fact).where(Fact.kind == "visit", Fact.voided.is_(False)).values(amount=99))
        else:
            session.execute(update(Log).where(fifth).values(body=b"nonsense"))
    assert not verified(database).equal
