"""What may be recorded of suggestions, amended, assigned, resolved and voided."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import ENTERED_TWICE, Refused, Violation, ask, not_before, past_day, refuse
from services.outreach.suggestions.events import (
    SUGGESTION_AMENDED,
    SUGGESTION_ASSIGNED,
    SUGGESTION_RECEIVED,
    SUGGESTION_RESOLVED,
    SUGGESTION_VOIDED,
)
from services.outreach.suggestions.model import Suggestion

STEPS = {"assigned_on": ("assign", "交办"), "resolved_on": ("resolve", "办结")}
"""The dates that a step fills in first; an amendment may correct them afterwards."""


def violations(values: Mapping[str, Any], today: date) -> Iterator[Violation]:
    """Yield what is wrong with the dates of a suggestion: received, assigned, resolved, in this order."""
    received, assigned, resolved = (values[name] for name in ("received_on", "assigned_on", "resolved_on"))
    yield from past_day("received_on", received, today)
    if assigned is not None:
        yield from past_day("assigned_on", assigned, today)
        yield from not_before("assigned_on", assigned, received, "before-receipt", "交办日期", "收到日期")
    if resolved is not None:
        yield from past_day("resolved_on", resolved, today)
        yield from not_before("resolved_on", resolved, received, "before-receipt", "办结日期", "收到日期")
        if assigned is not None:
            code = "before-assignment"
            yield from not_before("resolved_on", resolved, assigned, code, "办结日期", "交办日期")


def receive(
    session: Session,
    suggestion_id: str,
    values: Mapping[str, Any],
    today: date,
    confirmed: Collection[str] = (),
) -> Suggestion:
    """Record a suggestion. Raises Refused, Question (entered-twice)."""
    given = {"assignee": None, "assigned_on": None, "resolved_on": None, "summary": None, **values}
    refuse(violations(given, today))
    _ask_about_twin(session, given, confirmed)
    suggestion = Suggestion(id=suggestion_id, **given)
    records.begin(session, suggestion, "receive")
    publish(session, SUGGESTION_RECEIVED, suggestion, on=suggestion.received_on)
    return suggestion


def amend(session: Session, suggestion: Suggestion, changes: Mapping[str, Any], reason: str, today: date) -> Suggestion:
    """Change what was recorded of a suggestion; without a date of resolution it is open again. Nothing happens if it
    is the same. Raises Conflicting, Refused.
    """
    reopens = suggestion.resolved_on is not None and changes.get("resolved_on", suggestion.resolved_on) is None
    verb = "reopen" if reopens else "amend"
    suggestion.lifecycle.after(suggestion.state, verb)
    refuse(_steps(suggestion, changes))
    refuse(violations(_dates(suggestion, changes), today))
    changed = records.change(session, suggestion, changes, verb)
    if reopens and suggestion.assigned_on is not None:
        suggestion.state = "assigned"
    if changed:
        on = suggestion.received_on
        publish(session, SUGGESTION_AMENDED, suggestion, on=on, changed=changed, reason=reason)
    return suggestion


def _steps(suggestion: Suggestion, changes: Mapping[str, Any]) -> Iterator[Violation]:
    """An amendment corrects the date of a step, but takes none by itself; only a resolution can be taken back."""
    for name, (path, what) in STEPS.items():
        if name not in changes:
            continue
        if getattr(suggestion, name) is None and changes[name] is not None:
            message = f"这条意见建议尚未{what}；请用 POST /suggestions/{suggestion.id}/{path} 办理"
            yield Violation(name, "step-not-taken", message)
        if name == "assigned_on" and changes[name] is None and suggestion.assigned_on is not None:
            yield Violation(
                name, "date-needed", f"交办日期不能改为空（现为 {suggestion.assigned_on}）；请填写正确的日期"
            )


def _dates(suggestion: Suggestion, changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: changes.get(name, getattr(suggestion, name)) for name in ("received_on", *STEPS)}


def assign(session: Session, suggestion: Suggestion, assignee: str, assigned_on: date, today: date) -> Suggestion:
    """Give a suggestion to somebody to answer, or to somebody else than before. Raises Conflicting, Refused."""
    suggestion.lifecycle.after(suggestion.state, "assign")
    refuse(violations(_dates(suggestion, {"assigned_on": assigned_on}), today))
    suggestion.assignee, suggestion.assigned_on = assignee, assigned_on
    records.move(session, suggestion, "assign")
    publish(session, SUGGESTION_ASSIGNED, suggestion, on=assigned_on)
    return suggestion


def resolve(session: Session, suggestion: Suggestion, resolved_on: date, today: date) -> Suggestion:
    """Record that a suggestion was dealt with. Raises Conflicting, Refused."""
    suggestion.lifecycle.after(suggestion.state, "resolve")
    refuse(violations(_dates(suggestion, {"resolved_on": resolved_on}), today))
    suggestion.resolved_on = resolved_on
    records.move(session, suggestion, "resolve")
    publish(session, SUGGESTION_RESOLVED, suggestion, on=resolved_on)
    return suggestion


def void(session: Session, suggestion: Suggestion, reason: str) -> Suggestion:
    """Void a suggestion: it does not count any more. Raises Conflicting."""
    records.move(session, suggestion, "void", reason=reason)
    publish(session, SUGGESTION_VOIDED, suggestion, on=suggestion.received_on, reason=reason)
    return suggestion


def must_be_of_year(values: Mapping[str, Any], year: int) -> None:
    """Refuse a row of a year's workbook that was neither received nor resolved in the year. Raises Refused."""
    received, resolved = values["received_on"], values["resolved_on"]
    if received.year > year or (received.year < year and resolved is None):
        message = f"收到日期 {received} 不在{year}年度内；以前年度收到、本年度办结的，请填写办结日期"
        raise Refused(Violation("received_on", "not-of-this-year", message))


def _ask_about_twin(session: Session, values: Mapping[str, Any], confirmed: Collection[str]) -> None:
    same = {name: values[name] for name in ("category", "channel", "received_on")}
    found = session.scalars(select(Suggestion).filter_by(**same).where(Suggestion.state != "voided"))
    twin = next((each.id for each in found if each.summary == values["summary"]), None)
    if twin is not None:
        day = values["received_on"]
        message = f"{day} 已登记一条类别、渠道、摘要都相同的意见建议；确为另一条的，请确认后登记"
        ask(Violation("received_on", ENTERED_TWICE, message), confirmed, extra={"existing": twin})
