"""Files as offices send them: what is read, and every error named by sheet, row and column."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import openpyxl
import pytest

from hongxia.workbook.declare import Column, Finding, Kind, Row, Sheet, Workbook
from hongxia.workbook.errors import MOST_ERRORS, NotAWorkbook, WorkbookErrors
from hongxia.workbook.read import identify, read

TODAY = date(2023, 1, 10)


def cell_date(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  a cell knows no zone


def column(title: str, field: str, kind: Kind = Kind.TEXT, **settings: object) -> Column:
    return Column(title, field, kind, "", "", **settings)  # type: ignore[arg-type]


def _more_people_than_seats(sheets: Mapping[str, Sequence[Row]]) -> list[Finding]:
    return [Finding("guests", row.number, "", "座位不够") for row in sheets["guests"] if row.values["people"] == 13]


TRIPS = Sheet(
    "出行",
    "trips",
    (
        column("编号", "no"),
        column("日期", "on", Kind.DATE, within_year=True, not_future=True),
        column("车牌（可选）", "plate", required=False),
    ),
    key=("no",),
    unique=(("plate",),),
    help_zh="",
    help_en="",
)
GUESTS = Sheet(
    "随行",
    "guests",
    (
        column("编号", "no", refers_to="trips"),
        column("人数", "people", Kind.INTEGER),
        column("姓名", "name", required=False, kept=False),
    ),
    key=("no",),
    help_zh="",
    help_en="",
)
NOTES = Sheet("备注", "notes", (column("编号", "no"),), key=("no",), help_zh="", help_en="", optional=True)
BOOK = Workbook("trips", "出行表", "cars", (TRIPS, GUESTS, NOTES), "", "", order=1, checks=(_more_people_than_seats,))

Table = list[list[object]]
GOOD: dict[str, Table] = {
    "封面": [["表名", "出行表"], ["年度", 2022], ["单位名称", "某局"]],
    "出行": [["编号", "日期", "车牌（可选）"], ["A1", cell_date(2022, 3, 1), "粤A"], ["A2", "2022年4月5日", None]],
    "随行": [["编号", "人数"], ["A1", 3]],
}


def file(tables: Mapping[str, Table]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in tables.items():
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, start=1):
            for index, cell in enumerate(row, start=1):
                if cell is not None:
                    sheet.cell(number, index, cell)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def errors(tables: Mapping[str, Table]) -> list[str]:
    with pytest.raises(WorkbookErrors) as caught:
        read(file(tables), BOOK, today=TODAY)
    return [str(error) for error in caught.value.errors]


def with_rows(title: str, *rows: list[object]) -> dict[str, Table]:
    return {**GOOD, title: [GOOD[title][0], *rows]}


def test_rows_come_with_their_numbers_and_every_field() -> None:
    parsed = read(file(GOOD), BOOK, today=TODAY)
    assert (parsed.year, parsed.unit) == (2022, "某局")
    assert parsed.rows["trips"] == [
        Row(2, {"no": "A1", "on": date(2022, 3, 1), "plate": "粤A"}),
        Row(3, {"no": "A2", "on": date(2022, 4, 5), "plate": None}),
    ]
    assert parsed.rows["guests"] == [Row(2, {"no": "A1", "people": 3})]
    assert parsed.rows["notes"] == []


def test_a_file_is_known_by_its_cover() -> None:
    assert identify(file(GOOD)) == ("出行表", 2022, "某局")


@pytest.mark.parametrize("year", ["2022", "2022年", "2022年度", "２０２２", 2022.0])
def test_the_year_may_be_written_in_several_ways(year: object) -> None:
    cover: Table = [["某局出行登记"], [None, "表名：", "出行表"], [None, "年度：", year], [None, "单位名称：", "某局"]]
    assert identify(file({**GOOD, "封面": cover})) == ("出行表", 2022, "某局")


def test_rows_may_leave_gaps_and_columns_stand_in_any_order() -> None:
    table: Table = [["日期", "编号"], [None, None], ["2022-3-1", "A1"], ["  ", "\u3000"], ["2022-3-2", "A2"]]
    parsed = read(file({**GOOD, "出行": table}), BOOK, today=TODAY)
    assert [row.number for row in parsed.rows["trips"]] == [3, 5]
    assert parsed.rows["trips"][0].values["plate"] is None


def test_headers_are_recognised_whatever_their_width_and_blanks() -> None:
    table: Table = [[" 编 号 ", "日期*", "车牌(可选)"], ["A1", "2022-3-1", "粤A"]]
    assert read(file({**GOOD, "出行": table}), BOOK, today=TODAY).rows["trips"][0].values["plate"] == "粤A"


def test_a_column_that_only_helps_is_never_read() -> None:
    table: Table = [["编号", "人数", "姓名"], ["A1", 3, cell_date(2022, 1, 1)]]
    assert "name" not in read(file({**GOOD, "随行": table}), BOOK, today=TODAY).rows["guests"][0].values


def test_all_errors_of_a_file_are_told_at_once() -> None:
    tables = {
        **GOOD,
        "出行": [
            ["编号", "日期", "车牌（可选）"],
            ["A1", "2021-12-31", "粤A"],
            [None, "2022-03-01", "粤B"],
            ["A3", "2023-01-11", None],
        ],
        "随行": [["编号", "人数"], ["A1", "三"]],
    }
    assert errors(tables) == [
        "出行：第2行“日期”：日期不在本表年度内（2022年）",
        "出行：第3行“编号”：不能为空",
        "出行：第4行“日期”：日期不在本表年度内（2022年）",
        "随行：第2行“人数”：应为整数",
    ]


def test_a_date_after_today_is_an_error() -> None:
    with pytest.raises(WorkbookErrors) as caught:
        read(file(GOOD), BOOK, today=date(2022, 3, 31))
    assert [str(error) for error in caught.value.errors] == ["出行：第3行“日期”：日期晚于今天"]


def test_two_rows_with_one_key_are_both_named() -> None:
    tables = with_rows("出行", ["A1", "2022-3-1", "粤A"], ["A2", "2022-3-2", "粤B"], [" Ａ1", "2022-3-3", "粤A"])
    assert errors(tables) == [
        "出行：第4行“编号”：与第2行重复（编号）",
        "出行：第4行“车牌（可选）”：与第2行重复（车牌（可选））",
    ]


def test_empty_cells_are_no_doubles() -> None:
    tables = with_rows("出行", ["A1", "2022-3-1"], ["A2", "2022-3-2"])
    assert len(read(file(tables), BOOK, today=TODAY).rows["trips"]) == 2


def test_a_reference_must_be_in_the_same_file() -> None:
    assert errors(with_rows("随行", ["A9", 1])) == ["随行：第2行“编号”：“出行”表中没有这个编号"]


def test_a_reference_to_a_row_with_another_error_is_no_second_error() -> None:
    tables = {**with_rows("随行", ["A1", 1]), "出行": [GOOD["出行"][0], ["A1", "二月"]]}
    assert errors(tables) == ["出行：第2行“日期”：应为日期，如 2022-03-01"]


def test_checks_over_rows_are_told_like_other_errors() -> None:
    assert errors(with_rows("随行", ["A1", 13])) == ["随行：第2行：座位不够"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"随行": []}, "随行：第1行“编号”：缺少这一列（表头应在第1行）"),
        ({"随行": [["编号", "人数", "人数"]]}, "随行：第1行“人数”：这一列出现了两次"),
        ({"随行": [["编号", "人数", "电话"]]}, "随行：第1行“电话”：模板中没有这一列"),
        ({"随行": [["编号", "人数"], ["A1", 1, None, "旁注"]]}, "随行：第2行：第D列有内容但没有表头"),
        ({"随行表": [["编号"]]}, "随行表：模板中没有这张工作表，应为：出行、随行、备注"),
        ({"封面": [["表名", "出行表"], ["年度", 2022]]}, "封面：“单位名称”：不能为空"),
        ({"封面": [["表名", "出行表"], ["年度", "今年"], ["单位名称", "某局"]]}, "封面：第2行“年度”：应为整数"),
        ({"封面": [["表名", "出行表"], ["年度", 2024], ["单位名称", "某局"]]}, "封面：第2行“年度”：年度晚于今年"),
        ({"封面": [["表名", "用车表"], ["年度", 2022], ["单位名称", "某局"]]}, "封面：第1行“表名”：应为“出行表”"),
    ],
)
def test_a_file_that_is_not_as_declared_says_where(change: dict[str, Table], error: str) -> None:
    assert error in errors({**GOOD, **change})


def test_a_sheet_left_out_is_an_error_unless_it_is_optional() -> None:
    tables = {title: rows for title, rows in GOOD.items() if title != "随行"}
    assert errors(tables) == ["随行：缺少这张工作表（没有内容也请保留表头）"]


def test_an_empty_sheet_that_a_program_left_behind_is_no_error() -> None:
    assert read(file({**GOOD, "Sheet1": []}), BOOK, today=TODAY).year == 2022


def test_a_formula_counts_by_its_stored_result_and_is_an_error_without_one() -> None:
    assert errors(with_rows("随行", ["A1", "=1+2"])) == [
        "随行：第2行“人数”：公式没有计算结果，请用 Excel 打开并保存，或粘贴为数值"
    ]


def test_a_stored_result_of_a_formula_is_read() -> None:
    data = _replaced(
        file(with_rows("随行", ["A1", "=1+2"])),
        "xl/worksheets/sheet3.xml",
        lambda xml: xml.replace(b"<v />", b"<v>3</v>"),
    )
    assert read(data, BOOK, today=TODAY).rows["guests"][0].values["people"] == 3


def test_at_most_so_many_errors_are_told() -> None:
    with pytest.raises(WorkbookErrors) as caught:
        read(file(with_rows("出行", *([f"A{n}", "无"] for n in range(MOST_ERRORS + 50)))), BOOK, today=TODAY)
    assert (len(caught.value.errors), caught.value.truncated) == (MOST_ERRORS, True)


def test_reading_pauses_so_that_others_can_go_on() -> None:
    pauses: list[None] = []
    tables = with_rows("出行", *([f"A{n}", "2022-3-1"] for n in range(1000)))
    read(file(tables), BOOK, today=TODAY, pause=lambda: pauses.append(None))
    assert len(pauses) >= 5


def test_an_error_points_to_its_cell() -> None:
    with pytest.raises(WorkbookErrors) as caught:
        read(file(with_rows("随行", ["A1", "三"])), BOOK, today=TODAY)
    assert caught.value.errors[0].pointer == "/随行/2/人数"


def _replaced(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return stream.getvalue()


def _zip(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "haha">'
    + b"".join(b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 20) for n in range(1, 9))
    + b"]><worksheet><sheetData><row><c><v>&i;</v></c></row></sheetData></worksheet>"
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "不是 Excel 工作簿"),
        (b"name,date\r\n", "不是 Excel 工作簿"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧版 .xls"),
        (b"PK\x03\x04" + b"\0" * 100, "不是 Excel 工作簿"),
        (_zip({"word/document.xml": b"<w/>"}), "不是 Excel 工作簿"),
        (_zip({"xl/workbook.xml": b"<broken"}), "已损坏"),
        (_zip({"xl/workbook.xml": b"", "xl/sharedStrings.xml": b"\0" * (130 << 20)}), "过大"),
        (_zip({"xl/workbook.xml": b"", **{f"p{n}": b"" for n in range(1001)}}), "过大"),
        (file(GOOD)[:-200], "不是 Excel 工作簿"),
        (_replaced(file(GOOD), "xl/worksheets/sheet2.xml", lambda xml: xml[:300]), "已损坏"),
        (_replaced(file(GOOD), "xl/worksheets/sheet2.xml", lambda _: LAUGHS), "DOCTYPE"),
        (file({"出行": GOOD["出行"]}), "没有“封面”"),
        (file({f"表{n}": [] for n in range(51)}), "工作表过多"),
    ],
    ids=[
        "empty", "csv", "xls", "torn zip", "docx", "no workbook", "zip bomb", "many parts",
        "cut off", "broken sheet", "billion laughs", "no cover", "many sheets",
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused_with_a_reason(data: bytes, message: str) -> None:
    with pytest.raises(NotAWorkbook) as caught:
        read(data, BOOK, today=TODAY)
    assert message in caught.value.message_zh


def _far_cell(reference: bytes) -> bytes:
    def change(xml: bytes) -> bytes:
        row = reference.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        cell = b'<row r="%s"><c r="%s"><v>1</v></c></row></sheetData>' % (row, reference)
        return xml.replace(b"</sheetData>", cell)

    return _replaced(file(GOOD), "xl/worksheets/sheet2.xml", change)


def test_a_cell_far_out_does_not_keep_the_reader_busy() -> None:
    with pytest.raises(NotAWorkbook, match="列过多"):
        read(_far_cell(b"XFD9"), BOOK, today=TODAY)
    with pytest.raises(NotAWorkbook, match="行过多"):
        read(_far_cell(b"A99999999"), BOOK, today=TODAY)


def test_a_wrong_size_noted_in_the_file_loses_no_row() -> None:
    data = _replaced(
        file(GOOD),
        "xl/worksheets/sheet2.xml",
        lambda xml: xml.replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1"'),
    )
    assert len(read(data, BOOK, today=TODAY).rows["trips"]) == 2


def test_identify_says_why_it_can_not() -> None:
    with pytest.raises(NotAWorkbook, match="年度"):
        identify(file({**GOOD, "封面": [["表名", "出行表"]]}))


def _renamed(data: bytes, change: Callable[[str], str], text: Callable[[bytes], bytes] = lambda xml: xml) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _zip({change(name): text(archive.read(name)) for name in archive.namelist()})


@pytest.mark.parametrize(
    "data",
    [
        _renamed(file(GOOD), lambda name: name.replace("/", "\\")),
        _renamed(file(GOOD), lambda name: name.replace("sheet1", "Sheet1")),
        _renamed(
            file(GOOD),
            lambda name: name.replace("workbook", "workbook2"),
            lambda xml: xml.replace(b"xl/workbook.xml", b"xl/workbook2.xml"),
        ),
        _renamed(file(GOOD), lambda name: name.replace("docProps/core.xml", "lost.xml")),
        _replaced(file(GOOD), "xl/styles.xml", lambda xml: xml.replace(b"<fills ", b"<fill /><fills ")),
        _replaced(file(GOOD), "[Content_Types].xml", lambda _: b"<Types/>"),
        _replaced(
            file(GOOD),
            "xl/worksheets/sheet2.xml",
            lambda xml: xml.replace(
                b"</worksheet>", b"<dataValidations><dataValidation/></dataValidations></worksheet>"
            ),
        ),
    ],
    ids=["backslashes", "capitals", "other name", "properties", "odd style", "no types", "odd rule"],
)
def test_a_file_that_another_program_wrote_oddly_is_read(data: bytes) -> None:
    assert [row.values["on"] for row in read(data, BOOK, today=TODAY).rows["trips"]] == [
        date(2022, 3, 1),
        date(2022, 4, 5),
    ]
