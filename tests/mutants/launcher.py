"""Run tests in a fork of a process that has loaded the libraries already, which spares most of the time of a short run.

`python -m tests.mutants.launcher` reads one order a line from stdin and answers each by a line on stdout. Neither
the code of the project nor its tests are loaded before the fork, so that each run sees the files as they are.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

import pytest

LIBRARIES = (
    *("alembic.autogenerate", "apispec", "hypothesis", "jsonschema", "jwt", "kombu", "marshmallow", "openpyxl"),
    *("prometheus_client", "requests", "rich", "sqlalchemy.orm", "structlog", "typer", "werkzeug.test", "xlsxwriter"),
)
LOOK_SECONDS = 0.02
LONGEST = 4000
"""Bytes of a test's name."""

_children: list[int] = []


def main() -> None:
    """Carry out orders until stdin ends."""
    signal.signal(signal.SIGTERM, _give_up)
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        code, failed = _run(order["arguments"], order["seconds"])
        print(json.dumps({"code": code, "failed": failed}), flush=True)


class FirstFailure:
    """A pytest plugin that writes the first test that fails, or the first file that can't be collected, to a pipe."""

    def __init__(self, pipe: int) -> None:
        self.pipe: int | None = pipe

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at a test."""
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Look at a file."""
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed and self.pipe is not None:
            os.write(self.pipe, report.nodeid.encode()[:LONGEST])
            self.pipe = None


def _run(arguments: Sequence[str], seconds: float) -> tuple[int | None, str]:
    """Return pytest's exit code, None if the time was over, and the first test that failed."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    child = os.fork()
    if child == 0:
        _be_tests(arguments, writing)
    _children.append(child)
    code = _wait(child, time.monotonic() + seconds)
    _children.remove(child)
    try:
        failed = os.read(reading, LONGEST)
    except BlockingIOError:  # what the child started holds the pipe still
        failed = b""
    os.close(reading)
    os.close(writing)
    return code, failed.decode(errors="ignore")


def _be_tests(arguments: Sequence[str], failures: int) -> None:
    """In the child: run the tests in a process group of their own, without a word, and end."""
    code = 3
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        code = int(pytest.main(list(arguments), plugins=[FirstFailure(failures)]))
    finally:
        os._exit(code)


def _wait(child: int, until: float) -> int | None:
    while time.monotonic() < until:
        # The child is not taken away yet: until then its group cannot be another's.
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return os.waitstatus_to_exitcode(_end(child))
        time.sleep(LOOK_SECONDS)
    _end(child)
    return None


def _end(child: int) -> int:
    """End the child's group with all that it started, and return the child's status."""
    _end_group(child)
    return os.waitpid(child, 0)[1]


def _end_group(child: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    for child in _children:
        _end_group(child)
    os._exit(1)


if __name__ == "__main__":
    main()
