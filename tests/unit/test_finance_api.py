"""Finance's API: where what was made can be read, lists of a year, and what a request may not be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.exceptions import NotFound

from tests.unit.finance_builders import Api, problem

LINE = {
    "year": 2022,
    "line_no": "YS-1",
    "name": "活动经费",
    "expenditure_class": "project",
    "initial": "100.00",
    "approved_on": "2022-01-01",
}


@pytest.fixture
def api() -> Iterator[Api]:
    """The API of an empty finance."""
    opened = Api()
    yield opened
    opened.service.host.database.close()


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
    shown = api("GET", line_at).json
    assert (shown["adjusted"], shown["spent"], shown["balance"]) == ("5.00", "0.00", "105.00")


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
    for year in ("0", "1989", "2101", "999999"):
        assert api("GET", f"/adjustments?year={year}").status_code == 422


def test_the_problems_of_a_reversal_name_fields_of_its_request(api: Api) -> None:
    _, line = api.made("/budget-lines", **LINE)
    voucher = {"line_id": line["id"], "voucher_no": "PZ-1", "amount": "10.00", "spent_on": "2022-03-01"}
    at, _ = api.made("/expenditures", **voucher)
    back = {"voucher_no": "PZ-2", "spent_on": "2022-04-01"}
    path = f"{at}/reversal"
    early = api("POST", path, {**back, "spent_on": "2022-02-01"})
    assert problem(early) == (422, "reversal-too-early", ["#/spent_on"])
    assert problem(api("POST", path, {**back, "voucher_no": "PZ-1"})) == (409, "expenditure-exists", ["#/voucher_no"])
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


def test_a_balance_is_refused_at_the_amount_by_the_name_of_the_request(api: Api) -> None:
    at, line = api.made("/budget-lines", **LINE)
    voucher = {"line_id": line["id"], "voucher_no": "PZ-1", "amount": "100.01", "spent_on": "2022-03-01"}
    assert problem(api("POST", "/expenditures", voucher)) == (422, "over-balance", ["#/amount"])
    lowered = api("PATCH", at, {"initial": "0.00", "approved_on": "2021-01-01"}, If_Match='"1"')
    assert problem(lowered) == (422, "date-outside-year", ["#/approved_on"])


def test_an_address_that_holds_no_id_is_unknown(api: Api) -> None:
    with pytest.raises(NotFound):
        api("GET", "/adjustments/TZ-1")
    nobody = f"/adjustments/{'0' * 8}-0000-4000-8000-{'0' * 12}"
    assert problem(api("GET", nobody)) == (404, "unknown-budget-adjustment", [])
