"""The same facts as workbooks, in any split and any order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from hongxia import services
from hongxia.definition import Importable
from hongxia.workbook.declare import Row
from hongxia.workbook.reconcile import Plan, load
from hongxia.workbook.write import write
from tests.bureau.bureau import Bureau
from tests.histories.acts import CATEGORIES, CHANNELS, FORMS, GENRES, HOSTS, METHODS, OCCASIONS, PROGRAMMES, YEAR
from tests.unit.registry_builders import resident_number

Values = dict[str, Any]
Sheets = dict[str, list[Values]]

UNITS = ("区交通局", "区民政局", "区文化局")
REFERS = {
    "attendances": ("sessions", "session_no"),
    "health_check_persons": ("health_checks", "batch_no"),
    "vaccination_rosters": ("vaccination_drives", "drive_no"),
    "adjustments": ("budget_lines", "line_no"),
    "expenditures": ("budget_lines", "line_no"),
}
"""By sheet: the sheet of the same file that its rows refer to, and by which column."""


@dataclass(frozen=True, slots=True)
class File:
    """A workbook's rows by sheet. `xlsx`: it is written to a real file and sent to the service; else its rows are
    handed to the loader, which is quicker.
    """

    workbook: str
    rows: Mapping[str, Sequence[Values]] = field(hash=False)
    xlsx: bool = False


@dataclass(slots=True)
class Facts:
    """What happened in a year, made of a seed: rows by workbook and sheet, each of which a service accepts."""

    random: Random
    rows: dict[str, Sheets] = field(default_factory=dict)
    cadres: list[Values] = field(default_factory=list)

    def day(self, since: date = date(YEAR, 1, 1)) -> date:
        """Return a day from a day of the year on."""
        return since + timedelta(days=self.random.randint(0, (date(YEAR, 12, 31) - since).days))

    def some(self, most: int) -> range:
        """Return the serial numbers of up to so many things."""
        return range(1, self.random.randint(0, most) + 1)

    def day_with(self, cadre: Values) -> date:
        """Return a day on which a cadre was served and lived; the day of death is one of these."""
        since = max(cadre["registered_on"], date(YEAR, 1, 1))
        last = cadre["deceased_on"] or date(YEAR, 12, 31)
        return since + timedelta(days=self.random.randint(0, (last - since).days))


def facts_of(seed: int) -> Facts:
    """Return a year's facts."""
    facts = Facts(Random(seed))
    facts.rows["cadres"] = {"cadres": [_cadre(facts, serial) for serial in range(1, facts.random.randint(2, 5))]}
    facts.cadres = facts.rows["cadres"]["cadres"]
    facts.rows["budget"] = _budget(facts)
    facts.rows["outreach"] = _outreach(facts)
    facts.rows["activities"] = _activities(facts)
    return facts


def _cadre(facts: Facts, serial: int) -> Values:
    registered = facts.day() if facts.random.random() < 0.2 else date(2012, 5, 1)
    died = facts.day(max(registered, date(YEAR, 1, 1))) if facts.random.random() < 0.2 else None
    return {
        "cadre_no": f"G{serial:04}",
        "name": "林晓霞王建国"[serial % 2 * 3 :][:3],
        "resident_number": resident_number(serial=serial),
        "sex": "2",
        "political_status": "01",
        "retirement_category": "2",
        "rank": "132",
        "treatment": "132",
        "unit": "区教育局",
        "street": "石桥街道",
        "registered_on": registered,
        "deceased_on": died,
    }


def _budget(facts: Facts) -> Sheets:
    pick = facts.random
    lines = [
        {
            "line_no": f"YS-{serial}",
            "name": "活动经费",
            "expenditure_class": pick.choice(("basic", "project")),
            "initial_fen": 100_000_00,
            "approved_on": date(YEAR, 1, 1),
            "pays_aid": serial == 1,
        }
        for serial in range(1, pick.randint(2, 4))
    ]
    adjustments = [
        {
            "adjustment_no": f"TZ-{serial}",
            "line_no": pick.choice(lines)["line_no"],
            "adjusted_on": facts.day(),
            "amount_fen": pick.choice((-1_000_00, 500_00, 12_345_67)),
        }
        for serial in facts.some(3)
    ]
    vouchers: list[Values] = [
        {
            "voucher_no": f"PZ-{serial}",
            "line_no": pick.choice(lines)["line_no"],
            "spent_on": facts.day(),
            "amount_fen": pick.randint(1, 2_000_00),
        }
        for serial in facts.some(5)
    ]
    for original in [each for each in vouchers if pick.random() < 0.3]:
        back = {"voucher_no": f"{original['voucher_no']}-R", "reverses_no": original["voucher_no"]}
        vouchers.append({**original, **back, "spent_on": facts.day(original["spent_on"])})
    return {"budget_lines": lines, "adjustments": adjustments, "expenditures": vouchers}


def _outreach(facts: Facts) -> Sheets:
    pick = facts.random
    visits = []
    for serial in facts.some(8):
        cadre = pick.choice(facts.cadres)
        visits.append(
            {
                "visit_no": f"ZF-{serial}",
                "cadre_id": cadre["cadre_no"],
                "visited_on": facts.day_with(cadre),
                "form": pick.choice(FORMS),
                "category": pick.choice(CATEGORIES),
                "occasion": pick.choice(OCCASIONS),
                "five_must": pick.random() < 0.5,
                "people": pick.randint(1, 5),
            }
        )
    visits += [{**each, "visit_no": f"{each['visit_no']}-2"} for each in visits if pick.random() < 0.1]
    contacts = {}
    for _ in facts.some(12):
        cadre = pick.choice(facts.cadres)
        key = cadre["cadre_no"], facts.day_with(cadre), pick.choice(METHODS)
        contacts[key] = dict(zip(("cadre_id", "contacted_on", "method"), key, strict=True))
    return {
        "visits": visits,
        "contacts": list(contacts.values()),
        "aid_cases": _aid(facts),
        "suggestions": _suggestions(facts),
    }


def _aid(facts: Facts) -> list[Values]:
    pick, cases = facts.random, []
    for serial, cadre in enumerate(facts.cadres, 1):
        applied = facts.day_with(cadre)
        reviewed = facts.day(applied)
        granted = pick.random() < 0.6
        cases.append(
            {
                "aid_no": f"BF-{serial}",
                "cadre_id": cadre["cadre_no"],
                "applied_on": applied,
                "reviewed_on": reviewed,
                "outcome": "approved" if granted else "declined",
                "amount_fen": pick.randint(1, 5_000_00) if granted else None,
                "pay_on": facts.day(reviewed) if granted and pick.random() < 0.7 else None,
                "cause": "illness",
            }
        )
    return cases


def _suggestions(facts: Facts) -> list[Values]:
    found = []
    for serial in facts.some(5):
        received = facts.day()
        resolved = facts.day(received) if facts.random.random() < 0.6 else None
        about = {"channel": facts.random.choice(CHANNELS), "category": "health", "summary": None}
        found.append({"suggestion_no": f"YJ-{serial}", "received_on": received, "resolved_on": resolved, **about})
    return found


def _activities(facts: Facts) -> Sheets:
    pick = facts.random
    sessions = []
    for serial in facts.some(6):
        state = pick.choice(("held", "held", "held", "scheduled", "cancelled"))
        programme = pick.choice(PROGRAMMES)
        sessions.append(
            {
                "session_no": f"CC-{serial}",
                "title": "讲座",
                "programme": programme,
                "held_on": facts.day(),
                "host": pick.choice(HOSTS),
                "state": state,
                "topic": "基层党建" if programme == "research" else None,
                "others_count": pick.randint(0, 40) if state == "held" else 0,
            }
        )
    batches = [
        {"batch_no": f"TJ-{serial}", "held_on": facts.day(), "hospital": "区中心医院"} for serial in facts.some(3)
    ]
    works = [
        {
            "work_no": f"ZP-{serial}",
            "cadre_id": pick.choice((*(each["cadre_no"] for each in facts.cadres), None)),
            "genre": pick.choice(GENRES),
            "collected_on": facts.day(),
            "call": pick.choice((None, "庆祝建党")),
            "title": f"其{serial}",
        }
        for serial in facts.some(6)
    ]
    drives = [{"drive_no": f"JZ-{serial}", "title": f"第{serial}次接种专场"} for serial in facts.some(2)]
    return {
        "sessions": sessions,
        "attendances": _present(facts, [each for each in sessions if each["state"] == "held"], "session_no"),
        "works": works,
        "health_checks": batches,
        "health_check_persons": _present(facts, batches, "batch_no"),
        "vaccination_drives": drives,
        "vaccination_rosters": _rosters(facts, drives),
    }


def _present(facts: Facts, owners: Sequence[Values], number: str) -> list[Values]:
    """Who was there, of those who were served and lived on the day."""
    return [
        {number: owner[number], "cadre_id": cadre["cadre_no"]}
        for owner in owners
        for cadre in facts.cadres
        if facts.random.random() < 0.6
        and cadre["registered_on"] <= owner["held_on"] <= (cadre["deceased_on"] or date.max)
    ]


def _rosters(facts: Facts, drives: Sequence[Values]) -> list[Values]:
    found = {}
    for drive in drives:
        for _ in range(facts.random.randint(1, 4)):
            attended = facts.random.randint(0, 20)
            key = drive["drive_no"], facts.day(), facts.random.choice(UNITS)
            vaccinated = facts.random.randint(0, attended)
            found[key] = {
                **dict(zip(("drive_no", "on", "unit"), key, strict=True)),
                "attended": attended,
                "vaccinated": vaccinated,
            }
    return list(found.values())


# ---- split and imported


def split(facts: Facts, random: Random, most: int = 3) -> list[File]:
    """Return the facts as files: each workbook in up to so many, each complete in itself, in any order in which the
    register comes first.
    """
    first: list[File] = []
    rest: list[File] = []
    for name, sheets in facts.rows.items():
        parts = _parts(sheets, random, random.randint(1, most))
        files = [File(name, part, random.random() < 0.03) for part in parts]
        (first if name == "cadres" else rest).extend(files)
    random.shuffle(first)
    random.shuffle(rest)
    return [*first, *rest]


def _parts(sheets: Sheets, random: Random, count: int) -> list[Sheets]:
    parts: list[Sheets] = [{sheet: [] for sheet in sheets} for _ in range(count)]
    for sheet, rows in sheets.items():
        for row in rows:
            _put(sheets, parts[random.randrange(count)], sheet, row)
    for part in parts:
        for rows in part.values():
            random.shuffle(rows)
    return parts


def _put(sheets: Sheets, part: Sheets, sheet: str, row: Values) -> None:
    """Put a row into a file, with what it refers to: the row of a session, or the voucher that it takes back."""
    if row in part[sheet]:
        return
    if sheet in REFERS:
        parent, number = REFERS[sheet]
        _put(sheets, part, parent, next(each for each in sheets[parent] if each[number] == row[number]))
    if row.get("reverses_no"):
        _put(sheets, part, sheet, next(each for each in sheets[sheet] if each["voucher_no"] == row["reverses_no"]))
    part[sheet].append(row)


def importable_of(name: str) -> tuple[str, Importable]:
    """Return the service that imports a workbook, and how."""
    for service in services.names():
        for importable in services.load(service).definition.workbooks:
            if importable.workbook.name == name:
                return service, importable
    raise LookupError(name)


def import_file(bureau: Bureau, file: File) -> Any:
    """Import a file; whatever it changes or asks is confirmed. Return its plan, or the answer of the service."""
    service, importable = importable_of(file.workbook)
    if file.xlsx:
        rows = {sheet: list(rows) for sheet, rows in file.rows.items()}
        data = write(importable.workbook, YEAR, "测试局", rows)
        return bureau.import_workbook(service, file.workbook, data)
    return load_rows(bureau, service, importable, file.rows)


def load_rows(bureau: Bureau, service: str, importable: Importable, rows: Mapping[str, Sequence[Values]]) -> Plan:
    """Hand rows to the loader of a service, as the reading of a file would have it. Raises NotLoadable."""
    node = bureau.nodes[service]
    read = {sheet.name: list(_rows(sheet, rows.get(sheet.name, ()))) for sheet in importable.workbook.sheets}
    with node.database.begin(node.host.context()) as session:
        return load(
            session,
            importable.workbook,
            importable.sheets,
            YEAR,
            read,
            bureau.today,
            finish=importable.finish,
        )


def _rows(sheet: Any, rows: Sequence[Values]) -> Any:
    blank = {column.field: column.default for column in sheet.columns if column.kept}
    for number, row in enumerate(rows, start=2):
        yield Row(number, {**blank, **row})


# ---- what became of it

LISTS = {
    "registry": ("/cadres", "/changes", "/transfers", "/contradictions"),
    "outreach": ("/visits", "/contacts", "/aid-cases", "/suggestions", "/obligations", "/contradictions"),
    "activities": ("/sessions", "/attendances", "/works", "/health-checks", "/checks", "/drives", "/rosters"),
    "finance": ("/budget-lines", "/adjustments", "/expenditures", "/aid-payments"),
}


def all_records(bureau: Bureau) -> dict[str, list[str]]:
    """Return the records of every list, without their versions: how often a record changed is not what it says."""
    return {
        f"{service}{path}": sorted(json.dumps(_said(record), sort_keys=True) for record in bureau.all(service, path))
        for service, paths in LISTS.items()
        for path in paths
    }


def _said(record: Values) -> Values:
    return {name: value for name, value in record.items() if name not in ("version", "cadre_version", "changed_by")}


def published(bureau: Bureau) -> dict[str, int]:
    """Return how many events each service has published."""
    return {name: len(node.events()) for name, node in bureau.nodes.items()}
