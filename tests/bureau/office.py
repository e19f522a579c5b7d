"""What tests of the whole bureau build: cadres and one record of each kind, by the services' own routes."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from hongxia import ids
from tests.bureau.bureau import Bureau
from tests.unit.registry_builders import resident_number

YEAR = 2022
HELD = f"{YEAR}-03-01"
"""The day of sessions, batches and drives unless another is given."""

Record = dict[str, Any]


class Office:
    """A bureau with lists, and builders of records. Each builder sends a request, delivers its events, and returns the
    record; keywords stand for fields that shall be different.
    """

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.unit = self.listed("/units", "区教育局")
        self.street = self.listed("/streets", "石桥街道")
        self.liaison = self.listed("/liaisons", "联络一组")
        self._serial = count(1)

    def post(self, service: str, path: str, body: Any = None, **more: Any) -> Any:
        """POST what has to be done, and deliver its events."""
        answer = self.bureau.post(service, path, body, **more)
        self.bureau.settle()
        return answer

    def number(self, prefix: str) -> str:
        """Return a number that nothing has yet."""
        return f"{prefix}-{next(self._serial):04}"

    # ---- registry

    def listed(self, path: str, label: str, service: str = "registry") -> str:
        """Add a label to a list; return its code."""
        return str(self.bureau.post(service, path, {"label": label})["code"])

    def particulars(self, **different: Any) -> Record:
        """Return the body of a registration of somebody who was born on 1 March 1950."""
        return {
            "name": "林晓霞",
            "resident_number": resident_number(serial=next(self._serial)),
            "sex": "2",
            "political_status": "01",
            "retirement_category": "2",
            "rank": "132",
            "treatment": "132",
            "unit": self.unit,
            "street": self.street,
            "liaison": self.liaison,
            "registered_on": "2012-05-01",
            **different,
        }

    def cadre(self, **different: Any) -> Record:
        """Register a cadre."""
        return dict(self.post("registry", "/cadres?confirm=entered-twice", self.particulars(**different)))

    def merge(self, cadre_id: str, into: str) -> None:
        """Merge a record into another one."""
        self.post("registry", f"/cadres/{cadre_id}/merge", {"into": into})

    def undo_merge(self, cadre_id: str) -> None:
        """Take a merge back."""
        self.post("registry", f"/cadres/{cadre_id}/undo-merge")

    def death(self, cadre_id: str, on: str) -> None:
        """Record a death."""
        self.post("registry", f"/cadres/{cadre_id}/death", {"deceased_on": on})

    # ---- outreach

    def visit_body(self, cadre_id: str, **different: Any) -> Record:
        """Return the body of a visit."""
        about = {"form": "home", "category": "love_knocks", "occasion": "birthday", "five_must": True, "people": 2}
        return {"cadre_id": cadre_id, "visited_on": "2022-07-01", **about, **different}

    def visit(self, cadre_id: str, **different: Any) -> Record:
        """Record a visit."""
        return dict(self.post("outreach", "/visits", self.visit_body(cadre_id, **different)))

    def contact_body(self, cadre_id: str, **different: Any) -> Record:
        """Return the body of a contact."""
        return {"cadre_id": cadre_id, "contacted_on": "2022-08-10", "method": "phone", **different}

    def contact(self, cadre_id: str, **different: Any) -> Record:
        """Record a contact."""
        return dict(self.post("outreach", "/contacts", self.contact_body(cadre_id, **different)))

    def stay_body(self, cadre_id: str, **different: Any) -> Record:
        """Return the body of a stay."""
        return {"cadre_id": cadre_id, "admitted_on": "2022-09-01", "reported_on": "2022-09-02", **different}

    def stay(self, cadre_id: str, **different: Any) -> Record:
        """Report a stay."""
        return dict(self.post("outreach", "/stays", self.stay_body(cadre_id, **different)))

    def aid_body(self, cadre_id: str, **different: Any) -> Record:
        """Return the body of an application."""
        return {"cadre_id": cadre_id, "applied_on": "2022-10-01", "cause": "illness", **different}

    def aid(self, cadre_id: str, **different: Any) -> Record:
        """Apply for aid."""
        return dict(self.post("outreach", "/aid-cases", self.aid_body(cadre_id, **different)))

    def approved(self, cadre_id: str, **different: Any) -> Record:
        """Approve aid that was applied for, of 1,000 yuan; finance answers."""
        case = self.aid(cadre_id)
        granted = {"amount": "1000.00", "approved_on": "2022-10-10", **different}
        self.post("outreach", f"/aid-cases/{case['id']}/approve", granted)
        return dict(self.bureau.get("outreach", f"/aid-cases/{case['id']}"))

    def suggestion(self, **different: Any) -> Record:
        """Receive a suggestion."""
        about = {"received_on": "2022-04-06", "channel": "phone", "category": "health", "summary": "希望增加体检项目"}
        return dict(self.post("outreach", "/suggestions", {**about, **different}))

    def festival(self, **different: Any) -> Record:
        """List a festival."""
        return dict(self.post("outreach", "/festivals", {"name": "春节", "held_on": "2023-01-22", **different}))

    # ---- activities

    def session_body(self, **different: Any) -> Record:
        """Return the body of a session that was held."""
        about = {"title": "老干部大学堂第一讲", "programme": "online", "host": "centre", "state": "held"}
        return {"held_on": HELD, **about, **different}

    def session(self, **different: Any) -> Record:
        """Record a session."""
        return dict(self.post("activities", "/sessions", self.session_body(**different)))

    def attendance(self, cadre_id: str, **different: Any) -> Record:
        """Record attendance of a session of its own."""
        path = f"/sessions/{self.session(title=self.number('讲'))['id']}/attendances"
        return dict(self.post("activities", path, {"cadre_id": cadre_id, **different}))

    def batch(self, **different: Any) -> Record:
        """Record a health-check batch."""
        about = {"held_on": HELD, "hospital": self.number("医院")}
        return dict(self.post("activities", "/health-checks", {**about, **different}))

    def check(self, cadre_id: str, **different: Any) -> Record:
        """Record a check in a batch of its own."""
        path = f"/health-checks/{self.batch()['id']}/checks"
        return dict(self.post("activities", path, {"cadre_id": cadre_id, **different}))

    def work_body(self, cadre_id: str | None, **different: Any) -> Record:
        """Return the body of a work."""
        about = {"genre": "poem", "title": "七律·望江", "collected_on": "2022-06-20", "call": None}
        return {"cadre_id": cadre_id, **about, **different}

    def work(self, cadre_id: str | None, **different: Any) -> Record:
        """Record a work."""
        return dict(self.post("activities", "/works", self.work_body(cadre_id, **different)))

    def drive(self, **different: Any) -> Record:
        """Record a vaccination drive."""
        about = {"title": self.number("接种专场"), "starts_on": HELD}
        return dict(self.post("activities", "/drives", {**about, **different}))

    def roster(self, **different: Any) -> Record:
        """Record a roster in a drive of its own."""
        unit = self.listed("/units", self.number("单位"), "activities")
        path = f"/drives/{self.drive()['id']}/rosters"
        body = {"on": HELD, "unit": unit, "attended": 9, "vaccinated": 4, **different}
        return dict(self.post("activities", path, body))

    # ---- finance

    def line_body(self, **different: Any) -> Record:
        """Return the body of a budget line of 100,000 yuan."""
        about = {"name": "活动经费", "expenditure_class": "project", "initial": "100000.00", "pays_aid": False}
        return {"year": YEAR, "line_no": self.number("YS"), "approved_on": "2022-01-01", **about, **different}

    def line(self, **different: Any) -> Record:
        """Approve a budget line."""
        return dict(self.post("finance", "/budget-lines", self.line_body(**different)))

    def adjustment(self, **different: Any) -> Record:
        """Adjust a line of its own."""
        body = {"adjustment_no": self.number("TZ"), "adjusted_on": "2022-06-01", "amount": "500.00", **different}
        return dict(self.post("finance", f"/budget-lines/{self.line()['id']}/adjustments", body))

    def voucher(self, **different: Any) -> Record:
        """Post a voucher on a line of its own."""
        line_id = different.pop("line_id", None) or self.line()["id"]
        about = {"voucher_no": self.number("PZ"), "spent_on": "2022-05-01", "amount": "300.00", "line_id": line_id}
        return dict(self.post("finance", "/expenditures", {**about, **different}))

    def paid(self, cadre_id: str) -> Record:
        """Have aid paid."""
        self.line(pays_aid=True)
        case = self.approved(cadre_id)
        assert case["state"] == "paid", case
        return case


def cadre_id_of(number: str) -> str:
    """Return the id that the registry gives the cadre with a number."""
    return ids.entity_id("cadre", number)


def day(text: str) -> date:
    """Return a date."""
    return date.fromisoformat(text)
