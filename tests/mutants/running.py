"""Run tests in a copy of the tree, for a limited time, and end everything that they have started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from tests.mutants.tree import Tree

_running: set[subprocess.Popen[str]] = set()

NICENESS = 15
NO_TESTS = 5
"""pytest's exit code when nothing was collected."""


class Outcome(StrEnum):
    """What the tests said to a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    NOT_REACHED = "not reached"
    NOT_JUDGED = "not judged"
    """The tests fail without the fault as well."""

    @property
    def noticed(self) -> bool:
        """Whether the tests noticed the fault; a test that no longer ends has noticed it too."""
        return self in (Outcome.KILLED, Outcome.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended: pytest's exit code, None if its time was over, what it printed, the first test that failed."""

    code: int | None
    output: str
    failed: str = ""

    @property
    def outcome(self) -> Outcome:
        """What that says of a mutant. An error of collection (code 2) or of a fixture is noticed as well."""
        if self.code is None:
            return Outcome.TIMED_OUT
        if self.code == NO_TESTS:
            return Outcome.NOT_REACHED
        return Outcome.SURVIVED if self.code == 0 else Outcome.KILLED


def run(
    tree: Tree, tests: Sequence[str], seconds: float, *options: str, environ: Mapping[str, str] | None = None
) -> Ran:
    """Run tests (files, directories, node ids) in the tree, for at most so many seconds."""
    command = [str(tree.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *tests]
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    process = subprocess.Popen(
        [*_nicely(), *command],
        cwd=tree.path,
        env={**inherited, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    _running.add(process)
    try:
        output, _ = process.communicate(timeout=seconds)
        return Ran(process.returncode, output)
    except subprocess.TimeoutExpired:
        return Ran(None, "")
    finally:
        _end(process)


def _nicely() -> list[str]:
    """The beginning of a command that runs at NICENESS, however nice this process is."""
    return ["nice", "-n", str(max(0, NICENESS - os.getpriority(os.PRIO_PROCESS, 0)))]


class Launcher:
    """Runs tests as `run` does, without their output, in forks of one process that has loaded the libraries."""

    def __init__(self, tree: Tree) -> None:
        command = [*_nicely(), str(tree.python), "-m", "tests.mutants.launcher"]
        environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        self._process = subprocess.Popen(
            command,
            cwd=tree.path,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        _running.add(self._process)

    def __call__(self, tree: Tree, tests: Sequence[str], seconds: float, *options: str) -> Ran:
        """Run tests for at most so many seconds."""
        arguments = ["-q", "-p", "no:cacheprovider", *options, *tests]
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"arguments": arguments, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise LauncherDied(f"the launcher ended with code {self._process.wait()}")
        ended = json.loads(answer)
        return Ran(ended["code"], "", ended["failed"])

    def close(self) -> None:
        """End the launcher."""
        self._process.terminate()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        _running.discard(self._process)


class LauncherDied(Exception):
    """The process that forks the runs is gone; that says nothing of the mutant."""


def _end(process: subprocess.Popen[str]) -> None:
    """End the whole group: servers that a test started must not outlive it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
    _running.discard(process)


def end_all() -> None:
    """End the runs of all workers, because the tool itself is to end."""
    for process in list(_running):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
