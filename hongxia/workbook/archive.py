"""Opening a file that claims to be an .xlsx, without trusting it. Runs in the process that reads files."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from io import BytesIO

from hongxia.workbook.grid import Grid, Line, unescape
from hongxia.workbook.limits import (
    LONGEST_FORMAT,
    LONGEST_TITLE,
    MOST_BYTES,
    MOST_FORMATS,
    MOST_PARTS,
    MOST_SHEETS,
    MOST_STRING_CHARACTERS,
    MOST_STRINGS,
    MOST_STYLES,
    MOST_TEXT,
    TOO_LONG_TEXT,
    TOO_MUCH,
    UNREADABLE,
    NotAWorkbook,
)
from hongxia.workbook.markup import Attributes, Budget, Pass, local

NO_XLSX = "这不是 Excel 工作簿（.xlsx）"
ENCRYPTED = "这是旧版 .xls 文件或加了密码的文件，请去掉密码并另存为 .xlsx"
UNKNOWN = "[?]"  # hongxia.workbook.numberformat has the same
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # ECMA-376 part 2 allows no others


class PackedSheet:
    """A sheet as it is in the file. A chart or a macro sheet has no cells."""

    def __init__(self, title: str, hidden: bool, part: str | None, book: PackedBook) -> None:
        self.title = title
        self.hidden = hidden
        self.has_cells = part is not None
        self._part = part
        self._book = book

    def grid(self) -> Grid:
        """Something to read it with, once."""
        return Grid(self.title, self._book.strings, self._book.plain, self._book.budget)

    def rows(self, grid: Grid) -> Iterator[Line]:
        """Number and content of the rows that have any. Raises NotAWorkbook if the sheet turns out to be broken."""
        if self._part is not None:
            with self._book.parts.open(self._part) as stream:
                yield from grid.rows(stream)


class PackedBook:
    """A file that was opened. `styles` has the number of each style's format, `codes` the formats that are its own."""

    def __init__(self, data: bytes) -> None:
        self.budget = Budget()
        self.parts = _open(data)
        part = _workbook_part(self.parts, self.budget)
        outline = _Outline(self.budget)
        outline.read_part(self.parts, part)
        if outline.root != "workbook":
            raise NotAWorkbook(NO_XLSX)
        self.counts_from_1904 = outline.counts_from_1904
        related = _related(self.parts, part, self.budget)
        by_type = dict(related.values())
        strings, styles = _Strings(self.budget), _Styles(self.budget)
        strings.read_part(self.parts, by_type.get("sharedStrings"))
        styles.read_part(self.parts, by_type.get("styles"))
        self.strings = strings.strings
        self.styles, self.codes = styles.numbers, styles.codes
        self.plain = styles.plain()
        self.sheets = [
            PackedSheet(title, hidden, target if kind == "worksheet" else None, self)
            for title, hidden, identity in outline.sheets
            for kind, target in [related[identity]]
        ]


def open_book(data: bytes) -> PackedBook:
    """Return the content of an .xlsx. Raises NotAWorkbook if it is something else, broken, or unpacks to too much."""
    try:
        return PackedBook(data)
    except (NotAWorkbook, MemoryError):
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


def _part_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _open(data: bytes) -> _Parts:
    """The file's directory. zipfile never unpacks more than it says, so the sizes in it can be relied upon."""
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise NotAWorkbook(ENCRYPTED)
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        infos = archive.infolist()
    except MemoryError:
        raise
    except Exception as error:  # zipfile lets struct and codec errors through, as the bytes happen to be
        raise NotAWorkbook(NO_XLSX) from error
    if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_BYTES:
        raise NotAWorkbook(TOO_MUCH)
    if any(info.flag_bits & 1 for info in infos):
        raise NotAWorkbook(ENCRYPTED)
    if any(info.compress_type not in _PACKED for info in infos) or _overlap(infos):
        raise NotAWorkbook(UNREADABLE)
    return _Parts(archive)


def _overlap(infos: list[zipfile.ZipInfo]) -> bool:
    """Whether two parts share bytes of the file, so that it holds less than it unpacks to; zipfile looks since 3.12."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            return True
        end = info.header_offset + 30 + len(info.filename) + info.compress_size  # 30: the shortest header of a part
    return False


def _workbook_part(parts: _Parts, budget: Budget) -> str:
    """Where the workbook itself is: what the package names, or else the usual place."""
    if "_rels/.rels" in parts:
        for kind, target in _related(parts, "", budget).values():
            if kind == "officeDocument" and target in parts:
                return target
    if "xl/workbook.xml" not in parts:
        raise NotAWorkbook(NO_XLSX)
    return "xl/workbook.xml"


def _related(parts: _Parts, part: str, budget: Budget) -> dict[str, tuple[str, str]]:
    """What a part refers to: id → (kind, part). The kind is the last word of its type, as both editions have it."""
    folder, name = posixpath.split(part)
    relations = _Relations(budget)
    relations.read_part(parts, posixpath.join(folder, "_rels", f"{name}.rels"), needed=True)
    related: dict[str, tuple[str, str]] = {}
    for relation in relations.found:
        target = relation.get("Target", "").replace("\\", "/")
        where = target if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        related[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], where)
    return related


class _PartPass(Pass):
    def read_part(self, parts: _Parts, part: str | None, *, needed: bool = False) -> None:
        """Read a part, or nothing if the file has none of that name and needs none. Raises NotAWorkbook, KeyError."""
        if needed or (part is not None and part in parts):
            with parts.open(part or "") as stream:
                self.read(stream)


class _Relations(_PartPass):
    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.found: list[Attributes] = []

    def opened(self, name: str, attributes: Attributes) -> None:
        if len(self.path) == 1:
            self.found.append(attributes)
        if len(self.found) > MOST_PARTS:
            raise NotAWorkbook(TOO_MUCH)


class _Outline(_PartPass):
    """The workbook's own part: its sheets as (title, hidden, id of their part), and the day that is number 0."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.root = ""
        self.sheets: list[tuple[str, bool, str]] = []
        self.counts_from_1904 = False

    def opened(self, name: str, attributes: Attributes) -> None:
        if not self.path:
            self.root = name
        elif name == "sheet":
            identity = next(value for key, value in attributes.items() if local(key) == "id")
            hidden = attributes.get("state", "visible").lower() != "visible"
            self.sheets.append((attributes.get("name", "")[:LONGEST_TITLE], hidden, identity))
            if len(self.sheets) > MOST_SHEETS:
                raise NotAWorkbook("工作表过多，请使用模板填写")
        elif name == "workbookPr" and len(self.path) == 1:
            self.counts_from_1904 = attributes.get("date1904", "0").lower() in ("1", "true")


class _Strings(_PartPass):
    """The texts that cells refer to by their place. What says how a text is pronounced is left out."""

    texts = frozenset({"t"})

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.strings: list[str] = []
        self._own: list[str] = []
        self._size = 0

    def opened(self, name: str, attributes: Attributes) -> None:
        if name == "si":
            self._own = []

    def closed(self, name: str, text: str) -> None:
        if name == "t":
            if self.path[-1:] == ["si"] or self.path[-2:] == ["si", "r"]:
                self._own.append(unescape(text))
        elif name == "si":
            self._keep("".join(self._own))

    def _keep(self, text: str) -> None:
        self._size += len(text)
        if len(text) > MOST_TEXT:
            raise NotAWorkbook(TOO_LONG_TEXT)
        if len(self.strings) >= MOST_STRINGS or self._size > MOST_STRING_CHARACTERS:
            raise NotAWorkbook("文件中的文字过多，请使用模板填写，或分成几个文件")
        self.strings.append(text)


class _Styles(_PartPass):
    """The number of the format of each style that a cell can have, and the codes of the formats that the file adds."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self.codes: dict[int, str] = {}
        self.numbers: list[int] = []

    def opened(self, name: str, attributes: Attributes) -> None:
        if len(self.path) != 2:
            return
        if self.path[1] == "numFmts":
            code = attributes.get("formatCode")
            if code is not None:
                self.codes[int(attributes.get("numFmtId", "0"))] = code if len(code) <= LONGEST_FORMAT else UNKNOWN
        elif self.path[1] == "cellXfs":
            self.numbers.append(int(attributes.get("numFmtId") or 0))
        if len(self.codes) > MOST_FORMATS or len(self.numbers) > MOST_STYLES:
            raise NotAWorkbook("文件中的单元格格式过多，请把内容粘贴到空白模板中再导入")

    def plain(self) -> frozenset[int | None]:
        """The styles that show a text as it is (General and @), None for no style."""
        shown = {number for number in (0, 49) if not self.codes.get(number)}
        return frozenset({None, *(style for style, number in enumerate(self.numbers) if number in shown)})
