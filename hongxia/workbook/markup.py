"""A streaming pass over a piece of XML that keeps nothing of it, and refuses what no program for tables writes.

No tree is built, so memory depends on what a pass keeps and not on what the file holds. Elements are known by their
local names, so that it does not matter which prefix or which edition of the namespace a program writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pyexpat import ExpatError, ParserCreate

from hongxia.workbook.limits import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_ELEMENTS,
    MOST_ESCAPED,
    MOST_TOKEN,
    TOO_LONG_TEXT,
    TOO_MUCH,
    UNREADABLE,
    NotAWorkbook,
)

DOCTYPE = "文件含有文档类型声明（DOCTYPE），不是 Excel 保存的工作簿，请用 Excel 打开后另存为 .xlsx"
_CHUNK = 64 * 1024

Attributes = Mapping[str, str]
"""An element's attributes by their names as written, prefix and all."""


class Budget:
    """What is left of the bytes and elements that reading one file may take, over all its parts."""

    def __init__(self) -> None:
        self.elements = MOST_ELEMENTS
        self.bytes = MOST_BYTES

    def take(self, size: int) -> None:
        """Account for bytes that were unpacked. Raises NotAWorkbook."""
        self.bytes -= size
        if self.bytes < 0:
            raise NotAWorkbook(TOO_MUCH)


class Pass:
    """One pass over one part. A subclass says what it does where an element begins and ends.

    `path` holds the local names of the elements that are open. The text of elements in `texts` is collected; they may
    hold no other elements.
    """

    texts: frozenset[str] = frozenset()

    def __init__(self, budget: Budget) -> None:
        self.path: list[str] = []
        self._budget = budget
        self._names: dict[str, str] = {}
        self._pieces: list[str] | None = None
        self._characters = 0
        self._parser = ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def opened(self, name: str, attributes: Attributes) -> None:
        """Note that an element begins; it is not yet in `path`."""

    def closed(self, name: str, text: str) -> None:
        """Note that an element ends; it is no longer in `path`. `text` is empty where it is not collected."""

    def over(self, stream: object) -> Iterator[None]:
        """Read the part, a chunk at a step. Raises NotAWorkbook."""
        fed = 0
        try:
            while chunk := stream.read(_CHUNK):  # type: ignore[attr-defined]
                self._budget.take(len(chunk))
                self._parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - max(self._parser.CurrentByteIndex, 0) > MOST_TOKEN:
                    raise NotAWorkbook(UNREADABLE)
                yield
            self._parser.Parse(b"", True)
            yield
        except ExpatError:
            raise NotAWorkbook(UNREADABLE) from None

    def read(self, stream: object) -> None:
        """Read the whole part. Raises NotAWorkbook."""
        for _ in self.over(stream):
            pass

    def _doctype(self, *_declared: object) -> None:
        raise NotAWorkbook(DOCTYPE)  # Excel writes none, and entities can grow

    def _start(self, written: str, attributes: dict[str, str]) -> None:
        name = self._names.get(written)
        if name is None:
            name = self._names[written] = local(written)
        self._budget.elements -= 1
        if self._budget.elements < 0:
            raise NotAWorkbook(TOO_MUCH)
        if self._pieces is not None or len(self.path) >= MOST_DEPTH:
            raise NotAWorkbook(UNREADABLE)
        self.opened(name, attributes)
        self.path.append(name)
        if name in self.texts:
            self._pieces, self._characters = [], 0
            self._parser.CharacterDataHandler = self._collect

    def _end(self, _written: str) -> None:
        name = self.path.pop()
        if self._pieces is None:
            self.closed(name, "")
            return
        text = "".join(self._pieces)
        self._pieces = None
        self._parser.CharacterDataHandler = None
        self.closed(name, text)

    def _collect(self, data: str) -> None:
        assert self._pieces is not None
        self._pieces.append(data)
        self._characters += len(data)
        if self._characters > MOST_ESCAPED:
            raise NotAWorkbook(TOO_LONG_TEXT)


def local(name: str) -> str:
    """An element's or attribute's name without its prefix."""
    return name.rpartition(":")[2]
