"""Small workbooks that unpack to much, or make whoever reads them work long. None of them comes near a bureau's own."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping

from services.registry.workbook import CADRES

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
SHEET = CADRES.sheets[0]
LAST_ROW = 1_048_576

Parts = dict[str, bytes]


def inline(reference: str, text: str) -> str:
    """A cell with its text in place."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def sheet(rows: str, *, before: str = "", after: str = "") -> bytes:
    """A sheet's part."""
    return f"<worksheet {MAIN}>{before}<sheetData>{rows}</sheetData>{after}</worksheet>".encode()


def headed(rows: str, **around: str) -> bytes:
    """The part of the declared sheet: its header, and these rows below."""
    cells = "".join(
        inline(f"{chr(65 + at)}1" if at < 26 else f"A{chr(39 + at)}1", column.title_zh)
        for at, column in enumerate(SHEET.columns)
    )
    return sheet(f'<row r="1">{cells}</row>{rows}', **around)


def parts(rows: str = "", *, unknown: Mapping[str, bytes] | None = None, **around: str) -> Parts:
    """The parts of a workbook 干部名册 without records, with these rows in its sheet, and further sheets by name."""
    extra = list((unknown or {}).items())
    sheets = {"封面": "", SHEET.title_zh: "", **dict.fromkeys(name for name, _ in extra)}
    labels = (("表名", CADRES.title_zh), ("年度", "2022"), ("单位名称", "某局"))
    cover = "".join(
        f'<row r="{at}">{inline(f"A{at}", label)}{inline(f"B{at}", value)}</row>'
        for at, (label, value) in enumerate(labels, start=1)
    )
    kinds = {f"r{at}": ("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(sheets) + 1)}
    kinds |= {"s": ("sharedStrings", "sharedStrings.xml"), "f": ("styles", "styles.xml")}
    related = "".join(f'<Relationship Id="{i}" Type="{RELATION}/{k}" Target="{t}"/>' for i, (k, t) in kinds.items())
    listed = "".join(f'<sheet name="{n}" sheetId="{at}" r:id="r{at}"/>' for at, n in enumerate(sheets, start=1))
    found = {
        "_rels/.rels": f'<Relationships {PACKAGE}><Relationship Id="1" Type="{RELATION}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{RELATION}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {PACKAGE}>{related}</Relationships>",
        "xl/sharedStrings.xml": f"<sst {MAIN}/>",
        "xl/styles.xml": f"<styleSheet {MAIN}/>",
    }
    encoded = {name: text.encode() for name, text in found.items()}
    encoded |= {"xl/worksheets/sheet1.xml": sheet(cover), "xl/worksheets/sheet2.xml": headed(rows, **around)}
    return encoded | {f"xl/worksheets/sheet{at}.xml": part for at, (_, part) in enumerate(extra, start=3)}


def packed(found: Parts, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The parts as one file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in found.items():
            archive.writestr(name, content)
    return stream.getvalue()


def styles(inside: str) -> Parts:
    """A workbook with these styles."""
    return {**parts(), "xl/styles.xml": f"<styleSheet {MAIN}>{inside}</styleSheet>".encode()}


def strings(inside: str, doctype: str = "") -> Parts:
    """A workbook with these shared strings."""
    return {**parts(), "xl/sharedStrings.xml": f"{doctype}<sst {MAIN}>{inside}</sst>".encode()}


def formula(area: str) -> str:
    """A row whose first cell is a formula for many cells, with an empty text as its result."""
    return f'<row r="2"><c r="A2" t="str"><f t="array" ref="{area}">1</f></c></row>'


def slow() -> bytes:
    """A workbook without records that takes its reader most of a second, within all bounds: cells without content."""
    return packed(parts("".join(f'<row r="{at}">{"<c/>" * 16_000}</row>' for at in range(2, 82))))


def same_part_49_times() -> bytes:
    """Every unknown sheet is one and the same part of 2 million elements: the directory counts it once."""
    names = [f"多{at}" for at in range(48)]
    found = parts(unknown=dict.fromkeys(names, b""))
    big = sheet('<row r="1">' + "<x/>" * 2_000_000 + "</row>")
    relations = found["xl/_rels/workbook.xml.rels"].decode()
    for at in range(4, 51):
        relations = relations.replace(f"worksheets/sheet{at}.xml", "worksheets/sheet3.xml")
        found.pop(f"xl/worksheets/sheet{at}.xml", None)
    return packed({**found, "xl/_rels/workbook.xml.rels": relations.encode(), "xl/worksheets/sheet3.xml": big})


def overlapping_parts() -> bytes:
    """Eight parts of the directory share the bytes of one, of 15 MB each."""
    names = [f"多{at}" for at in range(8)]
    big = sheet('<row r="1">' + "<x/>" * 3_500_000 + "</row>")
    found = parts(unknown=dict.fromkeys(names, b""))
    first = "xl/worksheets/sheet3.xml"
    whole = bytearray(packed({**found, first: big}))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        one = archive.getinfo(first)
        start = archive.start_dir
    sizes = struct.pack("<LLL", one.CRC, one.compress_size, one.file_size)
    at = start
    while whole[at : at + 4] == b"PK\x01\x02":
        name_size, extra, comment = struct.unpack_from("<HHH", whole, at + 28)
        name = bytes(whole[at + 46 : at + 46 + name_size]).decode()
        if name.startswith("xl/worksheets/sheet") and name not in (
            first,
            *(f"xl/worksheets/sheet{n}.xml" for n in (1, 2)),
        ):
            whole[at + 16 : at + 28] = sizes
            struct.pack_into("<L", whole, at + 42, one.header_offset)
        at += 46 + name_size + extra + comment
    return bytes(whole)


ENTITIES = (
    '<!DOCTYPE sst [<!ENTITY a "' + "甲" * 1_000 + '"><!ENTITY b "' + "&a;" * 9 + '"><!ENTITY c "' + "&b;" * 9 + '">]>'
)
MANY_CDATA = f"<c r='A2' t='str'><v>{'<![CDATA[甲甲甲甲]]>' * 2_000_000}</v></c>"

BOMBS: Mapping[str, Callable[[], bytes]] = {
    "empty shared strings × 4 million": lambda: packed(strings("<si/>" * 4_000_000)),
    "empty cells × 5 million in a row": lambda: packed(parts('<row r="2">' + "<c/>" * 5_000_000 + "</row>")),
    "the last row in 48 unknown sheets, and a formula down to there": lambda: packed(
        parts(
            unknown={
                f"多{at}": sheet(formula(f"ALM2:ALM{LAST_ROW}") + f'<row r="{LAST_ROW}"><c r="B{LAST_ROW}"/></row>')
                for at in range(48)
            }
        )
    ),
    "expanding entities": lambda: packed(strings("<si><t>&c;</t></si>" * 100, ENTITIES)),
    "foreign elements × 5 million in a row": lambda: packed(parts('<row r="2">' + "<x/>" * 5_000_000 + "</row>")),
    "foreign elements × 5 million after the rows": lambda: packed(parts(after="<x/>" * 5_000_000)),
    "elements a million deep": lambda: packed(parts(after="<x>" * 1_000_000 + "</x>" * 1_000_000)),
    "an attribute of 60 MB": lambda: packed(parts(after=f'<x y="{"z" * 60_000_000}"/>')),
    "a comment of 60 MB": lambda: packed(parts(after=f"<!--{'z' * 60_000_000}-->")),
    "merged ranges × 1 million": lambda: packed(
        parts(after="<mergeCells>" + '<mergeCell ref="A3:A4"/>' * 1_000_000 + "</mergeCells>")
    ),
    "styles × 1 million": lambda: packed(styles("<cellXfs>" + '<xf numFmtId="14"/>' * 1_000_000 + "</cellXfs>")),
    "number formats × 300,000": lambda: packed(
        styles("<numFmts>" + "".join(f'<numFmt numFmtId="{n}" formatCode="0"/>' for n in range(300_000)) + "</numFmts>")
    ),
    "a formula for the whole sheet": lambda: packed(parts(formula(f"A2:XFD{LAST_ROW}"))),
    "a thousand formulas for all rows": lambda: packed(
        parts(
            '<row r="2">'
            + "".join(f'<c><f t="array" ref="A2:A{LAST_ROW}">1</f></c>' for _ in range(1_000))
            + f'</row><row r="{LAST_ROW}"/>'
        )
    ),
    "one part as 48 sheets": same_part_49_times,
    "overlapping parts of the file": overlapping_parts,
    "digits × 40 million in a cell": lambda: packed(
        parts(f'<row r="2"><c r="A2"><v>{"1" * 40_000_000}x</v></c></row>')
    ),
    "digits × 60,000, then a letter": lambda: packed(parts(f'<row r="2"><c r="A2"><v>{"1" * 60_000}x</v></c></row>')),
    "a text of 40 MB": lambda: packed(parts(f'<row r="2">{inline("A2", "z" * 40_000_000)}</row>')),
    "a text in 2 million pieces": lambda: packed(parts(f'<row r="2">{MANY_CDATA}</row>')),
    "a text of 40 MB packed by another method": lambda: packed(
        parts(f'<row r="2">{inline("A2", "z" * 40_000_000)}</row>'), zipfile.ZIP_LZMA
    ),
}
