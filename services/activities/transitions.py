"""What may become of a record: its states, and from which one may go to which. NEW is before the first."""

from __future__ import annotations

from collections.abc import Mapping

from hongxia.http.problems import Conflict
from services.activities.models import Record

NEW = ""

Transitions = Mapping[str, tuple[str, ...]]

SESSION: Transitions = {
    NEW: ("scheduled", "held", "cancelled"),
    "scheduled": ("held", "cancelled"),
    "held": ("cancelled",),
    "cancelled": (),
}
"""A session may be written down after the fact, so it may begin as held, or (from a workbook) as cancelled."""

EVENT: Transitions = {NEW: ("held",), "held": ("voided",), "voided": ()}
"""Health-check batches and vaccination drives."""

ENTRY: Transitions = {NEW: ("recorded",), "recorded": ("voided",), "voided": ("recorded",)}
"""Attendance, persons checked, rosters: known by their natural key, so one that was voided can be recorded again."""

WORK: Transitions = {NEW: ("collected",), "collected": ("withdrawn",), "withdrawn": ()}

STATES = {
    "scheduled": "已安排",
    "held": "已举办",
    "cancelled": "已取消",
    "recorded": "已登记",
    "voided": "已作废",
    "collected": "已收到",
    "withdrawn": "已撤回",
}

CANCEL_REASONS = ("epidemic", "weather", "speaker", "too-few", "entered-in-error", "duplicate", "other")
WITHDRAW_REASONS = ("by-author", "entered-in-error", "duplicate", "other")

SESSION_CANCELLED = "session-cancelled"
BATCH_VOIDED = "batch-voided"
DRIVE_VOIDED = "drive-voided"
CADRE_MERGED = "cadre-merged"
"""Reasons that nobody gives: the record fell with another one."""


def move(record: Record, table: Transitions, state: str, reason: str | None = None) -> None:
    """Bring a record into a state, as its next version. Raises Conflict (wrong-state) if the table forbids it."""
    if state not in table[record.state]:
        raise Conflict(
            f"{STATES[record.state]}的记录不能改为{STATES[state]}", slug="wrong-state", extra={"state": record.state}
        )
    record.state, record.reason = state, reason
    record.version += 1


def must_be(record: Record, *states: str) -> None:
    """Raises Conflict (wrong-state) unless the record is in one of the states."""
    if record.state not in states:
        raise Conflict(f"{STATES[record.state]}的记录不能修改", slug="wrong-state", extra={"state": record.state})
