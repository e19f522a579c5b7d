"""From events to facts: what counts, what is parked, and that nothing older overwrites anything newer."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from hongxia.events import parked
from hongxia.events.envelope import Malformed
from hongxia.events.parked import UnknownType
from services.reporting.facts import declare, kinds, recording
from services.reporting.facts.model import Fact, Log
from services.reporting.facts.reading import rows_of
from services.reporting.facts.rules import IGNORED, KINDS, RULES, fields_of, source_of
from services.reporting.labels import title_of
from tests.unit.reporting_builders import (
    CONTEXT,
    Source,
    answer,
    cadre,
    facts,
    new_database,
    person,
    value,
    visit,
    work,
)

UUID_OF_CASE = "22222222-2222-5222-8222-222222222222"


def test_a_title_says_in_chinese_what_happened() -> None:
    assert title_of("hongxia.outreach.visit.recorded.v1") == "走访已登记"


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
    assert value(database, "outreach.five_visits.persons") is None


def test_a_fact_counts_in_the_year_of_its_own_date() -> None:
    outreach, database = Source("outreach"), new_database()
    visit(outreach, "one", 1, five_must=True, visited_on="2021-12-31")
    outreach.read(database)
    visit(outreach, "two", 1, visited_on="2022-01-01")
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
        rows_of("outreach", visit(Source("outreach"), "one", 1, **data))


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
            rows_of("outreach", outreach.publish("visit.recorded", "one", {}, type=full))


def test_an_event_that_is_not_the_sources_own_is_malformed() -> None:
    outreach = Source("outreach")
    with pytest.raises(Malformed):
        rows_of("registry", visit(outreach, "one", 1))
    with pytest.raises(Malformed):
        rows_of("outreach", outreach.publish("visit.recorded", "one", {}, source="urn:hongxia:test:finance"))
    with pytest.raises(Malformed):
        rows_of("outreach", outreach.publish("x", "one", {"code": "l1"}, type="hongxia.registry.liaison.listed.v1"))


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


def test_clearing_a_source_leaves_log_and_facts_of_the_others_alone() -> None:
    outreach, registry, database = Source("outreach"), Source("registry"), new_database()
    visit(outreach, "one", 1)
    cadre(registry, 1)
    outreach.read(database)
    registry.read(database)
    with work(database) as session:
        recording.clear(session, "outreach")
    assert not facts(database, "visit")
    assert [fact.entity for fact in facts(database, "cadre")] == [person(1)]
    with database.read() as session:
        assert session.execute(select(Log.source, Log.position)).all() == [("registry", 1)]


def test_every_type_makes_a_fact_or_says_why_it_makes_none() -> None:
    assert not RULES.keys() & IGNORED.keys()
    assert all(reason for reason in IGNORED.values())
    for full, rules in RULES.items():
        assert {rule.kind.source for rule in rules} == {source_of(full)}, full


def test_an_event_that_is_ignored_is_kept_in_the_log_and_makes_no_fact() -> None:
    registry, database = Source("registry"), new_database()
    registry.publish("liaison.listed", "one", {"code": "l1234abcd"})
    registry.read(database)
    with database.read() as session:
        assert session.scalars(select(Log.type)).all() == ["hongxia.registry.liaison.listed.v1"]
        assert session.scalar(select(func.count()).select_from(Fact)) == 0
        assert parked.listed(session) == []
    with pytest.raises(Malformed):
        rows_of("finance", registry.events[0])


def test_a_payment_and_its_return_are_facts_of_their_own_and_the_answer_is_the_newest_of_the_day() -> None:
    finance, database = Source("finance"), new_database()
    case = answer(finance, UUID_OF_CASE, "paid", "2022-02-01").subject
    answer(finance, case, "returned", "2022-02-10", version=2)
    answer(finance, case, "paid", "2022-03-01", version=3)
    finance.read(database)
    assert [(fact.step, fact.amount) for fact in facts(database, "aid_payment")] == [(1, 800_000), (3, 800_000)]
    assert [(fact.step, fact.amount) for fact in facts(database, "aid_return")] == [(2, -800_000)]
    assert [fact.attrs["state"] for fact in facts(database, "aid_answer")] == ["paid", "returned", "paid"]


def test_an_amendment_of_aid_that_was_not_approved_yet_makes_no_approval() -> None:
    outreach, database = Source("outreach"), new_database()
    data = {"cadre_id": person(1), "amount_fen": 5, "applied_on": "2022-01-02", "approved_on": None, "pay_on": None}
    outreach.publish("aid.amended", "a", data, version=2)
    outreach.read(database)
    assert facts(database, "aid_approval") == []
    with database.read() as session:
        assert parked.listed(session) == []


def test_a_new_field_of_an_event_is_kept_once_a_kind_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = replace(kinds.VISIT, fields=(*kinds.VISIT.fields, declare.number("weight", needed=False)))
    full = "hongxia.outreach.visit.recorded.v1"
    monkeypatch.setitem(RULES, full, (replace(RULES[full][0], kind=kind),))  # type: ignore[index]
    [row] = rows_of("outreach", visit(Source("outreach"), "one", 1, weight=40))
    assert row["attrs"]["weight"] == 40


def test_facts_name_no_field_that_could_describe_a_person() -> None:
    kept = {name for kind in KINDS.values() for name in fields_of(kind)}
    assert not kept & {"name_zh", "resident_number", "telephone", "address", "birth_date", "sex", "summary"}
