"""Finance's API: where what was made can be read, lists of a year, and what a request may not be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from hongxia.database import Database
from hongxia.events.tables import platform_metadata, start_log
from services.finance.app import FinanceService
from services.finance.models import Base
from tests.unit.service_api import ServiceApi

LINE = {
    "year": 2022,
    "line_no": "YS-1",
    "name": "活动经费",
    "expenditure_class": "project",
    "initial": "100.00",
    "approved_on": "2022-01-01",
}


class Api(ServiceApi):
    """Finance's routes, on 10 January 2023, for an accountant."""

    def __init__(self) -> None:
        database = Database("sqlite://")
        with database.engine.begin() as connection:
            platform_metadata.create_all(connection)
            Base.metadata.create_all(connection)
            start_log(connection)
        super().__init__(FinanceService, database, datetime(2023, 1, 10, 4, tzinfo=UTC), "accountant")

    def made(self, path: str, **body: Any) -> tuple[str, dict[str, Any]]:
        """What a creation answers, and the address at which it says that this can be read."""
        response = self("POST", path, body)
        assert response.status_code == 201, response.get_data(as_text=True)
        return urljoin(path, response.headers["Location"]), response.json


@pytest.fixture
def api() -> Iterator[Api]:
    """The API of an empty finance."""
    opened = Api()
    yield opened
    opened.service.host.database.close()


def problem(response: Response) -> tuple[int, str, list[str]]:
    """Status, slug and pointers of a problem document."""
    pointers = [error["pointer"] for error in response.json.get("errors", [])]
    return response.status_code, response.json["type"].removeprefix("urn:hongxia:problem:"), pointers


def test_everything_that_is_made_can_be_read_where_its_answer_says(api: Api) -> None:
    line_at, line = api.made("/budget-lines", **LINE)
    voucher = {"line_id": line["id"], "voucher_no": "PZ-1", "amount": "10.00", "spent_on": "2022-03-01"}
    voucher_at, _ = api.made("/expenditures", **voucher)
    made = [
        api.made(f"{line_at}/adjustments", adjustment_no="TZ-1", amount="5.00", adjusted_on="2022-06-01"),
        api.made(f"{voucher_at}/reversal", voucher_no="PZ-2", spent_on="2022-04-01"),
    ]
    for address, answered in made:
        assert api("GET", address).json == answered


def test_adjustments_are_listed_by_date_of_one_year_if_asked(api: Api) -> None:
    line_at, _ = api.made("/budget-lines", **LINE)
    for number, month in (("TZ-2", 6), ("TZ-1", 5)):
        body = {"adjustment_no": number, "amount": "1.00", "adjusted_on": f"2022-0{month}-01"}
        api.made(f"{line_at}/adjustments", **body)
    first = api("GET", "/adjustments?year=2022&limit=1").json
    assert [item["adjustment_no"] for item in first["items"]] == ["TZ-1"]
    rest = api("GET", f"/adjustments?year=2022&cursor={first['next_cursor']}").json
    assert [item["adjustment_no"] for item in rest["items"]] == ["TZ-2"]
    assert api("GET", "/adjustments?year=2021").json["items"] == []


def test_the_problems_of_a_reversal_name_fields_of_its_request(api: Api) -> None:
    _, line = api.made("/budget-lines", **LINE)
    voucher = {"line_id": line["id"], "voucher_no": "PZ-1", "amount": "10.00", "spent_on": "2022-03-01"}
    at, _ = api.made("/expenditures", **voucher)
    back = {"voucher_no": "PZ-2", "spent_on": "2022-04-01"}
    path = f"{at}/reversal"
    early = api("POST", path, {**back, "spent_on": "2022-02-01"})
    assert problem(early) == (422, "reversal-too-early", ["#/spent_on"])
    assert problem(api("POST", path, {**back, "voucher_no": "PZ-1"})) == (409, "voucher-exists", ["#/voucher_no"])
    reversed_at, _ = api.made(path, **back)
    third = {**back, "voucher_no": "PZ-3"}
    assert problem(api("POST", path, third)) == (409, "already-reversed", [])
    assert problem(api("POST", f"{reversed_at}/reversal", third)) == (422, "reversal-of-reversal", [])


def test_an_amendment_of_nothing_is_refused(api: Api) -> None:
    at, _ = api.made("/budget-lines", **LINE)
    assert problem(api("PATCH", at, {}, If_Match='"1"')) == (422, "nothing-to-change", [])
    assert api("PATCH", at, {"pays_aid": True}, If_Match='"1"').json["version"] == 2


def test_a_flag_is_true_or_false_and_nothing_like_it(api: Api) -> None:
    assert problem(api("POST", "/budget-lines", {**LINE, "pays_aid": 1})) == (422, "invalid", ["#/pays_aid"])


def test_an_address_that_holds_no_id_is_none(api: Api) -> None:
    with pytest.raises(NotFound):
        api("GET", "/adjustments/TZ-1")
    assert problem(api("GET", f"/adjustments/{'0' * 8}-0000-4000-8000-{'0' * 12}")) == (404, "unknown-adjustment", [])
