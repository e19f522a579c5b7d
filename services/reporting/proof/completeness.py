"""Whether anything is missing from a figure: the cursor of each source against the source's own head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.codes import Codes
from hongxia.events import parked
from hongxia.events.chain import GENESIS
from hongxia.events.feed import Head
from hongxia.events.tables import cursor
from services.reporting.labels import service_title

COMPLETE, NO_DATA_STATE, CATCHING_UP, PARKED, DIVERGED = "complete", "no_data", "catching_up", "parked", "diverged"

STATES = Codes({COMPLETE: "完整", NO_DATA_STATE: "无数据", CATCHING_UP: "追赶中", PARKED: "有搁置", DIVERGED: "不一致"})
"""The states of a figure, each worse than the one before; a source is never without data."""

WORSE = tuple(STATES)


@dataclass(frozen=True)
class Reading:
    """How far a source was read when the figures were taken."""

    source: str
    position: int
    chain: str
    last_event: datetime | None
    diverged: str | None
    parked: int


@dataclass(frozen=True)
class SourceState:
    """A source's reading beside its own head, which is None if the source could not be asked; `reason` is Chinese."""

    source: str
    position: int
    chain: str
    head_position: int | None
    head_chain: str | None
    parked: int
    last_event: datetime | None
    state: str
    reason: str | None


def readings(session: Session, sources: Iterable[str]) -> list[Reading]:
    """The cursors of sources, in the session's snapshot."""
    counts = parked.counts(session)
    rows = {row.source: row for row in session.execute(select(cursor))}
    found = []
    for source in sorted(sources):
        row = rows.get(source)
        count = counts.get(source, 0)
        if row:
            found.append(Reading(source, row.position, row.chain, row.last_event, row.diverged, count))
        else:
            found.append(Reading(source, 0, GENESIS, None, None, count))
    return found


def compared(reading: Reading, head: Head | None) -> SourceState:
    """A reading beside a head that was asked for after it. Equal position and chain prove that exactly the source's
    history, all of it, unaltered, was read.
    """
    state, reason = _state(reading, head)
    return SourceState(
        source=reading.source,
        position=reading.position,
        chain=reading.chain,
        head_position=head.position if head else None,
        head_chain=head.chain if head else None,
        parked=reading.parked,
        last_event=reading.last_event,
        state=state,
        reason=reason,
    )


def _state(reading: Reading, head: Head | None) -> tuple[str, str | None]:
    if reading.diverged:
        return DIVERGED, f"与来源的历史不一致，已停止读取（{reading.diverged}）"
    if head and head.position < reading.position:
        return DIVERGED, "来源的最后一条早于已读到的一条"
    if head and head.position == reading.position and head.chain != reading.chain:
        return DIVERGED, "读到同一处，核对码与来源不同"
    if reading.parked:
        return PARKED, f"搁置了 {reading.parked} 条记录"
    if head is None:
        return CATCHING_UP, "来源连不上，不知是否读全"
    missing = head.position - reading.position + head.unnumbered
    return (CATCHING_UP, f"还差 {missing} 条记录") if missing else (COMPLETE, None)


def overall(states: Sequence[SourceState], pending: int = 0) -> tuple[str, str | None]:
    """Return the state of a figure that depends on these sources, with every reason; `pending` facts await an
    answer.
    """
    found = [(state.state, f"{service_title(state.source)}：{state.reason}") for state in states if state.reason]
    if pending:
        found.append((CATCHING_UP, f"{pending} 件等待另一服务答复"))
    if not found:
        return COMPLETE, None
    return max((state for state, _ in found), key=WORSE.index), "；".join(reason for _, reason in found)


def of_sources(states: Mapping[str, SourceState], sources: Iterable[str]) -> list[SourceState]:
    """Those that a figure depends on."""
    return [states[source] for source in sources]
