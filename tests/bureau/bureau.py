"""The bureau: five services, one clock, and events that are delivered when the test says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from itertools import count
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Response

from hongxia import services
from hongxia.dates import SHANGHAI, day_of
from tests.bureau.node import Failed, Kept, Node

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TODAY = date(2023, 1, 10)
ROUNDS = 20
"""How often events may lead to further events before a test gives up: a saga takes three rounds."""


class Refused(AssertionError):
    """A request was refused that the test expects to be done."""


class Bureau:
    """All five services in one process. Requests are done at once, events when `settle` is called."""

    def __init__(self, directory: Path, today: date = TODAY, names: Iterable[str] = ()) -> None:
        self.now = datetime.combine(today, time(12), SHANGHAI)
        self.nodes: Mapping[str, Node] = {
            name: Node(services.load(name), directory, lambda: self.now) for name in names or services.names()
        }
        self._keys = count(1)
        for node in self.nodes.values():
            node.connect(self.nodes)

    @property
    def today(self) -> date:
        """The bureau's date."""
        return day_of(self.now)

    def move_to(self, today: date) -> None:
        """Let it be noon of another day."""
        self.now = datetime.combine(today, time(12), SHANGHAI)

    def move_to_day(self, text: str) -> None:
        """Let it be noon of a day, "2022-12-31"."""
        self.move_to(date.fromisoformat(text))

    def reset(self, today: date = TODAY) -> None:
        """Begin again, with nothing recorded."""
        for node in self.nodes.values():
            node.reset()
        self.move_to(today)

    def keep(self) -> Mapping[str, Kept]:
        """Return a copy of the whole bureau, for `restore`."""
        return {name: node.keep() for name, node in self.nodes.items()}

    def restore(self, kept: Mapping[str, Kept], today: date = TODAY) -> None:
        """Let everything be as it was."""
        for name, node in self.nodes.items():
            node.restore(kept[name])
        self.move_to(today)

    def close(self) -> None:
        """Give everything back."""
        for node in self.nodes.values():
            node.close()

    # ---- requests

    def call(self, service: str, method: str, path: str, body: Any = None, **more: Any) -> Response:
        """Send a request as anybody (`role`, `subject`). A POST has a fresh Idempotency-Key unless `headers` say
        otherwise. Raises Failed for 500.
        """
        headers = dict(more.pop("headers", None) or {})
        if method == "POST":
            headers.setdefault("Idempotency-Key", f"key-{next(self._keys)}")
        if method == "PATCH":
            headers.setdefault("If-Match", "*")
        return self.nodes[service].call(method, path, body, headers=headers, **more)

    def do(self, service: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Send a request that has to be done; return the answer. Raises Refused."""
        response = self.call(service, method, path, body, **more)
        if response.status_code >= 400:
            raise Refused(f"{method} {service}{path} {body}: {response.get_data(as_text=True)}")
        return response.json if response.mimetype == "application/json" else response

    def post(self, service: str, path: str, body: Any = None, **more: Any) -> Any:
        """POST what has to be done."""
        return self.do(service, "POST", path, body, **more)

    def patch(self, service: str, path: str, changes: Mapping[str, Any], **more: Any) -> Any:
        """Amend a record, whatever its version."""
        return self.do(service, "PATCH", path, {"reason": "correction", **changes}, **more)

    def get(self, service: str, path: str, **more: Any) -> Any:
        """GET an answer."""
        return self.do(service, "GET", path, **more)

    def all(self, service: str, path: str) -> list[dict[str, Any]]:
        """Return all items of a list, page by page."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            separator = "&" if "?" in path else "?"
            page = self.get(service, f"{path}{separator}limit=500{after}")
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            after = f"&cursor={page['next_cursor']}"

    def send_workbook(self, service: str, name: str, data: bytes, query: str = "", **more: Any) -> Response:
        """Send a file."""
        return self.call(service, "POST", f"/workbooks/{name}{query}", data=data, content_type=XLSX, **more)

    def import_workbook(self, service: str, name: str, data: bytes) -> Any:
        """Import a file that has to be taken; whatever it changes or asks is confirmed. Raises Refused."""
        response = self.send_workbook(service, name, data)
        if response.status_code == 409 and response.json["type"].endswith("changes-not-confirmed"):
            response = self.send_workbook(service, name, data, f"?apply_changes={response.json['digest']}")
        if response.status_code >= 400:
            raise Refused(f"import of {name}: {response.get_data(as_text=True)}")
        return response.json

    # ---- events

    def settle(self) -> int:
        """Deliver events until every consumer has read all of its sources; return how many were applied."""
        total = 0
        for _ in range(ROUNDS):
            for node in self.nodes.values():
                node.number()
            applied = sum(
                node.read(self.nodes[source])
                for node in self.nodes.values()
                for source in node.host.consumers
                if source in self.nodes
            )
            total += applied
            if not applied:
                return total
        raise Failed(f"events lead to events for more than {ROUNDS} rounds")

    def run_timers(self) -> None:
        """Do what the services do by themselves, and deliver what follows."""
        for node in self.nodes.values():
            node.run_timers()
        self.settle()

    # ---- figures

    def figures(self, year: int = 2022) -> dict[str, Any]:
        """Return the year's figures by code, once all events are delivered."""
        self.settle()
        items = self.get("reporting", f"/years/{year}/indicators")["items"]
        return {item["code"]: item["value"] for item in items}
