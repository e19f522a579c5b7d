"""Activities' endpoints: sessions and attendance, works, health checks, vaccination drives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from hongxia.definition import Definition, Importable
from hongxia.events.envelope import Event
from hongxia.http.endpoint import Call, Page, Reply
from hongxia.roles import OFFICE
from hongxia.runtime.consume import consume
from hongxia.runtime.http import route
from hongxia.runtime.service import Service
from hongxia.schema.derive import VoidIn
from services.activities import (
    attendance,
    cadres,
    following,
    health_checks,
    loading,
    presence,
    records,
    schemas,
    sessions,
    sources,
    vaccination,
    works,
)
from services.activities.attendance import ATTENDANCE
from services.activities.events import EVENTS
from services.activities.health_checks import CHECK
from services.activities.models import Attendance, Base, Check, Drive, HealthCheck, Meeting, Record, Roster, Work
from services.activities.workbook import ACTIVITIES

CENTRE = "centre"
WRITERS = (CENTRE,)
READERS = (CENTRE, OFFICE)

R = TypeVar("R", bound=Record)


class ActivitiesService(Service):
    """场次与考勤、作品、体检、接种。"""

    name = "activities"
    definition = Definition(
        title="活动学习",
        metadata=Base.metadata,
        migrations="services.activities:migrations",
        events=EVENTS,
        workbooks=(Importable(ACTIVITIES, loading.load, WRITERS),),
        forget=cadres.forget,
    )

    # Sessions

    @route(
        "POST",
        "/sessions",
        summary="登记场次",
        roles=WRITERS,
        body=schemas.SessionIn,
        returns=schemas.SessionOut,
        status=201,
    )
    def enter_session(self, call: Call) -> Reply:
        """Schedule a session, or write down one that was held, with its attendance."""
        state, attendances = call.body.pop("state"), call.body.pop("attendances")
        new = sessions.NewSession(**call.body)
        meeting_id = sessions.id_of_new(call.session, new)
        meeting = sessions.enter(call.session, meeting_id, new, state, call.today)
        attendance.record_all(call.session, meeting, attendances, call.today)
        return _created(meeting, "sessions")

    @route(
        "GET",
        "/sessions",
        summary="场次列表",
        roles=READERS,
        query=schemas.SessionQuery,
        returns=schemas.SessionOut,
        many=True,
    )
    def list_sessions(self, call: Call) -> Page:
        """Sessions by date."""
        return records.listed(call.session, Meeting, Meeting.held_on, call.query)

    @route("GET", "/sessions/<uuid:session_id>", summary="场次", roles=READERS, returns=schemas.SessionOut)
    def get_session(self, call: Call, session_id: UUID) -> Meeting:
        """One session."""
        return records.get(call.session, Meeting, str(session_id))

    @route(
        "PATCH",
        "/sessions/<uuid:session_id>",
        summary="修改场次",
        roles=WRITERS,
        body=schemas.SessionChanges,
        returns=schemas.SessionOut,
    )
    def amend_session(self, call: Call, session_id: UUID) -> Meeting:
        """Correct a session; its attendance follows its programme and date."""
        return sessions.amend(call.session, _matched(call, Meeting, session_id), call.body, call.today)

    @route(
        "POST",
        "/sessions/<uuid:session_id>/hold",
        summary="场次已举办",
        roles=WRITERS,
        body=schemas.HoldIn,
        returns=schemas.SessionOut,
    )
    def hold_session(self, call: Call, session_id: UUID) -> Meeting:
        """A scheduled session took place; with those who attended, if they are known."""
        attendances = call.body.pop("attendances")
        meeting = _matched(call, Meeting, session_id)
        sessions.hold(call.session, meeting, call.body, call.today)
        attendance.record_all(call.session, meeting, attendances, call.today)
        return meeting

    @route(
        "POST",
        "/sessions/<uuid:session_id>/cancel",
        summary="取消场次",
        roles=WRITERS,
        body=schemas.CancelIn,
        returns=schemas.SessionOut,
    )
    def cancel_session(self, call: Call, session_id: UUID) -> Meeting:
        """A session does not take place, or did not; its attendance is voided with it."""
        return sessions.cancel(call.session, _matched(call, Meeting, session_id), call.body["reason"])

    # Attendance

    @route(
        "POST",
        "/sessions/<uuid:session_id>/attendances",
        summary="登记考勤",
        roles=WRITERS,
        body=schemas.AttendanceIn,
        returns=schemas.AttendanceOut,
        status=201,
    )
    def record_attendance(self, call: Call, session_id: UUID) -> Reply:
        """A cadre attended a session that was held."""
        meeting = records.locked(call.session, Meeting, str(session_id))
        entry = attendance.record(call.session, meeting, **call.body, today=call.today)
        return _created(entry, "../../attendances")

    @route(
        "GET",
        "/attendances",
        summary="考勤列表",
        roles=READERS,
        query=schemas.AttendanceQuery,
        returns=schemas.AttendanceOut,
        many=True,
    )
    def list_attendances(self, call: Call) -> Page:
        """Attendances by date, of a session or a cadre if asked."""
        return records.listed(call.session, Attendance, Attendance.on, call.query)

    @route("GET", "/attendances/<uuid:attendance_id>", summary="考勤", roles=READERS, returns=schemas.AttendanceOut)
    def get_attendance(self, call: Call, attendance_id: UUID) -> Attendance:
        """One attendance."""
        return records.get(call.session, Attendance, str(attendance_id))

    @route(
        "PATCH",
        "/attendances/<uuid:attendance_id>",
        summary="修改考勤",
        roles=WRITERS,
        body=schemas.AttendanceChanges,
        returns=schemas.AttendanceOut,
    )
    def amend_attendance(self, call: Call, attendance_id: UUID) -> presence.Entry:
        """Correct the date."""
        meeting, entry = presence.locked(call.session, ATTENDANCE, str(attendance_id))
        call.must_match(entry.version)
        return presence.amend(call.session, ATTENDANCE, meeting, entry, call.body["attended_on"], call.today)

    @route(
        "POST",
        "/attendances/<uuid:attendance_id>/void",
        summary="作废考勤",
        roles=WRITERS,
        body=VoidIn,
        returns=schemas.AttendanceOut,
    )
    def void_attendance(self, call: Call, attendance_id: UUID) -> presence.Entry:
        """An attendance that does not count."""
        meeting, entry = presence.locked(call.session, ATTENDANCE, str(attendance_id))
        call.must_match(entry.version)
        return presence.void(call.session, ATTENDANCE, meeting, entry, call.body["reason"])

    # Works

    @route(
        "POST",
        "/works",
        summary="登记作品",
        roles=WRITERS,
        body=schemas.WorkIn,
        returns=schemas.WorkOut,
        status=201,
    )
    def collect_work(self, call: Call) -> Reply:
        """A work was received."""
        new = works.NewWork(**call.body)
        people = cadres.People(call.session, [new.cadre_id] if new.cadre_id else [])
        work_id = works.id_of_new(call.session, new)
        return _created(works.collect(call.session, work_id, new, people, call.today), "works")

    @route(
        "GET",
        "/works",
        summary="作品列表",
        roles=READERS,
        query=schemas.WorkQuery,
        returns=schemas.WorkOut,
        many=True,
    )
    def list_works(self, call: Call) -> Page:
        """Works by date."""
        return records.listed(call.session, Work, Work.collected_on, call.query)

    @route("GET", "/works/<uuid:work_id>", summary="作品", roles=READERS, returns=schemas.WorkOut)
    def get_work(self, call: Call, work_id: UUID) -> Work:
        """One work."""
        return records.get(call.session, Work, str(work_id))

    @route(
        "PATCH",
        "/works/<uuid:work_id>",
        summary="修改作品",
        roles=WRITERS,
        body=schemas.WorkChanges,
        returns=schemas.WorkOut,
    )
    def amend_work(self, call: Call, work_id: UUID) -> Work:
        """Correct a work."""
        return works.amend(call.session, _matched(call, Work, work_id), call.body, call.today)

    @route(
        "POST",
        "/works/<uuid:work_id>/withdraw",
        summary="撤回作品",
        roles=WRITERS,
        body=schemas.WithdrawIn,
        returns=schemas.WorkOut,
    )
    def withdraw_work(self, call: Call, work_id: UUID) -> Work:
        """A work that does not count any more."""
        return works.withdraw(call.session, _matched(call, Work, work_id), call.body["reason"])

    # Health checks

    @route(
        "POST",
        "/health-checks",
        summary="登记体检批次",
        roles=WRITERS,
        body=schemas.HealthCheckIn,
        returns=schemas.HealthCheckOut,
        status=201,
    )
    def enter_health_check(self, call: Call) -> Reply:
        """A batch that took place."""
        new = health_checks.NewBatch(**call.body)
        batch_id = health_checks.id_of_new(call.session, new)
        return _created(health_checks.enter(call.session, batch_id, new, call.today), "health-checks")

    @route(
        "GET",
        "/health-checks",
        summary="体检批次列表",
        roles=READERS,
        query=schemas.DayQuery,
        returns=schemas.HealthCheckOut,
        many=True,
    )
    def list_health_checks(self, call: Call) -> Page:
        """Batches by date."""
        return records.listed(call.session, HealthCheck, HealthCheck.held_on, call.query)

    @route("GET", "/health-checks/<uuid:batch_id>", summary="体检批次", roles=READERS, returns=schemas.HealthCheckOut)
    def get_health_check(self, call: Call, batch_id: UUID) -> HealthCheck:
        """One batch."""
        return records.get(call.session, HealthCheck, str(batch_id))

    @route(
        "PATCH",
        "/health-checks/<uuid:batch_id>",
        summary="修改体检批次",
        roles=WRITERS,
        body=schemas.HealthCheckChanges,
        returns=schemas.HealthCheckOut,
    )
    def amend_health_check(self, call: Call, batch_id: UUID) -> HealthCheck:
        """Correct a batch; its checks follow its date."""
        return health_checks.amend(call.session, _matched(call, HealthCheck, batch_id), call.body, call.today)

    @route(
        "POST",
        "/health-checks/<uuid:batch_id>/void",
        summary="作废体检批次",
        roles=WRITERS,
        body=VoidIn,
        returns=schemas.HealthCheckOut,
    )
    def void_health_check(self, call: Call, batch_id: UUID) -> HealthCheck:
        """A batch that does not count; its checks are voided with it."""
        return health_checks.void(call.session, _matched(call, HealthCheck, batch_id), call.body["reason"])

    @route(
        "POST",
        "/health-checks/<uuid:batch_id>/checks",
        summary="登记体检人员",
        roles=WRITERS,
        body=schemas.CheckIn,
        returns=schemas.CheckOut,
        status=201,
    )
    def record_check(self, call: Call, batch_id: UUID) -> Reply:
        """A cadre was checked in a batch."""
        batch = records.locked(call.session, HealthCheck, str(batch_id))
        entry = health_checks.record_check(call.session, batch, **call.body, today=call.today)
        return _created(entry, "../../checks")

    @route(
        "GET",
        "/checks",
        summary="体检人员列表",
        roles=READERS,
        query=schemas.CheckQuery,
        returns=schemas.CheckOut,
        many=True,
    )
    def list_checks(self, call: Call) -> Page:
        """Checks by date, of a batch or a cadre if asked."""
        return records.listed(call.session, Check, Check.on, call.query)

    @route("GET", "/checks/<uuid:check_id>", summary="体检人员", roles=READERS, returns=schemas.CheckOut)
    def get_check(self, call: Call, check_id: UUID) -> Check:
        """One check."""
        return records.get(call.session, Check, str(check_id))

    @route(
        "PATCH",
        "/checks/<uuid:check_id>",
        summary="修改体检人员",
        roles=WRITERS,
        body=schemas.CheckChanges,
        returns=schemas.CheckOut,
    )
    def amend_check(self, call: Call, check_id: UUID) -> presence.Entry:
        """Correct the date."""
        batch, entry = presence.locked(call.session, CHECK, str(check_id))
        call.must_match(entry.version)
        return presence.amend(call.session, CHECK, batch, entry, call.body["checked_on"], call.today)

    @route(
        "POST",
        "/checks/<uuid:check_id>/void",
        summary="作废体检人员",
        roles=WRITERS,
        body=VoidIn,
        returns=schemas.CheckOut,
    )
    def void_check(self, call: Call, check_id: UUID) -> presence.Entry:
        """A check that does not count."""
        batch, entry = presence.locked(call.session, CHECK, str(check_id))
        call.must_match(entry.version)
        return presence.void(call.session, CHECK, batch, entry, call.body["reason"])

    # Vaccination

    @route(
        "POST",
        "/drives",
        summary="登记接种专场",
        roles=WRITERS,
        body=schemas.DriveIn,
        returns=schemas.DriveOut,
        status=201,
    )
    def enter_drive(self, call: Call) -> Reply:
        """A drive that was held."""
        new = vaccination.NewDrive(**call.body)
        drive_id = vaccination.id_of_new(call.session, new)
        return _created(vaccination.enter(call.session, drive_id, new, call.today), "drives")

    @route(
        "GET",
        "/drives",
        summary="接种专场列表",
        roles=READERS,
        query=schemas.DayQuery,
        returns=schemas.DriveOut,
        many=True,
    )
    def list_drives(self, call: Call) -> Page:
        """Drives by their first day."""
        return records.listed(call.session, Drive, Drive.starts_on, call.query)

    @route("GET", "/drives/<uuid:drive_id>", summary="接种专场", roles=READERS, returns=schemas.DriveOut)
    def get_drive(self, call: Call, drive_id: UUID) -> Drive:
        """One drive."""
        return records.get(call.session, Drive, str(drive_id))

    @route(
        "PATCH",
        "/drives/<uuid:drive_id>",
        summary="修改接种专场",
        roles=WRITERS,
        body=schemas.DriveChanges,
        returns=schemas.DriveOut,
    )
    def amend_drive(self, call: Call, drive_id: UUID) -> Drive:
        """Correct title or first day."""
        return vaccination.amend(call.session, _matched(call, Drive, drive_id), call.body, call.today)

    @route(
        "POST",
        "/drives/<uuid:drive_id>/void",
        summary="作废接种专场",
        roles=WRITERS,
        body=VoidIn,
        returns=schemas.DriveOut,
    )
    def void_drive(self, call: Call, drive_id: UUID) -> Drive:
        """A drive that does not count; its rosters are voided with it."""
        return vaccination.void(call.session, _matched(call, Drive, drive_id), call.body["reason"])

    @route(
        "POST",
        "/drives/<uuid:drive_id>/rosters",
        summary="登记接种名册",
        roles=WRITERS,
        body=schemas.RosterIn,
        returns=schemas.RosterOut,
        status=201,
    )
    def record_roster(self, call: Call, drive_id: UUID) -> Reply:
        """A unit's numbers on one day."""
        drive = records.locked(call.session, Drive, str(drive_id))
        roster = vaccination.record_roster(call.session, drive, vaccination.NewRoster(**call.body), call.today)
        return _created(roster, "../../rosters")

    @route(
        "GET",
        "/rosters",
        summary="接种名册列表",
        roles=READERS,
        query=schemas.RosterQuery,
        returns=schemas.RosterOut,
        many=True,
    )
    def list_rosters(self, call: Call) -> Page:
        """Rosters by date, of a drive or a unit if asked."""
        return records.listed(call.session, Roster, Roster.on, call.query)

    @route("GET", "/rosters/<uuid:roster_id>", summary="接种名册", roles=READERS, returns=schemas.RosterOut)
    def get_roster(self, call: Call, roster_id: UUID) -> Roster:
        """One roster."""
        return records.get(call.session, Roster, str(roster_id))

    @route(
        "PATCH",
        "/rosters/<uuid:roster_id>",
        summary="修改接种名册",
        roles=WRITERS,
        body=schemas.RosterChanges,
        returns=schemas.RosterOut,
    )
    def amend_roster(self, call: Call, roster_id: UUID) -> Roster:
        """Correct the numbers."""
        return vaccination.amend_roster(call.session, _matched(call, Roster, roster_id), call.body)

    @route(
        "POST",
        "/rosters/<uuid:roster_id>/void",
        summary="作废接种名册",
        roles=WRITERS,
        body=VoidIn,
        returns=schemas.RosterOut,
    )
    def void_roster(self, call: Call, roster_id: UUID) -> Roster:
        """Numbers that do not count."""
        return vaccination.void_roster(call.session, _matched(call, Roster, roster_id), call.body["reason"])

    @consume(sources.REGISTRY)
    def from_registry(self, session: Session, events: Sequence[Event]) -> None:
        """Cadres, as the registry tells of them."""
        following.from_registry(session, events)


def _created(record: Record, folder: str) -> Reply:
    """The answer to a creation. Where it can be read is told relative to the request, right behind any gateway."""
    return Reply(record, headers={"Location": f"{folder}/{record.id}"})


def _matched(call: Call, model: type[R], record_id: UUID) -> R:
    """A record to change, locked, in the version that the caller has seen."""
    record = records.locked(call.session, model, str(record_id))
    call.must_match(record.version)
    return record
