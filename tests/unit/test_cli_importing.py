"""What `hongxia import` makes of a directory before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from hongxia.cli.importing import Kind, left_out, notes, remarks, sorted_files
from hongxia.client import ClientError
from hongxia.workbook.write import write
from services.finance.workbook import BUDGET
from services.registry.workbook import CADRES

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


def test_notes_of_an_answer_are_lines_of_their_own() -> None:
    text = "“走访”表有 1 行处于隐藏或筛选状态（第3行），已一并读取"
    assert notes({"notes": [{"sheet": "走访", "text": text}]}) == [f"  注意：{text}"]
    assert notes({}) == []
