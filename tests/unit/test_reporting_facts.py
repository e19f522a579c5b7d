"""From events to facts: what counts, what is parked, and that nothing older overwrites anything newer."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import pytest

from hongxia.events import parked
from hongxia.events.envelope import Malformed
from hongxia.events.parked import UnknownType
from services.reporting import recording
from services.reporting.facts import IGNORED, KINDS, RULES, fields_of, row_of
from services.reporting.labels import labels, title_of
from tests.unit.reporting_builders import (
    CONTEXT,
    SOURCES,
    Source,
    cadre,
    facts,
    new_database,
    person,
    value,
    visit,
    work,
)


def declared() -> list[Any]:
    """Every event that the four source services declare."""
    modules = (importlib.import_module(f"services.{source}.events") for source in SOURCES)
    return [event for module in modules for event in module.EVENTS]


def test_every_event_that_a_source_declares_is_known() -> None:
    assert not {event.type for event in declared()} - RULES.keys() - IGNORED


def test_every_field_that_a_fact_takes_is_in_the_contract_of_its_event() -> None:
    schemas = {event.type: event.schema() for event in declared()}
    for full, rule in RULES.items():
        kind = rule.kind
        singles = [field.name for field in (kind.person, kind.parent, kind.amount) if field]
        wanted = {field.name for field in rule.fields} | {*singles, *filter(None, (kind.on, kind.year))}
        if full in schemas:
            assert wanted <= schemas[full].fields.keys(), full


def test_every_code_that_a_contract_allows_has_a_chinese_label() -> None:
    known = labels()["values"]
    for event in declared():
        for name, field in event.schema().fields.items():
            choices = [check.choices for check in field.validators if hasattr(check, "choices")]
            kept = RULES[event.type].kind if event.type in RULES else None
            if choices and kept and name in fields_of(kept):
                assert set(choices[0]) <= known[name].keys(), (event.type, name)


def test_a_title_says_in_chinese_what_happened() -> None:
    assert title_of("hongxia.outreach.visit.recorded.v1") == "走访 · 登记"
    assert all(title_of(full).isprintable() and not title_of(full).isascii() for full in RULES)


def test_the_newest_version_counts_in_whatever_order_events_are_applied() -> None:
    outreach = Source("outreach")
    events = [
        visit(outreach, "one", 1, people=1, five_must=True),
        visit(outreach, "one", 1, "amended", version=2, people=5, five_must=True),
        visit(outreach, "one", 1, "amended", version=3, people=3, five_must=True),
    ]
    for order in itertools.permutations(events):
        database = new_database()
        for event in order:
            with work(database) as session:
                recording.record(session, "outreach", [event])
        assert [(fact.version, fact.amount) for fact in facts(database, "visit")] == [(3, 3)]
        assert value(database, "outreach.five_visits.persons") == "3"


def test_a_batch_that_holds_several_versions_of_an_entity_keeps_the_newest() -> None:
    outreach, database = Source("outreach"), new_database()
    visit(outreach, "one", 1, people=1, five_must=True)
    visit(outreach, "one", 1, "amended", version=2, people=7, five_must=True)
    outreach.read(database)
    assert value(database, "outreach.five_visits.persons") == "7"


def test_a_voided_fact_stays_as_a_row_so_that_a_replayed_event_does_not_bring_it_back() -> None:
    outreach, database = Source("outreach"), new_database()
    recorded = visit(outreach, "one", 1, five_must=True)
    voided = visit(outreach, "one", 1, "voided", version=2, five_must=True)
    for event in (voided, recorded):
        with work(database) as session:
            recording.record(session, "outreach", [event])
    assert [fact.voided for fact in facts(database, "visit")] == [True]
    assert value(database, "outreach.five_visits.persons") == "0"


def test_a_fact_counts_in_the_year_of_its_own_date() -> None:
    outreach, database = Source("outreach"), new_database()
    visit(outreach, "one", 1, five_must=True, visited_on="2021-12-31")
    outreach.read(database)
    assert value(database, "outreach.five_visits.persons") == "0"
    assert value(database, "outreach.five_visits.persons", year=2021) == "1"


@pytest.mark.parametrize(
    "data",
    [
        {"people": "1"},
        {"people": True},
        {"people": None},
        {"five_must": 1},
        {"visited_on": "2022-13-01"},
        {"cadre_id": None},
        {"form": 3},
    ],
)
def test_data_that_is_not_what_its_type_promises_is_malformed(data: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        row_of("outreach", visit(Source("outreach"), "one", 1, **data))


def test_a_malformed_event_is_parked_and_the_others_of_its_batch_are_applied() -> None:
    outreach, database = Source("outreach"), new_database()
    for number in range(1, 6):
        visit(outreach, f"v{number}", number, people="two" if number == 3 else 2, five_must=True)
    outreach.read(database)
    with database.read() as session:
        assert [(row.position, row.reason) for row in parked.listed(session)] == [(3, "malformed")]
    assert value(database, "outreach.five_visits.persons") == "8"


def test_an_event_of_an_unknown_type_or_of_a_later_version_is_not_known() -> None:
    outreach = Source("outreach")
    for full in ("hongxia.outreach.visit.recorded.v2", "hongxia.outreach.visit.invented.v1"):
        with pytest.raises(UnknownType):
            row_of("outreach", outreach.tell("visit.recorded", "one", {}, type=full))


def test_an_event_that_is_not_the_sources_own_is_malformed() -> None:
    outreach = Source("outreach")
    with pytest.raises(Malformed):
        row_of("registry", visit(outreach, "one", 1))
    with pytest.raises(Malformed):
        row_of("outreach", outreach.tell("visit.recorded", "one", {}, source="urn:hongxia:finance"))


def test_a_parked_event_is_replayed_without_overwriting_what_is_newer() -> None:
    outreach, database = Source("outreach"), new_database()
    broken = visit(outreach, "one", 1, people=9, five_must=True)
    visit(outreach, "one", 1, "amended", version=2, people=4, five_must=True)
    with work(database) as session:
        parked.park(session, "outreach", broken, None, 1, CONTEXT.now)
        recording.record(session, "outreach", [outreach.events[1]])
    done = parked.replay(database, CONTEXT, lambda _source: outreach.consumer(database).handle)
    assert (done.applied, done.still_parked) == (1, 0)
    assert value(database, "outreach.five_visits.persons") == "4"


def test_forgetting_a_source_leaves_the_others_alone() -> None:
    outreach, registry, database = Source("outreach"), Source("registry"), new_database()
    visit(outreach, "one", 1)
    cadre(registry, 1)
    outreach.read(database)
    registry.read(database)
    with work(database) as session:
        recording.forget(session, "outreach")
    assert not facts(database, "visit")
    assert [fact.entity for fact in facts(database, "cadre")] == [person(1)]


def test_facts_name_no_field_that_could_describe_a_person() -> None:
    kept = {name for kind in KINDS.values() for name in fields_of(kind)}
    assert not kept & {"name_zh", "resident_number", "telephone", "address", "birth_date", "sex", "summary"}
