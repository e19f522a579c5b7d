"""Sessions as a sheet of the workbook 活动学习."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hongxia.rules import Refused, Violation
from hongxia.workbook.cadres import lock_named
from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Column, Figure, Finding, Kind, Row, Sheet
from hongxia.workbook.reconcile import Loading
from services.activities.cadres.mirror import CADRES
from services.activities.rows import ActivityRows
from services.activities.sessions import rules
from services.activities.sessions.model import Meeting
from services.activities.sessions.schema import STATES, SessionSchema

_BEFORE_STATE = ("title", "programme", "held_on", "host", "venue")

_STATE = Column(
    "状态",
    "state",
    Kind.CHOICE,
    "已安排、已举办或已取消。已安排的举办以后改为已举办，可同时填其他参加人次。",
    "Planned, held or cancelled. A planned session goes on: 已安排 becomes 已举办 or 已取消 in a later file.",
    example="已举办",
    choices=STATES.by_label,
)

SHEET = Sheet(
    title_zh="场次",
    name="sessions",
    key=("session_no",),
    help_zh="每一场活动、每一节课、每一次调研一行；取消的保留并注明“已取消”，不计数，也不填考勤和其他参加人次。",
    help_en=(
        "One row for every session, lesson or research meeting; a planned or cancelled one counts nowhere, has no rows "
        "in 考勤 and no `其他参加人次`."
    ),
    columns=(
        number("场次编号", "session_no", "CC-0001"),
        *columns_of(SessionSchema, but=("topic", "others_count")),
        _STATE,
        *columns_of(SessionSchema, but=_BEFORE_STATE),
    ),
    figures=(
        Figure(
            "activities.college.sessions",
            "老干部大学堂场次",
            "Rows with `类型` 老干部大学堂 and `状态` 已举办.",
            rule_zh=("`类型`为老干部大学堂且`状态`为已举办的行数。"),
        ),
        Figure(
            "activities.research.topics",
            "专题调研",
            "Distinct `专题` over rows with `类型` 专题调研 and `状态` 已举办.",
            rule_zh=("`类型`为专题调研且`状态`为已举办的各行中，不重复的`专题`个数。"),
        ),
        Figure(
            "activities.events.hosted",
            "本中心文体活动",
            "Rows with `类型` 文体活动, `状态` 已举办 and `主办层级` 本中心.",
            rule_zh=("`类型`为文体活动、`状态`为已举办且`主办层级`为本中心的行数。"),
        ),
        Figure(
            "activities.events.joined",
            "参加省市区文体活动",
            "Rows with `类型` 文体活动, `状态` 已举办 and `主办层级` 区, 市 or 省.",
            rule_zh=("`类型`为文体活动、`状态`为已举办且`主办层级`为区、市或省的行数。"),
        ),
        Figure(
            "activities.online.lessons",
            "线上授课",
            "Rows with `类型` 线上授课 and `状态` 已举办, whatever the `主办层级`; a row is one lesson (节课).",
            rule_zh=("`类型`为线上授课且`状态`为已举办的行数，不论`主办层级`；一行为一节课。"),
        ),
        Figure(
            "activities.online.attendance",
            "线上学习人次",
            "Over the same rows: the number of rows of 考勤 that name the session, plus `其他参加人次`. Who attends "
            "two lessons counts twice.",
            rule_zh=("以上各行：“考勤”表中写有该场次的行数，加上`其他参加人次`。一人参加两节课计两次。"),
        ),
    ),
)


_HELD = f"已举办的，状态请填“{STATES['held']}”"
_NAMING_CADRES = ("attendances", "works", "health_check_persons")


def research_has_a_topic(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    """Find researches without a topic."""
    for row in sheets["sessions"]:
        if row.values["programme"] == "research" and not row.values["topic"]:
            yield Finding("sessions", row.number, "topic", "类型为“专题调研”的应填写专题")


def only_what_was_held_has_attendance(sheets: Mapping[str, Sequence[Row]]) -> Iterable[Finding]:
    """Find attendance of sessions that are planned or cancelled."""
    state = {row.values["session_no"]: STATES[str(row.values["state"])] for row in sheets["sessions"]}
    for row in sheets["sessions"]:
        shown = state[row.values["session_no"]]
        if row.values["state"] != "held" and row.values["others_count"]:
            message = (
                f"{shown}的场次不应有参加人次（{row.values['others_count']}）；已举办的，状态请填“{STATES['held']}”"
            )
            yield Finding("sessions", row.number, "others_count", message)
    for row in sheets["attendances"]:
        shown = state.get(row.values["session_no"], STATES["held"])
        if shown != STATES["held"]:
            yield Finding("attendances", row.number, "session_no", f"该场次{shown}，不应有考勤；{_HELD}")


class SessionRows(ActivityRows):
    """Each row is a session."""

    sheet = SHEET
    model = Meeting

    def prepare(self, loading: Loading, rows: Sequence[Row]) -> None:
        """Lock the cadres that the file names before anything else."""
        lock_named(loading, CADRES, [row for name in _NAMING_CADRES for row in loading.rows[name]])

    def goes_on(self, record: Meeting, changes: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
        """A session that was planned took place, or was cancelled."""
        may_say = {"state", "held_on", "others_count"} if changes.get("state") == "held" else {"state"}
        return now["state"] == "scheduled" and "state" in changes and changes.keys() <= may_say

    def make(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Meeting:
        """Record the session."""
        state = values.pop("state")
        values["session_no"] = row.values["session_no"]
        return rules.record(loading.session, record_id, values, state, loading.today, loading.confirmed)

    def amend(self, loading: Loading, record: Meeting, changes: dict[str, Any], row: Row) -> None:
        """Hold, cancel or amend the session."""
        session, today, confirmed = loading.session, loading.today, loading.confirmed
        state = changes.pop("state", record.state)
        if state == record.state:
            rules.amend(session, record, changes, "workbook", today, confirmed)
        elif state == "held" and record.state == "scheduled":
            rules.hold(session, record, changes, today, confirmed)
        elif state == "cancelled":
            changes.pop("others_count", None)  # a cancelled session has none
            if changes:
                rules.amend(session, record, changes, "workbook", today, confirmed)
            rules.cancel(session, record, "other")
        else:
            raise Refused(Violation("state", "wrong-state", _no_way_back(record, str(state))))


def _no_way_back(record: Meeting, state: str) -> str:
    before, after = STATES[record.state], STATES[state]
    if record.state == "cancelled":
        return f"系统中的场次{before}，不能再改为“{after}”；确已{after[1:]}的，请另编一个场次编号登记"
    return f"系统中的场次{before}，不能再改为“{after}”；登记有误的，请改为“{STATES['cancelled']}”"
