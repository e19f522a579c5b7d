"""The events of attendance; `programme` is that of the session."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import amended_data_of, data_of
from hongxia.schema.fields import Code
from services.activities.attendance.schema import REASONS, AttendanceSchema
from services.activities.holding import holding
from services.activities.sessions.schema import PROGRAMMES

_PROGRAMME = Code(PROGRAMMES, help_en="the session's programme")
_DATA = holding(data_of(AttendanceSchema), programme=_PROGRAMME)

ATTENDANCE_RECORDED = EventType("activities.attendance.recorded", 1, _DATA, "考勤已登记", "A cadre attended a session.")
ATTENDANCE_AMENDED = EventType(
    "activities.attendance.amended",
    1,
    holding(amended_data_of(AttendanceSchema), programme=_PROGRAMME),
    "考勤已修改",
    "The date was corrected, or the programme or date of the session was; the data is the new state.",
)
ATTENDANCE_VOIDED = EventType(
    "activities.attendance.voided",
    1,
    holding(_DATA, reason=Code(REASONS, help_en="why")),
    "考勤已作废",
    "The attendance does not count: entered in error, its session cancelled, or the same person's twice.",
)

EVENTS = (ATTENDANCE_RECORDED, ATTENDANCE_AMENDED, ATTENDANCE_VOIDED)
