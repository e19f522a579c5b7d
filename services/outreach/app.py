"""Outreach's endpoints: visits, monthly contacts, aid cases, suggestions, hospital stays, 五必访."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from nameko.timer import timer
from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from hongxia import ids
from hongxia.dates import day_of
from hongxia.definition import Definition, Importable
from hongxia.events.context import context_of
from hongxia.events.dispatch import dispatch
from hongxia.events.envelope import Event
from hongxia.http.endpoint import Call, Reply
from hongxia.http.problems import PreconditionRequired
from hongxia.paging import Page, paginate
from hongxia.roles import OFFICE
from hongxia.runtime.consume import consume
from hongxia.runtime.http import route
from hongxia.runtime.service import Service
from hongxia.schema.derive import VoidIn
from services.outreach import aid, cadres, contacts, loading, obligations, schemas, stays, suggestions, visits
from services.outreach.events import EVENTS
from services.outreach.models import AidCase, Base, Cadre, Contact, Obligation, ObligationKind, Stay, Suggestion, Visit
from services.outreach.sources import AID_PAID, AID_REFUSED, FINANCE_IGNORED
from services.outreach.workbook import OUTREACH

LIAISON = "liaison"
LEADER = "leader"
READERS = (LIAISON, LEADER, OFFICE)
HOUR = 3600


class OutreachService(Service):
    """走访、每月敬爱连线、帮扶、有呼必应."""

    name = "outreach"
    definition = Definition(
        title="走访联络",
        metadata=Base.metadata,
        migrations="services.outreach:migrations",
        events=EVENTS,
        # An imported row may approve aid, which takes a leader.
        workbooks=(Importable(OUTREACH, loading.load, (LEADER,)),),
        forget=cadres.forget,
    )

    @route(
        "POST",
        "/visits",
        summary="登记走访",
        roles=(LIAISON,),
        body=schemas.VisitIn,
        returns=schemas.VisitOut,
        status=201,
    )
    def record_visit(self, call: Call) -> Reply:
        """A call on one cadre."""
        details = visits.Details(**call.body)
        cadre = cadres.locked(call.session, details.cadre_id)
        visit = visits.record(call.session, ids.new_id(), details, cadre, call.today)
        obligations.review(call.session, [visit.cadre_id], call.today)
        return _created("visits", visit)

    @route(
        "GET",
        "/visits",
        summary="走访列表",
        roles=READERS,
        query=schemas.VisitQuery,
        returns=schemas.VisitOut,
        many=True,
    )
    def list_visits(self, call: Call) -> Page:
        """By date."""
        equal = (Visit.cadre_id, Visit.category, Visit.occasion, Visit.state)
        return _listed(call, Visit.visited_on, Visit.id, equal)

    @route("GET", "/visits/<uuid:visit_id>", summary="走访", roles=READERS, returns=schemas.VisitOut)
    def get_visit(self, call: Call, visit_id: UUID) -> Visit:
        """One visit."""
        return visits.get(call.session, str(visit_id))

    @route(
        "PATCH",
        "/visits/<uuid:visit_id>",
        summary="修改走访",
        roles=(LIAISON,),
        body=schemas.VisitChanges,
        returns=schemas.VisitOut,
    )
    def amend_visit(self, call: Call, visit_id: UUID) -> Visit:
        """Anything that was told of it."""
        visit = _locked_visit(call, visit_id, becomes_of=call.body.get("cadre_id"))
        before = visit.cadre_id
        visits.amend(call.session, visit, call.body, call.today)
        obligations.review(call.session, {before, visit.cadre_id}, call.today)
        return visit

    @route(
        "POST",
        "/visits/<uuid:visit_id>/void",
        summary="作废走访",
        roles=(LIAISON,),
        body=VoidIn,
        returns=schemas.VisitOut,
    )
    def void_visit(self, call: Call, visit_id: UUID) -> Visit:
        """It counts no more."""
        visit = _locked_visit(call, visit_id)
        visits.void(call.session, visit, call.body["reason"])
        obligations.review(call.session, [visit.cadre_id], call.today)
        return visit

    @route(
        "POST",
        "/contacts",
        summary="登记每月联系",
        roles=(LIAISON,),
        body=schemas.ContactIn,
        returns=schemas.ContactOut,
        status=201,
    )
    def make_contact(self, call: Call) -> Reply:
        """One of each cadre, date and method."""
        details = contacts.Details(**call.body)
        cadre = cadres.locked(call.session, details.cadre_id)
        existing = contacts.find(call.session, details.id)
        return _created("contacts", contacts.make(call.session, details, cadre, call.today, existing))

    @route(
        "GET",
        "/contacts",
        summary="每月联系列表",
        roles=READERS,
        query=schemas.ContactQuery,
        returns=schemas.ContactOut,
        many=True,
    )
    def list_contacts(self, call: Call) -> Page:
        """By date."""
        return _listed(call, Contact.contacted_on, Contact.id, (Contact.cadre_id, Contact.method, Contact.state))

    @route("GET", "/contacts/<uuid:contact_id>", summary="每月联系", roles=READERS, returns=schemas.ContactOut)
    def get_contact(self, call: Call, contact_id: UUID) -> Contact:
        """One contact."""
        return contacts.get(call.session, str(contact_id))

    @route(
        "POST",
        "/contacts/<uuid:contact_id>/void",
        summary="作废每月联系",
        roles=(LIAISON,),
        body=VoidIn,
        returns=schemas.ContactOut,
    )
    def void_contact(self, call: Call, contact_id: UUID) -> Contact:
        """It counts no more."""
        contact = contacts.get(call.session, str(contact_id), lock=True)
        call.must_match(contact.version)
        return contacts.void(call.session, contact, call.body["reason"])

    @route(
        "POST",
        "/aid-cases",
        summary="申请帮扶",
        roles=(LIAISON, LEADER),
        body=schemas.ApplicationIn,
        returns=schemas.AidCaseOut,
        status=201,
    )
    def apply_for_aid(self, call: Call) -> Reply:
        """One aid a cadre and year."""
        application = aid.Application(**call.body)
        cadre = cadres.locked(call.session, application.cadre_id)
        aided = aid.aided_years(call.session, [application.cadre_id])[application.cadre_id]
        case = aid.apply(call.session, ids.new_id(), application, cadre, call.today, aided=aided)
        return _created("aid-cases", case)

    @route(
        "GET",
        "/aid-cases",
        summary="帮扶列表",
        roles=READERS,
        query=schemas.AidQuery,
        returns=schemas.AidCaseOut,
        many=True,
    )
    def list_aid_cases(self, call: Call) -> Page:
        """By date of application."""
        return _listed(call, AidCase.applied_on, AidCase.id, (AidCase.cadre_id, AidCase.year, AidCase.state))

    @route("GET", "/aid-cases/<uuid:case_id>", summary="帮扶", roles=READERS, returns=schemas.AidCaseOut)
    def get_aid_case(self, call: Call, case_id: UUID) -> AidCase:
        """One case."""
        return aid.get(call.session, str(case_id))

    @route(
        "POST",
        "/aid-cases/<uuid:case_id>/approve",
        summary="批准帮扶",
        roles=(LEADER,),
        body=schemas.ApprovalIn,
        returns=schemas.AidCaseOut,
    )
    def approve_aid(self, call: Call, case_id: UUID) -> AidCase:
        """Finance pays or refuses it then."""
        case = _locked_case(call, case_id)
        aided = aid.aided_years(call.session, [case.cadre_id], but=case.id)[case.cadre_id]
        body = {**call.body, "pay_on": call.body["pay_on"] or call.body["approved_on"]}
        return aid.approve(call.session, case, aid.Approval(**body), call.today, aided=aided)

    @route(
        "POST",
        "/aid-cases/<uuid:case_id>/decline",
        summary="不予批准帮扶",
        roles=(LEADER,),
        body=schemas.DeclineIn,
        returns=schemas.AidCaseOut,
    )
    def decline_aid(self, call: Call, case_id: UUID) -> AidCase:
        """The end of the case."""
        return aid.decline(call.session, _locked_case(call, case_id), call.body["declined_on"], call.today)

    @route(
        "POST",
        "/suggestions",
        summary="登记意见建议",
        roles=(LIAISON,),
        body=schemas.SuggestionIn,
        returns=schemas.SuggestionOut,
        status=201,
    )
    def receive_suggestion(self, call: Call) -> Reply:
        """It came in."""
        details = suggestions.Details(**call.body)
        return _created("suggestions", suggestions.receive(call.session, ids.new_id(), details, call.today))

    @route(
        "GET",
        "/suggestions",
        summary="意见建议列表",
        roles=READERS,
        query=schemas.SuggestionQuery,
        returns=schemas.SuggestionOut,
        many=True,
    )
    def list_suggestions(self, call: Call) -> Page:
        """By date of receipt."""
        equal = (Suggestion.category, Suggestion.channel, Suggestion.state)
        return _listed(call, Suggestion.received_on, Suggestion.id, equal)

    @route(
        "GET",
        "/suggestions/<uuid:suggestion_id>",
        summary="意见建议",
        roles=READERS,
        returns=schemas.SuggestionOut,
    )
    def get_suggestion(self, call: Call, suggestion_id: UUID) -> Suggestion:
        """One suggestion."""
        return suggestions.get(call.session, str(suggestion_id))

    @route(
        "POST",
        "/suggestions/<uuid:suggestion_id>/assign",
        summary="交办意见建议",
        roles=(LIAISON, LEADER),
        body=schemas.AssignmentIn,
        returns=schemas.SuggestionOut,
    )
    def assign_suggestion(self, call: Call, suggestion_id: UUID) -> Suggestion:
        """Somebody is to answer it."""
        return suggestions.assign(call.session, _locked_suggestion(call, suggestion_id), **call.body, today=call.today)

    @route(
        "POST",
        "/suggestions/<uuid:suggestion_id>/resolve",
        summary="办结意见建议",
        roles=(LIAISON, LEADER),
        body=schemas.ResolutionIn,
        returns=schemas.SuggestionOut,
    )
    def resolve_suggestion(self, call: Call, suggestion_id: UUID) -> Suggestion:
        """It was dealt with."""
        suggestion = _locked_suggestion(call, suggestion_id)
        return suggestions.resolve(call.session, suggestion, call.body["resolved_on"], call.today)

    @route(
        "POST",
        "/suggestions/<uuid:suggestion_id>/void",
        summary="作废意见建议",
        roles=(LIAISON,),
        body=VoidIn,
        returns=schemas.SuggestionOut,
    )
    def void_suggestion(self, call: Call, suggestion_id: UUID) -> Suggestion:
        """It counts no more."""
        return suggestions.void(call.session, _locked_suggestion(call, suggestion_id), call.body["reason"])

    @route(
        "POST",
        "/stays",
        summary="报告住院",
        roles=(LIAISON,),
        body=schemas.StayIn,
        returns=schemas.StayOut,
        status=201,
    )
    def report_stay(self, call: Call) -> Reply:
        """It raises a visit that must be paid."""
        told = stays.Report(**{**call.body, "reported_on": call.body["reported_on"] or call.today})
        cadre = cadres.locked(call.session, told.cadre_id)
        existing = stays.find(call.session, told.id)
        return _created("stays", stays.report(call.session, told, cadre, call.today, existing))

    @route(
        "GET",
        "/stays",
        summary="住院列表",
        roles=READERS,
        query=schemas.StayQuery,
        returns=schemas.StayOut,
        many=True,
    )
    def list_stays(self, call: Call) -> Page:
        """By date of admission."""
        return _listed(call, Stay.admitted_on, Stay.id, (Stay.cadre_id, Stay.state))

    @route("GET", "/stays/<uuid:stay_id>", summary="住院", roles=READERS, returns=schemas.StayOut)
    def get_stay(self, call: Call, stay_id: UUID) -> Stay:
        """One stay."""
        return stays.get(call.session, str(stay_id))

    @route(
        "POST",
        "/stays/<uuid:stay_id>/end",
        summary="登记出院",
        roles=(LIAISON,),
        body=schemas.StayEndIn,
        returns=schemas.StayOut,
    )
    def end_stay(self, call: Call, stay_id: UUID) -> Stay:
        """The cadre left the hospital."""
        return stays.end(call.session, _locked_stay(call, stay_id), call.body["discharged_on"], call.today)

    @route(
        "POST",
        "/stays/<uuid:stay_id>/void",
        summary="作废住院报告",
        roles=(LIAISON,),
        body=VoidIn,
        returns=schemas.StayOut,
    )
    def void_stay(self, call: Call, stay_id: UUID) -> Stay:
        """It was none; the visit that it raised is owed no more."""
        return stays.void(call.session, _locked_stay(call, stay_id), call.body["reason"])

    @route(
        "GET", "/obligation-kinds", summary="五必访种类", roles=READERS, returns=schemas.ObligationKindOut, many=True
    )
    def list_obligation_kinds(self, call: Call) -> Page:
        """Which visits must be paid, and how soon."""
        return Page(obligations.kinds(call.session))

    @route(
        "PUT",
        "/obligation-kinds/<code>",
        summary="新增或修改五必访种类",
        roles=(OFFICE,),
        body=schemas.ObligationKindIn,
        returns=schemas.ObligationKindOut,
    )
    def put_obligation_kind(self, call: Call, code: str) -> ObligationKind:
        """A new one, or, with If-Match, another limit for one that is there."""
        kind = obligations.find_kind(call.session, code)
        if kind is None:
            return obligations.add_kind(call.session, code, call.body)
        if call.if_match is None:
            raise PreconditionRequired
        call.must_match(kind.version)
        return obligations.change_kind(kind, call.body)

    @route(
        "GET",
        "/obligations",
        summary="五必访任务",
        roles=READERS,
        query=schemas.ObligationQuery,
        returns=schemas.ObligationOut,
        many=True,
    )
    def list_obligations(self, call: Call) -> Page:
        """By deadline; a liaison's own list with `liaison`."""
        query = select(Obligation)
        if call.query["liaison"]:
            theirs = select(Cadre.id).where(Cadre.liaison == call.query["liaison"])
            query = query.where(Obligation.cadre_id.in_(theirs))
        equal = (Obligation.cadre_id, Obligation.kind, Obligation.state)
        return _listed(call, Obligation.due_on, Obligation.id, equal, query)

    @timer(interval=HOUR, eager=True)  # type: ignore[untyped-decorator]
    def mark_missed(self) -> None:
        """The deadlines that passed at midnight."""
        context = self.host.context()
        with self.host.database.begin(context) as session:
            obligations.mark_missed(session, day_of(context.now))

    @consume("registry")
    def from_registry(self, session: Session, events: Sequence[Event]) -> None:
        """Who is a cadre, since when, and who has died."""
        cadres.take(session, events)
        concerned = {event.subject for event in events}
        obligations.follow_deaths(session, concerned, day_of(context_of(session).now))

    @consume("finance")
    def from_finance(self, session: Session, events: Sequence[Event]) -> None:
        """Approved aid was paid or refused."""
        dispatch(session, events, {AID_PAID: aid.on_paid, AID_REFUSED: aid.on_refused}, FINANCE_IGNORED)


def _created(collection: str, record: Any) -> Reply:
    return Reply(record, headers={"Location": f"{collection}/{record.id}"})


def _listed(
    call: Call,
    on: InstrumentedAttribute[Any],
    record_id: InstrumentedAttribute[str],
    equal: Sequence[InstrumentedAttribute[Any]],
    query: Select[Any] | None = None,
) -> Page:
    """A page of what happened within the dates asked for, filtered by columns of the same names as in the query."""
    asked = call.query
    query = select(on.class_) if query is None else query
    if asked["since"]:
        query = query.where(on >= asked["since"])
    if asked["until"]:
        query = query.where(on <= asked["until"])
    for column in equal:
        if asked[column.key] is not None:
            query = query.where(column == asked[column.key])
    return paginate(call.session, query, [on, record_id], asked)


def _locked_visit(call: Call, visit_id: UUID, becomes_of: str | None = None) -> Visit:
    """A visit to change. Its cadre is locked before it, and so is the one to whom it is moved: what is owed to them
    is held against visits that stand still.
    """
    cadre_id = visits.get(call.session, str(visit_id)).cadre_id
    for concerned in sorted({cadre_id, becomes_of or cadre_id}):
        cadres.locked(call.session, concerned)
    visit = visits.get(call.session, str(visit_id), lock=True)
    call.must_match(visit.version)
    return visit


def _locked_stay(call: Call, stay_id: UUID) -> Stay:
    """A stay to change, the cadre locked before it as for a visit."""
    cadres.locked(call.session, stays.get(call.session, str(stay_id)).cadre_id)
    stay = stays.get(call.session, str(stay_id), lock=True)
    call.must_match(stay.version)
    return stay


def _locked_case(call: Call, case_id: UUID) -> AidCase:
    """A case to decide on, the cadre locked before it: whoever decides for one cadre takes turns."""
    cadres.locked(call.session, aid.get(call.session, str(case_id)).cadre_id)
    case = aid.get(call.session, str(case_id), lock=True)
    call.must_match(case.version)
    return case


def _locked_suggestion(call: Call, suggestion_id: UUID) -> Suggestion:
    suggestion = suggestions.get(call.session, str(suggestion_id), lock=True)
    call.must_match(suggestion.version)
    return suggestion
