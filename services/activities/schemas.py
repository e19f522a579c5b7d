"""What activities' API takes and gives. Codes are those of services.activities.workbook; days are ISO dates."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from hongxia.schema.derive import PageQuery
from hongxia.schema.fields import Changes, Id, Text
from hongxia.workbook.cells import clean
from services.activities.transitions import CANCEL_REASONS, WITHDRAW_REASONS
from services.activities.workbook import GENRES, HOSTS, PROGRAMMES

MOST_AT_ONCE = 5_000

_PROGRAMME = validate.OneOf(list(PROGRAMMES.values()))
_HOST = validate.OneOf(list(HOSTS.values()))
_GENRE = validate.OneOf(list(GENRES.values()))
_STATE_AT_FIRST = validate.OneOf(("scheduled", "held"))
_OTHERS = validate.Range(0, 1_000_000)
_PERSONS = validate.Range(0, 100_000)
_NUMBER = validate.Length(1, 32)
_SHORT = validate.Length(1, 100)
_LONG = validate.Length(1, 200)


class Label(Text):
    """A text kept as a workbook's cell would be, so that the same words are the same text from either side."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(clean(value) if isinstance(value, str) else value, attr, data, **kwargs)


class RecordOut(Schema):
    """What every record has."""

    id = fields.String(required=True)
    state = fields.String(required=True)
    version = fields.Integer(required=True)


class VoidableOut(RecordOut):
    """What a record has that can be voided: the code of the reason, if it was."""

    void_reason = fields.String(required=True, allow_none=True, attribute="reason")


class DayQuery(PageQuery):
    """A list by date, of the days from `since` to `until`, both included."""

    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
    state = fields.String(load_default=None, validate=validate.Length(max=12))


class CancelIn(Schema):
    """Why a session is cancelled."""

    reason = fields.String(required=True, validate=validate.OneOf(CANCEL_REASONS))


class WithdrawIn(Schema):
    """Why a work is withdrawn."""

    reason = fields.String(required=True, validate=validate.OneOf(WITHDRAW_REASONS))


class AttendanceIn(Schema):
    """A cadre at a session; without `attended_on` on the session's day."""

    cadre_id = Id(required=True)
    attended_on = fields.Date(load_default=None)


class AttendanceChanges(Changes):
    """What may be amended of an attendance."""

    attended_on = fields.Date()


class AttendanceOut(VoidableOut):
    """An attendance."""

    session_id = fields.String(required=True, attribute="owner_id")
    cadre_id = fields.String(required=True)
    attended_on = fields.Date(required=True, attribute="on")


class AttendanceQuery(DayQuery):
    """Attendances of a session, or of a cadre."""

    session_id = Id(load_default=None, attribute="owner_id")
    cadre_id = Id(load_default=None)


class SessionIn(Schema):
    """A session to schedule, or to write down after it was held, then with those who attended if they are known.

    `others_count` is attendance that is not listed by name.
    """

    session_no = Label(load_default=None, validate=_NUMBER)
    programme = fields.String(required=True, validate=_PROGRAMME)
    title = Label(required=True, validate=_LONG)
    held_on = fields.Date(required=True)
    host = fields.String(required=True, validate=_HOST)
    venue = Label(load_default=None, validate=_SHORT)
    topic = Label(load_default=None, validate=_LONG)
    others_count = fields.Integer(strict=True, load_default=0, validate=_OTHERS)
    state = fields.String(load_default="scheduled", validate=_STATE_AT_FIRST)
    attendances = fields.List(
        fields.Nested(AttendanceIn), load_default=list, validate=validate.Length(max=MOST_AT_ONCE)
    )


class SessionChanges(Changes):
    """What may be amended of a session."""

    programme = fields.String(validate=_PROGRAMME)
    title = Label(validate=_LONG)
    held_on = fields.Date()
    host = fields.String(validate=_HOST)
    venue = Label(allow_none=True, validate=_SHORT)
    topic = Label(allow_none=True, validate=_LONG)
    others_count = fields.Integer(strict=True, validate=_OTHERS)


class HoldIn(Schema):
    """A scheduled session took place: on the day planned unless another is given."""

    held_on = fields.Date()
    others_count = fields.Integer(strict=True, validate=_OTHERS)
    attendances = fields.List(
        fields.Nested(AttendanceIn), load_default=list, validate=validate.Length(max=MOST_AT_ONCE)
    )


class SessionOut(RecordOut):
    """A session."""

    session_no = fields.String(required=True, allow_none=True)
    programme = fields.String(required=True)
    title = fields.String(required=True)
    held_on = fields.Date(required=True)
    host = fields.String(required=True)
    venue = fields.String(required=True, allow_none=True)
    topic = fields.String(required=True, allow_none=True)
    others_count = fields.Integer(required=True)
    cancel_reason = fields.String(required=True, allow_none=True, attribute="reason")


class SessionQuery(DayQuery):
    """Sessions of a programme."""

    programme = fields.String(load_default=None, validate=_PROGRAMME)


class WorkIn(Schema):
    """A work received; without `cadre_id` its author is not in the register, without `call` it answers none."""

    work_no = Label(load_default=None, validate=_NUMBER)
    genre = fields.String(required=True, validate=_GENRE)
    title = Label(load_default=None, validate=_LONG)
    call = Label(load_default=None, validate=_SHORT)
    collected_on = fields.Date(required=True)
    cadre_id = Id(load_default=None)


class WorkChanges(Changes):
    """What may be amended of a work."""

    genre = fields.String(validate=_GENRE)
    title = Label(allow_none=True, validate=_LONG)
    call = Label(allow_none=True, validate=_SHORT)
    collected_on = fields.Date()
    cadre_id = Id(allow_none=True)


class WorkOut(RecordOut):
    """A work."""

    work_no = fields.String(required=True, allow_none=True)
    genre = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    call = fields.String(required=True, allow_none=True)
    collected_on = fields.Date(required=True)
    cadre_id = fields.String(required=True, allow_none=True)
    withdraw_reason = fields.String(required=True, allow_none=True, attribute="reason")


class WorkQuery(DayQuery):
    """Works of a genre, for a call, by a cadre."""

    genre = fields.String(load_default=None, validate=_GENRE)
    call = Label(load_default=None)
    cadre_id = Id(load_default=None)


class HealthCheckIn(Schema):
    """A batch that took place."""

    batch_no = Label(load_default=None, validate=_NUMBER)
    held_on = fields.Date(required=True)
    hospital = Label(required=True, validate=_SHORT)


class HealthCheckChanges(Changes):
    """What may be amended of a batch."""

    held_on = fields.Date()
    hospital = Label(validate=_SHORT)


class HealthCheckOut(VoidableOut):
    """A batch."""

    batch_no = fields.String(required=True, allow_none=True)
    held_on = fields.Date(required=True)
    hospital = fields.String(required=True)


class CheckIn(Schema):
    """A cadre checked in a batch; without `checked_on` on the batch's day."""

    cadre_id = Id(required=True)
    checked_on = fields.Date(load_default=None)


class CheckChanges(Changes):
    """What may be amended of a check."""

    checked_on = fields.Date()


class CheckOut(VoidableOut):
    """A check."""

    batch_id = fields.String(required=True, attribute="owner_id")
    cadre_id = fields.String(required=True)
    checked_on = fields.Date(required=True, attribute="on")


class CheckQuery(DayQuery):
    """Checks of a batch, or of a cadre."""

    batch_id = Id(load_default=None, attribute="owner_id")
    cadre_id = Id(load_default=None)


class DriveIn(Schema):
    """A drive that was held, from `starts_on`."""

    drive_no = Label(load_default=None, validate=_NUMBER)
    title = Label(required=True, validate=_LONG)
    starts_on = fields.Date(required=True)


class DriveChanges(Changes):
    """What may be amended of a drive."""

    title = Label(validate=_LONG)
    starts_on = fields.Date()


class DriveOut(VoidableOut):
    """A drive."""

    drive_no = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    starts_on = fields.Date(required=True)


class RosterIn(Schema):
    """One unit on one day of a drive: persons who came, and those of them who were vaccinated on site."""

    on = fields.Date(required=True)
    unit_name = Label(required=True, validate=_SHORT)
    attended = fields.Integer(required=True, strict=True, validate=_PERSONS)
    vaccinated = fields.Integer(required=True, strict=True, validate=_PERSONS)


class RosterChanges(Changes):
    """What may be amended of a roster; day and unit are what it is known by."""

    attended = fields.Integer(strict=True, validate=_PERSONS)
    vaccinated = fields.Integer(strict=True, validate=_PERSONS)


class RosterOut(VoidableOut):
    """A roster."""

    drive_id = fields.String(required=True)
    on = fields.Date(required=True)
    unit_name = fields.String(required=True)
    attended = fields.Integer(required=True)
    vaccinated = fields.Integer(required=True)


class RosterQuery(DayQuery):
    """Rosters of a drive, or of a unit."""

    drive_id = Id(load_default=None)
    unit_name = Label(load_default=None)
