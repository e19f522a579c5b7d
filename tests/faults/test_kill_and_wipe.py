"""The year's import with everything killed in the middle of it: nothing is lost, nothing is doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hongxia.client import ClientError
from services.registry.milestones.events import MILESTONE_DUE
from tests.e2e.bureau import Bureau, running_bureau
from tests.servers import PostgreSQL, RabbitMQ, wait_until

NEWEST = 100
ANNOUNCED = MILESTONE_DUE.type


@pytest.fixture(scope="module")
def undisturbed(
    rabbitmq: RabbitMQ, postgres: PostgreSQL, workbooks: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    """What the year comes to when nothing happens."""
    with running_bureau(rabbitmq, postgres, tmp_path_factory.mktemp("undisturbed")) as bureau:
        bureau.run("import", str(workbooks))
        return result(bureau)


def result(bureau: Bureau) -> dict[str, object]:
    """Totals, digest, and how far the import's events of every source reach."""
    figures = {code: (figure["value"], figure["state"]) for code, figure in bureau.figures(2022).items()}
    reach = {name: imported_up_to(bureau, name) for name in bureau.addresses}
    return {"figures": figures, "digest": bureau.digest(2022), "reach": reach}


def imported_up_to(bureau: Bureau, name: str) -> tuple[int, str]:
    """Position and chain of a source's last event that the import raised; (0, "") without one.

    A registry that starts again announces the month's milestones, at once and after all that the file of cadres raised.
    """
    position = bureau.client.get(name, "/events/head")["position"]
    events = bureau.client.get(name, f"/events?after={max(0, position - NEWEST)}&limit={NEWEST}")
    mine = [event for event in events if event["type"] != ANNOUNCED]
    return (mine[-1]["position"], mine[-1]["chain"]) if mine else (0, "")


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
        importing.wait_until(lambda: applied(bureau, "registry") > 0, "the import is under way")
        bureau.processes["registry"].restart(kill=True)
        importing.wait_until(lambda: applied(bureau, "finance") > 0, "finance is being read")
        bureau.processes["finance"].restart(kill=True)
        # The greatest stream of the year: the broker dies in the middle of it, and all that it held is lost.
        importing.wait_until(lambda: head(bureau, "outreach") > 0, "outreach is relaying")
        rabbitmq.kill()
        rabbitmq.wipe()
        for name in ("reporting", "outreach", "activities"):
            bureau.processes[name].restart(kill=True)
        rabbitmq.start()
        importing.finish()
        bureau.wait_level()
        assert result(bureau) == undisturbed
        bureau.run("verify", "2022")


def applied(bureau: Bureau, source: str) -> int:
    """How far reporting has read a source."""
    return next(int(c["position"]) for c in bureau.client.get("reporting", "/cursors") if c["source"] == source)


def head(bureau: Bureau, source: str) -> int:
    """The position of a source's own head; 0 while it is down."""
    try:
        return int(bureau.client.get(source, "/events/head")["position"])
    except ClientError:
        return 0


class Importing(threading.Thread):
    """An office that imports, and tries again when a service was away: a file is imported whole or not at all."""

    def __init__(self, bureau: Bureau, workbooks: Path) -> None:
        super().__init__(daemon=True)
        self._bureau = bureau
        self._workbooks = workbooks
        self._failures: list[str] = []
        self._succeeded = False

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what the import brings about; an import that has ended brings no more, and finish() tells why."""
        wait_until(lambda: condition() or not self.is_alive(), 120, what)

    def run(self) -> None:
        """Import until it succeeds; each try after the first finds what is there already."""
        for _ in range(20):
            done = self._bureau.run("import", str(self._workbooks), expect=None)
            if done.returncode == 0:
                self._succeeded = True
                return
            self._failures.append(done.stdout + done.stderr)

    def finish(self) -> None:
        """Wait for the end."""
        self.join(timeout=600)
        assert self._succeeded, self._failures[-2:]
