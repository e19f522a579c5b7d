"""Reporting makes facts of the events as the sources publish them: of each type, or says why of none."""

from __future__ import annotations

from hongxia.cli.documents import event_types
from hongxia.events.declare import EventType
from services.reporting.facts.declare import Rule
from services.reporting.facts.rules import IGNORED, KINDS, RULES, fields_of
from services.reporting.labels import title_of

PUBLISHED = {declared.type: declared for declared in event_types()}


def test_every_event_that_a_source_publishes_makes_a_fact_or_is_ignored_with_a_reason() -> None:
    assert PUBLISHED.keys() == RULES.keys() | IGNORED.keys()


def test_every_field_that_a_fact_takes_is_in_the_contract_of_its_event() -> None:
    missing = {
        (full, name)
        for full, rules in RULES.items()
        for rule in rules
        for name in taken(rule) - PUBLISHED[full].schema().fields.keys()
    }
    assert missing == set()


def test_every_field_that_must_be_there_is_never_null_in_the_contract() -> None:
    nullable = {
        (full, field.name)
        for full, rules in RULES.items()
        for rule in rules
        for field in rule.fields
        if field.needed and not rule.when and PUBLISHED[full].schema().fields[field.name].allow_none
    }
    assert nullable == set()


def test_every_code_that_a_fact_keeps_has_a_chinese_label_in_its_contract_or_is_of_a_list() -> None:
    kept = {kind.name: set(fields_of(kind)) for kind in KINDS.values()}
    for full, rules in RULES.items():
        for name in set().union(*(kept[rule.kind.name] for rule in rules)) & set(choices(PUBLISHED[full])):
            assert PUBLISHED[full].schema().fields[name].metadata.get("x-labels"), (full, name)


def test_every_event_has_a_chinese_title() -> None:
    assert [full for full in PUBLISHED if title_of(full).isascii()] == []


def taken(rule: Rule) -> set[str]:
    """The names of the data fields that a rule reads."""
    kind = rule.kind
    singles = [field.name for field in (kind.person, kind.parent, kind.amount) if field]
    return {field.name for field in rule.fields} | {*singles, *filter(None, (kind.on, kind.year, rule.when))}


def choices(declared: EventType) -> list[str]:
    """The names of the fields of an event that hold one of several codes."""
    fields = declared.schema().fields.items()
    return [name for name, field in fields if any(hasattr(check, "choices") for check in field.validators)]
