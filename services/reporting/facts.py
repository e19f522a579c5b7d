"""An event becomes a fact: which one is written down here as data, and taken from the event with care.

A kind of fact is what figures count. Its fields are the data fields of its events, all of them coarse codes; none
names or describes a person. To make use of a new event, add a kind or a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from datetime import date
from typing import Any

from hongxia.events.declare import source_urn
from hongxia.events.envelope import Event, Malformed
from hongxia.events.parked import UnknownType


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event's data: its name, its type, and whether it may be missing or null. A date is kept as text."""

    name: str
    type: type
    needed: bool = True

    def of(self, event: Event) -> Any:
        """The field's value in an event. Raises Malformed."""
        if self.type is date:
            missing = not self.needed and event.may(self.name, str) is None
            return None if missing else event.need_date(self.name).isoformat()
        return event.need(self.name, self.type) if self.needed else event.may(self.name, self.type)


def text(name: str) -> Field:
    """A text that must be there."""
    return Field(name, str)


def optional(name: str) -> Field:
    """A text that may be null."""
    return Field(name, str, needed=False)


def day(name: str, *, needed: bool = True) -> Field:
    """A date."""
    return Field(name, date, needed)


def flag(name: str) -> Field:
    """A yes or no that must be there."""
    return Field(name, bool)


def number(name: str) -> Field:
    """An integer that must be there."""
    return Field(name, int)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fact, owned by one source.

    `on` is the data field with the date that the fact counts for (else the event's occurredon), `year` the one with a
    year that is not the date's. A `standing` fact belongs to every year from its date on. `amount` is the main
    number, `negative` if it counts against the total. `record` is the record's address at the owning service.
    """

    name: str
    title: str
    source: str
    record: str
    fields: tuple[Field, ...] = ()
    on: str = ""
    year: str = ""
    standing: bool = False
    person: Field | None = None
    parent: Field | None = None
    amount: Field | None = None
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Events `<entity>.<each of happened>` make a fact of a kind.

    `put` adds what the event's type itself says, `more` fields that only these events have; `voided`: it counts no
    more.
    """

    kind: Kind
    entity: str
    happened: tuple[str, ...]
    put: Mapping[str, str] = made_by(default_factory=dict)
    more: tuple[Field, ...] = ()
    voided: bool = False
    version: int = 1

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields that are kept."""
        return (*self.kind.fields, *self.more)

    @property
    def types(self) -> list[str]:
        """The full CloudEvents types."""
        return [f"hongxia.{self.entity}.{what}.v{self.version}" for what in self.happened]


CADRE = Kind(
    "cadre",
    "干部",
    "registry",
    "cadres/{entity}",
    on="registered_on",
    standing=True,
    fields=(
        text("retirement_category"),
        text("rank"),
        text("treatment"),
        text("unit"),
        text("street"),
        text("age_band"),
        flag("advanced_age"),
        flag("hardship"),
        flag("living_alone"),
        flag("resettled"),
        optional("liaison"),
        day("deceased_on", needed=False),
    ),
)
VISIT = Kind(
    "visit",
    "走访",
    "outreach",
    "visits/{entity}",
    on="visited_on",
    person=text("cadre_id"),
    amount=number("people"),
    fields=(text("form"), text("category"), text("occasion"), flag("five_must")),
)
CONTACT = Kind(
    "contact",
    "每月联系",
    "outreach",
    "contacts/{entity}",
    on="contacted_on",
    person=text("cadre_id"),
    fields=(text("month"), text("method")),
)
AID_APPLICATION = Kind(
    "aid_application",
    "帮扶申请",
    "outreach",
    "aid-cases/{entity}",
    on="applied_on",
    person=text("cadre_id"),
)
AID_APPROVAL = Kind(
    "aid_approval",
    "帮扶批准",
    "outreach",
    "aid-cases/{entity}",
    on="approved_on",
    person=text("cadre_id"),
    amount=number("amount_fen"),
    fields=(day("pay_on"),),
)
AID_DECLINE = Kind(
    "aid_decline",
    "帮扶不予批准",
    "outreach",
    "aid-cases/{entity}",
    on="declined_on",
    person=text("cadre_id"),
)
AID_SETTLEMENT = Kind(
    "aid_settlement",
    "帮扶办结",
    "outreach",
    "aid-cases/{entity}",
    person=text("cadre_id"),
    amount=number("amount_fen"),
    fields=(text("outcome"), optional("reason")),
)
SUGGESTION = Kind(
    "suggestion",
    "意见建议",
    "outreach",
    "suggestions/{entity}",
    on="received_on",
    fields=(text("category"), text("channel")),
)
SESSION = Kind(
    "session",
    "场次",
    "activities",
    "sessions/{entity}",
    on="held_on",
    amount=number("others_count"),
    fields=(text("programme"), text("title"), text("host"), optional("topic"), text("state")),
)
ATTENDANCE = Kind(
    "attendance",
    "考勤",
    "activities",
    "attendances/{entity}",
    on="attended_on",
    person=text("cadre_id"),
    parent=text("session_id"),
    fields=(text("programme"),),
)
WORK = Kind(
    "work",
    "作品",
    "activities",
    "works/{entity}",
    on="collected_on",
    person=optional("cadre_id"),
    fields=(text("genre"), optional("call")),
)
HEALTH_CHECK = Kind("health_check", "体检批次", "activities", "health-checks/{entity}", on="checked_on")
CHECK = Kind(
    "check",
    "体检人员",
    "activities",
    "checks/{entity}",
    on="checked_on",
    person=text("cadre_id"),
    parent=text("batch_id"),
)
DRIVE = Kind("drive", "接种专场", "activities", "drives/{entity}", fields=(text("title"),))
ROSTER = Kind(
    "roster",
    "接种名册",
    "activities",
    "rosters/{entity}",
    on="on",
    parent=text("drive_id"),
    amount=number("attended"),
    fields=(text("unit_name"), number("vaccinated")),
)
BUDGET = Kind(
    "budget",
    "预算项目",
    "finance",
    "budget-lines/{entity}",
    on="approved_on",
    year="year",
    amount=number("initial_fen"),
    fields=(text("line_no"), text("name"), text("expenditure_class"), flag("pays_aid")),
)
ADJUSTMENT = Kind(
    "adjustment",
    "预算调整",
    "finance",
    "adjustments/{entity}",
    on="adjusted_on",
    year="year",
    parent=text("line_id"),
    amount=number("amount_fen"),
    fields=(text("expenditure_class"),),
)
EXPENDITURE = Kind(
    "expenditure",
    "支出",
    "finance",
    "expenditures/{entity}",
    on="spent_on",
    year="year",
    parent=text("line_id"),
    amount=number("amount_fen"),
    fields=(text("expenditure_class"),),
)
REVERSAL = Kind(
    "reversal",
    "支出冲销",
    "finance",
    "expenditures/{entity}",
    on="spent_on",
    year="year",
    parent=text("line_id"),
    amount=number("amount_fen"),
    negative=True,
    fields=(text("expenditure_class"), text("reverses")),
)
AID_PAYMENT = Kind(
    "aid_payment",
    "帮扶拨付",
    "finance",
    "aid-payments/{entity}",
    on="paid_on",
    parent=text("line_id"),
    amount=number("amount_fen"),
    fields=(text("expenditure_id"),),
)
AID_REFUSAL = Kind(
    "aid_refusal",
    "帮扶拒付",
    "finance",
    "aid-payments/{entity}",
    on="refused_on",
    amount=number("amount_fen"),
    fields=(text("reason"),),
)

_CADRE_CHANGES = ("registered", "amended", "treatment-changed", "liaison-assigned", "care-changed", "deceased")

_TABLE = (
    Rule(CADRE, "registry.cadre", _CADRE_CHANGES),
    Rule(CADRE, "registry.cadre", ("merged",), more=(text("into"),), voided=True),
    Rule(VISIT, "outreach.visit", ("recorded", "amended")),
    Rule(VISIT, "outreach.visit", ("voided",), voided=True),
    Rule(CONTACT, "outreach.contact", ("made",)),
    Rule(CONTACT, "outreach.contact", ("voided",), voided=True),
    Rule(AID_APPLICATION, "outreach.aid", ("applied",)),
    Rule(AID_APPROVAL, "outreach.aid", ("approved",)),
    Rule(AID_DECLINE, "outreach.aid", ("declined",)),
    Rule(AID_SETTLEMENT, "outreach.aid", ("settled",)),
    Rule(SUGGESTION, "outreach.suggestion", ("received",), put={"state": "received"}),
    Rule(SUGGESTION, "outreach.suggestion", ("assigned",), put={"state": "assigned"}, more=(day("assigned_on"),)),
    Rule(SUGGESTION, "outreach.suggestion", ("resolved",), put={"state": "resolved"}, more=(day("resolved_on"),)),
    Rule(SUGGESTION, "outreach.suggestion", ("voided",), put={"state": "voided"}, voided=True),
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
    Rule(ROSTER, "activities.roster", ("recorded", "amended")),
    Rule(ROSTER, "activities.roster", ("voided",), voided=True),
    Rule(BUDGET, "finance.budget", ("approved", "amended")),
    Rule(ADJUSTMENT, "finance.budget", ("adjusted",)),
    Rule(EXPENDITURE, "finance.expenditure", ("posted",)),
    Rule(REVERSAL, "finance.expenditure", ("reversed",)),
    Rule(AID_PAYMENT, "finance.aid", ("paid",)),
    Rule(AID_REFUSAL, "finance.aid", ("refused",)),
)

RULES: Mapping[str, Rule] = {full: rule for rule in _TABLE for full in rule.types}
"""By full CloudEvents type. What stands neither here nor among IGNORED is parked."""

KINDS: Mapping[str, Kind] = {rule.kind.name: rule.kind for rule in _TABLE}

IGNORED: frozenset[str] = frozenset()
"""Full types that are read, kept in the log, and make no fact. None so far: every event does."""


def fields_of(kind: Kind) -> Mapping[str, Field]:
    """Every field that a fact of a kind may keep in its `attrs`, by name."""
    rules = [rule for rule in _TABLE if rule.kind is kind]
    said = {name: Field(name, str, needed=False) for rule in rules for name in rule.put}
    return said | {field.name: field for rule in rules for field in rule.fields}


def row_of(source: str, event: Event) -> dict[str, Any] | None:
    """The fact that an event of a source makes, as a row without its generation; None if its type is ignored.

    Raises UnknownType for a type or version that is not known here, Malformed for data that is not what its type
    promises, and for an event that is not the source's own.
    """
    rule = RULES.get(event.type)
    if rule is None:
        if event.type in IGNORED:
            return None
        raise UnknownType(event.type)
    kind = rule.kind
    if kind.source != source or event.source != source_urn(source):
        raise Malformed(f"not an event of {source}")
    on = event.need_date(kind.on) if kind.on else event.occurredon
    amount = kind.amount.of(event) if kind.amount else None
    return {
        "kind": kind.name,
        "entity": event.subject,
        "version": event.entityversion,
        "source": kind.source,
        "position": event.position,
        "on": on,
        "year": _year(event, kind, on),
        "amount": -amount if amount and kind.negative else amount,
        "person": kind.person.of(event) if kind.person else None,
        "parent": kind.parent.of(event) if kind.parent else None,
        "attrs": {**{field.name: field.of(event) for field in rule.fields}, **rule.put},
        "voided": rule.voided,
    }


def _year(event: Event, kind: Kind, on: date) -> int | None:
    if kind.standing:
        return None
    return event.need(kind.year, int) if kind.year else on.year


def newest(rows: Iterable[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """One row an entity, its newest, in the order of kind and entity: one statement can't touch a row twice, and two
    transactions that touch the same rows in one order can't wait for each other.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        which = (row["kind"], row["entity"])
        there = found.get(which)
        if there is None or (there["version"], there["position"]) < (row["version"], row["position"]):
            found[which] = row
    return [found[which] for which in sorted(found)]
