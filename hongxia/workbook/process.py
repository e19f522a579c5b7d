"""Reading a file in a process of its own, which is bounded in memory and time and ends with the file.

The questions and answers are described in hongxia.workbook.reader. Nothing here knows of green threads: waiting is done
on a socket and in `subprocess`, which are those of eventlet in a process that serves.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import hongxia
from hongxia.workbook.grid import Box
from hongxia.workbook.limits import (
    MOST_ANSWER,
    MOST_AT_ONCE,
    PROCESSOR_SECONDS,
    TURN_SECONDS,
    UNREADABLE,
    WAIT_SECONDS,
    NotAWorkbook,
)
from hongxia.workbook.meaning import Cells, Meaning

_START = "import sys; sys.path.append(sys.argv[1]); from hongxia.workbook.reader import main; main()"
COMMAND: Sequence[str] = (sys.executable, "-I", "-S", "-c", _START, str(Path(hongxia.__file__).parents[1]))
"""Starts a reader without the environment, the user's packages and those of the installation."""

TOO_SLOW = (
    f"读取这个文件用时过长（上限为 {PROCESSOR_SECONDS} 秒处理器时间），文件可能已损坏；"
    "请把内容粘贴到空白模板中，或分成几个文件"
)
BROKE_OFF = "读取这个文件时出错中断，文件可能已损坏，请用 Excel 打开后另存为 .xlsx 再试"
END_SECONDS = 5.0

Done = TypeVar("Done")

_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


class NoReader(Exception):
    """No process could be had to read the file with: the machine's fault, not the file's. The text is Chinese."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells; rows from 1, columns from 0, both ends included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int
    text: str  # as in "A3:A7"

    @property
    def single(self) -> bool:
        """Whether it is one cell only."""
        return (self.first_row, self.first_column) == (self.last_row, self.last_column)

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell lies inside."""
        return self.first_row <= row <= self.last_row and self.first_column <= column <= self.last_column


@dataclass
class Overlay:
    """What lies over the cells of a sheet; known once its rows are at their end."""

    merged: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)

    def hides_column(self, index: int) -> bool:
        """Whether the column is hidden, or has no width."""
        return any(first <= index <= last for first, last in self.hidden_columns)

    def learn(self, answer: dict[str, Any]) -> None:
        """Take over what the last answer about a sheet says."""
        merged: list[tuple[Box, str]] = answer["merged"]
        self.merged += [Area(*box, text) for box, text in merged]
        self.hidden_rows.update(map(int, answer["hidden_rows"]))
        self.hidden_columns += [(int(first), int(last)) for first, last in answer["hidden_columns"]]


class Reader:
    """The process that reads one file, and what it said of the file at first."""

    def __init__(self, link: socket.socket, process: subprocess.Popen[bytes], data: bytes) -> None:
        self._link = link
        self._process = process
        self._left = WAIT_SECONDS
        self._received = bytearray()
        self._send(json.dumps({"size": len(data)}).encode() + b"\n", data)
        first = self.answer()
        with _understood():
            styles, codes = list(map(int, first["styles"])), {int(number): str(code) for number, code in first["codes"]}
            self.meaning = Meaning.of(styles, codes, counts_from_1904=bool(first["counts_from_1904"]))
            self.sheets = [RawSheet(self, index, *_sheet(sheet)) for index, sheet in enumerate(first["sheets"])]

    def ask(self, question: dict[str, Any]) -> None:
        """Ask for something; the answers come in the same order. Raises NotAWorkbook if the process has ended."""
        self._send(json.dumps(question).encode() + b"\n")

    def answer(self) -> dict[str, Any]:
        """The next answer. Raises NotAWorkbook if the file is refused, or the process has ended."""
        with self._blamed():
            line = self._line()
        with _understood():
            answer = dict(json.loads(line))
        if "refused" in answer:
            raise NotAWorkbook(str(answer["refused"]))
        return answer

    def _send(self, *pieces: bytes) -> None:
        with self._blamed():
            for piece in pieces:
                left = memoryview(piece)
                while left:
                    left = left[self._waited(partial(self._link.send, left)) :]

    def _line(self) -> bytes:
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            if searched > MOST_ANSWER:
                raise NotAWorkbook(UNREADABLE)
            piece = self._waited(partial(self._link.recv, 1024 * 1024))
            if not piece:
                raise ConnectionResetError
            self._received += piece
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line

    def _waited(self, work: Callable[[], Done]) -> Done:
        """Do one step, no longer than what is left of the time for all of them. Raises OSError."""
        if self._left <= 0:
            raise TimeoutError
        self._link.settimeout(self._left)
        began = time.monotonic()
        try:
            return work()
        finally:
            self._left -= time.monotonic() - began

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        """Raise NotAWorkbook where the process does not answer, or is not there any more."""
        try:
            yield
        except OSError as error:
            raise NotAWorkbook(self._fault(error)) from error

    def _fault(self, error: OSError) -> str:
        """What to say of a file whose reader did not come to an answer."""
        if isinstance(error, TimeoutError):
            return TOO_SLOW
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        return TOO_SLOW if self._process.returncode in (-signal.SIGXCPU, -signal.SIGALRM) else BROKE_OFF


@contextmanager
def _understood() -> Iterator[None]:
    """Refuse the file where an answer is not as described, or a cell is not as any program writes it."""
    try:
        yield
    except Exception as error:  # whatever an answer makes the parsers of JSON, numbers and dates stumble over
        raise NotAWorkbook(UNREADABLE) from error


class RawSheet:
    """A sheet of a file that is being read: once, and one sheet after the other."""

    def __init__(self, reader: Reader, index: int, title: str, hidden: bool, has_cells: bool) -> None:
        self.title = title
        self.hidden = hidden
        self.has_cells = has_cells  # a chart or a macro sheet has none
        self.overlay = Overlay()
        self._reader = reader
        self._index = index
        self._is_asked = False
        self._is_at_end = not has_cells

    def rows(self, until: int | None = None, pause: Callable[[], None] = lambda: None) -> Iterator[tuple[int, Cells]]:
        """Number and content of the rows that have any, to the row `until`. Raises NotAWorkbook if it is broken.

        `pause` is called after every answer: some hundred rows or some thousand cells.
        """
        if self._is_at_end:
            return
        self._ask({"rows": self._index, "until": until})
        while not self._is_at_end:
            pause()
            lines = self._take()["rows"]
            if not self._is_at_end:
                self._ask({"more": True})  # the process goes on while these are looked at
            with _understood():
                meant = [(int(number), self._meant(cells)) for number, cells in lines]
            yield from meant

    def finish(self) -> None:
        """Learn what lies over the cells, whatever of the rows has been read. Raises NotAWorkbook."""
        if self._is_asked:
            self._take()
        if not self._is_at_end:
            self._ask({"rest": True})
            self._take()

    def is_empty(self) -> bool:
        """Whether it holds nothing but blanks. Raises NotAWorkbook."""
        self._reader.ask({"empty": self._index})
        return bool(self._reader.answer()["empty"])

    def _meant(self, cells: Sequence[tuple[int, Any]]) -> Cells:
        content = self._reader.meaning.content
        return {int(column): content(packed) for column, packed in cells}

    def _ask(self, question: dict[str, Any]) -> None:
        self._reader.ask(question)
        self._is_asked = True

    def _take(self) -> dict[str, Any]:
        answer = self._reader.answer()
        self._is_asked = False
        if "merged" in answer:
            self._is_at_end = True
            with _understood():
                self.overlay.learn(answer)
        return answer


def _sheet(sheet: Sequence[Any]) -> tuple[str, bool, bool]:
    """Title, whether it is hidden, whether it has cells, of a sheet in the first answer."""
    title, hidden, has_cells = sheet
    return str(title), bool(hidden), bool(has_cells)


@contextmanager
def opened(data: bytes) -> Iterator[list[RawSheet]]:
    """Open a file and give its sheets, as long as the block runs; then the process that reads it is gone.

    Raises NotAWorkbook, also where the process fails: that is blamed on the file. Raises NoReader.
    """
    if not _turns.acquire(timeout=TURN_SECONDS):
        raise NoReader("正在读取的工作簿过多，请稍后重试；未作任何更改")
    try:
        with _process() as (link, process):
            yield Reader(link, process, data).sheets
    finally:
        _turns.release()


@contextmanager
def _process() -> Iterator[tuple[socket.socket, subprocess.Popen[bytes]]]:
    """A reader and the socket to it. It is killed at the end, whatever it does then. Raises NoReader."""
    ours, its = socket.socketpair()
    with ours:
        try:
            with its:
                process = subprocess.Popen(
                    COMMAND,
                    stdin=its.fileno(),
                    stdout=its.fileno(),
                    stderr=subprocess.DEVNULL,
                    env={},
                    cwd="/",
                    start_new_session=True,
                )
        except (OSError, MemoryError) as error:
            reason = getattr(error, "strerror", None) or "内存不足"
            raise NoReader(f"暂时无法启动读取工作簿的进程（{reason}），请稍后重试；未作任何更改") from error
        try:
            yield ours, process
        finally:
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
