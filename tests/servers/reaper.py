"""Ends what the tests started, even when the tests themselves were killed.

Runs as a process of its own, by path and with the standard library alone. Its standard input is a pipe that
the tests hold open: once that closes, for whatever reason (the end, SIGTERM, SIGKILL), the reaper ends every
process that is still on its list, removes the temporary directories, and goes.

One JSON object a line: {"process": pid, "signal": number}, {"ended": pid}, {"directory": path}.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

POLL_SECONDS = 0.02
GRACE_SECONDS = 5.0


class Row(NamedTuple):
    """One line of the process table."""

    pid: int
    parent: int
    group: int


PROC = Path("/proc")


def process_table() -> list[Row]:
    """Every process that lives; those that have ended and only wait for their parent are left out."""
    if (PROC / "self" / "stat").exists():
        rows = (_read_proc(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit())
        return [row for row in rows if row]
    return _ask_ps("-A")


def alive(pid: int) -> bool:
    """Whether the process lives (one that has ended and was not yet waited for does not)."""
    if (PROC / "self" / "stat").exists():
        return _read_proc(pid) is not None
    return bool(_ask_ps("-p", str(pid)))


def _read_proc(pid: int) -> Row | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # it ended while we were looking
        return None
    # the name in brackets may hold spaces and brackets of its own
    state, parent, group = text[text.rindex(")") + 2 :].split()[:3]
    return None if state in "ZX" else Row(pid, int(parent), int(group))


def _ask_ps(*which: str) -> list[Row]:
    command = ["ps", *which, "-o", "pid=,ppid=,pgid=,stat="]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rows = (line.split() for line in listing.splitlines())
    return [Row(int(pid), int(parent), int(group)) for pid, parent, group, state in rows if state[0] != "Z"]


def family(root: int) -> set[int]:
    """The living pids of `root`, all its descendants, and the members of the process group it leads.

    Descendants count by parentage as well, since PostgreSQL's and Erlang's helpers lead groups of their own.
    """
    table = process_table()
    members = {row.pid for row in table if root in (row.pid, row.group)}
    while more := {row.pid for row in table if row.parent in members} - members:
        members |= more
    return members


def send(pid: int, number: int) -> None:
    """Send a signal to a process that may have ended already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_family(root: int, deadline_seconds: float = 10.0) -> None:
    """SIGKILL `root` and everything that came from it, and wait until all are gone.

    Raises TimeoutError when something lives on after the deadline.
    """
    send(root, signal.SIGSTOP)  # it can't start anything more while we look at what it has
    doomed = family(root)
    end = time.monotonic() + deadline_seconds
    while doomed:
        for pid in doomed:
            send(pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
        doomed = {pid for pid in doomed if alive(pid)} | family(root)
        if doomed and time.monotonic() > end:
            raise TimeoutError(f"still alive after SIGKILL: {sorted(doomed)}")


def _lines(parent: int) -> Iterator[str]:
    """The lines of standard input until it closes, or the parent is gone and all that it wrote is read (a fork may hold
    the pipe open, and the parent may be gone before we have read anything).
    """
    pending = b""
    while True:
        gone = os.getppid() != parent
        if not select.select([0], [], [], 0.0 if gone else 1.0)[0]:
            if gone:
                return
            continue
        received = os.read(0, 65536)
        if not received:
            return
        *lines, pending = (pending + received).split(b"\n")
        yield from (line.decode() for line in lines)


def _end(processes: dict[int, int]) -> None:
    for pid, number in processes.items():
        if number != signal.SIGKILL:
            send(pid, number)
    gentle = {pid for pid, number in processes.items() if number != signal.SIGKILL}
    end = time.monotonic() + GRACE_SECONDS
    while any(map(alive, gentle)) and time.monotonic() < end:
        time.sleep(POLL_SECONDS)
    for pid in processes:
        with contextlib.suppress(TimeoutError):  # go on with the rest
            kill_family(pid)


def main() -> None:
    """Listen until the parent is gone, then end everything."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # meant for the tests; this one goes last
    processes: dict[int, int] = {}
    directories: list[str] = []
    for line in _lines(parent=int(sys.argv[1])):
        message = json.loads(line)
        if "process" in message:
            processes[message["process"]] = message["signal"]
        elif "ended" in message:
            processes.pop(message["ended"], None)
        else:
            directories.append(message["directory"])
    _end(processes)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
