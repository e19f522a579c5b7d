"""A dry run that sees what earlier files would bring: of the same service, and of others by their events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select
from werkzeug.wrappers import Response

from hongxia.events.tables import cursor as cursors
from hongxia.events.tables import outbox, parked
from hongxia.workbook.history import imported_row
from hongxia.workbook.write import write
from tests.unit.service_api import ServiceApi
from tests.unit.store_service import (
    LENDING,
    NOW,
    STORE,
    Box,
    Item,
    KnownBox,
    LendingBase,
    LendingService,
    Loan,
    StoreService,
    box,
    item,
    new_database,
    send,
)

EVERYTHING: dict[type, tuple[Any, ...]] = {
    StoreService: (Box.__table__, Item.__table__, imported_row, outbox),
    LendingService: (KnownBox.__table__, Loan.__table__, imported_row, outbox, cursors, parked),
}


def _api(service: Any, directory: Path, base: Any) -> Iterator[ServiceApi]:
    database = new_database(directory, base.metadata)
    yield ServiceApi(service, database, NOW)
    database.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ServiceApi]:
    yield from _api(StoreService, tmp_path, Box)


@pytest.fixture
def lending(tmp_path: Path) -> Iterator[ServiceApi]:
    yield from _api(LendingService, tmp_path, LendingBase)


def everything(api: ServiceApi) -> list[Any]:
    with api.service.host.database.read() as session:
        return [list(session.execute(select(table))) for table in EVERYTHING[type(api.service)]]


def stock(*boxes: dict[str, Any], items: tuple[dict[str, Any], ...] = ()) -> bytes:
    return write(STORE, 2022, "某局", {"boxes": list(boxes), "items": list(items)})


def loans(*rows: tuple[str, str]) -> bytes:
    values = [{"loan_no": number, "box_no": box_no, "lent_on": date(2022, 3, 1)} for number, box_no in rows]
    return write(LENDING, 2022, "某局", {"loans": values})


def check(
    api: ServiceApi,
    data: bytes,
    earlier: tuple[bytes, ...] = (),
    events: tuple[Any, ...] = (),
    query: str = "?dry_run=true&preview=true",
) -> Response:
    """Send a file with what comes before it."""
    parts = [("earlier", ("a.xlsx", part)) for part in earlier]
    parts += [("events", ("events.json", json.dumps(part).encode())) for part in events]
    made = requests.Request("POST", "http://host/", files=[*parts, ("file", ("file.xlsx", data))]).prepare()
    book = STORE if type(api.service) is StoreService else LENDING
    return send(api, book, made.body, query, made.headers["Content-Type"])


def brought(api: ServiceApi, data: bytes) -> list[dict[str, Any]]:
    """The events that a file would bring."""
    answer = send(api, STORE, data, "?dry_run=true&preview=true")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: list[dict[str, Any]] = answer.json["events"]
    return found


def test_a_check_answers_its_events_only_if_it_is_asked(store: ServiceApi) -> None:
    data = stock(box(), items=(item(),))
    assert [event["type"] for event in brought(store, data)] == [
        "hongxia.store.box.opened.v1",
        "hongxia.store.item.opened.v1",
    ]
    assert "events" not in send(store, STORE, data, "?dry_run=true").json
    assert "events" not in send(store, STORE, data, "?preview=true").json


def test_the_next_service_sees_what_the_file_before_would_bring(store: ServiceApi, lending: ServiceApi) -> None:
    before = everything(store), everything(lending)
    refused = check(lending, loans(("J-1", "X-1")))
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "#/借用/2/箱号")
    events = brought(store, stock(box(), items=(item(),)))
    seen = check(lending, loans(("J-1", "X-1")), events=(events,))
    assert (seen.status_code, seen.json["sheets"]["loans"]["created"], seen.json["notes"]) == (200, 1, [])
    assert [event["type"] for event in seen.json["events"]] == ["hongxia.lending.loan.opened.v1"]
    assert check(lending, loans(("J-1", "X-9")), events=(events,)).status_code == 422
    assert (everything(store), everything(lending)) == before


def test_the_next_file_of_a_service_sees_the_one_before(store: ServiceApi, lending: ServiceApi) -> None:
    events = brought(store, stock(box(), box("X-2")))
    first, second = loans(("J-1", "X-1")), loans(("J-2", "X-1"))
    assert check(lending, second, events=(events,)).status_code == 200
    refused = check(lending, second, (first,), (events,))
    assert "已在“J-1”中借出" in refused.json["errors"][0]["detail"]
    third = check(lending, loans(("J-3", "X-2")), (first,), (events,))
    assert third.json["sheets"]["loans"] == {"created": 1, "unchanged": 0, "continued": 0, "changed": 0}
    assert len(third.json["events"]) == 2


def test_a_file_is_compared_with_what_the_one_before_would_have_made_of_it(store: ServiceApi) -> None:
    answer = check(store, stock(box(name="旧箱")), (stock(box(), items=(item(),)),)).json
    assert [(change["before"], change["after"]) for change in answer["changes"]] == [("一号箱", "旧箱")]


def test_what_comes_before_can_only_be_checked_with(store: ServiceApi, lending: ServiceApi) -> None:
    before = everything(lending)
    events = brought(store, stock(box()))
    for query in ("", "?dry_run=false", "?apply_changes=" + "0" * 64):
        refused = check(lending, loans(("J-1", "X-1")), events=(events,), query=query)
        assert (refused.status_code, refused.json["errors"][0]["parameter"]) == (422, "dry_run")
    assert everything(lending) == before


def test_events_that_the_service_cannot_apply_are_left_out_and_named(store: ServiceApi, lending: ServiceApi) -> None:
    good = brought(store, stock(box()))
    unknown = {**good[0], "type": "hongxia.store.box.painted.v1", "id": "other", "subject": "other"}
    malformed = {**good[0], "data": {}, "subject": "third"}
    answer = check(lending, loans(("J-1", "X-1")), events=([unknown, malformed], good))
    assert answer.status_code == 200
    assert [note["text"] for note in answer.json["notes"]] == ["附带的事件有 2 个未能应用，检查结果可能与正式导入不同"]


def test_events_of_others_are_passed_over(store: ServiceApi, lending: ServiceApi) -> None:
    [event] = brought(store, stock(box()))
    answer = check(lending, loans(("J-1", "X-1")), events=([{**event, "source": "urn:hongxia:elsewhere"}],))
    assert answer.json["errors"][0]["pointer"] == "#/借用/2/箱号"


@pytest.mark.parametrize("events", [{}, [1], [{}], ["x"], [{"id": 1}], None])
def test_what_is_no_event_is_refused(lending: ServiceApi, events: Any) -> None:
    refused = check(lending, loans(), events=(events,))
    assert (refused.status_code, refused.json["type"]) == (422, "urn:hongxia:problem:not-events")


def test_a_bad_earlier_file_is_named_as_such(lending: ServiceApi) -> None:
    for earlier in (b"no workbook", stock(box()), loans(("J-1", "X-1"))):
        refused = check(lending, loans(), (earlier,))
        assert (refused.status_code, refused.json["type"]) == (422, "urn:hongxia:problem:earlier-workbook")
        assert refused.json["detail"].startswith("附带的前面的文件有误：")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "multipart/form-data; boundary=x", 422),
        (b"rubbish", "multipart/form-data; boundary=x", 400),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 400),
        (b"--x--", "multipart/form-data", 400),
        (b"--x--", "multipart/mixed; boundary=x", 415),
    ],
)
def test_a_body_that_is_no_form_is_refused(lending: ServiceApi, body: bytes, content_type: str, status: int) -> None:
    refused = send(lending, LENDING, body, "?dry_run=true", content_type)
    assert refused.status_code == status, refused.get_data(as_text=True)


def test_a_form_without_the_file_or_with_other_parts_is_refused(lending: ServiceApi) -> None:
    for parts in (
        [("earlier", ("a", b"x"))],
        [("file", ("a", b"x"))] * 2,
        [("file", ("a", b"x")), ("more", ("b", b""))],
    ):
        made = requests.Request("POST", "http://host/", files=parts).prepare()
        refused = send(lending, LENDING, made.body, "?dry_run=true", made.headers["Content-Type"])
        assert (refused.status_code, "应有一个 file" in refused.json["detail"]) == (422, True)


def test_only_who_may_import_may_check(store: ServiceApi, lending: ServiceApi) -> None:
    lending.role = "accountant"
    assert check(lending, loans(("J-1", "X-1")), events=(brought(store, stock(box())),)).status_code == 403
