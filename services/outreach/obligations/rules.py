"""What the office may change: kinds of obligation, the list of festivals. Each change reviews what is open."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from hongxia import ids, records
from hongxia.dates import away_on
from hongxia.events.publish import publish
from hongxia.rules import Conflicting, Refused, Violation, ask, past_day, refuse
from services.outreach.cadres.mirror import CADRES, lock_many
from services.outreach.cadres.model import Cadre
from services.outreach.obligations.causes import FESTIVAL, Cause, window
from services.outreach.obligations.events import FESTIVAL_AMENDED, FESTIVAL_LISTED, KIND_CHANGED
from services.outreach.obligations.model import Festival, Obligation, ObligationKind
from services.outreach.obligations.review import review
from services.outreach.obligations.schema import checked_code
from services.outreach.stays.model import Stay

SAME_YEAR = "festival-same-year"
"""The question whether a festival of one name is held twice in a year."""

YEARS_AHEAD = 5
"""How many years ahead festivals may be listed; a later date is taken for a typing error."""


def find_kind(session: Session, code: str) -> ObligationKind | None:
    """Return a kind, locked, or None. Raises Refused for something that can't be a code."""
    refuse(_bad_code(code))
    query = select(ObligationKind).where(ObligationKind.code == code).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).first()


def _bad_code(code: str) -> Iterator[Violation]:
    problem = checked_code(code)
    if problem:
        yield Violation("", "bad-kind-code", problem)


def add_kind(session: Session, code: str, values: Mapping[str, Any], today: date) -> ObligationKind:
    """Add a kind to the bureau's list; what it asks for is raised at once."""
    kind = ObligationKind(id=ids.entity_id("obligation-kind", code), code=code, **values)
    records.begin(session, kind, "add")
    publish(session, KIND_CHANGED, kind, on=today)
    _review_all(session, today)
    return kind


def change_kind(session: Session, kind: ObligationKind, values: Mapping[str, Any], today: date) -> ObligationKind:
    """Change a kind (locked by the caller). What is open or missed gets the new days and occasions; what was met stays
    as it is. Nothing happens if the kind is the same.
    """
    changed = records.change(session, kind, values, "change")
    if changed:
        publish(session, KIND_CHANGED, kind, on=today)
        _review_all(session, today, refresh=kind)
    return kind


def list_festival(
    session: Session, values: Mapping[str, Any], today: date, confirmed: Collection[str] = ()
) -> Festival:
    """List a festival with its date. Raises Refused, Conflicting if it is listed, Question (festival-same-year)."""
    _must_be_free(session, values["name"], values["held_on"], today)
    _ask_about_same_year(session, values["name"], values["held_on"], confirmed)
    festival = Festival(id=ids.new_id(), **values)
    records.begin(session, festival, "list")
    publish(session, FESTIVAL_LISTED, festival, on=festival.held_on)
    _review_all(session, today)
    return festival


def amend_festival(
    session: Session,
    festival: Festival,
    changes: Mapping[str, Any],
    reason: str,
    today: date,
    confirmed: Collection[str] = (),
) -> Festival:
    """Change name or date of a festival. Raises Refused, Conflicting if another one has both, Question
    (festival-same-year).
    """
    after = {"name": festival.name, "held_on": festival.held_on, **changes}
    if after != {"name": festival.name, "held_on": festival.held_on}:
        _must_be_free(session, after["name"], after["held_on"], today, but=festival.id)
        _ask_about_same_year(session, after["name"], after["held_on"], confirmed, but=festival.id)
    changed = records.change(session, festival, changes)
    if changed:
        publish(session, FESTIVAL_AMENDED, festival, on=festival.held_on, changed=changed, reason=reason)
        _review_all(session, today)
    return festival


def retire_festival(session: Session, festival: Festival, today: date) -> Festival:
    """Take a festival off the list: what it raised is cancelled. Raises Conflicting."""
    records.move(session, festival, "retire")
    on = festival.held_on
    publish(session, FESTIVAL_AMENDED, festival, on=on, changed=["state"], reason="correction")
    _review_all(session, today)
    return festival


def relist_festival(session: Session, festival: Festival, today: date, confirmed: Collection[str] = ()) -> Festival:
    """Put a festival back on the list. Raises Conflicting, Question (festival-same-year)."""
    festival.lifecycle.after(festival.state, "relist")
    _ask_about_same_year(session, festival.name, festival.held_on, confirmed, but=festival.id)
    records.move(session, festival, "relist")
    publish(session, FESTIVAL_LISTED, festival, on=festival.held_on)
    _review_all(session, today)
    return festival


def _must_be_free(session: Session, name: str, held_on: date, today: date, but: str = "") -> None:
    latest = date(today.year + YEARS_AHEAD, 12, 31)
    refuse(past_day("held_on", held_on, date.max))
    if held_on > latest:
        message = f"节日日期 {held_on} 晚于 {latest}，最多提前{YEARS_AHEAD}年列入；请核对日期"
        raise Refused(Violation("held_on", "date-too-late", message))
    other = session.scalars(select(Festival).filter_by(name=name, held_on=held_on).where(Festival.id != but)).first()
    if other is not None:
        state = Festival.lifecycle.states[other.state]
        message = f"名单中已有 {held_on} 的“{name}”（{state}）；已撤下的可用 POST /festivals/{other.id}/relist 恢复"
        raise Conflicting(Violation("name", "festival-exists", message), extra={"existing": other.id})


def _ask_about_same_year(session: Session, name: str, held_on: date, confirmed: Collection[str], but: str = "") -> None:
    """A festival of the lunar calendar may fall into one year twice; most often the date was mistyped."""
    year = Festival.held_on.between(date(held_on.year, 1, 1), date(held_on.year, 12, 31))
    query = select(Festival).where(Festival.state == "listed", Festival.name == name, year, Festival.id != but)
    other = session.scalars(query.order_by(Festival.held_on)).first()
    if other is not None:
        message = (
            f"{held_on.year}年已列有“{name}”（{other.held_on}），本次为 {held_on}；日期有误的请修改那一条，"
            "确有两次的，请确认"
        )
        ask(Violation("held_on", SAME_YEAR, message), confirmed, extra={"existing": other.id})


def _review_all(session: Session, today: date, refresh: ObligationKind | None = None) -> None:
    """Review every cadre; all of them are locked first, as whoever records something about one does."""
    cadre_ids = list(session.scalars(select(Cadre.id).where(Cadre.merged_into.is_(None))))
    lock_many(session, cadre_ids)
    refreshed = _refresh(session, refresh) if refresh is not None else set()
    session.flush()
    review(session, CADRES.people(session, cadre_ids), today, refreshed)


def _refresh(session: Session, kind: ObligationKind) -> set[str]:
    """Give what is open or missed the days and occasions of its kind; return the ids of those whose days changed."""
    moved = set()
    query = select(Obligation).where(Obligation.kind == kind.code, Obligation.state.in_(("open", "missed")))
    for obligation in session.scalars(query.order_by(Obligation.id)):
        if (obligation.days, obligation.working_days) != (kind.days, kind.working_days):
            moved.add(obligation.id)
        obligation.days, obligation.working_days = kind.days, kind.working_days
        obligation.occasions = list(kind.occasions)
    return moved


def to_review(session: Session, today: date) -> list[str]:
    """Return the cadres for whom time alone has changed something: a deadline has passed, a month of a stay has begun,
    a festival comes near.
    """
    found = set(session.scalars(select(Obligation.cadre_id).where(_passed(today))))
    kinds = list(session.scalars(select(ObligationKind).where(ObligationKind.active.is_(True))))
    if any(kind.raised_by == "monthly" for kind in kinds):
        found.update(session.scalars(select(Stay.cadre_id).where(Stay.state == "reported")))
    festivals = select(Festival).where(Festival.state == "listed", Festival.held_on >= today)
    for festival in session.scalars(festivals):
        for kind in kinds:
            if kind.raised_by == FESTIVAL and _comes_near(festival, kind, today):
                found.update(_without(session, festival, kind))
    return sorted(found)


def review_some(session: Session, cadre_ids: list[str], today: date) -> None:
    """Review some cadres, locked first."""
    lock_many(session, cadre_ids)
    review(session, CADRES.people(session, cadre_ids), today)


def _passed(today: date) -> ColumnElement[bool]:
    return and_(Obligation.state == "open", Obligation.due_on < today)


def _comes_near(festival: Festival, kind: ObligationKind, today: date) -> bool:
    cause = Cause(FESTIVAL, festival.id, "", festival.held_on, festival.held_on)
    return window(cause, kind.days, kind.working_days)[0] <= today


def _without(session: Session, festival: Festival, kind: ObligationKind) -> Iterator[str]:
    """The living cadres whom a festival concerns, who are served on it and have no obligation for it yet."""
    has = exists().where(
        Obligation.cadre_id == Cadre.id, Obligation.kind == kind.code, Obligation.cause_key == festival.id
    )
    query = select(Cadre.id, Cadre.away).where(Cadre.merged_into.is_(None), Cadre.deceased_on.is_(None), ~has)
    if kind.concerns != "all":
        query = query.where(getattr(Cadre, kind.concerns).is_(True))
    return (cadre_id for cadre_id, away in session.execute(query).tuples() if away_on(away, festival.held_on) is None)
