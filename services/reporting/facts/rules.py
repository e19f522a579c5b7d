"""Which events make which facts. To make use of a new event, add a rule, or say why it makes none."""

from __future__ import annotations

from collections.abc import Mapping

from services.reporting.facts.declare import Field, Kind, Rule, day, optional, text
from services.reporting.facts.kinds import (
    ACTIVITIES_UNIT,
    ADJUSTMENT,
    AID_ANSWER,
    AID_APPROVAL,
    AID_CASE,
    AID_PAYMENT,
    AID_RETURN,
    ATTENDANCE,
    BUDGET,
    CADRE,
    CHECK,
    CONTACT,
    CONTRADICTIONS,
    DRIVE,
    EXPENDITURE,
    HEALTH_CHECK,
    MILESTONE,
    OBLIGATION,
    REVERSAL,
    ROSTER,
    SESSION,
    STAY,
    STREET,
    SUGGESTION,
    UNIT,
    VISIT,
    WORK,
)

_CADRE_CHANGES = (
    "registered",
    "amended",
    "moved",
    "unit-changed",
    "rank-changed",
    "treatment-changed",
    "medical-changed",
    "liaison-assigned",
    "care-changed",
    "deceased",
    "death-withdrawn",
    "transferred",
    "merge-undone",
)


def _states(kind: Kind, entity: str, *happened: str) -> tuple[Rule, ...]:
    """Return rules for events whose type names the state that the entity is in since then."""
    return tuple(Rule(kind, entity, (what,), put={"state": what}) for what in happened)


_REGISTRY = (
    Rule(CADRE, "registry.cadre", _CADRE_CHANGES),
    Rule(CADRE, "registry.cadre", ("merged",), more=(text("into"),), voided=True),
    Rule(UNIT, "registry.unit", ("listed", "amended")),
    Rule(STREET, "registry.street", ("listed", "amended")),
    Rule(MILESTONE, "registry.milestone", ("due",)),
    Rule(MILESTONE, "registry.milestone", ("withdrawn",), voided=True),
)

_OUTREACH = (
    Rule(VISIT, "outreach.visit", ("recorded", "amended")),
    Rule(VISIT, "outreach.visit", ("voided",), voided=True),
    Rule(CONTACT, "outreach.contact", ("made", "amended")),
    Rule(CONTACT, "outreach.contact", ("voided",), voided=True),
    Rule(STAY, "outreach.stay", ("reported", "amended", "ended")),
    Rule(STAY, "outreach.stay", ("voided",), voided=True),
    Rule(OBLIGATION, "outreach.obligation", ("raised", "amended", "met", "missed")),
    Rule(OBLIGATION, "outreach.obligation", ("cancelled",), voided=True),
    *_states(AID_CASE, "outreach.aid", "applied", "approved", "declined", "withdrawn", "returned", "reversed"),
    Rule(AID_CASE, "outreach.aid", ("settled",), put={"state": text("outcome")}),
    Rule(AID_APPROVAL, "outreach.aid", ("approved",)),
    Rule(AID_APPROVAL, "outreach.aid", ("amended",), when="approved_on", correction=True),
    Rule(SUGGESTION, "outreach.suggestion", ("received", "amended", "assigned", "resolved")),
    Rule(SUGGESTION, "outreach.suggestion", ("voided",), voided=True),
)

_ACTIVITIES = (
    Rule(SESSION, "activities.session", ("scheduled", "held", "amended", "cancelled")),
    Rule(ATTENDANCE, "activities.attendance", ("recorded", "amended")),
    Rule(ATTENDANCE, "activities.attendance", ("voided",), voided=True),
    Rule(WORK, "activities.work", ("collected", "amended")),
    Rule(WORK, "activities.work", ("withdrawn",), voided=True),
    Rule(HEALTH_CHECK, "activities.health-check", ("held", "amended")),
    Rule(HEALTH_CHECK, "activities.health-check", ("voided",), voided=True),
    Rule(CHECK, "activities.check", ("recorded", "amended")),
    Rule(CHECK, "activities.check", ("voided",), voided=True),
    Rule(DRIVE, "activities.drive", ("held", "amended")),
    Rule(DRIVE, "activities.drive", ("voided",), voided=True),
    Rule(ACTIVITIES_UNIT, "activities.unit", ("listed", "amended")),
    Rule(ROSTER, "activities.roster", ("recorded", "amended")),
    Rule(ROSTER, "activities.roster", ("voided",), voided=True),
)

_FINANCE = (
    Rule(BUDGET, "finance.budget", ("approved", "amended")),
    Rule(BUDGET, "finance.budget", ("voided",), voided=True),
    Rule(ADJUSTMENT, "finance.adjustment", ("made", "amended")),
    Rule(ADJUSTMENT, "finance.adjustment", ("voided",), voided=True),
    Rule(EXPENDITURE, "finance.expenditure", ("posted", "amended")),
    Rule(REVERSAL, "finance.expenditure", ("reversed", "reversal-amended")),
    *_states(AID_ANSWER, "finance.aid", "paid", "waiting", "returned", "withdrawn", "reversed"),
    Rule(AID_ANSWER, "finance.aid", ("refused",), put={"state": "refused"}, more=(optional("reason"),)),
    # A payment that somebody proposed to reverse, or does not any more, is a payment all the same.
    Rule(AID_ANSWER, "finance.aid", ("reversal-proposed", "reversal-dropped"), put={"state": "paid"}),
    Rule(AID_PAYMENT, "finance.aid", ("paid",)),
    Rule(AID_RETURN, "finance.aid", ("returned",), more=(day("returned_on"),)),
    Rule(AID_RETURN, "finance.aid", ("reversed",), more=(day("reversed_on"),)),
)

_CONTRADICTIONS = tuple(
    Rule(kind, f"{source}.contradiction", (what,), put={"state": state})
    for source, kind in CONTRADICTIONS.items()
    for what, state in {"found": "open", "explained": "explained", "resolved": "resolved"}.items()
)

_TABLE = (*_REGISTRY, *_OUTREACH, *_ACTIVITIES, *_FINANCE, *_CONTRADICTIONS)

RULES: Mapping[str, tuple[Rule, ...]] = {
    full: tuple(rule for rule in _TABLE if full in rule.types)
    for full in dict.fromkeys(full for rule in _TABLE for full in rule.types)
}
"""By full CloudEvents type. An event of a type that is neither here nor among IGNORED is parked."""

IGNORED: Mapping[str, str] = {
    "hongxia.registry.liaison.listed.v1": "the labels of liaisons stay at the owner; the code stands in the cadre",
    "hongxia.registry.liaison.amended.v1": "the labels of liaisons stay at the owner; the code stands in the cadre",
    "hongxia.outreach.obligation-kind.changed.v1": "a rule of outreach; what follows from it are obligations",
    "hongxia.outreach.festival.listed.v1": "a date of outreach's calendar; what follows from it are obligations",
    "hongxia.outreach.festival.amended.v1": "a date of outreach's calendar; what follows from it are obligations",
}
"""Full types that are read, kept in the log, and make no fact, with the reason."""

KINDS: Mapping[str, Kind] = {rule.kind.name: rule.kind for rule in _TABLE}


def source_of(event_type: str) -> str:
    """Return the source of a full type: "outreach" of "hongxia.outreach.visit.recorded.v1"."""
    return event_type.split(".")[1]


def fields_of(kind: Kind) -> Mapping[str, Field]:
    """Return every field that a fact of a kind may keep in its `attrs`, by name."""
    rules = [rule for rule in _TABLE if rule.kind is kind]
    put = {name: Field(name, str, needed=False) for rule in rules for name in rule.put}
    return put | {field.name: field for rule in rules for field in rule.fields}
