"""What `hongxia import` makes of a directory, shows of the answers, and does with two services."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select

from hongxia import services
from hongxia.cli import importing, main
from hongxia.cli.importing import Kind, left_out, remarks, sorted_files
from hongxia.cli.plans import details
from hongxia.client import ClientError
from hongxia.events import preview
from hongxia.http import endpoint
from hongxia.runtime import http
from hongxia.workbook.write import write
from services.finance.workbook import BUDGET
from services.registry.workbook import CADRES
from tests.unit.service_api import ServiceApi
from tests.unit.store_service import (
    LENDING,
    NOW,
    STORE,
    Item,
    LendingBase,
    LendingService,
    Loan,
    StoreService,
    box,
    correct,
    events,
    item,
    new_database,
    versions,
)

KNOWN = {book.title_zh: Kind(book.service, book.name, book.title_zh, book.order) for book in (CADRES, BUDGET)}


def remarks_on(directory: Path) -> list[str]:
    return remarks(sorted_files(directory, KNOWN))


def test_files_are_known_by_their_cover_and_sorted_by_what_refers_to_what(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(write(BUDGET, 2022, "某局"))
    (tmp_path / "b.XLSX").write_bytes(write(CADRES, 2022, "某局"))
    (tmp_path / "~$a.xlsx").write_bytes(b"Excel's own lock")
    (tmp_path / ".hidden.xlsx").write_bytes(b"somebody's own")
    assert [file.path.name for file in sorted_files(tmp_path, KNOWN)] == ["b.XLSX", "a.xlsx"]
    assert remarks_on(tmp_path) == []
    assert left_out(tmp_path) == []


def test_an_empty_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=r"没有 \.xlsx 工作簿"):
        sorted_files(tmp_path, KNOWN)


def test_subdirectories_and_other_files_are_mentioned(tmp_path: Path) -> None:
    for name in ("一季度", "图片", ".git"):
        (tmp_path / name).mkdir()
    for name in (
        "一季度/a.xlsx",
        "一季度/b.XLSX",
        "一季度/~$a.xlsx",
        "图片/a.png",
        "旧表.xls",
        "名单.csv",
        "b.xlsx.bak",
    ):
        (tmp_path / name).write_bytes(b"")
    assert left_out(tmp_path) == [
        "不是 .xlsx，没有读取：b.xlsx.bak、名单.csv、旧表.xls",
        "子目录 一季度 没有读取（其中有 2 个 .xlsx 文件）",
        "子目录 图片 没有读取",
    ]


def test_a_directory_with_nothing_but_subdirectories_says_so(tmp_path: Path) -> None:
    (tmp_path / "2022").mkdir()
    (tmp_path / "2022" / "a.xlsx").write_bytes(write(CADRES, 2022, "某局"))
    with pytest.raises(ClientError, match="子目录 2022 没有读取（其中有 1 个"):
        sorted_files(tmp_path, KNOWN)


def test_another_unit_on_a_cover_is_mentioned(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(write(CADRES, 2022, "甲区老干部局"))
    (tmp_path / "b.xlsx").write_bytes(write(BUDGET, 2022, "乙区老干部局"))
    assert remarks_on(tmp_path) == [
        "封面上的单位名称不一致，请确认这些文件属于同一单位：“甲区老干部局”：a.xlsx；“乙区老干部局”：b.xlsx"
    ]


def test_the_same_unit_written_in_other_widths_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(write(CADRES, 2022, "甲区老干部局（1）"))
    (tmp_path / "b.xlsx").write_bytes(write(BUDGET, 2022, " 甲区老干部局(１) "))
    assert remarks_on(tmp_path) == []


def test_a_workbook_of_one_year_that_is_there_twice_is_mentioned(tmp_path: Path) -> None:
    for name, year in (("a", 2022), ("b", 2022), ("c", 2021)):
        (tmp_path / f"{name}.xlsx").write_bytes(write(CADRES, year, "某局"))
    assert remarks_on(tmp_path) == ["有 2 个文件都是2022年的“干部名册”：a.xlsx、b.xlsx，将依次导入"]


# What is printed of an answer


def change(row: int, column: str = "名称", before: str = "甲", after: str = "乙") -> dict[str, Any]:
    return {
        "sheet": "物品",
        "row": row,
        "key": f"W-{row - 1}",
        "column": column,
        "before": before,
        "after": after,
    }


def test_notes_of_an_answer_are_lines_of_their_own() -> None:
    text = "“走访”表有 1 行处于隐藏或筛选状态（第3行），已一并读取"
    assert list(details({"notes": [{"sheet": "走访", "text": text}]})) == [f"  注意：{text}"]
    assert list(details({})) == []


def test_a_few_changes_of_a_column_are_listed_and_many_summed_up() -> None:
    few = [change(row) for row in range(2, 7)]
    many = [change(row, "街道", "空", f"{row}街道") for row in range(2, 602)]
    assert list(details({"changes": [*few, *many]})) == [
        "  改动：",
        *(f"    “物品”第{row}行（W-{row - 1}）“名称”：由“甲”改为“乙”" for row in range(2, 7)),
        "    “物品”的“街道”列 600 行有改动，例如第2行（W-1）：由“空”改为“2街道”",
    ]
    assert len(list(details({"changes": [*few, *many]}, everything=True))) == 606


def test_a_change_that_is_not_shown_is_named_all_the_same() -> None:
    [_, line] = details({"changes": [change(2, "保管人", "（不显示）", "（不显示）")]})
    assert line == "    “物品”第2行（W-1）“保管人”：内容有改动（不显示）"


def test_long_lists_are_cut_short_unless_all_is_wanted() -> None:
    answer = {
        "questions": [{"sheet": "物品", "row": row, "message": "请确认"} for row in range(2, 32)],
        "missing": [{"sheet": "物品", "key": f"W-{number}"} for number in range(30)],
        "labels": [{"list": "街道名单", "label": label} for label in ("丙街道", "丁街道")],
    }
    short, whole = list(details(answer)), list(details(answer, everything=True))
    assert "    ……另有 10 处，加 --all 全部列出" in short
    assert "    街道名单：丙街道、丁街道" in short
    assert short[-1].startswith("    “物品”30 行：W-0、W-1")
    assert short[-1].endswith("W-19 等")
    assert (len(whole), whole[-1].endswith("W-29")) == (35, True)


# A whole command, against two services


@pytest.fixture
def bureau(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ServiceApi]]:
    """A store and a lending desk; what the command waits for is that the desk has read the store."""
    apis = {
        "store": ServiceApi(StoreService, new_database(tmp_path), NOW),
        "lending": ServiceApi(LendingService, new_database(tmp_path, LendingBase.metadata), NOW),
    }

    def send(_session: Any, method: str, url: str, **options: Any) -> requests.Response:
        for own in ("timeout", "verify"):
            options.pop(own)
        prepared = requests.Request(method, url, **options).prepare()
        _, service, path = prepared.path_url.split("/", 2)
        headers = {name.replace("-", "_"): value for name, value in prepared.headers.items()}
        answered = apis[service](method, f"/{path}", prepared.body, **headers)
        response = requests.Response()
        response.status_code, response.url, response._content = answered.status_code, url, answered.get_data()
        return response

    monkeypatch.setattr(requests.Session, "request", send)
    monkeypatch.setattr(http, "_observe", lambda *_request: None)  # its log would stand among what is printed
    monkeypatch.setattr(services, "names", lambda: ["store", "lending"])
    monkeypatch.setattr(importing, "settle", lambda _client: deliver(apis))
    monkeypatch.setenv("HONGXIA_TOKEN", "token")
    monkeypatch.setenv("HONGXIA_URL", "http://h")
    yield apis
    for api in apis.values():
        api.service.host.database.close()


def deliver(apis: dict[str, ServiceApi]) -> None:
    published = preview.read(events(apis["store"].service.host.database))
    lending = apis["lending"].service
    with lending.host.database.begin(lending.host.context()) as session:
        lending.from_store(session, published)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `hongxia import`; return the exit code, and what it wrote to stdout and stderr."""

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hongxia", "import", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main.run()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out, written.err

    return command


def put(directory: Path, name: str, *items: dict[str, Any], loans: Sequence[str] = (), boxes: int = 1) -> Path:
    """Write a directory with the store's workbook and, if there are loans, the lending desk's."""
    directory.mkdir(exist_ok=True)
    rows = {"boxes": [box(f"X-{number}") for number in range(1, boxes + 1)], "items": list(items)}
    (directory / f"{name}.xlsx").write_bytes(write(STORE, 2022, "某局", rows))
    if loans:
        lent = [{"loan_no": f"J-{box_no}", "box_no": box_no, "lent_on": date(2022, 3, 1)} for box_no in loans]
        (directory / "0借用.xlsx").write_bytes(write(LENDING, 2022, "某局", {"loans": lent}))
    return directory


def records_of(bureau: dict[str, ServiceApi]) -> list[int]:
    counts = []
    for name, model in (("store", Item), ("lending", Loan)):
        with bureau[name].service.host.database.read() as session:
            counts.append(len(session.scalars(select(model)).all()))
    return counts


def test_a_dry_run_of_a_directory_sees_what_earlier_files_bring(
    bureau: dict[str, ServiceApi], run: Run, tmp_path: Path
) -> None:
    directory = put(tmp_path / "d", "库存", item(), loans=["X-1"])
    code, out, err = run(directory, "--dry-run")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == [
        "检查通过 库存.xlsx（2022年）：新增 2 行，已有 0 行",
        "检查通过 0借用.xlsx（2022年）：新增 1 行，已有 0 行",
    ]
    assert records_of(bureau) == [0, 0]
    assert run(directory)[0] == 0
    assert records_of(bureau) == [1, 1]


def test_a_dry_run_finds_what_no_file_brings(bureau: dict[str, ServiceApi], run: Run, tmp_path: Path) -> None:
    code, _, err = run(put(tmp_path / "d", "库存", item(), loans=["X-1", "X-7"]), "--dry-run")
    assert (code, "借用：第3行“箱号”：没有箱号为“X-7”的箱子" in err) == (1, True)
    assert records_of(bureau) == [0, 0]


def test_a_dry_run_of_two_files_of_one_workbook_checks_the_second_after_the_first(
    bureau: dict[str, ServiceApi], run: Run, tmp_path: Path
) -> None:
    put(tmp_path / "d", "一", item())
    code, out, _ = run(put(tmp_path / "d", "二", item(title="照片"), item("W-2")), "--dry-run")
    assert code == 0
    assert "由“书信”改为“照片”" in out
    assert "须加 --apply-changes 才会导入：二.xlsx" in out
    assert records_of(bureau) == [0, 0]


def test_a_file_that_fails_its_check_is_left_out_of_the_checks_after_it(
    bureau: dict[str, ServiceApi], run: Run, tmp_path: Path
) -> None:
    code, _, err = run(put(tmp_path / "d", "库存", item(title="禁用"), loans=["X-1"]), "--dry-run")
    assert (code, err.count("没有导入")) == (1, 2)
    assert "有错误的文件没有计入对其后各文件的检查" not in err
    put(tmp_path / "d", "库存", item(title="禁用"))
    put(tmp_path / "d", "库存二", item())
    code, out, err = run(tmp_path / "d", "--dry-run")
    assert (code, "有错误的文件没有计入对其后各文件的检查" in err, "检查通过 库存二.xlsx" in out) == (1, True, True)


def test_a_file_with_changes_is_refused_with_the_list_and_the_remedy(
    bureau: dict[str, ServiceApi], run: Run, tmp_path: Path
) -> None:
    assert run(put(tmp_path / "d", "库存", item(), item("W-2")))[0] == 0
    put(tmp_path / "d", "库存", item(title="照片"), item("W-3", count=5_000), loans=["X-1"])
    code, out, err = run(tmp_path / "d")
    assert (code, out) == (1, "")
    for part in ("“物品”第2行（W-1）“名称”：由“书信”改为“照片”", "--apply-changes", "5000", "W-2", "0借用.xlsx"):
        assert part in err
    assert records_of(bureau) == [2, 0]


def test_changes_are_shown_and_then_applied(bureau: dict[str, ServiceApi], run: Run, tmp_path: Path) -> None:
    run(put(tmp_path / "d", "库存", item(), item("W-2")))
    put(tmp_path / "d", "库存", item(title="照片"), item("W-2", ended_on=date(2022, 12, 1)), loans=["X-1"])
    code, out, err = run(tmp_path / "d", "--apply-changes")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "检查通过 库存.xlsx（2022年）：新增 0 行，续填 1 行，改动 1 行，已有 1 行",
        "  改动：",
        "    “物品”第2行（W-1）“名称”：由“书信”改为“照片”",
        "已导入 库存.xlsx（2022年）：新增 0 行，续填 1 行，改动 1 行，已有 1 行",
        "已导入 0借用.xlsx（2022年）：新增 1 行，已有 0 行",
    ]
    assert run(tmp_path / "d")[0] == 0


def test_only_what_was_shown_is_applied(
    bureau: dict[str, ServiceApi], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = bureau["store"].service.host.database
    run(put(tmp_path / "d", "库存", item(), item("W-2")))
    put(tmp_path / "d", "库存", item(title="照片", count=9), item("W-2", count=9))
    checked = importing.check_file

    def meanwhile(*asked: Any, **more: Any) -> dict[str, Any]:
        answer = checked(*asked, **more)
        correct(database, "W-2", count=9)
        return answer

    monkeypatch.setattr(importing, "check_file", meanwhile)
    code, _, err = run(tmp_path / "d", "--apply-changes")
    assert (code, "库存.xlsx 没有导入" in err) == (1, True)
    assert versions(database)["W-1"] == (1, "书信")


def test_a_file_whose_records_conflict_names_both_values(
    bureau: dict[str, ServiceApi], run: Run, tmp_path: Path
) -> None:
    run(put(tmp_path / "d", "库存", item()))
    correct(bureau["store"].service.host.database, title="照片")
    put(tmp_path / "d", "库存", item(title="信件"))
    for options in ((), ("--dry-run",), ("--apply-changes",)):
        code, _, err = run(tmp_path / "d", *options)
        assert (code, "表中为“信件”，系统中已由 小李 改为“照片”" in err) == (1, True)


def test_checking_and_applying_exclude_each_other(run: Run, tmp_path: Path) -> None:
    code, _, err = run(tmp_path, "--dry-run", "--apply-changes")
    assert (code, "只能用一个" in err) == (1, True)


def test_a_file_that_is_too_large_with_the_earlier_ones_is_checked_alone(
    bureau: dict[str, ServiceApi], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "d", "库存", item(), loans=["X-1"], boxes=100)
    largest = max(path.stat().st_size for path in (tmp_path / "d").iterdir())
    monkeypatch.setattr(endpoint, "MOST_RAW", largest + 10)
    code, _, err = run(tmp_path / "d", "--dry-run")
    assert (code, "没有箱号为“X-1”的箱子" in err) == (1, True)
