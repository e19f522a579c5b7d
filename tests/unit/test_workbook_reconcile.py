"""Importing again: rows are compared with what they were, and with the records as they are."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from hongxia import ids
from hongxia.database import Database
from hongxia.datakeys import KeyRing
from hongxia.events.tables import outbox
from hongxia.workbook.history import imported_row
from hongxia.workbook.importing import DryRun
from hongxia.workbook.plan import HIDDEN, Asked, digest_of, rows_as_text
from hongxia.workbook.reconcile import Counts, Loading, NotLoadable, Plan, SheetRows, load
from hongxia.workbook.write import write
from tests.unit.service_api import ServiceApi
from tests.unit.store_service import (
    ITEM_EVENTS,
    NOW,
    ROWS,
    STORE,
    TODAY,
    Box,
    Item,
    ItemRows,
    StoreService,
    add,
    amend,
    box,
    correct,
    events,
    import_rows,
    item,
    new_database,
    numbered,
    send,
    the_item,
    versions,
    void,
    work,
)

END = date(2022, 12, 1)


@pytest.fixture
def database() -> Database:
    return new_database()


def counts(plan: Plan, sheet: str = "items") -> tuple[int, int, int, int]:
    found = plan.sheets[sheet]
    return found.created, found.unchanged, found.continued, found.changed


def findings(database: Database, items: list[dict[str, Any]], **more: Any) -> list[tuple[str, int, str, str]]:
    with pytest.raises(NotLoadable) as raised:
        import_rows(database, items, **more)
    return [(found.sheet, found.row, found.field, found.message_zh) for found in raised.value.findings]


# What a row may be


def test_new_rows_make_records_and_the_same_file_again_changes_nothing(database: Database) -> None:
    first = import_rows(database, [item(), item("W-2")])
    before = events(database)
    second = import_rows(database, [item(), item("W-2")])
    assert (counts(first), counts(second)) == ((2, 0, 0, 0), (0, 2, 0, 0))
    assert (first.digest, second.digest, second.missing) == ("", "", [])
    assert events(database) == before


def test_a_record_amended_in_the_system_stays_so_with_the_same_file(database: Database) -> None:
    import_rows(database, [item(), item("W-2")])
    correct(database, title="照片")
    assert counts(import_rows(database, [item(), item("W-2")])) == (0, 2, 0, 0)
    assert versions(database) == {"W-1": (2, "照片"), "W-2": (1, "书信")}


def test_a_record_voided_in_the_system_stays_so_with_the_same_file(database: Database) -> None:
    import_rows(database, [item()])
    with work(database) as session:
        void(session, the_item(session))
    assert counts(import_rows(database, [item()])) == (0, 1, 0, 0)
    assert findings(database, [item(title="照片")]) == [
        ("items", 2, "", "这条物品的状态是“已作废”，不能修改；确有需要的请另行登记"),
    ]


def test_a_changed_row_of_an_untouched_record_is_an_amendment(database: Database) -> None:
    import_rows(database, [item(), item("W-2")])
    plan = import_rows(database, [item(), item("W-2", kind="medal", count=4)])
    assert counts(plan) == (0, 1, 0, 1)
    assert [(c.sheet, c.row, c.key, c.column, c.before, c.after) for c in plan.changes] == [
        ("物品", 3, "W-2", "类别", "书", "奖章"),
        ("物品", 3, "W-2", "数量", "3", "4"),
    ]
    assert events(database)[-1]["data"]["reason"] == "workbook"
    assert import_rows(database, [item(), item("W-2", kind="medal", count=4)]).digest == ""


def test_a_row_and_a_record_that_changed_alike_are_unchanged(database: Database) -> None:
    import_rows(database, [item()])
    correct(database, title="照片")
    plan = import_rows(database, [item(title="照片")])
    assert (counts(plan), plan.digest) == ((0, 1, 0, 0), "")


def test_a_row_and_a_record_that_changed_in_different_columns_are_both_taken(database: Database) -> None:
    import_rows(database, [item()])
    correct(database, title="照片")
    plan = import_rows(database, [item(count=4)])
    assert [c.column for c in plan.changes] == ["数量"]
    with database.read() as session:
        assert (the_item(session).title, the_item(session).count) == ("照片", 4)


def test_a_conflict_names_the_column_both_values_and_who(database: Database) -> None:
    import_rows(database, [item()])
    correct(database, title="照片", kind="medal")
    [conflict] = findings(database, [item(title="信件", kind="medal", count=4), item("W-2")])
    assert conflict[:3] == ("items", 2, "title")
    assert "表中为“信件”，系统中已由 小李 改为“照片”" in conflict[3]
    assert versions(database) == {"W-1": (2, "照片")}


def test_a_column_that_changed_in_the_system_conflicts_even_after_another_column_was_imported(
    database: Database,
) -> None:
    import_rows(database, [item()])
    correct(database, title="照片")
    import_rows(database, [item(count=4)])
    assert [found[:3] for found in findings(database, [item(title="信件", count=4)])] == [("items", 2, "title")]


def test_a_conflict_is_resolved_on_either_side(database: Database) -> None:
    import_rows(database, [item(), item("W-2")])
    correct(database, title="照片")
    correct(database, "W-2", title="照片")
    correct(database, "W-2", title="信件")
    plan = import_rows(database, [item(title="照片"), item("W-2", title="信件")])
    assert (counts(plan), plan.digest) == ((0, 2, 0, 0), "")
    assert [c.before for c in import_rows(database, [item(), item("W-2", title="信件")]).changes] == ["照片"]


def test_an_empty_cell_that_is_filled_in_continues_the_record_without_confirmation(database: Database) -> None:
    import_rows(database, [item()])
    plan = import_rows(database, [item(ended_on=END)])
    assert (counts(plan), plan.digest, plan.changes) == ((0, 0, 1, 0), "", [])
    with database.read() as session:
        assert the_item(session).ended_on == END
    assert counts(import_rows(database, [item(ended_on=END)])) == (0, 1, 0, 0)


def test_a_date_that_was_there_already_is_changed_not_continued(database: Database) -> None:
    import_rows(database, [item(ended_on=END)])
    plan = import_rows(database, [item(ended_on=date(2022, 12, 2))])
    assert (counts(plan), len(plan.changes)) == ((0, 0, 0, 1), 1)
    plan = import_rows(database, [item()])
    assert [(c.before, c.after) for c in plan.changes] == [("2022-12-02", "空")]


def test_a_row_that_goes_on_and_changes_besides_lists_both(database: Database) -> None:
    import_rows(database, [item()])
    plan = import_rows(database, [item(ended_on=END, count=5)])
    assert sorted(c.column for c in plan.changes) == ["数量", "清退日期"]
    assert plan.digest


def test_an_end_that_the_system_took_back_is_not_put_in_again(database: Database) -> None:
    import_rows(database, [item(ended_on=END)])
    correct(database, ended_on=None)
    assert counts(import_rows(database, [item(ended_on=END)])) == (0, 1, 0, 0)
    assert [found[2] for found in findings(database, [item(ended_on=date(2022, 12, 2))])] == ["ended_on"]


def test_a_record_of_the_api_is_adopted_if_its_row_says_the_same(database: Database) -> None:
    import_rows(database, [])
    with work(database) as session:
        add(session, Item(id=ids.entity_id("item", 2022, "W-1"), **item()), ITEM_EVENTS)
    before = events(database)
    assert [found[:3] for found in findings(database, [item(count=9)])] == [("items", 2, "count")]
    assert "小李 登记为“3”" in findings(database, [item(count=9)])[0][3]
    assert counts(import_rows(database, [item()])) == (0, 1, 0, 0)
    assert events(database) == before
    assert counts(import_rows(database, [item(count=9)])) == (0, 0, 0, 1)


def test_a_record_of_the_api_is_adopted_by_a_row_that_goes_on(database: Database) -> None:
    import_rows(database, [])
    with work(database) as session:
        add(session, Item(id=ids.entity_id("item", 2022, "W-1"), **item()), ITEM_EVENTS)
    plan = import_rows(database, [item(ended_on=END)])
    assert (counts(plan), plan.digest) == ((0, 0, 1, 0), "")


def test_a_row_keeps_its_record_even_if_its_id_would_be_another_today(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_rows(database, [item()])
    monkeypatch.setattr(ItemRows, "record_id", lambda _self, _loading, row: f"new {row.values['item_no']}")
    assert counts(import_rows(database, [item()])) == (0, 1, 0, 0)
    assert counts(import_rows(database, [item(), item("W-2")])) == (1, 1, 0, 0)


def test_a_column_that_is_new_in_the_sheet_was_empty_before(database: Database) -> None:
    import_rows(database, [item(), item("W-2"), item("W-3")])
    with work(database) as session:
        for found in session.execute(select(imported_row).filter_by(sheet="items")):
            row, record = dict(found.row), dict(found.record)
            del row["street"], record["street"]
            session.execute(imported_row.update().filter_by(key=found.key).values(row=row, record=record))
    correct(database, street="乙街道")
    correct(database, "W-3", street="乙街道")
    same = [item(), item("W-2", street="甲街道"), item("W-3")]
    plan = import_rows(database, same)
    assert [(c.key, c.before, c.after) for c in plan.changes] == [("W-2", "空", "甲街道")]
    assert [found[1:3] for found in findings(database, [*same[:2], item("W-3", street="甲街道")])] == [(4, "street")]


def test_a_record_that_changed_between_reading_and_locking_is_a_conflict(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_rows(database, [item()])
    another_request = "UPDATE item SET title = '照片', changed_by = '小王', version = 2"

    def waited(self: SheetRows, loading: Loading, record: Item) -> None:
        loading.session.execute(text(another_request))  # as if its transaction had ended while this one waited
        lock(self, loading, record)

    lock = SheetRows.lock
    monkeypatch.setattr(ItemRows, "lock", waited)
    [conflict] = findings(database, [item(title="信件")])
    assert "已由 小王 改为“照片”" in conflict[3]


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items are the same ones in every year, as in a register."""
    monkeypatch.setattr(ItemRows, "lasting", True)
    monkeypatch.setattr(
        ItemRows, "record_id", lambda _self, _loading, row: ids.entity_id("item", row.values["item_no"])
    )


@pytest.mark.usefixtures("lasting")
def test_a_register_of_the_next_year_is_compared_with_the_last_one(database: Database) -> None:
    import_rows(database, [item(), item("W-2")], year=2021)
    with work(database) as session:
        for found in session.scalars(select(Item)):
            amend(session, found, {"title": "照片"})
    plan = import_rows(database, [item(), item("W-2", count=4)])
    assert (counts(plan), [c.column for c in plan.changes]) == ((0, 1, 0, 1), ["数量"])
    assert [found[:3] for found in findings(database, [item(title="信件")])] == [("items", 2, "title")]


@pytest.mark.usefixtures("lasting")
def test_a_register_of_an_earlier_year_changes_nothing(database: Database) -> None:
    import_rows(database, [item(count=4)])
    plan = import_rows(database, [item(), item("W-2")], year=2021)
    assert (counts(plan), plan.digest) == ((1, 1, 0, 0), "")


def test_years_are_apart(database: Database) -> None:
    import_rows(database, [item()])
    assert counts(import_rows(database, [item(title="照片")], year=2021)) == (1, 0, 0, 0)
    assert counts(import_rows(database, [item()])) == (0, 1, 0, 0)


# Refusals and questions


def test_a_refusal_of_the_rules_is_a_finding_at_its_column(database: Database) -> None:
    assert findings(database, [item(), item("W-2", title="禁用")]) == [
        ("items", 3, "title", "名称不能是“禁用”，请改用其他名称")
    ]
    import_rows(database, [item()])
    assert [found[:3] for found in findings(database, [item(title="禁用")])] == [("items", 2, "title")]


def test_every_row_is_looked_at_before_a_file_is_refused(database: Database) -> None:
    rows = [item(f"W-{number}", title="禁用" if number % 2 else "书信") for number in range(1, 7)]
    assert [found[1] for found in findings(database, rows)] == [2, 4, 6]
    assert versions(database) == {}


def test_questions_are_noted_each_once_and_the_row_is_taken(database: Database) -> None:
    plan = import_rows(database, [item(count=5_000, title="存疑"), item("W-2", count=5_000)])
    assert [(q.sheet, q.row, q.key, q.code) for q in plan.questions] == [
        ("物品", 2, "W-1", "count-large"),
        ("物品", 2, "W-1", "title-doubtful"),
        ("物品", 3, "W-2", "count-large"),
    ]
    assert counts(plan) == (2, 0, 0, 0)
    assert plan.digest
    assert import_rows(database, [item(count=5_000, title="存疑"), item("W-2", count=5_000)]).questions == []


def test_an_answer_to_one_row_is_none_to_the_next(database: Database) -> None:
    import_rows(database, [item(), item("W-2")])
    plan = import_rows(database, [item(count=5_000), item("W-2", count=5_000)])
    assert [(q.row, q.code) for q in plan.questions] == [(2, "count-large"), (3, "count-large")]


def test_a_question_that_is_asked_for_ever_is_a_refusal(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.store_service.ask_about", _ask_always)
    assert [found[:3] for found in findings(database, [item()])] == [("items", 2, "title")]


def _ask_always(_values: dict[str, Any], _confirmed: Any) -> None:
    from hongxia.rules import Question, Violation

    raise Question(Violation("title", "again", "请确认"))


def test_new_labels_are_listed_once(database: Database) -> None:
    plan = import_rows(database, [item(street="丙街道"), item("W-2", street="丙街道"), item("W-3", street="甲街道")])
    assert plan.labels == [("街道名单", "丙街道")]
    assert plan.digest


# The digest


def plan_of(database: Database, items: list[dict[str, Any]], *, order: list[int] | None = None) -> Plan:
    """What an import would do, without doing it."""
    rows = numbered(items)
    if order is not None:
        rows = [replace(rows[index], number=number) for number, index in enumerate(order, 2)]
    with pytest.raises(DryRun) as run, work(database) as session:
        raise DryRun(load(session, STORE, ROWS, 2022, {"boxes": numbered([box()]), "items": rows}, TODAY))
    return run.value.plan


@pytest.fixture
def imported(database: Database) -> Database:
    import_rows(database, [item(f"W-{number}", keeper="张三") for number in range(1, 5)])
    return database


CHANGED = [
    item("W-1", keeper="李四"),
    item("W-2", keeper="张三", title="照片"),
    item("W-3", keeper="张三", count=5_000, title="照片"),
    item("W-4", keeper="张三"),
]
"""Changes of three rows, of which one is asked about."""


def test_the_digest_is_the_same_for_the_same_plan(imported: Database) -> None:
    assert plan_of(imported, CHANGED).digest == plan_of(imported, deepcopy(CHANGED)).digest


def test_sorting_the_file_does_not_change_the_digest(imported: Database) -> None:
    first = plan_of(imported, CHANGED).digest
    assert plan_of(imported, CHANGED, order=[3, 1, 0, 2]).digest == first


@pytest.mark.parametrize(
    ("index", "values"),
    [
        (0, {"keeper": "王五"}),
        (1, {"title": "相册"}),
        (1, {"count": 4}),
        (2, {"count": 6_000}),
        (2, {"title": "书信"}),
        (3, {"title": "照片"}),
        (3, {"street": "丙街道"}),
    ],
)
def test_any_other_value_makes_another_digest(imported: Database, index: int, values: dict[str, Any]) -> None:
    other = [dict(row) for row in CHANGED]
    other[index] |= values
    assert plan_of(imported, other).digest != plan_of(imported, CHANGED).digest


def test_a_question_about_a_new_row_is_answered_for_that_row_as_it_is(imported: Database) -> None:
    first = plan_of(imported, [item("W-9", count=5_000)]).digest
    assert plan_of(imported, [item("W-9", count=5_000, title="照片")]).digest != first
    assert plan_of(imported, [item("W-8", count=5_000)]).digest != first


def test_what_the_record_has_now_is_part_of_the_digest(imported: Database) -> None:
    first = plan_of(imported, [item("W-2", title="照片", keeper="张三")]).digest
    with work(imported) as session:
        amend(session, the_item(session, "W-2"), {"title": "书信集"})
        session.execute(
            imported_row.update()
            .filter_by(sheet="items", key="W-2")
            .values(
                record={
                    name: digest_of(imported.keys, f"items.{name}", getattr(the_item(session, "W-2"), name))
                    for name in item()
                    if name != "item_no"
                }
            )
        )
    assert plan_of(imported, [item("W-2", title="照片", keeper="张三")]).digest != first


def test_another_question_about_the_same_row_makes_another_digest() -> None:
    asked = Asked("物品", 2, "entered-twice", "与“W-1”相同，请确认", "W-9", "exact")
    digests = {Plan(questions=[replace(asked, **values)]).digest for values in ({}, {"message": "与“W-2”相同，请确认"})}
    assert len(digests) == 2


def test_a_key_that_is_private_is_not_shown_but_counts(imported: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    number, *others = ItemRows.sheet.columns
    sheet = replace(ItemRows.sheet, columns=(replace(number, private=True), *others))
    monkeypatch.setattr(ItemRows, "sheet", sheet)
    plans = [plan_of(imported, [item(number, keeper="张三", title="照片")]) for number in ("W-1", "W-2")]
    assert [[changed.key for changed in plan.changes] for plan in plans] == [[HIDDEN], [HIDDEN]]
    assert plans[0].missing == [("物品", HIDDEN)] * 3
    assert plans[0].digest != plans[1].digest


def test_what_is_judged_at_the_end_is_judged_only_if_all_rows_are_in(database: Database) -> None:
    judged = []
    for title in ("禁用", "书信"):
        rows = {"boxes": numbered([box()]), "items": numbered([item(title=title)])}
        with contextlib.suppress(NotLoadable), work(database) as session:
            load(session, STORE, ROWS, 2022, rows, TODAY, finish=lambda loading: judged.append(len(loading.findings)))
    assert judged == [0]


def test_new_rows_and_missing_rows_need_no_confirmation(imported: Database) -> None:
    assert plan_of(imported, [item("W-1", keeper="张三"), item("W-9")]).digest == ""


def test_values_of_private_columns_are_shown_nowhere(imported: Database) -> None:
    plan = plan_of(imported, CHANGED)
    [changed] = [c for c in plan.changes if c.column == "保管人"]
    assert (changed.before, changed.after) == (HIDDEN, HIDDEN)
    correct(imported, keeper="赵六")
    said = findings(imported, CHANGED)
    assert [found[:3] for found in said] == [("items", 2, "keeper")]
    for shown in [*rows_as_text(plan), str(plan), said[0][3]]:
        assert not any(name in shown for name in ("张三", "李四", "赵六"))


def test_the_text_of_a_plan_names_sheet_row_and_column(imported: Database) -> None:
    plan = plan_of(imported, [*CHANGED[1:3], item("W-4", keeper="李四"), item("W-5", street="丙街道")])
    assert list(rows_as_text(plan)) == [
        "“物品”第2行“名称”：由“书信”改为“照片”",
        "“物品”第3行“名称”：由“书信”改为“照片”",
        "“物品”第3行“数量”：由“3”改为“5000”",
        "“物品”第4行“保管人”：内容有改动（不显示）",
        "“物品”第3行：数量 5000 超过 1000，请确认",
        "“街道名单”中没有“丙街道”，确认后加入",
        "“物品”中编号为“W-1”的行已不在文件中；系统中的记录未作改动",
    ]


def test_an_empty_cell_is_not_the_word_for_it() -> None:
    keys = KeyRing.made()
    assert len({digest_of(keys, "", value) for value in (None, "None", "", "空", 0, False)}) == 6


def test_nobody_without_the_key_finds_a_cell_by_trying() -> None:
    digests = {digest_of(keys, "cadres.name", "林晓霞") for keys in (KeyRing.made(), KeyRing.made())}
    assert len(digests) == 2


def test_the_same_text_in_two_columns_has_two_digests() -> None:
    keys = KeyRing.made()
    assert digest_of(keys, "cadres.name", "林晓霞") != digest_of(keys, "cadres.liaison", "林晓霞")


# Rows that are gone


def test_rows_that_are_gone_are_listed_at_every_import_and_their_records_stay(database: Database) -> None:
    import_rows(database, [item(), item("W-2"), item("W-3")])
    before = events(database)
    for _ in range(2):
        assert import_rows(database, [item("W-3")]).missing == [("物品", "W-1"), ("物品", "W-2")]
    assert events(database) == before
    assert import_rows(database, [item(), item("W-3")]).missing == [("物品", "W-2")]


def test_a_sheet_whose_rows_are_all_gone_is_listed_too(database: Database) -> None:
    import_rows(database, [item()], [box(), box("X-2")])
    assert import_rows(database, [], [box()]).missing == [("箱子", "X-2"), ("物品", "W-1")]


def test_a_row_whose_record_was_voided_in_the_system_is_not_missed(database: Database) -> None:
    import_rows(database, [item(), item("W-2"), item("W-3")])
    with work(database) as session:
        void(session, the_item(session, "W-2"))
    assert import_rows(database, [item()]).missing == [("物品", "W-3")]


def test_a_corrected_number_is_a_new_row_and_a_missing_one(database: Database) -> None:
    import_rows(database, [item(), item("W-2")])
    plan = import_rows(database, [item(), item("W-20")])
    assert (counts(plan), plan.missing) == ((1, 1, 0, 0), [("物品", "W-2")])


def test_several_files_of_a_year_miss_only_their_own_rows(database: Database) -> None:
    first, second = [item(), item("W-2")], [item("W-3"), item("W-4")]
    boxes = [box(), box("X-2")]
    assert import_rows(database, first, boxes).missing == []
    assert import_rows(database, second, [box()]).missing == []
    assert import_rows(database, first, boxes).missing == []
    assert import_rows(database, second[:1], [box()]).missing == [("物品", "W-4")]
    assert import_rows(database, first[1:], boxes).missing == [("物品", "W-1")]


def test_a_box_that_another_file_still_has_is_not_missed(database: Database) -> None:
    import_rows(database, [item()], [box(), box("X-2"), box("X-3")])
    import_rows(database, [item("W-2")], [box(), box("X-2")])
    assert import_rows(database, [item()], [box()]).missing == [("箱子", "X-3")]
    assert import_rows(database, [item("W-2")], [box()]).missing == [("箱子", "X-2")]


def test_a_row_moved_to_another_file_is_missed_nowhere(database: Database) -> None:
    import_rows(database, [item(), item("W-2"), item("W-3")])
    import_rows(database, [item("W-4"), item("W-5")])
    assert import_rows(database, [item("W-4"), item("W-5"), item("W-3")]).missing == []
    assert import_rows(database, [item(), item("W-2")]).missing == []


def test_the_rest_of_a_file_that_was_split_is_missed_until_it_comes(database: Database) -> None:
    import_rows(database, [item(), item("W-2"), item("W-3"), item("W-4")])
    assert import_rows(database, [item(), item("W-2")]).missing == [("物品", "W-3"), ("物品", "W-4")]
    assert import_rows(database, [item("W-3"), item("W-4")]).missing == []
    assert import_rows(database, [item(), item("W-2")]).missing == []


def test_items_that_follow_later_belong_to_the_file_that_had_only_boxes(database: Database) -> None:
    import_rows(database, [], [box(), box("X-2")])
    assert import_rows(database, [item()], [box()]).missing == [("箱子", "X-2")]


# The order and the property


def test_the_order_of_rows_does_not_matter(database: Database) -> None:
    rows = [item(f"W-{number}", count=number) for number in range(1, 20)]
    import_rows(database, rows)
    random.Random(7).shuffle(rows)
    rows[0]["count"] += 1
    plan = import_rows(database, rows)
    assert (counts(plan), [c.row for c in plan.changes], plan.missing) == ((0, 18, 0, 1), [2], [])


def test_the_same_file_after_many_amendments_twice(database: Database) -> None:
    rows = [item(f"W-{number}") for number in range(1, 6)]
    import_rows(database, rows)
    for title in ("照片", "信件", "书信"):
        correct(database, "W-1", title=title)
        correct(database, "W-2", title=title + "甲", ended_on=END)
        before = versions(database)
        for _ in range(2):
            plan = import_rows(database, rows)
            assert (counts(plan), plan.digest, plan.missing) == ((0, 5, 0, 0), "", [])
        assert versions(database) == before


NUMBERS = ("W-1", "W-2", "W-3")
ROW = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["书信", "照片", "存疑", "禁用"]),
        "count": st.sampled_from([1, 2, 5_000]),
        "street": st.sampled_from([None, "甲街道", "丁街道"]),
        "ended_on": st.sampled_from([None, END]),
        "keeper": st.sampled_from([None, "张三"]),
    }
)
VERSION = st.dictionaries(st.sampled_from(NUMBERS), ROW, max_size=3)
AMENDMENT = st.tuples(
    st.sampled_from(NUMBERS),
    st.one_of(
        st.fixed_dictionaries({"title": st.sampled_from(["书信", "照片", "信件"])}),
        st.fixed_dictionaries({"count": st.integers(1, 3)}),
        st.fixed_dictionaries({"ended_on": st.sampled_from([None, END])}),
    ),
)
STEPS = st.lists(st.one_of(VERSION, AMENDMENT), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_importing_twice_changes_nothing_and_records_change_only_as_confirmed(steps: list[Any]) -> None:
    database = new_database()
    for step in steps:
        if isinstance(step, dict):
            _import_version(database, [item(number, **values) for number, values in sorted(step.items())])
        elif step[0] in _state(database):
            correct(database, step[0], **step[1])


def _import_version(database: Database, rows: list[dict[str, Any]]) -> None:
    before = _state(database)
    try:
        plan = import_rows(database, rows)
    except NotLoadable:
        assert _state(database) == before
        return
    after = _state(database)
    confirmed = {change.key for change in plan.changes}
    for number, record in before.items():
        if record != after[number] and number not in confirmed:
            assert record == {**after[number], "ended_on": None, "version": record["version"]}
    again = import_rows(database, rows)
    assert (again.digest, again.sheets["items"]) == ("", Counts(unchanged=len(rows)))
    assert again.missing == plan.missing
    assert _state(database) == after


def _state(database: Database) -> dict[str, dict[str, Any]]:
    names = ("title", "count", "street", "ended_on", "keeper", "version")
    with database.read() as session:
        return {i.item_no: {name: getattr(i, name) for name in names} for i in session.scalars(select(Item))}


# Through the API: nothing is left of what was not confirmed


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ServiceApi]:
    database = new_database(tmp_path)
    yield ServiceApi(StoreService, database, NOW)
    database.close()


def file(*items: dict[str, Any], boxes: tuple[dict[str, Any], ...] = (box(),)) -> bytes:
    return write(STORE, 2022, "某局", {"boxes": list(boxes), "items": list(items)})


def everything(api: ServiceApi) -> list[Any]:
    with api.service.host.database.read() as session:
        return [list(session.execute(select(table))) for table in (Item.__table__, Box.__table__, imported_row, outbox)]


def test_a_dry_run_shows_the_plan_and_leaves_nothing(api: ServiceApi) -> None:
    empty = everything(api)
    answer = send(api, STORE, file(item(count=5_000, street="丙街道")), "?dry_run=true").json
    assert answer["sheets"]["items"]["created"] == 1
    assert [question["code"] for question in answer["questions"]] == ["count-large"]
    assert answer["labels"] == [{"list": "街道名单", "label": "丙街道"}]
    assert everything(api) == empty


def test_what_nobody_confirmed_leaves_nothing(api: ServiceApi) -> None:
    assert send(api, STORE, file(item())).status_code == 200
    before = everything(api)
    changed = file(item(title="照片"), item("W-2"), boxes=(box(), box("X-2")))
    for query in ("", "?apply_changes=" + "0" * 64):
        refused = send(api, STORE, changed, query)
        assert (refused.status_code, refused.json["type"]) == (409, "urn:hongxia:problem:changes-not-confirmed")
        assert "由“书信”改为“照片”" in refused.json["detail"]
        assert everything(api) == before


def test_the_digest_of_a_dry_run_applies_exactly_that(api: ServiceApi) -> None:
    send(api, STORE, file(item()))
    digest = send(api, STORE, file(item(title="照片")), "?dry_run=true").json["digest"]
    assert send(api, STORE, file(item(title="信件")), f"?apply_changes={digest}").status_code == 409
    assert send(api, STORE, file(item(title="照片")), f"?apply_changes={digest}").status_code == 200
    assert send(api, STORE, file(item(title="照片"))).json["digest"] == ""
    assert events(api.service.host.database)[-1]["data"]["title"] == "照片"


def test_a_confirmation_no_longer_holds_once_the_record_has_changed(api: ServiceApi) -> None:
    send(api, STORE, file(item()))
    changed = file(item(title="照片", count=4))
    digest = send(api, STORE, changed, "?dry_run=true").json["digest"]
    correct(api.service.host.database, count=4)
    assert send(api, STORE, changed, f"?apply_changes={digest}").status_code == 409


def test_what_the_records_do_not_allow_leaves_nothing(api: ServiceApi) -> None:
    send(api, STORE, file(item()))
    before = everything(api)
    refused = send(api, STORE, file(item(), item("W-2"), item("W-3", title="禁用")))
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "#/物品/4/名称")
    assert everything(api) == before
