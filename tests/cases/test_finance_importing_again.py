"""Importing the workbook 预算执行 again: unchanged rows change nothing, changed ones are amendments or conflicts."""

from __future__ import annotations

from datetime import date

import pytest

from hongxia.workbook.reconcile import NotLoadable
from services.finance.adjustments import rules as adjustments
from services.finance.adjustments.model import Adjustment
from services.finance.expenditures import rules as expenditures
from services.finance.lines import rules as lines
from tests.unit.finance_builders import (
    TODAY,
    adjustment,
    import_sheets,
    new_database,
    sheets,
    types,
    voucher,
    work,
)


def test_the_same_file_again_changes_nothing() -> None:
    database = new_database()
    book = sheets([voucher("PZ-1"), voucher("PZ-2", 6_000, date(2022, 4, 1))], [adjustment()])
    first = import_sheets(database, book)
    before = types(database)
    second = import_sheets(database, book)
    assert (first.sheets["expenditures"].created, second.sheets["expenditures"].unchanged) == (2, 2)
    assert types(database) == before
    assert second.digest == ""


def test_a_line_whose_name_was_amended_in_the_system_is_unchanged_by_the_same_file() -> None:
    database = new_database()
    book = sheets([voucher()])
    import_sheets(database, book)
    with work(database) as session:
        lines.amend(session, lines.find(session, 2022, "YS-1"), {"name": "文体活动经费"}, "correction", TODAY)
    before = types(database)
    plan = import_sheets(database, book)
    assert (types(database), plan.digest, plan.sheets["budget_lines"].unchanged) == (before, "", 1)
    with work(database) as session:
        assert lines.find(session, 2022, "YS-1").name == "文体活动经费"


def test_a_voucher_amended_in_the_system_is_unchanged_by_the_same_file() -> None:
    database = new_database()
    book = sheets([voucher()])
    import_sheets(database, book)
    with work(database) as session:
        line, posted = lines.find(session, 2022, "YS-1"), expenditures.find(session, 2022, "PZ-1")
        expenditures.amend(session, line, posted, {"amount_fen": 3_000}, "correction", TODAY)
    assert import_sheets(database, book).sheets["expenditures"].unchanged == 1


def test_a_corrected_adjustment_is_an_amendment_that_names_the_column_and_both_values() -> None:
    database = new_database()
    import_sheets(database, sheets(adjustments=[adjustment()]))
    plan = import_sheets(database, sheets(adjustments=[adjustment(fen=6_000)]))
    [changed] = plan.changes
    assert (changed.sheet, changed.row, changed.key) == ("预算调整", 2, "TZ-1")
    assert (changed.column, changed.before, changed.after) == ("调整金额（元）", "50.00", "60.00")
    assert plan.digest
    assert types(database)[-1] == "adjustment.amended"


def test_a_row_and_a_record_that_both_changed_are_a_conflict_with_both_values() -> None:
    database = new_database()
    import_sheets(database, sheets(adjustments=[adjustment()]))
    with work(database) as session:
        adjusted = session.query(Adjustment).one()
        adjustments.amend(session, adjusted.line, adjusted, {"amount_fen": 7_000}, "correction", TODAY)
    with pytest.raises(NotLoadable) as raised:
        import_sheets(database, sheets(adjustments=[adjustment(fen=6_000)]))
    [finding] = raised.value.findings
    assert (finding.sheet, finding.row, finding.field) == ("adjustments", 2, "amount_fen")
    assert "60.00" in finding.message_zh
    assert "70.00" in finding.message_zh
    assert "tester" in finding.message_zh


def test_a_row_changed_to_what_the_record_says_already_is_unchanged() -> None:
    database = new_database()
    import_sheets(database, sheets([voucher()]))
    with work(database) as session:
        line, posted = lines.find(session, 2022, "YS-1"), expenditures.find(session, 2022, "PZ-1")
        expenditures.amend(session, line, posted, {"amount_fen": 3_000}, "correction", TODAY)
    plan = import_sheets(database, sheets([voucher(fen=3_000)]))
    assert (plan.sheets["expenditures"].unchanged, plan.digest) == (1, "")


def test_rows_that_are_gone_are_listed_and_their_records_stay() -> None:
    database = new_database()
    import_sheets(database, sheets([voucher("PZ-1"), voucher("PZ-2", 100)]))
    plan = import_sheets(database, sheets([voucher("PZ-1")]))
    assert plan.missing == [("支出", "PZ-2")]
    with work(database) as session:
        assert expenditures.find(session, 2022, "PZ-2") is not None


def test_a_voucher_moved_to_another_line_is_refused_with_a_way_out() -> None:
    database = new_database()
    two = [{}, {"line_no": "YS-2"}]
    import_sheets(database, sheets([voucher()], lines=two))
    with pytest.raises(NotLoadable) as raised:
        import_sheets(database, sheets([{**voucher(), "line_no": "YS-2"}], lines=two))
    assert [(found.row, found.field) for found in raised.value.findings] == [(2, "line_no")]


def test_a_record_made_by_the_api_under_the_number_of_a_row_has_to_say_the_same() -> None:
    database = new_database()
    import_sheets(database, sheets())
    with work(database) as session:
        expenditures.post(session, lines.find(session, 2022, "YS-1"), voucher(), TODAY)
    assert import_sheets(database, sheets([voucher()])).sheets["expenditures"].unchanged == 1
    with work(database) as session:
        expenditures.post(session, lines.find(session, 2022, "YS-1"), voucher("PZ-2", 100), TODAY)
    with pytest.raises(NotLoadable) as raised:
        import_sheets(database, sheets([voucher(), voucher("PZ-2", 200)]))
    assert "1.00" in raised.value.findings[0].message_zh


def test_two_rows_that_pay_aid_and_a_change_of_nothing_are_refused_at_their_cells() -> None:
    with pytest.raises(NotLoadable) as raised:
        import_sheets(new_database(), sheets(lines=[{"pays_aid": True}, {"line_no": "YS-2", "pays_aid": True}]))
    assert [(found.row, found.field) for found in raised.value.findings] == [(3, "pays_aid")]
    with pytest.raises(NotLoadable) as raised:
        import_sheets(new_database(), sheets(adjustments=[adjustment(fen=0)]))
    assert [(found.row, found.field) for found in raised.value.findings] == [(2, "amount_fen")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount_fen": 99}, "amount_fen"),
        ({"line_no": "YS-2"}, "line_no"),
        ({"spent_on": date(2022, 2, 28)}, "spent_on"),
        ({"reverses_no": "PZ-9"}, "reverses_no"),
    ],
)
def test_a_reversal_takes_back_one_whole_voucher(change: dict[str, object], field: str) -> None:
    rows = [voucher(), {**voucher("PZ-2"), "reverses_no": "PZ-1", **change}]
    with pytest.raises(NotLoadable) as raised:
        import_sheets(new_database(), sheets(rows, lines=[{}, {"line_no": "YS-2"}]))
    assert [(found.row, found.field) for found in raised.value.findings] == [(3, field)]


def test_a_voucher_is_reversed_once_and_a_reversal_never() -> None:
    reversal = {**voucher("PZ-2"), "reverses_no": "PZ-1"}
    for third in ({**voucher("PZ-3"), "reverses_no": "PZ-1"}, {**voucher("PZ-3"), "reverses_no": "PZ-2"}):
        with pytest.raises(NotLoadable) as raised:
            import_sheets(new_database(), sheets([voucher(), reversal, third]))
        assert [(found.row, found.field) for found in raised.value.findings] == [(4, "reverses_no")]
