"""What may be recorded of changes, amended and withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.dates import away_on, lived_on
from hongxia.events.publish import publish
from hongxia.rules import Refused, Violation, refuse
from services.registry import review
from services.registry.cadres.events import CADRE_AMENDED
from services.registry.cadres.model import Cadre
from services.registry.cadres.schema import FLAGS
from services.registry.changes.events import BY_ASPECT
from services.registry.changes.history import (
    FIRST,
    History,
    attributes,
    change_id,
    flags_of,
    flags_text,
    history_of,
    present,
)
from services.registry.changes.model import Change
from services.registry.changes.schema import ASPECTS, CHOICES, NEEDED
from services.registry.lists import declared


@dataclass(frozen=True, slots=True)
class New:
    """From a date on, an aspect is so. Of care, `value` is what `flags_text` makes."""

    aspect: str
    value: str | None
    on: date
    document_no: str | None = None


def record(session: Session, cadre: Cadre, new: New, today: date) -> Cadre:
    """Record a change of a locked cadre, which may lie before changes that were recorded earlier.

    Raises Refused: not in the future, before the registration, after death, while away, or without a difference.
    """
    history = history_of(session, cadre.id)
    refuse(_violations(session, cadre, history, new, today))
    enter(session, cadre, history, new)
    review.review(session, [cadre.id], today)
    return cadre


def record_care(session: Session, cadre: Cadre, flags: Mapping[str, bool], on: date, today: date) -> Cadre:
    """Record which flags are set or not from a date on; the others stay as they were. Raises Refused."""
    before = flags_of(history_of(session, cadre.id).value_on("care", on))
    return record(session, cadre, New("care", flags_text({**before, **flags}), on), today)


def enter(session: Session, cadre: Cadre, history: History, new: New) -> None:
    """Enter a change that was found to be allowed. Where a later one holds already, the event is an amendment."""
    latest = history.latest(new.aspect)
    holds = latest is None or latest.from_on <= new.on
    records.touch(session, cadre)
    change = Change(
        id=change_id(cadre.id, new.aspect, cadre.version),
        cadre_id=cadre.id,
        aspect=new.aspect,
        cadre_version=cadre.version,
        from_on=new.on,
        value=new.value,
        document_no=new.document_no,
    )
    records.begin(session, change, "record")
    if not holds:
        publish(session, CADRE_AMENDED, cadre, on=new.on, changed=[new.aspect], reason="late-information")
        return
    for name, value in attributes(new.aspect, new.value).items():
        setattr(cadre, name, value)
    publish(session, BY_ASPECT[new.aspect], cadre, on=new.on)


def amend(
    session: Session, cadre: Cadre, change: Change, changes: Mapping[str, Any], reason: str, today: date
) -> Change:
    """Correct date, value or document of a change (the cadre is locked). Raises Refused, Conflicting."""
    if change.aspect == "care" and "value" in changes:
        changes = {**changes, "value": changes["value"] or ""}
    changed = records.change(session, change, changes)
    if not changed:
        return change
    refuse(_correction_violations(session, cadre, change, changed, today))
    _settle(session, cadre, change, reason, today)
    return change


def void(session: Session, cadre: Cadre, change: Change, reason: str, today: date) -> Change:
    """Withdraw a change, so that what held before holds again. Raises Refused for what came with the registration."""
    if change.cadre_version == FIRST:
        message = "登记时的内容不能撤销，请更正该内容，或更正登记日期"
        raise Refused(Violation("", "first-change", message))
    records.move(session, change, "void", reason=reason)
    _settle(session, cadre, change, "correction", today)
    return change


def correct_present(session: Session, cadre: Cadre, changed: Iterable[str]) -> None:
    """Correct what holds now to what the cadre's record says after an amendment of these attributes."""
    wanted = set(changed)
    aspects = [aspect for aspect in ASPECTS if aspect in wanted or (aspect == "care" and wanted & FLAGS.keys())]
    history = history_of(session, cadre.id) if aspects else None
    for aspect in aspects:
        latest = history.latest(aspect) if history is not None else None
        value = present(cadre, aspect)
        if latest is not None:
            records.change(session, latest, {"value": value})
            continue
        first = change_id(cadre.id, aspect, FIRST)
        change = Change(id=first, cadre_id=cadre.id, aspect=aspect, cadre_version=FIRST, value=value)
        change.from_on, change.document_no = cadre.registered_on, None
        records.begin(session, change, "record")


def move_start(session: Session, cadre: Cadre, registered_on: date) -> None:
    """Let the history begin on another date of registration. Raises Refused if a change lies before it."""
    changes = history_of(session, cadre.id).changes
    first = [change for change in changes if change.cadre_version == FIRST]
    early = [change for change in changes if change.cadre_version != FIRST and change.from_on < registered_on]
    if early:
        what = ASPECTS[early[0].aspect]
        message = f"登记日期 {registered_on} 之前已有{what}变动（{early[0].from_on}），请先更正或撤销该变动"
        raise Refused(Violation("registered_on", "changes-before-registration", message))
    for change in first:
        records.change(session, change, {"from_on": registered_on})


def _settle(session: Session, cadre: Cadre, change: Change, reason: str, today: date) -> None:
    """Let the cadre be what holds now, and publish that the history was corrected."""
    latest = history_of(session, cadre.id).latest(change.aspect)
    now = attributes(change.aspect, latest.value if latest else None)
    changed = records.change(session, cadre, now)
    if not changed:
        records.touch(session, cadre)
    publish(session, CADRE_AMENDED, cadre, on=change.from_on, changed=changed or [change.aspect], reason=reason)
    review.review(session, [cadre.id], today)


def _violations(session: Session, cadre: Cadre, history: History, new: New, today: date) -> Iterator[Violation]:
    yield from _value_violations(session, new.aspect, new.value, new.aspect)
    yield from _day_violations(cadre, "on", new.on, today)
    if new.value == history.value_on(new.aspect, new.on):
        field = "" if new.aspect == "care" else new.aspect
        yield Violation(field, "no-change", f"{ASPECTS[new.aspect]}与 {new.on} 的情况相同，没有变动")


def _correction_violations(
    session: Session, cadre: Cadre, change: Change, changed: Iterable[str], today: date
) -> Iterator[Violation]:
    yield from _value_violations(session, change.aspect, change.value, "value")
    if "from_on" not in changed:
        return
    if change.cadre_version == FIRST:
        message = f"登记时的内容自登记日期 {cadre.registered_on} 起算，请更正登记日期"
        yield Violation("from_on", "first-change", message)
    yield from _day_violations(cadre, "from_on", change.from_on, today)


def _day_violations(cadre: Cadre, field: str, day: date, today: date) -> Iterator[Violation]:
    """Check the day of a change: not in the future, not before the registration, not after death, not while away."""
    if day > today:
        yield Violation(field, "date-in-future", f"日期 {day} 在今天（{today}）之后")
    if day < cadre.registered_on:
        yield Violation(field, "before-registration", f"日期 {day} 早于登记日期 {cadre.registered_on}")
    if not lived_on(cadre.deceased_on, day):
        yield Violation(field, "cadre-deceased", f"该干部已于 {cadre.deceased_on} 去世，日期 {day} 在其后")
    time = away_on(cadre.away, day)
    if time is not None:
        message = f"该干部已于 {time.left_on} 转出，日期 {day} 时由其他单位服务管理；已转回的请先登记转回"
        yield Violation(field, "cadre-transferred", message)


def _value_violations(session: Session, aspect: str, value: str | None, field: str) -> Iterator[Violation]:
    what = ASPECTS[aspect]
    if value is None and aspect in NEEDED:
        yield Violation(field, "value-missing", f"{what}不能为空")
    elif aspect in CHOICES and value is not None and value not in CHOICES[aspect]:
        yield Violation(field, "unknown-code", f"{what}没有代码“{value}”，应为{'、'.join(CHOICES[aspect])}之一")
    elif aspect == "care" and value and flags_text(flags_of(value)) != value:
        yield Violation(field, "unknown-code", f"{what}应为以逗号分隔的代码，依次为 {','.join(FLAGS)}")
    elif aspect in declared.LISTS:
        for found in declared.violations(session, {aspect: value}):
            yield Violation(field, found.code, found.message)
