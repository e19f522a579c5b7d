import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import NotInTime, Process, ProcessEnded, free_port, reaper, temporary_directory, wait_until
from tests.servers.reaper import alive

ROOT = Path(__file__).parents[2]
# a shell whose grandchild leads a session of its own, as PostgreSQL's backends and Erlang's helpers do
FAMILY = """
import subprocess, time
child = subprocess.Popen(["sleep", "600"])
apart = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(child.pid, apart.pid, flush=True)
time.sleep(600)
"""


def family(log: Path) -> Process:
    return Process([sys.executable, "-c", FAMILY], log=log)


def pids(process: Process) -> list[int]:
    return [int(word) for word in process.wait_for(process.output, 10, "tells its children").split()]


def test_waiting_gives_the_first_true_value_and_says_in_the_end_what_was_missing() -> None:
    values = iter([0, None, 7])
    assert wait_until(lambda: next(values), 5, "a value", every=0) == 7
    with pytest.raises(NotInTime, match="within 0 s: the moon, still 3 of 4"):
        wait_until(lambda: False, 0, lambda: "the moon, still 3 of 4")


def test_ports_are_handed_out_once_and_never_from_the_range_of_outgoing_connections() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == len(ports)
    assert max(ports) < 32_768


def test_a_process_keeps_its_output_over_a_restart_and_takes_its_variables_from_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEN_AWAY", "1")
    command = [sys.executable, "-c", "import os; print(os.environ.get('TAKEN_AWAY'), os.environ['GIVEN'])"]
    process = Process(command, log=tmp_path / "log", env={"GIVEN": "yes", "TAKEN_AWAY": None})
    assert process.start().wait(10) == 0
    assert process.restart().wait(10) == 0
    assert process.output() == "None yes\nNone yes\n"


def test_killing_a_process_ends_everything_that_came_from_it(tmp_path: Path) -> None:
    process = family(tmp_path / "log").start()
    everyone = [process.pid, *pids(process)]
    process.kill()
    assert not any(map(alive, everyone))
    assert process.returncode == -signal.SIGKILL
    assert not process.running
    process.kill()


def test_what_a_process_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    process = Process(["sh", "-c", "sleep 600 & echo $!"], log=tmp_path / "log").start()
    assert process.wait(10) == 0
    assert not alive(int(process.output()))


def test_waiting_for_a_process_that_ends_fails_at_once_and_shows_its_output(tmp_path: Path) -> None:
    process = Process(["sh", "-c", "echo no such table; exit 3"], log=tmp_path / "log").start()
    with pytest.raises(ProcessEnded, match="ended with 3 before: is ready\nno such table"):
        process.wait_for(lambda: False, 60, "is ready")


def test_a_process_that_does_not_heed_sigterm_is_reported_and_gone(tmp_path: Path) -> None:
    process = Process(["sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.1; done"], log=tmp_path / "log")
    process.start().wait_for(process.output, 10, "has its trap")
    pid = process.pid
    with pytest.raises(NotInTime):
        process.terminate(0.2)
    assert not alive(pid)


USER = """
import os, sys, time
from pathlib import Path
from tests.servers import temporary_directory
from tests.servers.test_processes import family, pids
directory = temporary_directory("test")
process = family(directory / "log").start()
print(directory, process.pid, *pids(process), flush=True)
{ending}
"""


ENDINGS = {
    "by ourselves": "",
    "by an error": "raise RuntimeError",
    "without cleaning up": "os._exit(1)",
    "by SIGTERM": "os.kill(os.getpid(), 15); time.sleep(60)",
    "by SIGKILL": "os.kill(os.getpid(), 9)",
    "while a fork holds our end of the pipe": """
if os.fork():
    os._exit(1)
os.close(1)
end = time.monotonic() + 60
while directory.exists() and time.monotonic() < end:
    time.sleep(0.1)
os._exit(1)
""",
}


ENDED_SECONDS = 40
"""Less than the fork above lives by itself, much more than a busy machine needs."""


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_nothing_outlives_us_however_we_end(ending: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", USER.format(ending=ending)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    directory, *everyone = done.stdout.split()
    assert len(everyone) == 3
    wait_until(lambda: not any(alive(int(pid)) for pid in everyone), ENDED_SECONDS, "all have ended")
    wait_until(lambda: not Path(directory).exists(), ENDED_SECONDS, f"{directory} is removed")


def test_a_temporary_directory_is_private() -> None:
    directory = temporary_directory("test")
    assert directory.stat().st_mode & 0o077 == 0
    assert directory.stat().st_uid == os.geteuid()


def test_what_was_said_before_the_reaper_listened_is_ended_too(tmp_path: Path) -> None:
    """The parent is gone, and another process holds the pipe, before the reaper reads its first line."""
    process = family(tmp_path / "log").start()
    everyone = [process.pid, *pids(process)]
    reading, writing = os.pipe()
    os.write(writing, f'{{"process": {process.pid}, "signal": {signal.SIGKILL}}}\n'.encode())
    not_its_parent = str(os.getpid() + 1)
    try:
        subprocess.run([sys.executable, reaper.__file__, not_its_parent], stdin=reading, timeout=60, check=True)
        wait_until(lambda: not any(map(alive, everyone)), ENDED_SECONDS, "all have ended")
    finally:
        os.close(reading)
        os.close(writing)
        process.kill()
