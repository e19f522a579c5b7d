"""Opening a file that claims to be an .xlsx, without trusting it."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from xml.etree.ElementTree import Element, iterparse, parse

from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from hongxia.workbook.errors import NotAWorkbook
from hongxia.workbook.grid import UNREADABLE, Book, Cells, Grid, Readable, local, string_of
from hongxia.workbook.numberformat import GENERAL, builtin

MOST_BYTES = 128 * 1024 * 1024  # unpacked; 200,000 rows of a declared sheet are about half of it
MOST_PARTS = 1_000
MOST_SHEETS = 50

NO_XLSX = "这不是 Excel 工作簿（.xlsx）"
DOCTYPE = "文件含有文档类型声明（DOCTYPE），不是 Excel 保存的工作簿，请用 Excel 打开后另存为 .xlsx"
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


@dataclass(frozen=True)
class RawSheet:
    """A sheet as it is in the file. A chart or a macro sheet has no cells."""

    title: str
    hidden: bool
    has_cells: bool
    _part: str
    _parts: _Parts
    _book: Book

    def grid(self) -> Grid:
        """Something to read it with, once."""
        return Grid(self.title, self._book)

    def rows(self, grid: Grid | None = None) -> Iterator[tuple[int, Cells]]:
        """Row number and content of the rows that have any. Raises NotAWorkbook if the sheet turns out to be broken."""
        if not self.has_cells:
            return
        with self._parts.open(self._part) as stream:
            yield from (grid or self.grid()).rows(_WithoutDoctype(stream))


def open_sheets(data: bytes) -> list[RawSheet]:
    """Return the sheets of an .xlsx. Raises NotAWorkbook if it is something else, broken, or unpacks to too much."""
    parts = _open(data)
    try:
        return list(_sheets(parts))
    except NotAWorkbook:
        raise
    except Exception as error:  # whatever the malformed part makes the parsers of XML and zip stumble over
        raise NotAWorkbook(UNREADABLE) from error


class _Parts:
    """The parts of a file by name. Some programs write backslashes, or other capitals than they refer to."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._found = {_part_name(part.filename): part for part in archive.infolist()}

    def __contains__(self, name: str) -> bool:
        return _part_name(name) in self._found

    def open(self, name: str) -> zipfile.ZipExtFile:
        """The bytes of a part, unpacked while they are read; KeyError if there is none of that name."""
        return self._archive.open(self._found[_part_name(name)])  # type: ignore[return-value]

    def root(self, name: str) -> Element:
        """The parsed content of a small part."""
        with self.open(name) as stream:
            return parse(_WithoutDoctype(stream)).getroot()


class _WithoutDoctype:
    """A part that is refused as soon as it declares a document type: Excel writes none, and entities can grow."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._tail = b""

    def read(self, size: int = -1, /) -> bytes:
        """As the stream's own. Raises NotAWorkbook."""
        chunk = self._stream.read(size)
        window = self._tail + chunk
        if any(mark in window for mark in _DOCTYPES):
            raise NotAWorkbook(DOCTYPE)
        self._tail = window[-17:]
        return chunk


def _part_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _open(data: bytes) -> _Parts:
    """The file's directory. zipfile never unpacks more than it says, so the sizes in it can be relied upon."""
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise NotAWorkbook("这是旧版 .xls 文件或加了密码的文件，请去掉密码并另存为 .xlsx")
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        infos = archive.infolist()
    except Exception as error:  # zipfile lets struct and codec errors through, as the bytes happen to be
        raise NotAWorkbook(NO_XLSX) from error
    if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_BYTES:
        raise NotAWorkbook("文件解压后过大，请使用模板填写")
    return _Parts(archive)


def _sheets(parts: _Parts) -> Iterator[RawSheet]:
    workbook = _workbook_part(parts)
    root = parts.root(workbook)
    if local(root.tag) != "workbook":
        raise NotAWorkbook(NO_XLSX)
    related = _related(parts, workbook)
    by_type = dict(related.values())
    found = [element for element in root.iter() if local(element.tag) == "sheet"]
    if len(found) > MOST_SHEETS:
        raise NotAWorkbook("工作表过多，请使用模板填写")
    book = Book(_strings(parts, by_type.get("sharedStrings")), _formats(parts, by_type.get("styles")), _epoch(root))
    for element in found:
        identity = next(value for name, value in element.attrib.items() if local(name) == "id")
        kind, target = related[identity]
        hidden = element.get("state", "visible").lower() != "visible"
        yield RawSheet(element.get("name", ""), hidden, kind == "worksheet", target, parts, book)


def _workbook_part(parts: _Parts) -> str:
    """Where the workbook itself is: what the package names, or else the usual place."""
    if "_rels/.rels" in parts:
        for kind, target in _related(parts, "").values():
            if kind == "officeDocument" and target in parts:
                return target
    if "xl/workbook.xml" not in parts:
        raise NotAWorkbook(NO_XLSX)
    return "xl/workbook.xml"


def _related(parts: _Parts, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to: id → (kind, part). The kind is the last word of its type, as both editions have it."""
    folder, name = posixpath.split(part)
    related: dict[str, tuple[str, str]] = {}
    for element in parts.root(posixpath.join(folder, "_rels", f"{name}.rels")):
        target = element.get("Target", "").replace("\\", "/")
        where = target if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        related[element.get("Id", "")] = (element.get("Type", "").rpartition("/")[2], where)
    return related


def _strings(parts: _Parts, part: str | None) -> list[str]:
    strings: list[str] = []
    if part is None or part not in parts:
        return strings
    with parts.open(part) as stream:
        for _, element in iterparse(_WithoutDoctype(stream)):
            if local(element.tag) == "si":
                strings.append(string_of(element))
                element.clear()
    return strings


def _formats(parts: _Parts, part: str | None) -> list[str]:
    """The number format of each style that a cell can have."""
    if part is None or part not in parts:
        return []
    sections: Mapping[str, Element] = {local(element.tag): element for element in parts.root(part)}
    own = {
        int(element.get("numFmtId", "0")): element.get("formatCode", GENERAL) for element in sections.get("numFmts", ())
    }
    numbers = [int(element.get("numFmtId") or 0) for element in sections.get("cellXfs", ())]
    return [own.get(number) or builtin(number) for number in numbers]


def _epoch(root: Element) -> datetime:
    for element in root:
        if local(element.tag) == "workbookPr" and element.get("date1904", "0").lower() in ("1", "true"):
            return CALENDAR_MAC_1904
    return CALENDAR_WINDOWS_1900
