"""The lock of an import on a record that a row changes: what somebody else has just changed is not overwritten."""

from __future__ import annotations

import pytest

from hongxia import records
from hongxia.workbook.reconcile import NotLoadable
from tests.races.kit import Race
from tests.unit.store_service import Item, amend, import_rows, item, the_item, versions, work


def bring(race: Race, title: str) -> list[str]:
    """Import the item with a title; return what was found wrong."""
    try:
        import_rows(race.database, [item(title=title)])
    except NotLoadable as error:
        return [finding.message_zh for finding in error.findings]
    return []


def change(race: Race, title: str) -> None:
    """Give the item a title, as a request does."""
    with work(race.database, "小王") as session:
        amend(session, records.lock(session, Item, the_item(session).id), {"title": title})


@pytest.mark.lock("hongxia.workbook.reconcile:SheetRows.lock")
def test_a_row_waits_for_the_request_that_changes_its_record_and_finds_the_conflict(race: Race) -> None:
    import_rows(race.database, [item()])
    _, found = race.between(lambda: change(race, "照片"), lambda: bring(race, "信件"))
    assert "已由 小王 改为“照片”" in found[0]
    assert versions(race.database) == {"W-1": (2, "照片")}


def test_importing_again_and_again_is_remembered_on_postgresql_as_well(race: Race) -> None:
    import_rows(race.database, [item(), item("W-2"), item("W-3")])
    assert import_rows(race.database, [item(title="照片"), item("W-2")]).missing == [("物品", "W-3")]
    plan = import_rows(race.database, [item(title="照片"), item("W-2")])
    assert (plan.digest, plan.missing) == ("", [("物品", "W-3")])
