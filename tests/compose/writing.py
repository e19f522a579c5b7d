"""Records written through the gateway while things go wrong, and the figure that they make."""

from __future__ import annotations

import json
import ssl
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .conftest import YEAR
from .installation import Installation, until

FIGURE = "outreach.five_visits.persons"
"""Each visit below adds one to this figure."""

RETRY_SECONDS = 180.0

ANOTHER_VISIT = "/visits?confirm=entered-twice"
"""The visits below are alike but for their keys; the service asks whether the second one is another visit."""


class Gateway:
    """A client that does what a careful one does: the same Idempotency-Key again until there is an answer."""

    def __init__(self, installation: Installation) -> None:
        self._base = f"https://localhost:{installation.port}"
        self._context = ssl.create_default_context(cafile=str(installation.root / "deploy/secrets/ca.pem"))
        self._token = installation.token
        cadres = self.get("registry", "/cadres?limit=100")["items"]
        self._cadre = next(cadre["id"] for cadre in cadres if cadre["state"] == "living")

    def get(self, service: str, path: str) -> Any:
        """The JSON that a GET answers."""
        return self._send("GET", service, path, None, {})

    def pages(self, service: str, path: str) -> Iterator[Any]:
        """All items of a paged list."""
        cursor = ""
        while True:
            page = self.get(service, f"{path}?limit=100{cursor}")
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    def record_visit(self, correlation: str | None = None, on: str = f"{YEAR}-11-11") -> str:
        """One visit to a cadre; returns its id. Raises TimeoutError where nothing answers for long."""
        body = {
            "cadre_id": self._cadre,
            "visited_on": on,
            "form": "hospital",
            "category": "routine",
            "occasion": "illness",
            "five_must": True,
            "people": 1,
        }
        headers = {"Idempotency-Key": str(uuid.uuid4()), "X-Correlation-ID": correlation or str(uuid.uuid4())}
        deadline = time.monotonic() + RETRY_SECONDS
        while time.monotonic() < deadline:
            try:
                visit: str = self._send("POST", "outreach", ANOTHER_VISIT, body, headers)["id"]
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 409:  # 409: the first attempt is still being worked on
                    raise
                time.sleep(0.3)
            except OSError:
                time.sleep(0.3)
            else:
                return visit
        raise TimeoutError("no answer")

    def _send(self, method: str, service: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        data = None if body is None else json.dumps(body).encode()
        told = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"{self._base}/{service}{path}", data=data, headers=told, method=method)
        with urllib.request.urlopen(request, context=self._context, timeout=15) as response:
            return json.loads(response.read())


def indicator(installation: Installation) -> dict[str, Any]:
    """The figure as reporting has it now, with its state."""
    rows = Gateway(installation).get("reporting", f"/years/{YEAR}/indicators")["items"]
    return next(row for row in rows if row["code"] == FIGURE)


def figure(installation: Installation) -> int | None:
    """Its value; None while reporting has nothing that it counts, as when it reads a source from the beginning."""
    value = indicator(installation)["value"]
    return None if value is None else int(value)


def settle(installation: Installation) -> None:
    """Wait until `hongxia verify` passes: every consumer is at its source's head."""
    command = ("verify", YEAR)
    until(
        lambda: installation.hongxia(*command, expect=None).code == 0,
        120,
        lambda: installation.hongxia(*command, expect=None).said,
    )


class Writer:
    """Records visits one after the other, and counts those that were answered."""

    def __init__(self, gateway: Gateway) -> None:
        self.written = 0
        self.error: Exception | None = None
        self._gateway = gateway
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def _write(self) -> None:
        try:
            while not self._stopping.wait(0.05):
                self._gateway.record_visit()
                self.written += 1
        except Exception as error:  # noqa: BLE001 - told to the test, by finish()
            self.error = error

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> int:
        """Stop; returns how many visits were recorded. Raises what went wrong."""
        self._stopping.set()
        self._thread.join(RETRY_SECONDS)
        if self.error:
            raise self.error
        return self.written


@contextmanager
def writing(installation: Installation) -> Iterator[Writer]:
    """A writer at work for as long as the block lasts."""
    writer = Writer(Gateway(installation))
    writer.start()
    try:
        yield writer
    finally:
        writer.finish()
