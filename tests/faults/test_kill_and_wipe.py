"""The year's import with everything killed in the middle of it: nothing is lost, nothing is doubled."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from tests.e2e.bureau import Bureau, running_bureau
from tests.servers import PostgreSQL, RabbitMQ, wait_until

SOURCES = ("registry", "finance", "outreach", "activities")


@pytest.fixture(scope="module")
def undisturbed(
    rabbitmq: RabbitMQ, postgres: PostgreSQL, workbooks: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    """What the year comes to when nothing happens."""
    with running_bureau(rabbitmq, postgres, tmp_path_factory.mktemp("undisturbed")) as bureau:
        bureau.run("import", str(workbooks))
        return result(bureau)


def result(bureau: Bureau) -> dict[str, object]:
    """Totals, digest, and the chain head of every source."""
    figures = {code: (figure["value"], figure["state"]) for code, figure in bureau.figures(2022).items()}
    heads = {name: (head["position"], head["chain"]) for name, head in bureau.heads().items()}
    return {"figures": figures, "digest": bureau.digest(2022), "heads": heads}


def test_a_killed_and_wiped_broker_and_every_service_killed_once_change_nothing(
    undisturbed: dict[str, object],
    rabbitmq: RabbitMQ,
    postgres: PostgreSQL,
    workbooks: Path,
    tmp_path: Path,
) -> None:
    if not rabbitmq.private:
        pytest.skip("a given broker is not ours to kill")
    with running_bureau(rabbitmq, postgres, tmp_path) as bureau:
        importing = Importing(bureau, workbooks)
        importing.start()
        wait_until(lambda: applied(bureau, "registry") > 0, 120, "the import is under way")
        rabbitmq.kill()
        rabbitmq.wipe()
        kill_each_service_in_turn(bureau)
        rabbitmq.start()
        importing.finish()
        bureau.wait_level()
        assert result(bureau) == undisturbed
        bureau.run("verify", "2022")


def kill_each_service_in_turn(bureau: Bureau) -> None:
    """SIGKILL, and start again; the broker is away meanwhile, so that readiness is not waited for."""
    for name in list(bureau.processes):
        bureau.processes[name].restart(kill=True)


def applied(bureau: Bureau, source: str) -> int:
    """How far reporting has read a source."""
    for cursor in bureau.client.get("reporting", "/cursors"):
        if cursor["source"] == source:
            return int(cursor["position"])
    return 0


class Importing(threading.Thread):
    """An office that imports, and tries again when a service was away: a file is imported whole or not at all."""

    def __init__(self, bureau: Bureau, workbooks: Path) -> None:
        super().__init__(daemon=True)
        self._bureau = bureau
        self._workbooks = workbooks
        self._failures: list[subprocess.CompletedProcess[str]] = []
        self._succeeded = False

    def run(self) -> None:
        """Import until it succeeds; each try after the first finds what is there already."""
        for _ in range(20):
            done = self._bureau.run("import", str(self._workbooks), expect=None)
            if done.returncode == 0:
                self._succeeded = True
                return
            self._failures.append(done)

    def finish(self) -> None:
        """Wait for the end."""
        self.join(timeout=600)
        assert self._succeeded, [failure.stdout + failure.stderr for failure in self._failures[-2:]]
