"""Yardstick (b): nameko's own EventDispatcher and event_handler, writing one row per event into PostgreSQL.

`python -m bench.nameko_events URI DATABASE_URL COUNT FILE`
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from hongxia.runtime import green

green.patch()

import sqlalchemy as sa  # noqa: E402
from nameko.containers import ServiceContainer  # noqa: E402
from nameko.events import event_handler  # noqa: E402
from nameko.standalone.events import event_dispatcher  # noqa: E402

metadata = sa.MetaData()
rows = sa.Table(
    "bench_row", metadata, sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("body", sa.LargeBinary)
)


class Writer:
    """Writes a row an event."""

    name = "bench_writer"
    engine: sa.Engine

    @event_handler("bench", "happened")
    def happened(self, payload: str) -> None:
        """One transaction a row, as a handler of nameko's does it."""
        with self.engine.begin() as connection:
            connection.execute(sa.insert(rows).values(body=payload.encode()))


def main(uri: str, database_url: str, count: int, sample: Path) -> float:
    """Events per second, from the first dispatch to the last row."""
    engine = sa.create_engine(database_url, pool_size=20)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    Writer.engine = engine
    config: dict[str, Any] = {"AMQP_URI": uri}
    container = ServiceContainer(Writer, config)
    container.start()
    payload = sample.read_text()
    started = time.perf_counter()
    dispatch = event_dispatcher(config)
    for _ in range(count):
        dispatch("bench", "happened", payload)
    while _written(engine) < count:
        green.sleep(0.01)
    speed = count / (time.perf_counter() - started)
    container.stop()
    return speed


def _written(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(rows)) or 0


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])))
