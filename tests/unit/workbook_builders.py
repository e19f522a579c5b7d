"""Files for the tests of the workbook reader: a small declaration, and sheets written as XML by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
import xlsxwriter

from hongxia.workbook.declare import Column, Kind, Sheet, Value, Workbook
from hongxia.workbook.errors import WorkbookErrors
from hongxia.workbook.read import Parsed, read

TODAY = date(2023, 1, 10)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
TITLES = ("编号", "日期", "金额（元）", "人数", "独居", "月份", "形式", "备注", "姓名")


def _column(title: str, field: str, kind: Kind = Kind.TEXT, **settings: Any) -> Column:
    return Column(title, field, kind, "", "", **{"required": field == "no", **settings})


VISITS = Sheet(
    "走访",
    "visits",
    (
        _column("编号", "no"),
        _column("日期", "on", Kind.DATE),
        _column("金额（元）", "fen", Kind.YUAN, minimum=None),
        _column("人数", "people", Kind.INTEGER, minimum=None),
        _column("独居", "alone", Kind.YES_NO, default=False),
        _column("月份", "month", Kind.MONTH),
        _column("形式", "form", Kind.CHOICE, choices={"家访": "home", "电话": "phone"}),
        _column("备注", "remark"),
        _column("姓名", "name", kept=False),
    ),
    key=("no",),
    help_zh="",
    help_en="",
)
BOOK = Workbook("visits", "走访表", "outreach", (VISITS,), "", "", order=1)

Write = Callable[[Any, Any], None]
"""What a test writes: (XlsxWriter's workbook, the sheet 走访 with its headers)."""


def written(fill: Write, **options: object) -> bytes:
    """A file by XlsxWriter: the cover, and the sheet 走访 as the test fills it in."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, **options})
    cover = book.add_worksheet("封面")
    for row, (label, value) in enumerate((("表名", "走访表"), ("年度", 2022), ("单位名称", "某局"))):
        cover.write_row(row, 0, (label, value))
    page = book.add_worksheet("走访")
    page.write_row(0, 0, TITLES)
    fill(book, page)
    book.close()
    return stream.getvalue()


def by_hand(
    rows: str,
    *,
    prefix: str = "",
    namespace: str = MAIN,
    after: str = "",
    before: str = "",
    strings: str = "",
    formats: Mapping[int, str] | None = None,
    styles: tuple[int, ...] = (),
    date1904: bool = False,
) -> bytes:
    """A file whose sheet 走访 has these rows below its headers, in XML.

    `{p}` in the XML is the prefix of its elements. `styles` are the number formats of the styles 0, 1, …
    """
    p = f"{prefix}:" if prefix else ""
    root = f'xmlns{":" + prefix if prefix else ""}="{namespace}"'
    head = "".join(inline(f"{chr(65 + at)}1", title) for at, title in enumerate(TITLES))
    cover = "".join(
        f'<{{p}}row r="{at}">{inline(f"A{at}", label)}{inline(f"B{at}", value)}</{{p}}row>'
        for at, (label, value) in enumerate((("表名", "走访表"), ("年度", "2022"), ("单位名称", "某局")), start=1)
    )

    def sheet(data: str, before: str = "", after: str = "") -> str:
        xml = f"<{{p}}worksheet {root}>{before}<{{p}}sheetData>{data}</{{p}}sheetData>{after}</{{p}}worksheet>"
        return xml.replace("{p}", p)

    codes = "".join(
        f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>' for number, code in (formats or {}).items()
    )
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    related = {"1": ("worksheet", "worksheets/sheet1.xml"), "2": ("worksheet", "/xl/worksheets/sheet2.xml")}
    related |= {"3": ("sharedStrings", "sharedStrings.xml"), "4": ("styles", "styles.xml")}
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    overrides = {"workbook": "sheet.main", "styles": "styles", "sharedStrings": "sharedStrings"}
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(f'<Override PartName="/xl/{n}.xml" ContentType="{kind}.{k}+xml"/>' for n, k in overrides.items())
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="1" Type="{relation}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<{p}workbook {root} xmlns:r="{relation}"><{p}workbookPr date1904="{int(date1904)}"/>'
        f'<{p}sheets><{p}sheet name="封面" sheetId="1" r:id="1"/><{p}sheet name="走访" sheetId="2" r:id="2"/>'
        f"</{p}sheets></{p}workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">'
        + "".join(f'<Relationship Id="{i}" Type="{relation}/{k}" Target="{t}"/>' for i, (k, t) in related.items())
        + "</Relationships>",
        "xl/worksheets/sheet1.xml": sheet(cover),
        "xl/worksheets/sheet2.xml": sheet(f'<{{p}}row r="1">{head}</{{p}}row>{rows}', before, after),
        "xl/sharedStrings.xml": f"<{p}sst {root}>{strings}</{p}sst>".replace("{p}", p),
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts><cellXfs>'
        + "".join(f'<xf numFmtId="{number}"/>' for number in styles)
        + "</cellXfs></styleSheet>",
    }
    return zipped({name: text.encode() for name, text in parts.items()})


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """The parts as one file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def inline(reference: str, text: str) -> str:
    """A cell with its text in place; `{p}` is the prefix."""
    return f'<{{p}}c r="{reference}" t="inlineStr"><{{p}}is><{{p}}t>{text}</{{p}}t></{{p}}is></{{p}}c>'


def row(number: int, *cells: str, attributes: str = "") -> str:
    """A row of cells in XML, numbered; the first cell is the number of the record."""
    return f'<{{p}}row r="{number}" {attributes}>{inline(f"A{number}", f"Z{number}")}{"".join(cells)}</{{p}}row>'


def parsed(data: bytes) -> Parsed:
    """The file as read on 10 January 2023."""
    return read(data, BOOK, today=TODAY)


def values(data: bytes, field: str) -> list[Value]:
    """One field of all rows."""
    return [line.values[field] for line in parsed(data).rows["visits"]]


def errors(data: bytes) -> list[str]:
    """Every error of a file that is refused."""
    with pytest.raises(WorkbookErrors) as caught:
        parsed(data)
    return [str(error) for error in caught.value.errors]


def notes(data: bytes) -> list[str]:
    """The notes on a file that is read."""
    return [note.text_zh for note in parsed(data).notes]
