"""What may happen in a bureau. An act is a name and a few numbers; which record and which day they mean depends on what
there is when the act's turn comes, so that any list of acts is a history, and a shorter one is one as well.

A service may refuse an act (409, 422, …): then nothing has happened. It may never fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.bureau.bureau import Bureau
from tests.unit.registry_builders import resident_number

YEAR = 2022
FIRST = date(YEAR, 1, 1)

PERSONS = (("林晓霞", "19500301"), ("王建国", "19440229"), ("阿布都·热合曼", "19380715"))
FORMS = ("home", "hospital", "other")
CATEGORIES = ("routine", "festival", "love_knocks")
OCCASIONS = ("illness", "birthday", "party_50_years", "treatment_change", "routine", "death")
METHODS = ("phone", "wechat")
PROGRAMMES = ("college", "online", "culture_sports", "research")
HOSTS = ("centre", "district")
GENRES = ("poem", "essay", "reflection", "calligraphy")
CHANNELS = ("phone", "platform")
CAUSES = ("illness", "poverty")
VOID = {"reason": "entered-in-error"}

LISTS = {
    "cadres": ("registry", "/cadres"),
    "visits": ("outreach", "/visits"),
    "contacts": ("outreach", "/contacts"),
    "aid": ("outreach", "/aid-cases"),
    "suggestions": ("outreach", "/suggestions"),
    "sessions": ("activities", "/sessions"),
    "attendances": ("activities", "/attendances"),
    "works": ("activities", "/works"),
    "batches": ("activities", "/health-checks"),
    "checks": ("activities", "/checks"),
    "drives": ("activities", "/drives"),
    "rosters": ("activities", "/rosters"),
    "lines": ("finance", "/budget-lines"),
    "adjustments": ("finance", "/adjustments"),
    "vouchers": ("finance", "/expenditures"),
}
"""Where the records are listed that acts choose from."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens: its name and four numbers of a choice each."""

    what: str
    a: int
    b: int
    c: int
    d: int


class World:
    """A bureau while a history runs. Records are picked out of lists that the world keeps itself."""

    def __init__(self, bureau: Bureau, last: date = date(YEAR, 12, 31)) -> None:
        self.bureau = bureau
        self.last = last
        self.serial = 0
        self.numbers: dict[str, str] = {}
        self.known: dict[str, list[str]] = {}
        self.done: list[str] = []
        self.unit = bureau.post("registry", "/units", {"label": "区教育局"})["code"]
        self.street = bureau.post("registry", "/streets", {"label": "石桥街道"})["code"]
        self.guest_units = [
            bureau.post("activities", "/units", {"label": label})["code"] for label in ("区交通局", "区民政局")
        ]

    # ---- choices

    def day(self, number: int) -> str:
        """Return a day of the year, or of the next one as far as it has come."""
        days = (self.last - FIRST).days + 1
        return (FIRST + timedelta(days=number * 7 % days)).isoformat()

    def number(self, prefix: str) -> str:
        """Return a number that nothing has yet."""
        self.serial += 1
        return f"{prefix}-{self.serial}"

    def one(self, things: str, number: int) -> str | None:
        """Return the id of one of the records of a kind, or None if there is none."""
        found = self.known.get(things)
        return found[number % len(found)] if found else None

    def look(self) -> None:
        """Learn of all records that there are, whoever brought them."""
        for things, (service, path) in LISTS.items():
            self.known[things] = [each["id"] for each in self.bureau.all(service, path)]

    # ---- requests

    def try_to(self, service: str, method: str, path: str, body: Any = None, things: str = "", **more: Any) -> Any:
        """Send a request; return the answer, or None if it is refused. A record that is begun is noted."""
        response = self.bureau.call(service, method, path, body, **more)
        self.done.append(f"{method} {service}{path} {body} → {response.status_code}")
        if response.status_code >= 400:
            self.done[-1] += f" {response.json['type'].rpartition(':')[2]}"
            return None
        answer = response.json
        if things and answer["id"] not in self.known.setdefault(things, []):
            self.known[things].append(answer["id"])
        return answer

    def amend(self, service: str, collection: str, record_id: str, **changes: Any) -> Any:
        """Amend a record, if it may be."""
        return self.try_to(service, "PATCH", f"/{collection}/{record_id}", {"reason": "correction", **changes})

    def act_on(self, service: str, collection: str, record_id: str, what: str, body: Any = None, **more: Any) -> Any:
        """Do something with a record, if it may be done."""
        return self.try_to(service, "POST", f"/{collection}/{record_id}/{what}", body, **more)

    # ---- history

    def do(self, act: Act) -> None:
        """Let an act happen."""
        ACTS[act.what](self, act)

    def end(self) -> None:
        """Let everything that follows from the history happen."""
        self.bureau.settle()
        self.bureau.run_timers()
        self.bureau.settle()


# ---- what may happen


def register(world: World, act: Act) -> None:
    """A person is registered, perhaps once more under another number."""
    name, born = PERSONS[act.a % len(PERSONS)]
    world.serial += 1
    body = {
        "name": name,
        "resident_number": resident_number(born, world.serial),
        "sex": "2",
        "political_status": "01",
        "retirement_category": "2",
        "rank": "132",
        "treatment": "132",
        "unit": world.unit,
        "street": world.street,
        "registered_on": world.day(act.b) if act.c % 3 == 0 else "2012-05-01",
        "deceased_on": world.day(act.d) if act.c % 7 == 0 else None,
    }
    cadre = world.try_to("registry", "POST", "/cadres?confirm=entered-twice", body, "cadres")
    if cadre is not None:
        world.numbers[cadre["id"]] = cadre["cadre_no"]
    world.bureau.settle()


def correct_registration(world: World, act: Act) -> None:
    """The date of registration was another one."""
    if cadre := world.one("cadres", act.a):
        world.amend("registry", "cadres", cadre, registered_on=world.day(act.b))


def die(world: World, act: Act) -> None:
    """A death becomes known, is corrected, or turns out to be a mistake."""
    cadre = world.one("cadres", act.a)
    if cadre is None:
        return
    if act.c % 4 == 0:
        world.act_on("registry", "cadres", cadre, "death/withdraw", VOID)
    elif act.c % 4 == 1:
        body = {"deceased_on": world.day(act.b), "reason": "correction"}
        world.act_on("registry", "cadres", cadre, "death/correct", body)
    else:
        world.act_on("registry", "cadres", cadre, "death", {"deceased_on": world.day(act.b)})


def transfer(world: World, act: Act) -> None:
    """A cadre leaves for another bureau, perhaps again, or comes back, or never left."""
    cadre = world.one("cadres", act.a)
    transfer_id = world.one("transfers", act.b)
    if act.c % 4 == 0 and cadre is not None:
        back = world.day(act.d) if act.d % 2 else None
        body = {"left_on": world.day(act.b), "destination": "邻区", "returned_on": back}
        world.act_on("registry", "cadres", cadre, "leave", body, things="transfers")
    elif act.c % 4 == 1 and cadre is not None:
        world.act_on("registry", "cadres", cadre, "return", {"returned_on": world.day(act.d)})
    elif act.c % 4 == 2 and transfer_id is not None:
        world.act_on("registry", "transfers", transfer_id, "void", VOID)
    elif transfer_id is not None:
        world.amend("registry", "transfers", transfer_id, left_on=world.day(act.d))


def merge(world: World, act: Act) -> None:
    """Two records turn out to be one person's."""
    cadre, into = world.one("cadres", act.a), world.one("cadres", act.b)
    if cadre is not None:
        world.act_on("registry", "cadres", cadre, "merge", {"into": into})


def undo_merge(world: World, act: Act) -> None:
    """They were two persons after all."""
    if cadre := world.one("cadres", act.a):
        world.act_on("registry", "cadres", cadre, "undo-merge")


def care(world: World, act: Act) -> None:
    """A flag is set or cleared."""
    if cadre := world.one("cadres", act.a):
        world.act_on("registry", "cadres", cadre, "care", {"hardship": act.c % 2 == 0, "on": world.day(act.b)})


def visit(world: World, act: Act) -> None:
    """A visit is recorded."""
    if cadre := world.one("cadres", act.a):
        body = {
            "cadre_id": cadre,
            "visited_on": world.day(act.b),
            "form": FORMS[act.c % 3],
            "category": CATEGORIES[act.d % 3],
            "occasion": OCCASIONS[(act.c + act.d) % len(OCCASIONS)],
            "five_must": act.d % 2 == 0,
            "people": 1 + act.c % 5,
        }
        world.try_to("outreach", "POST", "/visits?confirm=entered-twice", body, "visits")


def change_visit(world: World, act: Act) -> None:
    """A visit is corrected or voided, or was paid to somebody else."""
    if found := world.one("visits", act.a):
        if act.c % 3 == 0:
            world.act_on("outreach", "visits", found, "void", VOID)
        elif act.c % 3 == 1:
            world.amend("outreach", "visits", found, visited_on=world.day(act.b), people=1 + act.d % 9)
        else:
            world.amend("outreach", "visits", found, cadre_id=world.one("cadres", act.b))


def contact(world: World, act: Act) -> None:
    """A contact is made."""
    if cadre := world.one("cadres", act.a):
        body = {"cadre_id": cadre, "contacted_on": world.day(act.b), "method": METHODS[act.c % 2]}
        world.try_to("outreach", "POST", "/contacts", body, "contacts")


def change_contact(world: World, act: Act) -> None:
    """A contact is corrected or voided."""
    if found := world.one("contacts", act.a):
        if act.c % 2:
            world.act_on("outreach", "contacts", found, "void", VOID)
        else:
            world.amend("outreach", "contacts", found, contacted_on=world.day(act.b))


def stay(world: World, act: Act) -> None:
    """A stay in hospital is reported, ends, is corrected or voided."""
    cadre, found = world.one("cadres", act.a), world.one("stays", act.b)
    if act.c % 4 == 0 and cadre is not None:
        body = {"cadre_id": cadre, "admitted_on": world.day(act.b), "reported_on": world.day(act.b + act.d)}
        path = "/stays?confirm=entered-twice,stay-overlaps"
        world.try_to("outreach", "POST", path, body, "stays")
    elif act.c % 4 == 1 and found is not None:
        world.act_on("outreach", "stays", found, "end", {"discharged_on": world.day(act.d)})
    elif act.c % 4 == 2 and found is not None:
        world.amend("outreach", "stays", found, admitted_on=world.day(act.d))
    elif found is not None:
        world.act_on("outreach", "stays", found, "void", VOID)


def apply_for_aid(world: World, act: Act) -> None:
    """Aid is applied for, and perhaps decided at once."""
    if cadre := world.one("cadres", act.a):
        body = {"cadre_id": cadre, "applied_on": world.day(act.b), "cause": CAUSES[act.c % 2]}
        case = world.try_to("outreach", "POST", "/aid-cases", body, "aid")
        if case is not None and act.c % 3:
            decide(world, Act("decide", world.known["aid"].index(case["id"]), act.b, act.c, act.d))


def decide(world: World, act: Act) -> None:
    """Aid is approved, perhaps to be paid weeks later, or declined."""
    if case := world.one("aid", act.a):
        if act.c % 5 == 0:
            world.act_on("outreach", "aid-cases", case, "decline", {"declined_on": world.day(act.b + 1)})
            return
        approved = date.fromisoformat(world.day(act.b + act.d % 3))
        body = {
            "amount": f"{100 * (1 + act.d % 20)}.00",
            "approved_on": approved.isoformat(),
            "pay_on": (approved + timedelta(days=act.d % 30)).isoformat(),
        }
        world.act_on("outreach", "aid-cases", case, "approve", body)


def change_aid(world: World, act: Act) -> None:
    """Aid is corrected; before the year's end, it may be withdrawn or opened again."""
    if case := world.one("aid", act.a):
        if act.c % 4 == 0 and world.last.year == YEAR:
            world.act_on("outreach", "aid-cases", case, "withdraw", {"reason": "by-applicant"})
        elif act.c % 4 == 1 and world.last.year == YEAR:
            # Before finance has answered, see tests/cases/test_bureau_when_the_other_record_changes.py.
            world.bureau.settle()
            world.act_on("outreach", "aid-cases", case, "reopen")
        elif act.c % 4 == 2:
            world.amend("outreach", "aid-cases", case, amount=f"{50 * (1 + act.d % 30)}.00")
        else:
            world.amend("outreach", "aid-cases", case, applied_on=world.day(act.b))


def payment(world: World, act: Act) -> None:
    """The bank returns aid, it is paid again, or two persons take it back."""
    case = world.one("aid", act.a)
    if case is None:
        return
    back = {"voucher_no": world.number("PZ"), "spent_on": world.day(act.b)}
    steps: Sequence[tuple[str, Any, str]] = (
        ("return", back, "first"),
        ("pay", {"pay_on": world.day(act.b)}, "first"),
        ("propose-reversal", back, "first"),
        ("confirm-reversal", None, "second"),
        ("drop-reversal", None, "first"),
    )
    what, body, subject = steps[act.c % len(steps)]
    world.act_on("finance", "aid-payments", case, what, body, subject=subject)


def suggestion(world: World, act: Act) -> None:
    """A suggestion comes in, is resolved, opened again, corrected or voided."""
    found = world.one("suggestions", act.a)
    if act.c % 3 == 0 or found is None:
        body = {"received_on": world.day(act.b), "channel": CHANNELS[act.d % 2], "category": "health"}
        world.try_to("outreach", "POST", "/suggestions?confirm=entered-twice", body, "suggestions")
    elif act.c % 3 == 1:
        world.act_on("outreach", "suggestions", found, "resolve", {"resolved_on": world.day(act.b)})
    elif act.d % 3 == 0:
        world.act_on("outreach", "suggestions", found, "void", VOID)
    elif act.d % 3 == 1:
        world.amend("outreach", "suggestions", found, resolved_on=None)
    else:
        world.amend("outreach", "suggestions", found, received_on=world.day(act.b))


def session(world: World, act: Act) -> None:
    """A session is held, or scheduled."""
    programme = PROGRAMMES[act.c % 4]
    held = act.d % 4 != 0
    body = {
        "title": f"第{act.d}讲",
        "programme": programme,
        "host": HOSTS[act.d % 2],
        "held_on": world.day(act.b),
        "topic": f"专题{act.d % 2}" if programme == "research" else None,
        "state": "held" if held else "scheduled",
        "others_count": act.a % 40 if held else 0,
    }
    path = "/sessions?confirm=entered-twice,count-far-above-cadres"
    world.try_to("activities", "POST", path, body, "sessions")


def change_session(world: World, act: Act) -> None:
    """A session is held after all, cancelled, or corrected."""
    if found := world.one("sessions", act.a):
        if act.c % 4 == 0:
            world.act_on("activities", "sessions", found, "cancel", {"reason": "weather"})
        elif act.c % 4 == 1:
            world.act_on("activities", "sessions", found, "hold", {})
        elif act.c % 4 == 2:
            world.amend("activities", "sessions", found, held_on=world.day(act.b))
        else:
            world.amend("activities", "sessions", found, programme=PROGRAMMES[act.b % 3], others_count=act.d % 50)


def attend(world: World, act: Act) -> None:
    """Somebody attended a session, perhaps by watching it later; or did not after all."""
    cadre, found = world.one("cadres", act.a), world.one("sessions", act.b)
    known = world.one("attendances", act.a)
    if act.c % 4 and cadre is not None and found is not None:
        body = {"cadre_id": cadre} if act.c % 2 else {"cadre_id": cadre, "attended_on": world.day(act.d)}
        world.try_to("activities", "POST", f"/sessions/{found}/attendances", body, "attendances")
    elif known is not None and act.d % 2:
        world.act_on("activities", "attendances", known, "void", VOID)
    elif known is not None:
        world.amend("activities", "attendances", known, attended_on=world.day(act.d))


def work(world: World, act: Act) -> None:
    """A work is collected, corrected or withdrawn."""
    found = world.one("works", act.a)
    if act.c % 3 or found is None:
        body = {
            "cadre_id": world.one("cadres", act.a) if act.d % 3 else None,
            "genre": GENRES[act.c % 4],
            "title": None,
            "collected_on": world.day(act.b),
            "call": "庆祝建党" if act.d % 2 else None,
        }
        world.try_to("activities", "POST", "/works?confirm=entered-twice,by-family", body, "works")
    elif act.d % 2:
        world.act_on("activities", "works", found, "withdraw", {"reason": "by-author"})
    else:
        world.amend("activities", "works", found, collected_on=world.day(act.b), genre=GENRES[act.d % 4])


def health_check(world: World, act: Act) -> None:
    """A batch is held, corrected or voided; somebody was checked in it, or was not."""
    batch, check, cadre = world.one("batches", act.a), world.one("checks", act.b), world.one("cadres", act.b)
    if act.c % 6 == 0 or batch is None:
        body = {"held_on": world.day(act.b), "hospital": f"医院{act.d}"}
        world.try_to("activities", "POST", "/health-checks?confirm=entered-twice", body, "batches")
    elif act.c % 6 == 1 and act.d % 3 == 0:
        world.act_on("activities", "health-checks", batch, "void", VOID)
    elif act.c % 6 == 2:
        world.amend("activities", "health-checks", batch, held_on=world.day(act.d))
    elif act.c % 6 == 3 and check is not None:
        world.act_on("activities", "checks", check, "void", VOID)
    elif act.c % 6 == 4 and check is not None:
        world.amend("activities", "checks", check, checked_on=world.day(act.d))
    elif cadre is not None:
        world.try_to("activities", "POST", f"/health-checks/{batch}/checks", {"cadre_id": cadre}, "checks")


def vaccination(world: World, act: Act) -> None:
    """A drive is held or voided; a roster is recorded, corrected or voided."""
    drive, roster = world.one("drives", act.a), world.one("rosters", act.b)
    if act.c % 6 == 0 or drive is None:
        body = {"title": f"第{act.d}次", "starts_on": world.day(act.b)}
        world.try_to("activities", "POST", "/drives?confirm=entered-twice", body, "drives")
    elif act.c % 6 == 1 and act.d % 3 == 0:
        world.act_on("activities", "drives", drive, "void", VOID)
    elif act.c % 6 == 2 and roster is not None:
        world.act_on("activities", "rosters", roster, "void", VOID)
    elif act.c % 6 == 3 and roster is not None:
        world.amend("activities", "rosters", roster, attended=10 + act.d, vaccinated=act.d)
    else:
        unit = world.guest_units[act.d % 2]
        body = {"on": world.day(act.b), "unit": unit, "attended": 5 + act.d, "vaccinated": act.d % 5}
        world.try_to("activities", "POST", f"/drives/{drive}/rosters", body, "rosters")


def budget(world: World, act: Act) -> None:
    """A line is approved, corrected or voided."""
    line = world.one("lines", act.a)
    if act.c % 3 == 0 or line is None:
        year = world.last.year if act.d % 4 == 0 else YEAR
        body = {
            "year": year,
            "line_no": world.number("YS"),
            "name": "活动经费",
            "expenditure_class": ("basic", "project")[act.d % 2],
            "initial": f"{1000 * (1 + act.d)}.00",
            "approved_on": f"{year}-01-0{1 + act.b % 9}",
            "pays_aid": act.b % 2 == 0,
        }
        world.try_to("finance", "POST", "/budget-lines", body, "lines")
    elif act.c % 3 == 1:
        changes = {"initial": f"{500 * (1 + act.d)}.00", "expenditure_class": ("basic", "project")[act.b % 2]}
        world.amend("finance", "budget-lines", line, **changes)
    elif act.d % 2:
        world.amend("finance", "budget-lines", line, pays_aid=act.b % 2 == 0)
    else:
        world.act_on("finance", "budget-lines", line, "void", VOID)


def adjust(world: World, act: Act) -> None:
    """A line is adjusted, or an adjustment is corrected or voided."""
    line, found = world.one("lines", act.a), world.one("adjustments", act.b)
    amount = f"{'-' if act.d % 3 == 0 else ''}{100 * (1 + act.d)}.00"
    if act.c % 3 == 0 and line is not None:
        body = {"adjustment_no": world.number("TZ"), "adjusted_on": world.day(act.b), "amount": amount}
        world.try_to("finance", "POST", f"/budget-lines/{line}/adjustments", body, "adjustments")
    elif act.c % 3 == 1 and found is not None:
        world.amend("finance", "adjustments", found, amount=amount, adjusted_on=world.day(act.d))
    elif found is not None:
        world.act_on("finance", "adjustments", found, "void", VOID)


def spend(world: World, act: Act) -> None:
    """A voucher is posted, corrected or taken back."""
    line, found = world.one("lines", act.a), world.one("vouchers", act.b)
    if act.c % 3 == 0 and line is not None:
        amount = f"{50 * (1 + act.d)}.00"
        body = {"voucher_no": world.number("PZ"), "line_id": line, "spent_on": world.day(act.b), "amount": amount}
        world.try_to("finance", "POST", "/expenditures", body, "vouchers")
    elif act.c % 3 == 1 and found is not None:
        world.amend("finance", "expenditures", found, spent_on=world.day(act.d), amount=f"{40 * (1 + act.a)}.00")
    elif found is not None:
        body = {"voucher_no": world.number("PZ"), "spent_on": world.day(act.d)}
        world.try_to("finance", "POST", f"/expenditures/{found}/reversal", body, "vouchers")


def deliver(world: World, _act: Act) -> None:
    """Events arrive."""
    world.bureau.settle()


def wait(world: World, _act: Act) -> None:
    """The services do what they do by themselves."""
    world.bureau.run_timers()


ACTS: dict[str, Callable[[World, Act], None]] = {
    function.__name__: function
    for function in (
        *(register, correct_registration, die, transfer, merge, undo_merge, care),
        *(visit, change_visit, contact, change_contact, stay),
        *(apply_for_aid, decide, change_aid, payment, suggestion),
        *(session, change_session, attend, work, health_check, vaccination),
        *(budget, adjust, spend, deliver, wait),
    )
}
