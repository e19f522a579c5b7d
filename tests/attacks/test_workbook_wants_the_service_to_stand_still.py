"""Somebody has a token that may import, or hands a file to one who has; they want the service to stand still.

The service is a real process with its own HTTP server. What it spends on a file is read from the system: the processor
time and the memory of the service itself, without that of the process that reads the file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from hongxia.workbook.write import XLSX
from services.registry.workbook import CADRES
from tests.attacks.bombs import BOMBS, packed, parts, slow
from tests.servers import Process, free_port, wait_until

HONGXIA = str(Path(sys.executable).with_name("hongxia"))
READY_SECONDS = 60
ANSWER_SECONDS = 120
MOST_PROCESSOR_SECONDS = 1.0
MOST_MEGABYTES = 64

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads what a process uses from /proc")


@dataclass
class Target:
    """All services in one process, as `hongxia serve` runs them."""

    process: Process
    url: str
    data: Path

    @property
    def token(self) -> str:
        """A token with all roles."""
        return (self.data / "token").read_text(encoding="utf-8")

    def sent(self, data: bytes) -> requests.Response:
        """What the registry answers to a workbook."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": XLSX}
        return requests.post(
            f"{self.url}/registry/workbooks/{CADRES.name}", data, headers=headers, timeout=ANSWER_SECONDS
        )

    def is_healthy(self) -> bool:
        """Whether it answers a health check."""
        return requests.get(f"{self.url}/registry/healthz", timeout=ANSWER_SECONDS).ok

    def is_ready(self) -> bool:
        """Whether it answers at all."""
        try:
            return self.is_healthy() and (self.data / "token").exists()
        except requests.RequestException:
            return False

    def head(self) -> Any:
        """The end of the registry's log."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.get(f"{self.url}/registry/events/head", headers=headers, timeout=ANSWER_SECONDS).json()

    def readers(self) -> list[int]:
        """The processes that the service has started and that are there."""
        listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = [line.split() for line in listed.splitlines()]
        return [int(pid) for pid, parent in pairs if int(parent) == self.process.pid]

    def processor_seconds(self) -> float:
        """What the service has used of the processor, without what its children have."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> int:
        """The most memory that it ever had."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))

    def files(self) -> set[Path]:
        """Its files, but for the databases' own."""
        return {path for path in self.data.rglob("*") if ".sqlite3" not in path.name}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A bureau without records."""
    folder = tmp_path_factory.mktemp("target")
    address = f"127.0.0.1:{free_port()}"
    command = [HONGXIA, "serve", "--address", address, "--data", str(folder / "data")]
    env = {"TMPDIR": str(folder), "no_proxy": "127.0.0.1"}
    process = Process(command, log=folder / "log", env=env, name="services")
    with process:
        found = Target(process, f"http://{address}", folder / "data")
        process.wait_for(found.is_ready, READY_SECONDS, "the services answer")
        found.sent(packed(parts()))  # what is imported at the first file counts for no bomb
        yield found


def test_the_file_around_the_bombs_is_a_workbook_without_records(target: Target) -> None:
    answer = target.sent(packed(parts(before='<dimension ref="A1:XFD1048576"/>')))
    assert (answer.status_code, answer.json()["sheets"]) == (200, target.sent(packed(parts())).json()["sheets"])


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_and_costs_the_service_next_to_nothing(target: Target, name: str) -> None:
    data = BOMBS[name]()
    assert len(data) < 1_000_000
    spent, memory, head, files = target.processor_seconds(), target.megabytes(), target.head(), target.files()
    answer = target.sent(data)
    problem = answer.json()
    assert answer.status_code == 422, problem
    assert problem["type"].endswith("not-a-workbook"), problem
    assert "请" in problem["detail"]
    assert "\n" not in problem["detail"]
    assert target.processor_seconds() - spent < MOST_PROCESSOR_SECONDS
    assert target.megabytes() - memory < MOST_MEGABYTES
    assert (target.head(), target.files()) == (head, files)
    assert target.readers() == []


def test_health_checks_are_answered_while_a_file_is_still_being_read(target: Target) -> None:
    answers: list[requests.Response] = []
    data = slow()
    upload = threading.Thread(target=lambda: answers.append(target.sent(data)))
    upload.start()
    [reader] = wait_until(target.readers, ANSWER_SECONDS, "a process reads the file", every=0.005)
    os.kill(reader, signal.SIGSTOP)  # from here on it can't have come to an end
    assert all(target.is_healthy() for _ in range(20))
    assert target.readers() == [reader]
    assert not answers
    os.kill(reader, signal.SIGCONT)
    upload.join(ANSWER_SECONDS)
    assert answers[0].status_code == 200
    assert target.readers() == []


def test_a_reader_that_is_killed_is_one_refused_file(target: Target) -> None:
    answers: list[requests.Response] = []
    data = slow()
    upload = threading.Thread(target=lambda: answers.append(target.sent(data)))
    upload.start()
    [reader] = wait_until(target.readers, ANSWER_SECONDS, "a process reads the file", every=0.005)
    os.kill(reader, signal.SIGKILL)
    upload.join(ANSWER_SECONDS)
    assert answers[0].status_code == 422
    assert "出错中断" in answers[0].json()["detail"]
    assert target.readers() == []
    assert target.sent(packed(parts())).status_code == 200


def test_only_two_files_are_read_at_once_and_the_third_waits_for_its_turn(target: Target) -> None:
    answers: list[requests.Response] = []
    data = slow()
    uploads = [threading.Thread(target=lambda: answers.append(target.sent(data))) for _ in range(3)]
    for upload in uploads:
        upload.start()
    first = set(
        wait_until(lambda: len(found := target.readers()) == 2 and found, ANSWER_SECONDS, "two read", every=0.005)
    )
    for reader in first:
        os.kill(reader, signal.SIGSTOP)
    assert target.is_healthy()
    assert set(target.readers()) == first
    for reader in first:
        os.kill(reader, signal.SIGCONT)
    for upload in uploads:
        upload.join(ANSWER_SECONDS)
    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("name", ["empty shared strings × 4 million", "merged ranges × 1 million"])
def test_the_command_line_says_in_one_line_what_is_wrong_with_a_bomb(target: Target, tmp_path: Path, name: str) -> None:
    (tmp_path / "干部名册.xlsx").write_bytes(BOMBS[name]())
    env = {"PATH": "/usr/bin:/bin", "COLUMNS": "200", "HONGXIA_URL": target.url, "HONGXIA_TOKEN": target.token}
    env |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    done = subprocess.run(
        [HONGXIA, "import", str(tmp_path)], env=env, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    [line] = [line for line in (done.stdout + done.stderr).splitlines() if "干部名册.xlsx" in line]
    assert "请" in line
