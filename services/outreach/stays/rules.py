"""What may be reported of stays in hospital, amended, ended and voided."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.names import folded
from hongxia.rules import ENTERED_TWICE, Refused, Violation, ask, not_before, past_day, refuse
from services.outreach.cadres import mirror
from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.model import Cadre
from services.outreach.cadres.review import review
from services.outreach.stays.events import STAY_AMENDED, STAY_ENDED, STAY_REPORTED, STAY_VOIDED
from services.outreach.stays.model import Stay

OVERLAPS = "stay-overlaps"
"""The question whether the cadre can have been in hospital twice at a time."""

FIELDS = ("cadre_id", "admitted_on", "reported_on", "hospital", "discharged_on")


def violations(values: Mapping[str, Any], cadre: Cadre | None, today: date) -> Iterator[Violation]:
    """Yield what is wrong with a stay; `values` are those of FIELDS."""
    admitted, reported, discharged = (values[name] for name in ("admitted_on", "reported_on", "discharged_on"))
    yield from past_day("admitted_on", admitted, today)
    yield from past_day("reported_on", reported, today)
    code = "reported-before-admission"
    yield from not_before("reported_on", reported, admitted, code, "报告日期", "入院日期")
    yield from mirror.violations(cadre, "admitted_on", admitted, "入院日期")
    if discharged is not None:
        yield from _discharge(discharged, admitted, today)


def _discharge(discharged: date, admitted: date, today: date) -> Iterator[Violation]:
    yield from past_day("discharged_on", discharged, today)
    code = "discharged-before-admission"
    yield from not_before("discharged_on", discharged, admitted, code, "出院日期", "入院日期")


def report(
    session: Session,
    stay_id: str,
    values: Mapping[str, Any],
    cadre: Cadre | None,
    today: date,
    confirmed: Collection[str] = (),
) -> Stay:
    """Report a stay of a cadre (locked by the caller). Raises Refused, Question (entered-twice, stay-overlaps)."""
    given = {**dict.fromkeys(FIELDS), **values, "reported_on": values.get("reported_on") or today}
    refuse(violations(given, cadre, today))
    assert cadre is not None  # refused otherwise
    stay = Stay(id=stay_id, **{**given, "cadre_id": cadre.id}, ended_with=None)
    _ask_about_others(session, stay_id, {**given, "cadre_id": cadre.id}, confirmed)
    records.begin(session, stay, "report")
    publish(session, STAY_REPORTED, stay, on=stay.admitted_on)
    review(session, [stay.cadre_id], today)
    return stay


def amend(
    session: Session,
    stay: Stay,
    changes: Mapping[str, Any],
    reason: str,
    today: date,
    confirmed: Collection[str] = (),
) -> Stay:
    """Change what was reported of a stay; without a day of discharge it lasts on. Nothing happens if it is the same.

    Raises Conflicting, Refused, Question (stay-overlaps).
    """
    after = {name: getattr(stay, name) for name in FIELDS} | dict(changes)
    if after["reported_on"] is None:
        after["reported_on"] = stay.reported_on
    cadre = CADRES.find(session, after["cadre_id"])
    if "cadre_id" in changes and cadre is not None:
        after["cadre_id"] = cadre.id
    lasts_on = stay.discharged_on is not None and after["discharged_on"] is None
    if after["discharged_on"] is not None and stay.state == "reported":
        message = f"这次住院尚未登记出院，不能修改出院日期；请用 POST /stays/{stay.id}/end 登记出院"
        raise Refused(Violation("discharged_on", "not-discharged", message))
    differing = {name: value for name, value in after.items() if getattr(stay, name) != value}
    stay.lifecycle.after(stay.state, "reopen" if lasts_on else "amend")
    if differing:
        about = not {"cadre_id", "admitted_on"}.isdisjoint(differing)
        refuse(mirror.changed_only(violations(after, cadre, today), standing=about))
        if differing.keys() != {"reported_on"}:
            _ask_about_others(session, stay.id, after, confirmed)
        _change(session, stay, differing, reason, today, "reopen" if lasts_on else "amend")
    return stay


def _change(session: Session, stay: Stay, changes: Mapping[str, Any], reason: str, today: date, verb: str) -> None:
    before = stay.cadre_id
    if "discharged_on" in changes:
        stay.ended_with = None
    changed = records.change(session, stay, changes, verb)
    publish(session, STAY_AMENDED, stay, on=stay.admitted_on, changed=changed, reason=reason)
    review(session, [before, stay.cadre_id], today)


def end(session: Session, stay: Stay, discharged_on: date, today: date) -> Stay:
    """Record that the cadre left the hospital. Raises Conflicting, Refused."""
    stay.lifecycle.after(stay.state, "end")
    refuse(_discharge(discharged_on, stay.admitted_on, today))
    stay.discharged_on = discharged_on
    records.move(session, stay, "end")
    publish(session, STAY_ENDED, stay, on=discharged_on)
    review(session, [stay.cadre_id], today)
    return stay


def void(session: Session, stay: Stay, reason: str, today: date) -> Stay:
    """Void a stay: what it raised is cancelled. Raises Conflicting."""
    records.move(session, stay, "void", reason=reason)
    publish(session, STAY_VOIDED, stay, on=stay.admitted_on, reason=reason)
    review(session, [stay.cadre_id], today)
    return stay


def _ask_about_others(session: Session, stay_id: str, values: Mapping[str, Any], confirmed: Collection[str]) -> None:
    """Ask about the person's other stays: from the same day in the same hospital, or at the same time."""
    query = select(Stay).where(Stay.cadre_id.in_(CADRES.same_entities(session, [values["cadre_id"]])))
    for other in session.scalars(query.where(Stay.state != "voided", Stay.id != stay_id).order_by(Stay.id)):
        extra = {"existing": other.id}
        if other.admitted_on == values["admitted_on"]:
            if _may_be_one_hospital(other.hospital, values["hospital"]):
                message = f"该干部已有 {other.admitted_on} 入院的住院报告；确为另一次（如转院）的，请确认后登记"
                ask(Violation("admitted_on", ENTERED_TWICE, message), confirmed, extra=extra)
        elif _overlap(other, values):
            until = f"{other.discharged_on} 出院" if other.discharged_on else "尚未登记出院"
            message = f"该干部 {other.admitted_on} 入院的一次住院{until}，与本次（{values['admitted_on']} 入院）重叠"
            ask(Violation("admitted_on", OVERLAPS, f"{message}；确实如此的，请确认"), confirmed, extra=extra)


def _may_be_one_hospital(one: str | None, other: str | None) -> bool:
    return one is None or other is None or folded(one) == folded(other)


def _overlap(other: Stay, values: Mapping[str, Any]) -> bool:
    """A transfer's day, the last of one and the first of the other, is no overlap."""
    ends, other_ends = values["discharged_on"] or date.max, other.discharged_on or date.max
    return bool(other.admitted_on < ends and values["admitted_on"] < other_ends)
