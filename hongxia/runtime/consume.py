"""The `consume` entrypoint: hands the events of a source to a method of the service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint
from sqlalchemy.orm import Session

from hongxia.definition import reads_nothing
from hongxia.events.cursor import Consumer
from hongxia.events.envelope import Event
from hongxia.runtime import green
from hongxia.runtime.consume_loop import ConsumeLoop
from hongxia.runtime.host import Hosting

_SOURCE = "hongxia_source"
IDS_A_LINE = 200
"""Docker cuts longer lines than 16 KiB in two."""


class Consume(Entrypoint):  # type: ignore[misc]
    """Reads one source. The method is called with (session, events) inside the cursor's transaction."""

    hosting = Hosting()

    def __init__(self, source: str, **options: Any) -> None:
        self.source = source
        super().__init__(**options)

    def setup(self) -> None:
        """Make the consumer known, so that parked events can be replayed through it."""
        host = self.hosting.host
        if host.definition.clear is reads_nothing:
            raise TypeError(f"{host.name} reads {self.source}, and its definition has no `clear`")
        host.consumers[self.source] = Consumer(
            host.database, self.source, self._handle, partial(host.proved_place, self.source), taken=self._log_taken
        )

    def start(self) -> None:
        """Begin."""
        host = self.hosting.host
        self._loop = ConsumeLoop(host, host.consumers[self.source], host.feed(self.source))
        self.container.spawn_managed_thread(self._loop.run, identifier=f"consume {self.source}")

    def stop(self) -> None:
        """Finish the batch at hand, no more."""
        self._loop.stop()

    def _log_taken(self, events: Sequence[Event]) -> None:
        """Every correlation id once, so that what a request led to is found in the log of each consumer."""
        log = self.hosting.host.log.bind(source=self.source)
        ids = list(dict.fromkeys(event.correlationid for event in events))
        for first in range(0, len(ids), IDS_A_LINE):
            log.info("events taken", upto=events[-1].position, correlationids=ids[first : first + IDS_A_LINE])

    def _handle(self, session: Session, events: Sequence[Event]) -> None:
        done = green.Result()

        def on_result(_context: Any, error: Exception | None, exc_info: Any) -> tuple[Any, Any]:
            done.send((error, exc_info))
            return error, exc_info

        try:
            self.container.spawn_worker(self, (session, events), {}, handle_result=on_result)
        except ContainerBeingKilled:
            # Not the event's fault: end here, with the transaction, instead of parking it.
            green.end_thread()
        error, exc_info = done.wait()
        if exc_info:
            raise exc_info[1]
        if error is not None:
            raise error


def consume(source: str) -> Callable[[Callable[..., None]], Callable[..., Any]]:
    """Make a method the consumer of a source: `method(self, session, events)`, events consecutive and in order.

    What the method writes and appends is committed with the cursor. What it raises parks the event at fault;
    nameko's own log of the worker's error would hold its text, so the error is handed back, not raised.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., Any]:
        @wraps(function)
        def handed_back(self: Any, session: Session, events: Sequence[Event]) -> Exception | None:
            try:
                function(self, session, events)
            except Exception as error:  # noqa: BLE001 - handed to the step that parks or raises it
                return error
            return None

        setattr(handed_back, _SOURCE, source)
        entrypoint: Callable[..., Any] = Consume.decorator(source)(handed_back)
        return entrypoint

    return decorate


def consumers_of(service: type) -> dict[str, Callable[..., None]]:
    """Return the methods that consume a source, by source, as they were written: (self, session, events)."""
    members = (getattr(service, name) for name in dir(service))
    return {getattr(member, _SOURCE): member.__wrapped__ for member in members if hasattr(member, _SOURCE)}
