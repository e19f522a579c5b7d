"""The events that activities publishes. Records carry their whole state in each, so the newest version is enough."""

from __future__ import annotations

from marshmallow import fields, validate

from hongxia.events.declare import EventData, EventType
from services.activities.workbook import GENRES, HOSTS, PROGRAMMES

_STATES = ("scheduled", "held", "cancelled")


def _count() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(0))


def _programme() -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(list(PROGRAMMES.values())))


class SessionData(EventData):
    """A session as it stands; `others_count` is attendance that is not listed by name."""

    programme = _programme()
    title = fields.String(required=True)
    host = fields.String(required=True, validate=validate.OneOf(list(HOSTS.values())))
    topic = fields.String(required=True, allow_none=True)
    held_on = fields.Date(required=True)
    others_count = _count()
    state = fields.String(required=True, validate=validate.OneOf(_STATES))


class AttendanceData(EventData):
    """A cadre's attendance as it stands; `programme` is the session's."""

    session_id = fields.UUID(required=True)
    cadre_id = fields.UUID(required=True)
    programme = _programme()
    attended_on = fields.Date(required=True)


class WorkData(EventData):
    """A work as it stands; `call` is the call that it answers, `cadre_id` null for an author outside the register."""

    genre = fields.String(required=True, validate=validate.OneOf(list(GENRES.values())))
    call = fields.String(required=True, allow_none=True)
    collected_on = fields.Date(required=True)
    cadre_id = fields.UUID(required=True, allow_none=True)


class HealthCheckData(EventData):
    """A health-check batch as it stands."""

    checked_on = fields.Date(required=True)


class CheckData(EventData):
    """That a cadre was checked in a batch, as it stands."""

    batch_id = fields.UUID(required=True)
    cadre_id = fields.UUID(required=True)
    checked_on = fields.Date(required=True)


class DriveData(EventData):
    """A vaccination drive as it stands."""

    title = fields.String(required=True)


class RosterData(EventData):
    """One unit on one day of a drive, as it stands; both counts are of persons."""

    drive_id = fields.UUID(required=True)
    on = fields.Date(required=True)
    unit_name = fields.String(required=True)
    attended = _count()
    vaccinated = _count()


def _session(what: str, title: str, description: str) -> EventType:
    return EventType(f"activities.session.{what}", 1, SessionData, title, description)


def _attendance(what: str, title: str, description: str) -> EventType:
    return EventType(f"activities.attendance.{what}", 1, AttendanceData, title, description)


def _work(what: str, title: str, description: str) -> EventType:
    return EventType(f"activities.work.{what}", 1, WorkData, title, description)


def _health_check(what: str, title: str, description: str) -> EventType:
    return EventType(f"activities.health-check.{what}", 1, HealthCheckData, title, description)


def _check(what: str, title: str, description: str) -> EventType:
    return EventType(f"activities.check.{what}", 1, CheckData, title, description)


def _drive(what: str, title: str, description: str) -> EventType:
    return EventType(f"activities.drive.{what}", 1, DriveData, title, description)


def _roster(what: str, title: str, description: str) -> EventType:
    return EventType(f"activities.roster.{what}", 1, RosterData, title, description)


SESSION_SCHEDULED = _session("scheduled", "场次已安排", "A session was planned for `held_on`.")
SESSION_HELD = _session("held", "场次已举办", "A session took place.")
SESSION_AMENDED = _session("amended", "场次已修改", "What is written of a session was corrected.")
SESSION_CANCELLED = _session("cancelled", "场次已取消", "A session does not take place, or did not; it counts nowhere.")

ATTENDANCE_RECORDED = _attendance("recorded", "考勤已登记", "A cadre attended a session.")
ATTENDANCE_AMENDED = _attendance(
    "amended", "考勤已修改", "The date was corrected, or the programme or date of its session was."
)
ATTENDANCE_VOIDED = _attendance(
    "voided", "考勤已作废", "The attendance does not count: entered in error, or its session was cancelled."
)

WORK_COLLECTED = _work("collected", "作品已收到", "A work was collected.")
WORK_AMENDED = _work("amended", "作品已修改", "What is written of a work was corrected.")
WORK_WITHDRAWN = _work("withdrawn", "作品已撤回", "A work was withdrawn and does not count.")

HEALTH_CHECK_HELD = _health_check("held", "体检批次已进行", "A health-check batch took place.")
HEALTH_CHECK_AMENDED = _health_check("amended", "体检批次已修改", "What is written of a batch was corrected.")
HEALTH_CHECK_VOIDED = _health_check("voided", "体检批次已作废", "A batch does not count.")

CHECK_RECORDED = _check("recorded", "体检人员已登记", "A cadre was checked in a batch.")
CHECK_AMENDED = _check("amended", "体检人员已修改", "The date was corrected, or that of its batch was.")
CHECK_VOIDED = _check(
    "voided", "体检人员已作废", "The check does not count: entered in error, or its batch was voided."
)

DRIVE_HELD = _drive("held", "接种专场已举办", "A vaccination drive was held; it counts for its first day.")
DRIVE_AMENDED = _drive("amended", "接种专场已修改", "Title or first day of a drive was corrected.")
DRIVE_VOIDED = _drive("voided", "接种专场已作废", "A drive does not count.")

ROSTER_RECORDED = _roster("recorded", "接种名册已登记", "A unit's numbers on one day of a drive.")
ROSTER_AMENDED = _roster("amended", "接种名册已修改", "The numbers were corrected.")
ROSTER_VOIDED = _roster("voided", "接种名册已作废", "The numbers do not count.")

EVENTS = (
    SESSION_SCHEDULED,
    SESSION_HELD,
    SESSION_AMENDED,
    SESSION_CANCELLED,
    ATTENDANCE_RECORDED,
    ATTENDANCE_AMENDED,
    ATTENDANCE_VOIDED,
    WORK_COLLECTED,
    WORK_AMENDED,
    WORK_WITHDRAWN,
    HEALTH_CHECK_HELD,
    HEALTH_CHECK_AMENDED,
    HEALTH_CHECK_VOIDED,
    CHECK_RECORDED,
    CHECK_AMENDED,
    CHECK_VOIDED,
    DRIVE_HELD,
    DRIVE_AMENDED,
    DRIVE_VOIDED,
    ROSTER_RECORDED,
    ROSTER_AMENDED,
    ROSTER_VOIDED,
)
