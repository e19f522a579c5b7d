"""nameko's container of one service, with what runs beside the service's own methods."""

from __future__ import annotations

from typing import Any

from nameko.containers import ServiceContainer
from nameko.extensions import iter_extensions

from hongxia.runtime.relay import RelayRunner


class Container(ServiceContainer):  # type: ignore[misc]
    """Runs one service: its routes and consumers, which its class declares, and its relay, which every service has."""

    def __init__(self, service: type, config: dict[str, Any]) -> None:
        super().__init__(service, config)
        relay = RelayRunner().bind(self.interface)
        self.subextensions.update([relay, *iter_extensions(relay)])
