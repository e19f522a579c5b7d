"""An example request of every route that writes, with what has to be there before it.

A route that is added to a service needs an example here: two tests walk all routes and say which one is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hongxia import services
from hongxia.http.endpoint import Route
from hongxia.runtime.http import routes_of
from tests.bureau.office import Office, Record

VOID = {"reason": "entered-in-error"}
RETURN = {"voucher_no": "PZ-R1", "spent_on": "2022-12-20"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request: address, body, and what else is sent."""

    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    subject: str = "somebody"


Prepare = Callable[[Office, str], Any]
Send = Callable[[Office, str, Any], Request]


@dataclass(frozen=True, slots=True)
class Example:
    """A request to a route. `prepare` makes what the request is about and `send` the request; both are given the id of
    the cadre. `about_cadre`: the request concerns that cadre, by an id in its body or address or by its record.
    """

    service: str
    method: str
    url: str
    prepare: Prepare
    send: Send
    about_cadre: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """What the example is an example of."""
        return self.service, self.method, self.url

    @property
    def name(self) -> str:
        """The name of the example in a test's report."""
        return f"{self.service} {self.method} {self.url}"


def writing_routes() -> dict[tuple[str, str, str], Route]:
    """Return every route of every service that is no GET, by service, method and address."""
    found = {}
    for name in services.names():
        for route in routes_of(services.load(name)):
            if route.method != "GET":
                found[name, route.method, route.url] = route
    return found


def nothing(_office: Office, _cadre_id: str) -> None:
    """Prepare nothing."""


ONE = "<uuid:record_id>"


def _new(service: str, url: str, body: Callable[[Office, str], Any], *, about_cadre: bool = False) -> Example:
    """An example of a route that begins a record."""
    return Example(service, "POST", url, nothing, lambda o, c, _: Request(url, body(o, c)), about_cadre)


def _under(
    service: str, url: str, parent: Prepare, body: Callable[[Office, str], Any], *, about_cadre: bool = False
) -> Example:
    """An example of a route that begins a record under another one (`<uuid:…>` in the address)."""

    def send(office: Office, cadre_id: str, above: Record) -> Request:
        start, _, rest = url.partition("<")
        return Request(f"{start}{above['id']}{rest.partition('>')[2]}", body(office, cadre_id))

    return Example(service, "POST", url, parent, send, about_cadre)


def _amend(service: str, url: str, prepare: Prepare, about_cadre: bool, **changes: Any) -> Example:
    """An example of an amendment."""

    def send(_office: Office, _cadre_id: str, record: Record) -> Request:
        return Request(f"{url}/{record['id']}", {"reason": "correction", **changes})

    return Example(service, "PATCH", f"{url}/{ONE}", prepare, send, about_cadre)


def _act(
    service: str, url: str, what: str, prepare: Prepare, body: Any = None, about_cadre: bool = False, **more: Any
) -> Example:
    """An example of something that is done with a record."""

    def send(_office: Office, _cadre_id: str, record: Record) -> Request:
        return Request(f"{url}/{record['id']}/{what}", body, **more)

    return Example(service, "POST", f"{url}/{ONE}/{what}", prepare, send, about_cadre)


def _list(service: str, url: str, label: str) -> list[Example]:
    """Examples of the routes of a list that the bureau keeps."""

    def listed(office: Office, _cadre_id: str) -> Record:
        return dict(office.post(service, url, {"label": label}))

    def retired(office: Office, cadre_id: str) -> Record:
        entry = listed(office, cadre_id)
        office.post(service, f"{url}/{entry['id']}/retire")
        return entry

    return [
        _new(service, url, lambda o, c: {"label": label}),
        _amend(service, url, listed, False, label=f"新{label}"),
        _act(service, url, "retire", listed),
        _act(service, url, "relist", retired),
    ]


def _cadre(what: str, body: Any, prepare: Prepare = nothing) -> Example:
    """An example of something that is done with a cadre of the register."""

    def send(office: Office, cadre_id: str, _prepared: Any) -> Request:
        return Request(f"/cadres/{cadre_id}/{what}", body(office) if callable(body) else body)

    return Example("registry", "POST", f"/cadres/{ONE}/{what}", prepare, send)


def _change(office: Office, cadre_id: str) -> Record:
    office.post("registry", f"/cadres/{cadre_id}/rank", {"rank": "131", "on": "2022-02-01", "document_no": "甲1号"})
    found = office.bureau.all("registry", f"/changes?cadre_id={cadre_id}")
    return next(each for each in found if each["aspect"] == "rank" and each["cadre_version"] > 1)


def _left(office: Office, cadre_id: str) -> Record:
    return dict(office.post("registry", f"/cadres/{cadre_id}/leave", {"left_on": "2022-06-01", "destination": "邻区"}))


def _dead(office: Office, cadre_id: str) -> None:
    office.death(cadre_id, "2022-12-01")


def _merged(office: Office, cadre_id: str) -> None:
    office.merge(cadre_id, office.cadre()["id"])


def _two_liaisons(office: Office, _cadre_id: str) -> str:
    return office.listed("/liaisons", "联络二组")


def _registry_contradiction(office: Office, cadre_id: str) -> Record:
    _change(office, cadre_id)
    office.death(cadre_id, "2022-01-15")
    return _contradiction(office, "registry")


def _contradiction(office: Office, service: str) -> Record:
    (found,) = office.bureau.all(service, "/contradictions?state=open")
    return found


def _of_death(service: str, record: Callable[[Office], Callable[..., Any]]) -> Prepare:
    def prepare(office: Office, cadre_id: str) -> Record:
        record(office)(cadre_id)
        office.death(cadre_id, "2022-01-15")
        return _contradiction(office, service)

    return prepare


def _paid_but_withdrawn(office: Office, cadre_id: str) -> Record:
    bureau = office.bureau
    office.line(pays_aid=True)
    case = office.aid(cadre_id)
    granted = {"amount": "1000.00", "approved_on": "2022-10-10"}
    bureau.post("outreach", f"/aid-cases/{case['id']}/approve", granted)
    bureau.nodes["outreach"].number()
    bureau.nodes["finance"].read(bureau.nodes["outreach"])
    office.post("outreach", f"/aid-cases/{case['id']}/withdraw", {"reason": "by-applicant"})
    return _contradiction(office, "finance")


def _declined(office: Office, cadre_id: str) -> Record:
    case = office.aid(cadre_id)
    return dict(office.post("outreach", f"/aid-cases/{case['id']}/decline", {"declined_on": "2022-10-10"}))


def _proposed(office: Office, cadre_id: str) -> Record:
    case = office.paid(cadre_id)
    return dict(office.post("finance", f"/aid-payments/{case['id']}/propose-reversal", RETURN, subject="first"))


def _returned(office: Office, cadre_id: str) -> Record:
    case = office.paid(cadre_id)
    return dict(office.post("finance", f"/aid-payments/{case['id']}/return", RETURN))


def _retired_festival(office: Office, _cadre_id: str) -> Record:
    return dict(office.post("outreach", f"/festivals/{office.festival()['id']}/retire"))


def _kind(office: Office, _cadre_id: str, _prepared: Any) -> Request:
    body = {"title": "送温暖", "days": 7, "occasions": ["routine"], "active": True}
    return Request("/obligation-kinds/warmth", body)


def _scheduled(office: Office, _cadre_id: str) -> Record:
    return office.session(state="scheduled")


EXPLANATION = {"explanation": "已核实"}

REGISTRY = [
    _new("registry", "/cadres", lambda o, c: o.particulars(name="王建国")),
    Example(
        "registry",
        "PATCH",
        f"/cadres/{ONE}",
        nothing,
        lambda o, c, _: Request(f"/cadres/{c}", {"reason": "correction", "political_status": "13"}),
    ),
    _cadre("rank", {"rank": "131", "on": "2022-02-01", "document_no": "甲1号"}),
    _cadre("treatment", {"treatment": "131", "on": "2022-02-01", "document_no": "甲1号"}),
    _cadre("medical-treatment", {"medical_treatment": "131", "on": "2022-02-01", "document_no": "甲1号"}),
    _cadre("reimbursement", {"reimbursement": "full", "on": "2022-02-01", "document_no": "甲1号"}),
    _cadre("liaison", lambda o: {"liaison": None, "on": "2022-02-01"}),
    _cadre("unit", lambda o: {"unit": o.listed("/units", o.number("单位")), "on": "2022-02-01"}),
    _cadre("street", lambda o: {"street": o.listed("/streets", o.number("街道")), "on": "2022-02-01"}),
    _cadre("care", {"hardship": True, "on": "2022-02-01"}),
    _cadre("death", {"deceased_on": "2022-12-01"}),
    _cadre("death/correct", {"deceased_on": "2022-12-02", "reason": "correction"}, _dead),
    _cadre("death/withdraw", VOID, _dead),
    _cadre("leave", {"left_on": "2022-06-01", "destination": "邻区"}),
    _cadre("return", {"returned_on": "2022-07-01"}, _left),
    _cadre("merge", lambda o: {"into": o.cadre()["id"]}),
    _cadre("undo-merge", None, _merged),
    _amend("registry", "/changes", _change, True, from_on="2022-02-02"),
    _act("registry", "/changes", "void", _change, VOID, True),
    _amend("registry", "/transfers", _left, True, left_on="2022-06-02"),
    _act("registry", "/transfers", "void", _left, VOID, True),
    Example(
        "registry",
        "POST",
        "/liaisons/reassign",
        _two_liaisons,
        lambda o, c, other: Request("/liaisons/reassign", {"from": o.liaison, "to": other, "on": "2022-02-01"}),
        False,
    ),
    # Not about the person: what contradicts a merged record is resolved with the merge, and back when it is undone.
    _act("registry", "/contradictions", "explain", _registry_contradiction, EXPLANATION),
    *_list("registry", "/units", "区民政局"),
    *_list("registry", "/streets", "沙湾街道"),
    *_list("registry", "/liaisons", "联络三组"),
]

OUTREACH = [
    _new("outreach", "/visits", lambda o, c: o.visit_body(c), about_cadre=True),
    _amend("outreach", "/visits", lambda o, c: o.visit(c), True, people=3),
    _act("outreach", "/visits", "void", lambda o, c: o.visit(c), VOID, True),
    _new("outreach", "/contacts", lambda o, c: o.contact_body(c), about_cadre=True),
    _amend("outreach", "/contacts", lambda o, c: o.contact(c), True, contacted_on="2022-07-31"),
    _act("outreach", "/contacts", "void", lambda o, c: o.contact(c), VOID, True),
    _new("outreach", "/stays", lambda o, c: o.stay_body(c), about_cadre=True),
    _amend("outreach", "/stays", lambda o, c: o.stay(c), True, admitted_on="2022-08-31"),
    _act("outreach", "/stays", "end", lambda o, c: o.stay(c), {"discharged_on": "2022-09-20"}, True),
    _act("outreach", "/stays", "void", lambda o, c: o.stay(c), VOID, True),
    _new("outreach", "/aid-cases", lambda o, c: o.aid_body(c), about_cadre=True),
    _amend("outreach", "/aid-cases", lambda o, c: o.aid(c), True, cause="poverty"),
    _act(
        "outreach",
        "/aid-cases",
        "approve",
        lambda o, c: o.aid(c),
        {"amount": "900.00", "approved_on": "2022-10-10"},
        True,
    ),
    _act("outreach", "/aid-cases", "decline", lambda o, c: o.aid(c), {"declined_on": "2022-10-10"}, True),
    _act("outreach", "/aid-cases", "withdraw", lambda o, c: o.aid(c), {"reason": "by-applicant"}, True),
    _act("outreach", "/aid-cases", "reopen", _declined, None, True),
    _new(
        "outreach", "/suggestions", lambda o, c: {"received_on": "2022-04-06", "channel": "phone", "category": "health"}
    ),
    _amend("outreach", "/suggestions", lambda o, c: o.suggestion(), False, category="legal"),
    _act(
        "outreach",
        "/suggestions",
        "assign",
        lambda o, c: o.suggestion(),
        {"assignee": "办公室", "assigned_on": "2022-04-07"},
    ),
    _act("outreach", "/suggestions", "resolve", lambda o, c: o.suggestion(), {"resolved_on": "2022-04-12"}),
    _act("outreach", "/suggestions", "void", lambda o, c: o.suggestion(), VOID),
    Example("outreach", "PUT", "/obligation-kinds/<code>", nothing, _kind, False),
    _new("outreach", "/festivals", lambda o, c: {"name": "春节", "held_on": "2023-01-22"}),
    _amend("outreach", "/festivals", lambda o, c: o.festival(), False, held_on="2023-01-21"),
    _act("outreach", "/festivals", "retire", lambda o, c: o.festival()),
    _act("outreach", "/festivals", "relist", _retired_festival),
    _act("outreach", "/contradictions", "explain", _of_death("outreach", lambda o: o.visit), EXPLANATION, True),
]

ACTIVITIES = [
    _new("activities", "/sessions", lambda o, c: {**o.session_body(), "attendances": [{"cadre_id": c}]}),
    _amend("activities", "/sessions", lambda o, c: o.session(), False, title="第二讲"),
    Example(
        "activities",
        "POST",
        f"/sessions/{ONE}/hold",
        _scheduled,
        lambda o, c, made: Request(f"/sessions/{made['id']}/hold", {"attendances": [{"cadre_id": c}]}),
    ),
    _act("activities", "/sessions", "cancel", lambda o, c: o.session(), {"reason": "weather"}),
    _under(
        "activities",
        "/sessions/<uuid:session_id>/attendances",
        lambda o, c: o.session(),
        lambda o, c: {"cadre_id": c},
        about_cadre=True,
    ),
    _amend("activities", "/attendances", lambda o, c: o.attendance(c), True, attended_on="2022-03-02"),
    _act("activities", "/attendances", "void", lambda o, c: o.attendance(c), VOID, True),
    _new("activities", "/works", lambda o, c: o.work_body(c), about_cadre=True),
    _amend("activities", "/works", lambda o, c: o.work(c), True, collected_on="2022-06-21"),
    _act("activities", "/works", "withdraw", lambda o, c: o.work(c), {"reason": "by-author"}, True),
    _new("activities", "/health-checks", lambda o, c: {"held_on": "2022-05-10", "hospital": "区中心医院"}),
    _amend("activities", "/health-checks", lambda o, c: o.batch(), False, held_on="2022-05-11"),
    _act("activities", "/health-checks", "void", lambda o, c: o.batch(), VOID),
    _under(
        "activities",
        "/health-checks/<uuid:batch_id>/checks",
        lambda o, c: o.batch(),
        lambda o, c: {"cadre_id": c},
        about_cadre=True,
    ),
    _amend("activities", "/checks", lambda o, c: o.check(c), True, checked_on="2022-03-02"),
    _act("activities", "/checks", "void", lambda o, c: o.check(c), VOID, True),
    _new("activities", "/drives", lambda o, c: {"title": "第一次接种专场", "starts_on": "2022-04-12"}),
    _amend("activities", "/drives", lambda o, c: o.drive(), False, title="第二次接种专场"),
    _act("activities", "/drives", "void", lambda o, c: o.drive(), VOID),
    _under(
        "activities",
        "/drives/<uuid:drive_id>/rosters",
        lambda o, c: o.drive(),
        lambda o, c: {
            "on": "2022-03-01",
            "unit": o.listed("/units", o.number("单位"), "activities"),
            "attended": 9,
            "vaccinated": 4,
        },
    ),
    _amend("activities", "/rosters", lambda o, c: o.roster(), False, attended=10),
    _act("activities", "/rosters", "void", lambda o, c: o.roster(), VOID),
    _act(
        "activities", "/contradictions", "explain", _of_death("activities", lambda o: o.attendance), EXPLANATION, True
    ),
    *_list("activities", "/units", "区交通局"),
]

FINANCE = [
    _new("finance", "/budget-lines", lambda o, c: o.line_body()),
    _amend("finance", "/budget-lines", lambda o, c: o.line(), False, initial="120000.00"),
    _act("finance", "/budget-lines", "void", lambda o, c: o.line(), VOID),
    _under(
        "finance",
        "/budget-lines/<uuid:line_id>/adjustments",
        lambda o, c: o.line(),
        lambda o, c: {"adjustment_no": "TZ-9", "adjusted_on": "2022-06-01", "amount": "500.00"},
    ),
    _amend("finance", "/adjustments", lambda o, c: o.adjustment(), False, amount="600.00"),
    _act("finance", "/adjustments", "void", lambda o, c: o.adjustment(), VOID),
    Example(
        "finance",
        "POST",
        "/expenditures",
        lambda o, c: o.line(),
        lambda o, c, line: Request(
            "/expenditures",
            {"voucher_no": "PZ-9", "spent_on": "2022-05-01", "amount": "300.00", "line_id": line["id"]},
        ),
        False,
    ),
    _amend("finance", "/expenditures", lambda o, c: o.voucher(), False, amount="310.00"),
    _under("finance", "/expenditures/<uuid:original_id>/reversal", lambda o, c: o.voucher(), lambda o, c: RETURN),
    _act("finance", "/aid-payments", "return", lambda o, c: o.paid(c), RETURN, True),
    _act("finance", "/aid-payments", "pay", _returned, {"pay_on": "2022-12-21"}, True),
    _act("finance", "/aid-payments", "propose-reversal", lambda o, c: o.paid(c), RETURN, True),
    _act("finance", "/aid-payments", "confirm-reversal", _proposed, None, True, subject="second"),
    _act("finance", "/aid-payments", "drop-reversal", _proposed, None, True),
    _act("finance", "/contradictions", "explain", _paid_but_withdrawn, EXPLANATION, True),
]

EXAMPLES = [*REGISTRY, *OUTREACH, *ACTIVITIES, *FINANCE]

WITHOUT_EVENT: Mapping[tuple[str, str], str] = {
    ("POST", "/cursors/<source>/reset"): "what was read is read anew; nothing of the service's own changes",
    ("DELETE", "/readers/<subject>"): "a reader that reads no more is forgotten; nothing of the records changes",
    ("POST", "/parked/replay"): "a parked event is applied; what it leads to is tested with the consumers",
    (
        "POST",
        "/workbooks/<name>",
    ): "a workbook's rows go through the same rules as the routes; test_merged_cadre imports",
    ("POST", "/cadres/search"): "a question; it is no GET because addresses end up in logs",
    ("POST", "/rebuild"): "the facts are derived anew from the same log",
    ("POST", "/years/<int:year>/verification"): "a comparison; changes nothing",
    ("POST", "/session"): "a cookie of the browser",
    ("DELETE", "/session"): "a cookie of the browser",
}
"""The routes that are no GET and change no record of the bureau, with the reason."""
