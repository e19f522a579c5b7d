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
        print(json.dumps({"code": _run(order["arguments"], order["seconds"])}), flush=True)


def _run(arguments: Sequence[str], seconds: float) -> int | None:
    """Return pytest's exit code, None if the time was over."""
    child = os.fork()
    if child == 0:
        _be_tests(arguments)
    _children.append(child)
    code = _wait(child, time.monotonic() + seconds)
    _children.remove(child)
    return code


def _be_tests(arguments: Sequence[str]) -> None:
    """In the child: run the tests in a process group of their own, without a word, and end."""
    code = 3
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        code = int(pytest.main(list(arguments)))
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
