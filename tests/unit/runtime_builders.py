"""What the tests of the runtime build: the Host of a service that has nothing but the platform's tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from sqlalchemy import MetaData

from hongxia.dates import fixed_clock
from hongxia.definition import Definition
from hongxia.events.tables import platform_metadata, start_log
from hongxia.runtime import green
from hongxia.runtime.host import Host
from hongxia.settings import Settings
from tests import keys
from tests.unit.events_builders import CHANGED, CLOSED, NOW

DEADLINE = 30.0
"""How long a test waits for what should take a fraction of a second."""

NO_BROKER = "pyamqp://guest:guest@127.0.0.1:1//"
"""Where nobody listens."""


def new_host(url: str, amqp_uri: str = "memory://", name: str = "origin", **settings: Any) -> Host:
    """A Host on an empty database. The broker in memory is one for the process: consumers need names of their own."""
    definition = Definition("来源", MetaData(), "services.finance:migrations", events=(CHANGED, CLOSED))
    host = Host(
        name, definition, Settings(url, amqp_uri, "", *keys.pair(name), "", "ERROR", fixed_clock(NOW), **settings)
    )
    platform_metadata.create_all(host.database.engine)
    with host.database.engine.begin() as connection:
        start_log(connection)
    return host


def file_url(folder: Path) -> str:
    """The URL of a database in a folder."""
    return f"sqlite:///{folder / uuid4().hex}.sqlite3"


def eventually(happened: Callable[[], Any], what: str) -> Any:
    """Let the other green threads run until something has happened; return what it gave. Fails after DEADLINE."""
    until = monotonic() + DEADLINE
    while not (found := happened()):
        assert monotonic() < until, f"not in time: {what}"
        green.sleep(0.01)
    return found


def sample(host: Host, name: str, **labels: str) -> float:
    """The value of a metric; 0 where there is none yet."""
    return host.metrics.registry.get_sample_value(f"hongxia_{name}", labels) or 0.0
