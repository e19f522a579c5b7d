"""The process that reads one file: asked and answering in lines of JSON, over its standard input and output.

It is started as `python -I -S -c … `, sees no settings and no secrets, imports nothing but the standard library and the
modules beside it that open files, and gives up memory, processor time and the right to write files before it is given
anything. hongxia.workbook.process is the other side. First comes {"size": n} and the file, then one question at a time:

- {"rows": sheet, "until": row or null} and {"more": true}: {"rows": [[number, [[column, content], …]], …]}, up to
  some hundred rows. The last answer has also what lies over the cells: "merged", "hidden_rows", "hidden_columns".
- {"rest": true}: the same, without the rows that are left.
- {"empty": sheet}: {"empty": true or false}.

The first answer tells of sheets, styles and formats. {"refused": text} ends everything.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from io import BufferedReader, FileIO

from hongxia.workbook.archive import PackedBook, PackedSheet, open_book
from hongxia.workbook.grid import Grid, Line, is_blank
from hongxia.workbook.limits import MEMORY_BYTES, PROCESSOR_SECONDS, UNREADABLE, WAIT_SECONDS, NotAWorkbook

ROWS = 200
CELLS = 4_000
CHARACTERS = 100_000
"""How much one answer holds: up to so many rows, and no further row after so many cells or characters."""
TOO_LARGE = "读取这个文件需要的内存过多，文件可能已损坏；请把内容粘贴到空白模板中，或分成几个文件"

Answer = dict[str, object]


def main() -> None:
    """Answer questions about one file until there are no more."""
    os.set_blocking(0, True)
    _give_up_what_is_not_needed()
    answers = FileIO(1, "wb", closefd=False)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for answer in _answers(BufferedReader(FileIO(0, "rb", closefd=False))):
            _write(answers, json.dumps(answer).encode() + b"\n")
            signal.alarm(0)


def _write(answers: FileIO, line: bytes) -> None:
    left = memoryview(line)
    while left:
        left = left[answers.write(left) :]


def _give_up_what_is_not_needed() -> None:
    """Bound memory and processor time, as far as the system does that: macOS has no bound of address space."""
    import resource

    wanted = {
        "RLIMIT_AS": (MEMORY_BYTES, MEMORY_BYTES),
        "RLIMIT_CPU": (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 1),  # at the second bound it would end without a reason
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_CORE": (0, 0),
    }
    for name, most in wanted.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), most)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
        score.write("1000")  # where a container's memory is used up, this process ends and not the service


def _answers(asked: BufferedReader) -> Iterator[Answer]:
    try:
        book = open_book(_file(asked))
        yield _outline(book)
        reading = _Reading(book)
        while line := _next(asked):
            yield reading.answer(json.loads(line))
    except NotAWorkbook as error:
        yield {"refused": error.message_zh}
    except MemoryError:
        yield {"refused": TOO_LARGE}
    except Exception:  # noqa: BLE001 - whatever a malformed file makes the code stumble over
        yield {"refused": UNREADABLE}


def _next(asked: BufferedReader) -> bytes:
    """The next question. Whoever waits for the answer may be gone, so that a bound of time is set here as well."""
    line: bytes = asked.readline()
    signal.alarm(round(WAIT_SECONDS))
    return line


def _file(asked: BufferedReader) -> bytes:
    size = json.loads(_next(asked))["size"]
    data: bytes = asked.read(size)
    if len(data) != size:
        sys.exit()
    return data


def _outline(book: PackedBook) -> Answer:
    return {
        "sheets": [[sheet.title, sheet.hidden, sheet.has_cells] for sheet in book.sheets],
        "styles": book.styles,
        "codes": list(book.codes.items()),
        "counts_from_1904": book.counts_from_1904,
    }


class _Reading:
    """Where the answers are: the sheet that is being read, and its rows to come."""

    def __init__(self, book: PackedBook) -> None:
        self._book = book
        self._grid: Grid | None = None
        self._lines: Iterator[Line] = iter(())

    def answer(self, question: dict[str, int | None]) -> Answer:
        """Answer one question. Raises NotAWorkbook."""
        if "empty" in question:
            return {"empty": _is_empty(self._book.sheets[question["empty"] or 0])}
        if "rest" in question:
            for _ in self._lines:
                pass
            return {"rows": [], **self._end()}
        if "rows" in question:
            sheet = self._book.sheets[question["rows"] or 0]
            self._grid = sheet.grid()
            self._lines = _until(sheet.rows(self._grid), question["until"])
        lines = list(_some(self._lines))
        return {"rows": lines} if lines else {"rows": lines, **self._end()}

    def _end(self) -> Answer:
        assert self._grid is not None
        return {
            "merged": self._grid.merged,
            "hidden_rows": self._grid.hidden_rows,
            "hidden_columns": self._grid.hidden_columns,
        }


def _until(lines: Iterator[Line], last: int | None) -> Iterator[Line]:
    for line in lines:
        if last is not None and line[0] > last:
            return
        yield line


def _some(lines: Iterator[Line]) -> Iterator[Line]:
    """The next rows, as many as one answer holds."""
    cells = characters = 0
    for count, line in enumerate(lines, start=1):
        yield line
        cells += len(line[1])
        characters += sum(len(content if isinstance(content, str) else content[1]) for _, content in line[1])
        if count >= ROWS or cells >= CELLS or characters >= CHARACTERS:
            return


def _is_empty(sheet: PackedSheet) -> bool:
    return all(is_blank(content) for _, cells in sheet.rows(sheet.grid()) for _, content in cells)
