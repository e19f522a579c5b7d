"""nameko's container of one service, with what runs beside the service's own methods."""

from __future__ import annotations

from typing import Any

from nameko.containers import ServiceContainer
from nameko.extensions import iter_extensions

from hongxia.runtime import green
from hongxia.runtime.consume import Consume
from hongxia.runtime.relay import RelayRunner

MOST_CONSUMING = 100
"""More than a service has sources: each source has one batch at work at a time."""


class Container(ServiceContainer):  # type: ignore[misc]
    """Runs one service: its routes and consumers, which its class declares, and its relay, which every service has."""

    def __init__(self, service: type, config: dict[str, Any]) -> None:
        super().__init__(service, config)
        relay = RelayRunner().bind(self.interface)
        self.subextensions.update([relay, *iter_extensions(relay)])
        self._worker_pool = Workers(self.max_workers)


class Workers:
    """In the place of nameko's one pool. Consumers have workers of their own: a consumer holds a transaction, and must
    not wait for requests that may themselves be waiting for what that transaction has locked.
    """

    def __init__(self, most_requests: int) -> None:
        self._requests = green.pool(most_requests)
        self._consuming = green.pool(MOST_CONSUMING)

    def spawn(self, run: Any, context: Any, handle_result: Any) -> Any:
        """Run what nameko runs for an entrypoint, once there is a worker of its kind."""
        pool = self._consuming if isinstance(context.entrypoint, Consume) else self._requests
        return pool.spawn(run, context, handle_result)

    def waitall(self) -> None:
        """Wait until all that is at work is done."""
        self._requests.waitall()
        self._consuming.waitall()
