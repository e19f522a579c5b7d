"""The year's import with everything killed in the middle of it: nothing is lost, nothing is doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from hongxia.client import ClientError
from hongxia.events.canonical import canonical
from hongxia.events.digest import LOG_ATTRIBUTES, SALT
from tests.e2e.bureau import Bureau, running_bureau
from tests.servers import PostgreSQL, RabbitMQ, wait_until

ANNOUNCED = ("hongxia.registry.milestone.", "hongxia.outreach.obligation.", "hongxia.outreach.obligation-kind.")
RANDOM_OR_PLACE = (*LOG_ATTRIBUTES, SALT)


@pytest.fixture(scope="module")
def undisturbed(
    rabbitmq: RabbitMQ, postgres: PostgreSQL, workbooks: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, object]:
    """What the year comes to when nothing happens."""
    with running_bureau(rabbitmq, postgres, tmp_path_factory.mktemp("undisturbed")) as bureau:
        bureau.run("import", str(workbooks))
        return result(bureau)


def result(bureau: Bureau) -> dict[str, object]:
    """Totals, digest, and what the import had every source say."""
    figures = {code: (figure["value"], figure["state"]) for code, figure in bureau.figures(2022).items()}
    said = {name: said_by_the_import(bureau, name) for name in bureau.addresses}
    return {"figures": figures, "digest": bureau.digest(2022), "said": said}


def said_by_the_import(bureau: Bureau, name: str) -> tuple[int, str]:
    """How many events of a source the import raised, and a digest of them, to the byte but for their salts, in order.

    A registry that starts again announces the month's milestones, at whatever moment that is, and outreach raises
    obligations for them: these are left out, and so is what follows from the place of an event in the log.
    """
    count, digest, after = 0, sha256(), 0
    while events := bureau.client.get(name, f"/events?after={after}&limit=2000"):
        after = events[-1]["position"]
        for event in events:
            if not event["type"].startswith(ANNOUNCED):
                count += 1
                digest.update(canonical({key: value for key, value in event.items() if key not in RANDOM_OR_PLACE}))
    return count, digest.hexdigest()


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
