"""The year's figures, counted once more from the final records by the rules of docs/workbooks.md.

It reads the services' lists and shares no code with reporting: no event, no fact, no catalogue.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from tests.bureau.bureau import Bureau

Record = dict[str, Any]
MILESTONES = ("birthday", "party_50_years", "treatment_change")


class Records:
    """All records of a bureau, as the services list them. `withdrawn_before` are the aid cases that were withdrawn
    already on the year's last day: what is withdrawn later was still to be paid on that day.
    """

    def __init__(self, bureau: Bureau, withdrawn_before: Collection[str] = ()) -> None:
        def all_of(service: str, path: str) -> list[Record]:
            return bureau.all(service, path)

        merged = all_of("registry", "/cadres?state=merged")
        self.today = bureau.today
        self.withdrawn_before = withdrawn_before
        self.cadres = all_of("registry", "/cadres")
        self.survivors = {each["id"]: each["survivor"] for each in merged}
        self.transfers = all_of("registry", "/transfers")
        self.visits = _in_state(all_of("outreach", "/visits"), "recorded")
        self.contacts = _in_state(all_of("outreach", "/contacts"), "made")
        self.aid_cases = all_of("outreach", "/aid-cases")
        self.suggestions = [each for each in all_of("outreach", "/suggestions") if each["state"] != "voided"]
        self.sessions = _in_state(all_of("activities", "/sessions"), "held")
        self.attendances = _in_state(all_of("activities", "/attendances"), "recorded")
        self.works = _in_state(all_of("activities", "/works"), "collected")
        self.batches = _in_state(all_of("activities", "/health-checks"), "held")
        self.checks = _in_state(all_of("activities", "/checks"), "recorded")
        self.drives = _in_state(all_of("activities", "/drives"), "held")
        self.rosters = _in_state(all_of("activities", "/rosters"), "recorded")
        self.lines = _in_state(all_of("finance", "/budget-lines"), "approved")
        self.adjustments = _in_state(all_of("finance", "/adjustments"), "made")
        self.vouchers = all_of("finance", "/expenditures")
        self.payments = {each["id"]: each for each in all_of("finance", "/aid-payments")}

    def person(self, cadre_id: str) -> str:
        """Return the record that stands for a person today."""
        return self.survivors.get(cadre_id, cadre_id)

    def persons(self, records: Iterable[Record]) -> int:
        """Return how many different persons some records are about."""
        return len({self.person(each["cadre_id"]) for each in records})


def recount(records: Records, year: int) -> dict[str, int | tuple[int, int] | None]:
    """Return each figure: a number (amounts in fen), or (numerator, denominator) of a rate."""
    return {**_finance(records, year), **_activities(records, year), **_outreach(records, year)}


def _finance(records: Records, year: int) -> dict[str, Any]:
    lines = [each for each in records.lines if each["year"] == year]
    adjustments = [each for each in records.adjustments if each["year"] == year]

    def budget(*classes: str) -> int:
        return sum(_fen(each["initial"]) for each in lines if each["expenditure_class"] in classes) + sum(
            _fen(each["amount"]) for each in adjustments if each["expenditure_class"] in classes
        )

    def spent(counts: Callable[[Record], bool]) -> int:
        found = (each for each in records.vouchers if _in_year(each, "spent_on", year) and counts(each))
        return sum(_fen(each["amount"]) * (-1 if each["reverses_id"] else 1) for each in found)

    of_aid = {each["id"] for each in records.vouchers if each["voucher_no"].startswith("BF-")}
    executed, total = spent(lambda each: True), budget("basic", "project")
    return {
        "finance.budget.total": total,
        "finance.budget.basic": budget("basic"),
        "finance.budget.project": budget("project"),
        "finance.executed.total": executed,
        "finance.execution_rate": (executed, total),
        "finance.aid.paid": spent(lambda each: each["id"] in of_aid or each["reverses_id"] in of_aid),
    }


def _activities(records: Records, year: int) -> dict[str, Any]:
    held = _of_year(records.sessions, "held_on", year)
    sports = [each for each in held if each["programme"] == "culture_sports"]
    online = [each for each in held if each["programme"] == "online"]
    lessons = {each["id"] for each in records.sessions if each["programme"] == "online"}
    named = [each for each in _of_year(records.attendances, "attended_on", year) if each["session_id"] in lessons]
    works = _of_year(records.works, "collected_on", year)
    batches = {each["id"] for each in records.batches}
    checks = [each for each in _of_year(records.checks, "checked_on", year) if each["batch_id"] in batches]
    drives = {each["id"] for each in records.drives}
    rosters = [each for each in _of_year(records.rosters, "on", year) if each["drive_id"] in drives]
    research = [each for each in held if each["programme"] == "research" and each["topic"] is not None]
    return {
        "activities.college.sessions": sum(each["programme"] == "college" for each in held),
        "activities.research.topics": len({each["topic"] for each in research}),
        "activities.events.hosted": sum(each["host"] == "centre" for each in sports),
        "activities.events.joined": sum(each["host"] in ("district", "city", "province") for each in sports),
        "activities.works.poems_call": sum(each["genre"] == "poem" and bool(each["call"]) for each in works),
        "activities.works.essays_call": sum(each["genre"] == "essay" and bool(each["call"]) for each in works),
        "activities.online.lessons": len(online),
        "activities.online.attendance": len(named) + sum(each["others_count"] for each in online),
        "activities.reflections": sum(each["genre"] == "reflection" for each in works),
        "activities.works.art": sum(
            each["genre"] in ("poem", "calligraphy", "painting") and not each["call"] for each in works
        ),
        "activities.healthcheck.batches": len(_of_year(records.batches, "held_on", year)),
        "activities.healthcheck.persons": records.persons(checks),
        "activities.vaccination.drives": len(_of_year(records.drives, "starts_on", year)),
        "activities.vaccination.days": len({(each["drive_id"], each["on"]) for each in rosters}),
        "activities.vaccination.units": len({each["unit"] for each in rosters}),
        "activities.vaccination.attended": sum(each["attended"] for each in rosters),
        "activities.vaccination.vaccinated": sum(each["vaccinated"] for each in rosters),
    }


def _outreach(records: Records, year: int) -> dict[str, Any]:
    visits = _of_year(records.visits, "visited_on", year)
    suggestions = _of_year(records.suggestions, "received_on", year)
    resolved = [each for each in suggestions if each["resolved_on"] and each["resolved_on"] <= f"{year}-12-31"]
    themed = [each for each in visits if each["category"] == "love_knocks" and each["occasion"] in MILESTONES]
    treatment = [each for each in visits if each["form"] == "home" and each["occasion"] == "treatment_change"]
    return {
        "outreach.contact.coverage": _coverage(records, year),
        "outreach.milestone_visits.persons": records.persons(themed),
        "outreach.five_visits.persons": sum(each["people"] for each in visits if each["five_must"]),
        "outreach.treatment_change_visits.persons": records.persons(treatment),
        "outreach.aid.persons": records.persons(each for each in records.aid_cases if _aided(records, each, year)),
        "outreach.suggestions.received": len(suggestions),
        "outreach.suggestions.resolved_rate": (len(resolved), len(suggestions)),
    }


def _aided(records: Records, case: Record, year: int) -> bool:
    """Return whether a case was approved in the year, and on its last day paid or still to be paid."""
    if case["reviewed_on"] is None or not _in_year(case, "reviewed_on", year):
        return False
    last = f"{year}-12-31"
    if case["state"] == "refused":
        return bool(case["settled_on"] > last)
    if case["state"] == "reversed":
        return bool(records.payments[case["id"]]["answered_on"] > last)
    if case["state"] == "withdrawn":
        return case["id"] not in records.withdrawn_before and records.today.isoformat() > last
    return case["state"] in ("approved", "paid", "returned")


def _coverage(records: Records, year: int) -> tuple[int, int]:
    due = {
        (cadre["id"], f"{year}-{month:02}")
        for month in range(1, 13)
        for cadre in records.cadres
        if _is_due(records, cadre, date(year, month, monthrange(year, month)[1]))
    }
    reached = {(records.person(each["cadre_id"]), each["contacted_on"][:7]) for each in records.contacts}
    return len(due & reached), len(due)


def _is_due(records: Records, cadre: Record, last: date) -> bool:
    """Return whether a month's call on somebody was due: registered, living and served on its last day."""
    day = last.isoformat()
    if last > records.today or cadre["registered_on"] > day or (cadre["deceased_on"] or "9999") <= day:
        return False
    return not any(
        each["left_on"] <= day < (each["returned_on"] or "9999")
        for each in records.transfers
        if each["cadre_id"] == cadre["id"] and each["state"] != "voided"
    )


def _of_year(records: Iterable[Record], field: str, year: int) -> list[Record]:
    return [each for each in records if _in_year(each, field, year)]


def _in_year(record: Record, field: str, year: int) -> bool:
    return str(record[field]).startswith(f"{year}-")


def _in_state(records: Iterable[Record], state: str) -> list[Record]:
    return [each for each in records if each["state"] == state]


def _fen(amount: str) -> int:
    return int(Decimal(amount) * 100)


# ---- against reporting


def differences(bureau: Bureau, records: Records, year: int) -> list[str]:
    """Return where reporting's figures of a year differ from the recount, in words."""
    counted = recount(records, year)
    found = []
    for item in bureau.get("reporting", f"/years/{year}/indicators")["items"]:
        wanted = counted[item["code"]]
        if not _agrees(item, wanted):
            found.append(
                f"{year} {item['code']}: {item['value']} ({item['numerator']}/{item['denominator']}), counted {wanted}"
            )
    return found


def _agrees(item: Record, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        return _rate_agrees(item, wanted)
    if item["value"] is None:
        return item["state"] == "no_data" and wanted == 0
    factor = 1_000_000 if item["unit"] == "万元" else 1
    return Decimal(item["value"]) * factor == wanted


def _rate_agrees(item: Record, wanted: tuple[int, int]) -> bool:
    numerator, denominator = wanted
    if item["denominator"] is None:
        return item["state"] == "no_data" and numerator == 0
    if (item["numerator"], item["denominator"]) != wanted:
        return False
    if denominator == 0:
        return item["value"] is None
    return abs(Decimal(item["value"]) - Decimal(100 * numerator) / denominator) <= Decimal("0.005")
