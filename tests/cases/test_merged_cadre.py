"""Every command and every sheet of every workbook with a cadre whose record was merged: A into B, B into C.

Each is done for the surviving record, or refused with that record named; never an error. When the merges are undone,
it can be done for A again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from werkzeug.wrappers import Response

from hongxia import services
from hongxia.definition import Importable
from hongxia.schema.fields import CadreRef
from hongxia.workbook.write import write
from tests.bureau.beginning import Beginning
from tests.bureau.examples import EXAMPLES, Example, Request, writing_routes
from tests.bureau.office import Office, Record
from tests.unit.registry_builders import resident_number

ABOUT_A_CADRE = [example for example in EXAMPLES if example.about_cadre]

REFUSED = {
    ("registry", "PATCH", "/cadres/<uuid:record_id>"): "particulars are corrected in the record that stands",
    ("registry", "PATCH", "/changes/<uuid:record_id>"): "an entry of a merged record's history stays as it is",
    ("registry", "POST", "/changes/<uuid:record_id>/void"): "an entry of a merged record's history stays as it is",
    ("registry", "PATCH", "/transfers/<uuid:record_id>"): "so does a transfer",
    ("registry", "POST", "/transfers/<uuid:record_id>/void"): "so does a transfer",
    ("registry", "POST", "/cadres/<uuid:record_id>/merge"): "it was merged already",
}
"""The commands that are refused for a merged record; the refusal names the one that stands for it."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Three records of one person: A was merged into B, B into C."""

    a: Record
    b: Record
    c: Record


@pytest.fixture
def chain(begun: Beginning) -> Chain:
    return Chain(*begun.cadres)


def merge(office: Office, chain: Chain) -> None:
    """Merge A into B and B into C. What was prepared for A may have died or left: then all three have."""
    _same_death(office, chain)
    _same_times_away(office, chain)
    office.merge(chain.a["id"], chain.b["id"])
    office.merge(chain.b["id"], chain.c["id"])


def undo(office: Office, chain: Chain) -> None:
    """Take both merges back."""
    office.undo_merge(chain.b["id"])
    office.undo_merge(chain.a["id"])


def _same_death(office: Office, chain: Chain) -> None:
    on = office.bureau.get("registry", f"/cadres/{chain.a['id']}")["deceased_on"]
    for other in (chain.b, chain.c) if on else ():
        office.death(other["id"], on)


def _same_times_away(office: Office, chain: Chain) -> None:
    for time in office.bureau.get("registry", f"/cadres/{chain.a['id']}")["away"]:
        for other in (chain.b, chain.c):
            office.post("registry", f"/cadres/{other['id']}/leave", {**time, "destination": "邻区"})


def send(office: Office, example: Example, request: Request) -> Response:
    """Send an example's request as somebody who may."""
    role = writing_routes()[example.key].roles[0]
    more: dict[str, Any] = {"role": role, "subject": request.subject, "headers": request.headers}
    return office.bureau.call(example.service, example.method, request.path, request.body, **more)


def test_every_route_that_names_a_cadre_is_tried() -> None:
    named = {key for key, route in writing_routes().items() if _names_a_cadre(key[2], route.body)}
    assert named <= {example.key for example in ABOUT_A_CADRE} | {("activities", "POST", "/sessions")}


def _names_a_cadre(url: str, body: Any) -> bool:
    if url.startswith("/cadres/<uuid:record_id>"):
        return True
    return body is not None and _has_cadre(body())


def _has_cadre(schema: Any) -> bool:
    for field in schema.fields.values():
        inner = getattr(field, "inner", field)
        if isinstance(inner, CadreRef) or (hasattr(inner, "schema") and _has_cadre(inner.schema)):
            return True
    return False


@pytest.mark.parametrize("example", ABOUT_A_CADRE, ids=lambda example: example.name)
def test_a_command_about_a_merged_cadre_is_done_for_the_survivor(
    office: Office, chain: Chain, example: Example
) -> None:
    undoes = example.url.endswith("/undo-merge")
    prepared = None if undoes else example.prepare(office, chain.a["id"])
    merge(office, chain)
    before = len(office.bureau.nodes[example.service].events())

    request = example.send(office, chain.a["id"], prepared)
    response = send(office, example, request)
    office.bureau.settle()

    text = response.get_data(as_text=True)
    if example.key in REFUSED:
        assert response.status_code in (409, 422), text
        assert chain.c["cadre_no"] in text or chain.c["id"] in text, text
        return
    assert response.status_code < 300, text
    events = [json.loads(event.body) for event in office.bureau.nodes[example.service].events(before)]
    assert events, "nothing was published"
    if not undoes:
        _must_be_the_survivors(chain, example, response.json, events)


def _must_be_the_survivors(chain: Chain, example: Example, answer: Record, events: list[dict[str, Any]]) -> None:
    """What is begun, and what is done with the person, is the survivor's. A record of A's own time stays under A's id,
    so that an undone merge gives it back; whoever reads it follows the merge.
    """
    begun = example.prepare.__name__ == "nothing"
    named = {each for each in (answer.get("cadre_id"), *(e["data"].get("cadre_id") for e in events)) if each}
    if example.url.startswith("/cadres/"):
        named |= {event["subject"] for event in events if ".cadre." in event["type"]}
    allowed = {chain.c["id"]} if begun or example.url.startswith("/cadres/") else {chain.a["id"], chain.c["id"]}
    assert named <= allowed, (named, chain)


@pytest.mark.parametrize("example", ABOUT_A_CADRE, ids=lambda example: example.name)
def test_once_the_merges_are_undone_it_can_be_done_for_the_first_record_again(
    office: Office, chain: Chain, example: Example
) -> None:
    merge(office, chain)
    undo(office, chain)
    before = len(office.bureau.nodes[example.service].events())

    request = example.send(office, chain.a["id"], example.prepare(office, chain.a["id"]))
    response = send(office, example, request)
    office.bureau.settle()

    assert response.status_code < 300, response.get_data(as_text=True)
    answer = response.json
    assert answer.get("cadre_id", chain.a["id"]) == chain.a["id"]
    for event in office.bureau.nodes[example.service].events(before):
        assert event.data.get("cadre_id", chain.a["id"]) == chain.a["id"], event.data


# ---- workbooks

YEAR = 2022
ROWS: Mapping[str, Mapping[str, Record]] = {
    "visits": {
        "visits": {
            "visit_no": "ZF-1",
            "visited_on": "2022-07-01",
            "form": "home",
            "category": "love_knocks",
            "occasion": "birthday",
            "five_must": True,
            "people": 2,
        }
    },
    "contacts": {"contacts": {"contacted_on": "2022-08-10", "method": "phone"}},
    "aid_cases": {
        "aid_cases": {
            "aid_no": "BF-1",
            "applied_on": "2022-10-01",
            "reviewed_on": "2022-10-10",
            "outcome": "approved",
            "amount_fen": 100_000,
            "cause": "illness",
        }
    },
    "attendances": {
        "sessions": {
            "session_no": "CC-1",
            "title": "第一讲",
            "programme": "online",
            "held_on": "2022-03-01",
            "host": "centre",
            "state": "held",
        },
        "attendances": {"session_no": "CC-1"},
    },
    "works": {"works": {"work_no": "ZP-1", "genre": "poem", "collected_on": "2022-06-20"}},
    "health_check_persons": {
        "health_checks": {"batch_no": "TJ-1", "held_on": "2022-05-10", "hospital": "区中心医院"},
        "health_check_persons": {"batch_no": "TJ-1"},
    },
}
"""By a sheet whose rows name a cadre: its row, without the cadre, and the row of another sheet that it refers to."""

LISTS = {
    "visits": "/visits",
    "contacts": "/contacts",
    "aid_cases": "/aid-cases",
    "attendances": "/attendances",
    "works": "/works",
    "health_check_persons": "/checks",
}
"""Where the records of a sheet are listed."""


def sheets_about_cadres() -> dict[str, tuple[str, Importable]]:
    """Return the sheets, by name, whose rows name a cadre by number, with the service and the workbook."""
    return {
        sheet.name: (name, importable)
        for name in services.names()
        for importable in services.load(name).definition.workbooks
        for sheet in importable.workbook.sheets
        if any(column.field == "cadre_id" for column in sheet.columns)
    }


def test_every_sheet_that_names_a_cadre_has_a_row_here() -> None:
    assert set(ROWS) == set(sheets_about_cadres()) == set(LISTS)


@pytest.mark.parametrize("sheet", ROWS)
def test_a_row_about_a_merged_cadre_is_done_for_the_survivor(office: Office, chain: Chain, sheet: str) -> None:
    merge(office, chain)
    import_row(office, sheet, chain.a)
    (record,) = listed(office, sheet)
    assert record["cadre_id"] == chain.c["id"]


@pytest.mark.parametrize("sheet", ROWS)
@pytest.mark.parametrize("number", ["a", "c"])
def test_a_file_of_before_the_merge_changes_nothing_whichever_number_it_has_now(
    office: Office, chain: Chain, sheet: str, number: str
) -> None:
    import_row(office, sheet, chain.a)
    before = listed(office, sheet)
    merge(office, chain)
    published = len(office.bureau.nodes[sheets_about_cadres()[sheet][0]].events())

    answer = import_row(office, sheet, getattr(chain, number))

    counts = answer["sheets"][sheet]
    assert (counts["created"], counts["changed"]) == (0, 0), answer
    assert counts["unchanged"] == 1
    assert [each["id"] for each in listed(office, sheet)] == [each["id"] for each in before]
    office.bureau.settle()
    assert len(office.bureau.nodes[sheets_about_cadres()[sheet][0]].events()) == published


@pytest.mark.parametrize("sheet", ROWS)
def test_once_the_merges_are_undone_a_row_is_the_first_records_again(office: Office, chain: Chain, sheet: str) -> None:
    merge(office, chain)
    undo(office, chain)
    import_row(office, sheet, chain.a)
    (record,) = listed(office, sheet)
    assert record["cadre_id"] == chain.a["id"]


@pytest.mark.parametrize("sheet", ROWS)
def test_a_file_imported_under_two_numbers_and_undone_is_unchanged(office: Office, chain: Chain, sheet: str) -> None:
    import_row(office, sheet, chain.a)
    merge(office, chain)
    import_row(office, sheet, chain.a)
    undo(office, chain)
    answer = import_row(office, sheet, chain.a)
    assert answer["sheets"][sheet]["unchanged"] == 1, answer
    (record,) = listed(office, sheet)
    assert record["cadre_id"] == chain.a["id"]


def test_a_register_of_before_the_merge_changes_nothing(office: Office) -> None:
    rows = [register_row(f"G900{serial}", serial) for serial in (1, 2, 3)]
    import_register(office, rows)
    a, b, c = office.bureau.all("registry", "/cadres")[-3:]
    chain = Chain(a, b, c)
    merge(office, chain)
    answer = import_register(office, rows)
    assert answer["sheets"]["cadres"]["unchanged"] == 3, answer
    undo(office, chain)
    assert import_register(office, rows)["sheets"]["cadres"]["unchanged"] == 3


def test_a_register_that_changes_a_merged_record_is_refused_with_the_survivor_named(office: Office) -> None:
    rows = [register_row(f"G900{serial}", serial) for serial in (1, 2, 3)]
    import_register(office, rows)
    a, b, c = office.bureau.all("registry", "/cadres")[-3:]
    merge(office, Chain(a, b, c))
    changed = [{**rows[0], "political_status": "13"}, *rows[1:]]
    response = office.bureau.send_workbook("registry", "cadres", workbook("cadres", {"cadres": changed}))
    text = response.get_data(as_text=True)
    assert response.status_code in (409, 422), text
    assert c["cadre_no"] in text, text


def test_a_death_that_a_register_reports_for_a_merged_record_is_the_survivors(office: Office) -> None:
    rows = [register_row(f"G900{serial}", serial) for serial in (1, 2, 3)]
    import_register(office, rows)
    a, b, c = office.bureau.all("registry", "/cadres")[-3:]
    merge(office, Chain(a, b, c))
    import_register(office, [{**rows[0], "deceased_on": "2022-08-09"}, *rows[1:]])
    assert office.bureau.get("registry", f"/cadres/{c['id']}")["deceased_on"] == "2022-08-09"


def register_row(number: str, serial: int) -> Record:
    """Return a row of the register; all of them have one name and birth date."""
    return {
        "cadre_no": number,
        "name": "林晓霞",
        "resident_number": resident_number(serial=100 + serial),
        "sex": "2",
        "political_status": "01",
        "retirement_category": "2",
        "rank": "132",
        "treatment": "132",
        "unit": "区教育局",
        "street": "石桥街道",
        "registered_on": "2012-05-01",
    }


def import_register(office: Office, rows: list[Record]) -> Any:
    """Import a register."""
    answer = office.bureau.import_workbook("registry", "cadres", workbook("cadres", {"cadres": rows}))
    office.bureau.settle()
    return answer


def import_row(office: Office, sheet: str, cadre: Record) -> Any:
    """Import the row of a sheet for a cadre, by number; the events are delivered."""
    service, importable = sheets_about_cadres()[sheet]
    rows = {name: [row] for name, row in ROWS[sheet].items()}
    rows[sheet] = [{**ROWS[sheet][sheet], "cadre_id": cadre["cadre_no"]}]
    answer = office.bureau.import_workbook(service, importable.workbook.name, workbook(importable.workbook.name, rows))
    office.bureau.settle()
    return answer


def workbook(name: str, rows: Mapping[str, list[Record]]) -> bytes:
    """Return a workbook of the year with rows."""
    for service in services.names():
        for importable in services.load(service).definition.workbooks:
            if importable.workbook.name == name:
                return write(importable.workbook, YEAR, "测试局", _with_dates(rows))
    raise LookupError(name)


def _with_dates(rows: Mapping[str, list[Record]]) -> dict[str, list[Record]]:
    return {
        sheet: [
            {name: date.fromisoformat(v) if name.endswith("_on") and v else v for name, v in row.items()}
            for row in listed_rows
        ]
        for sheet, listed_rows in rows.items()
    }


def listed(office: Office, sheet: str) -> list[Record]:
    """Return the records of a sheet."""
    return office.bureau.all(sheets_about_cadres()[sheet][0], LISTS[sheet])
