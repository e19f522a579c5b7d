"""An event becomes facts, taken from it with care."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from hongxia.events.declare import source_urn
from hongxia.events.envelope import Event, Malformed
from hongxia.events.parked import UnknownType
from services.reporting.facts.declare import Field, Kind, Per, Rule
from services.reporting.facts.rules import IGNORED, RULES, source_of

CORRECTION = "correction"
"""The name in `attrs` under which a fact says that it takes the place of the one before it."""


def rows_of(source: str, event: Event) -> list[dict[str, Any]]:
    """Return the facts that an event of a source makes, as rows without their generation.

    Raises UnknownType for a type or version that is not known here, Malformed for data that is not what its type
    promises, and for an event that is not the source's own.
    """
    rules = RULES.get(event.type, ())
    if not rules and event.type not in IGNORED:
        raise UnknownType(event.type)
    if source_of(event.type) != source or event.source != source_urn(source):
        raise Malformed(f"not an event of {source}")
    return [_row(rule, event) for rule in rules if not rule.when or event.may(rule.when, str) is not None]


def _row(rule: Rule, event: Event) -> dict[str, Any]:
    kind = rule.kind
    on = event.need_date(kind.on) if kind.on else event.occurredon
    amount = kind.amount.of(event) if kind.amount else None
    return {
        "kind": kind.name,
        "entity": event.subject,
        "step": 0 if kind.per is Per.ENTITY else event.entityversion,
        "version": event.entityversion,
        "source": kind.source,
        "position": event.position,
        "on": on,
        "year": _year(event, kind, on),
        "amount": -amount if amount and kind.negative else amount,
        "person": kind.person.of(event) if kind.person else None,
        "parent": kind.parent.of(event) if kind.parent else None,
        "attrs": _attrs(rule, event),
        "voided": rule.voided,
    }


def _attrs(rule: Rule, event: Event) -> dict[str, Any]:
    kept = {field.name: field.of(event) for field in rule.fields}
    put = {name: said.of(event) if isinstance(said, Field) else said for name, said in rule.put.items()}
    return {**kept, **put, **({CORRECTION: True} if rule.correction else {})}


def _year(event: Event, kind: Kind, on: date) -> int | None:
    if kind.standing:
        return None
    return event.need(kind.year, int) if kind.year else on.year


def newest(rows: Iterable[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Return one row a fact, its newest, in the order of the key: one statement can't touch a row twice, and two
    transactions that touch the same rows in one order can't wait for each other.
    """
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    for row in rows:
        key = key_of(row)
        known = found.get(key)
        if known is None or (known["version"], known["position"]) < (row["version"], row["position"]):
            found[key] = row
    return [found[key] for key in sorted(found)]


def key_of(row: dict[str, Any]) -> tuple[str, str, int]:
    """Return what identifies a fact within a generation: kind, entity, step."""
    return row["kind"], row["entity"], row["step"]
