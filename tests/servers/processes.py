"""Processes that the tests start, ports for them, and the one way of waiting for something."""

import atexit
import functools
import json
import os
import pwd
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from . import reaper

POLL_SECONDS = 0.05
LAST_LINES = 30
PORTS = range(20_000, 32_000)

T = TypeVar("T")


class NotInTime(AssertionError):
    """What was waited for did not come about before the deadline."""


class ProcessEnded(AssertionError):
    """A process that should be running has ended."""


class Unavailable(RuntimeError):
    """It can't be done here: something is not installed, or the server was given and is not ours."""


def wait_until(
    condition: Callable[[], T],
    deadline_seconds: float,
    what: str | Callable[[], str],
    *,
    every: float = POLL_SECONDS,
) -> T:
    """Ask `condition` again and again, every `every` seconds, until its value is true; return that value.

    After `deadline_seconds` raises NotInTime with `what`: a text, or a function that tells how things stand.
    The condition is asked at least once; an exception of its own goes through.
    """
    end = time.monotonic() + deadline_seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise NotInTime(f"not within {deadline_seconds:g} s: {what if isinstance(what, str) else what()}")
        time.sleep(every)


@functools.cache
def _ports_given() -> set[int]:
    return set()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses and that this process has not handed out before.

    It lies below the range from which systems give ports to outgoing connections (32,768 and up on Linux,
    49,152 on macOS). A server that was killed must find its port again, and a client that keeps reconnecting
    to a port of that range is in the end given that very port as its own, and so connected to itself.
    """
    for port in random.sample(PORTS, 200):
        if port not in _ports_given() and _is_free(port):
            _ports_given().add(port)
            return port
    raise Unavailable(f"no free port among 200 tried between {PORTS.start} and {PORTS.stop}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # like the servers do: connections that are still winding down do not count
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class _Reaper:
    """Our end of the pipe to reaper.py."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-I", reaper.__file__, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._owner = os.getpid()

    def tell(self, **message: object) -> None:
        """Add one line to its list."""
        assert self._popen.stdin
        self._popen.stdin.write(json.dumps(message).encode() + b"\n")
        self._popen.stdin.flush()

    def finish(self) -> None:
        """Have it end whatever is left, and wait until it has."""
        if os.getpid() == self._owner:  # not in a fork of ours
            assert self._popen.stdin
            self._popen.stdin.close()
            self._popen.wait()


@functools.cache
def _reaper() -> _Reaper:
    started = _Reaper()
    atexit.register(started.finish)
    return started


def temporary_directory(name: str, *, user: str | None = None) -> Path:
    """A new directory, owned by `user` if given, that is removed when this process ends, however it ends."""
    directory = Path(tempfile.mkdtemp(prefix=f"hongxia-{name}-"))
    _reaper().tell(directory=str(directory))
    if user:
        entry = pwd.getpwnam(user)
        os.chown(directory, entry.pw_uid, entry.pw_gid)
    return directory


def as_user(user: str | None) -> dict[str, Any]:
    """The arguments with which `subprocess` runs a command as `user` (none: as ourselves)."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Process:
    """A command that runs as a process group of its own, with its output in a file.

    It and everything that came from it end when we end at the latest, even if we are killed; `last_signal` is
    what it then gets first, for a server that has to tidy up (SIGKILL follows in any case).
    """

    def __init__(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        log: Path,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        name: str | None = None,
        last_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Nothing runs until `start`. `env` is laid over our own environment; None takes a variable away."""
        self.command = [os.fspath(word) for word in command]
        self.log = log
        self.name = name or Path(self.command[0]).name
        self.env = dict(env or {})
        self.returncode: int | None = None
        self._cwd = cwd
        self._user = user
        self._last_signal = last_signal
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it (again). Raises RuntimeError if it is running."""
        if self.running:
            raise RuntimeError(f"{self.name} is running already")
        merged = {**os.environ, **self.env}
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                self.command,
                env={key: value for key, value in merged.items() if value is not None},
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **as_user(self._user),
            )
        _reaper().tell(process=self._popen.pid, signal=self._last_signal)
        self.returncode = None
        return self

    @property
    def pid(self) -> int:
        """Its process id. Raises ProcessEnded when it is not running."""
        if not self.running or self._popen is None:
            raise ProcessEnded(f"{self.name} is not running")
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it lives; once it has ended, what it left behind is ended too."""
        if self._popen is None:
            return False
        if reaper.alive(self._popen.pid):
            return True
        self._collect()
        return False

    def wait_for(self, condition: Callable[[], T], deadline_seconds: float, what: str) -> T:
        """`wait_until`, but raises ProcessEnded at once when it ends; both errors show its last output."""

        def checked() -> T:
            value = condition()
            if not value and not self.running:
                raise ProcessEnded(f"{self.name} ended with {self.returncode} before: {what}\n{self.last_output()}")
            return value

        return wait_until(checked, deadline_seconds, lambda: f"{self.name}: {what}\n{self.last_output()}")

    def wait(self, deadline_seconds: float) -> int:
        """Wait until it ends by itself; returns its exit status (negative: the signal). Raises NotInTime."""
        wait_until(lambda: not self.running, deadline_seconds, lambda: f"{self.name} ends\n{self.last_output()}")
        assert self.returncode is not None
        return self.returncode

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process itself, not to its children. Raises ProcessEnded if it has ended."""
        reaper.send(self.pid, number)

    def terminate(self, deadline_seconds: float = 15.0, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; returns its exit status. Raises NotInTime, having killed it, if it does not end."""
        self.send(number)
        try:
            return self.wait(deadline_seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL it and everything that came from it, and wait until all are gone, if they are not yet."""
        if self._popen is not None:
            reaper.kill_family(self._popen.pid)
            self._collect()

    def restart(self, *, kill: bool = False) -> Self:
        """End it, by SIGTERM or SIGKILL, and start it again."""
        if kill:
            self.kill()
        elif self.running:
            self.terminate()
        return self.start()

    def output(self) -> str:
        """All that it has written so far, over all its starts."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def last_output(self) -> str:
        """The last lines that it has written."""
        return last_lines(self.output())

    def _collect(self) -> None:
        assert self._popen is not None
        # Only now is it waited for: until then its id, and its group's, can't be given to another process.
        reaper.kill_family(self._popen.pid)
        self.returncode = self._popen.wait()
        _reaper().tell(ended=self._popen.pid)
        self._popen = None

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()


def last_lines(text: str) -> str:
    """The end of a long output, for an error message."""
    return "\n".join(text.splitlines()[-LAST_LINES:])


def run(command: Sequence[str | os.PathLike[str]], *, deadline_seconds: float, **options: Any) -> str:
    """Run a command to its end and return what it wrote. `options` are those of `subprocess.run`.

    Raises RuntimeError, with the end of what it wrote, if it fails or takes too long.
    """
    shown = " ".join(os.fspath(word) for word in command)
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=deadline_seconds,
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"not done within {deadline_seconds:g} s: {shown}") from error
    if done.returncode:
        raise RuntimeError(f"ended with {done.returncode}: {shown}\n{last_lines(done.stdout)}")
    return str(done.stdout)
