"""The process that reads a file: what becomes of one that fails, and what it may not do."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

from hongxia.cli.importing import sorted_files
from hongxia.client import ClientError
from hongxia.workbook import process
from hongxia.workbook.errors import NotAWorkbook
from hongxia.workbook.grid import _place, box_of
from hongxia.workbook.limits import LAST_ROW, MOST_AT_ONCE, MOST_CELLS
from hongxia.workbook.process import BROKE_OFF, COMMAND, TOO_SLOW, NoReader, opened
from hongxia.workbook.reader import TOO_LARGE
from hongxia.workbook.write import XLSX
from services.registry.app import RegistryService
from tests.unit.web_builders import Web, running
from tests.unit.workbook_builders import by_hand, parsed, row

FILE = by_hand(row(2))
ROOT = COMMAND[-1]


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Start a process with this code in the place of the reader; it has the reader's modules at hand."""
    monkeypatch.setattr(process, "COMMAND", [*COMMAND[:4], f"import sys; sys.path.insert(0, {ROOT!r})\n{code}"])


def refusal(data: bytes = FILE) -> str:
    """Why a file is refused."""
    with pytest.raises(NotAWorkbook) as caught:
        parsed(data)
    return caught.value.message_zh


def reading(code: str) -> str:
    """The real reader, in which opening the file is this function `open_book(data)`."""
    function = textwrap.dedent(code)
    return f"import os\nfrom hongxia.workbook import reader\n{function}\nreader.open_book = open_book\nreader.main()"


@pytest.mark.parametrize(
    "code",
    [
        "",
        "import os; os.abort()",
        "import os; os.read(0, 10); os.abort()",
        "import os; os.write(1, b'{')",
        "import os; os.write(1, b'{}')",
        reading("def open_book(data): os.kill(os.getpid(), 9)"),
    ],
    ids=["ends", "crashes", "crashes while it is fed", "half an answer", "an answer without an end", "is killed"],
)
def test_a_reader_that_ends_too_soon_is_a_refused_file(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    instead(monkeypatch, code)
    assert refusal(FILE + bytes(5_000_000)) == BROKE_OFF


@pytest.mark.parametrize("said", ["x", "[]", "{}", '{"sheets": 5}', "[" * 100_000, '"\\ud800"', "1" * 5_000])
def test_a_reader_that_says_what_it_should_not_is_a_refused_file(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    instead(monkeypatch, f"import time\nprint({said!r}, flush=True)\ntime.sleep(100)")
    assert "已损坏" in refusal()


def test_a_reader_that_never_ends_a_line_is_not_listened_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MOST_ANSWER", 100_000)
    instead(monkeypatch, "import os\nwhile True: os.write(1, b'1' * 10_000)")
    assert "已损坏" in refusal()


@pytest.mark.parametrize("when", ["", "import os; os.read(0, 10); ", "print('{', end='', flush=True); "])
def test_a_reader_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    monkeypatch.setattr(process, "WAIT_SECONDS", 0.3)
    instead(monkeypatch, f"{when}import time; time.sleep(100)")
    assert refusal(FILE + bytes(5_000_000)) == TOO_SLOW


def test_all_waiting_for_one_file_counts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WAIT_SECONDS", 1.0)
    instead(monkeypatch, "import os, time\nwhile True: os.write(1, b'1'); time.sleep(0.05)")
    assert refusal() == TOO_SLOW


def test_a_reader_has_a_bound_of_processor_time(monkeypatch: pytest.MonkeyPatch) -> None:
    spin = """
    reader.PROCESSOR_SECONDS = 1
    def open_book(data):
        while True: pass
    """
    instead(monkeypatch, reading(spin))
    assert refusal() == TOO_SLOW


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no bound of address space")
def test_a_reader_has_a_bound_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, reading("def open_book(data): return bytearray(1 << 30)"))
    assert refusal() == TOO_LARGE


def test_a_reader_that_nobody_waits_for_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WAIT_SECONDS", 20.0)
    asleep = """
    reader.WAIT_SECONDS = 1
    def open_book(data):
        import time
        time.sleep(100)
    """
    instead(monkeypatch, reading(asleep))
    assert refusal() == TOO_SLOW


def test_a_reader_sees_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_SECRET", "marked-secret")
    look = """
    def open_book(data):
        raise reader.NotAWorkbook(f"{sorted(os.environ)} {os.getcwd()} ")
    """
    instead(monkeypatch, reading(look))
    found = refusal()
    assert "TOKEN" not in found
    assert " / " in found


def test_a_reader_can_write_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write = f"""
    def open_book(data):
        with open({str(tmp_path / "file")!r}, "wb", buffering=0) as file:
            file.write(b"1")
    """
    instead(monkeypatch, reading(write))
    assert "已损坏" in refusal()
    assert (tmp_path / "file").read_bytes() == b""


def test_a_reader_needs_nothing_but_the_standard_library() -> None:
    code = f"""
    import sys
    sys.path.insert(0, {ROOT!r})
    import hongxia.workbook.reader
    print(*{{name.partition(".")[0] for name in sys.modules}} - sys.stdlib_module_names)
    print(*sorted(name for name in sys.modules if name.startswith("hongxia.")))
    """
    done = run([*COMMAND[:4], textwrap.dedent(code)], capture_output=True, text=True, check=True, env={})
    others, own = done.stdout.splitlines()
    assert set(others.split()) <= {"hongxia", "__main__"}
    names = ("workbook", "workbook.archive", "workbook.grid", "workbook.limits", "workbook.markup", "workbook.reader")
    assert own.split() == [f"hongxia.{name}" for name in names]


def test_without_a_process_to_read_it_the_file_is_not_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", ["/nowhere/python"])
    with pytest.raises(NoReader, match="请稍后重试；未作任何更改"):
        parsed(FILE)


def test_so_many_files_are_read_at_once_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "TURN_SECONDS", 0.05)

    def nested(depth: int) -> None:
        with opened(FILE):
            if depth < MOST_AT_ONCE:
                nested(depth + 1)
            else:
                with pytest.raises(NoReader, match="正在读取的工作簿过多，请稍后重试"):
                    parsed(FILE)

    nested(1)
    assert parsed(FILE).rows


def test_the_process_ends_with_the_block_whatever_happens_in_it() -> None:
    class OurOwnMistake(Exception):
        pass

    with pytest.raises(OurOwnMistake), opened(FILE) as sheets:
        child = sheets[0]._reader._process
        assert child.poll() is None
        raise OurOwnMistake
    assert child.returncode is not None


def open_files() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
def test_no_open_file_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed(FILE)
    before = open_files()
    for _ in range(5):
        parsed(FILE)
    instead(monkeypatch, "import os; os.abort()")
    refusal()
    monkeypatch.setattr(process, "COMMAND", ["/nowhere/python"])
    with pytest.raises(NoReader):
        parsed(FILE)
    assert open_files() == before


LETTERS = st.integers(1, MOST_CELLS).map(lambda number: _letters(number))
ROWS = st.integers(1, LAST_ROW).map(str)


def _letters(number: int) -> str:
    text = ""
    while number:
        number, left = divmod(number - 1, 26)
        text = chr(65 + left) + text
    return text


@given(LETTERS, ROWS, LETTERS, ROWS, st.sampled_from(["{0}{1}", "${0}${1}", "{0}{1}:{2}{3}", "${0}{1}:{2}${3}"]))
def test_ranges_are_what_openpyxl_takes_them_for(left: str, top: str, right: str, bottom: str, form: str) -> None:
    text = form.format(left, top, right, bottom)
    first_column, first_row, last_column, last_row = range_boundaries(text)
    if first_row > last_row or first_column > last_column:
        with pytest.raises(ValueError, match="no range"):
            box_of(text)
    else:
        assert box_of(text) == (first_row, last_row, first_column - 1, last_column - 1)
    assert _place(left + top) == (coordinate_to_tuple(left + top)[0], coordinate_to_tuple(left + top)[1] - 1)


@pytest.mark.parametrize(
    ("text", "box"),
    [("B:D", (1, LAST_ROW, 1, 3)), ("2:5", (2, 5, 0, MOST_CELLS - 1)), ("c7", (7, 7, 2, 2))],
)
def test_whole_rows_and_columns_are_ranges(text: str, box: tuple[int, int, int, int]) -> None:
    assert box_of(text) == box


@pytest.mark.parametrize(
    "text", ["", ":", "A0", "A1:", "A1:B2:C3", "XFE1", "AAAA1", "A1048577", "B2:A1", "A1 B2", "１:２"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no range"):
        box_of(text)


def test_a_service_without_a_process_to_read_a_file_says_so_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process, "COMMAND", ["/nowhere/python"])
    with running(RegistryService, tmp_path) as (_, mounts):
        answer = Web(mounts["registry"])("POST", "/workbooks/cadres", body=FILE, CONTENT_TYPE=XLSX)
    assert (answer.status, answer.is_problem) == (503, True)
    assert "请稍后重试；未作任何更改" in answer.body.decode()


def test_the_command_line_names_the_file_that_nobody_could_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "干部.xlsx").write_bytes(FILE)
    monkeypatch.setattr(process, "COMMAND", ["/nowhere/python"])
    with pytest.raises(ClientError, match=r"干部\.xlsx：暂时无法启动读取工作簿的进程"):
        sorted_files(tmp_path, {})
