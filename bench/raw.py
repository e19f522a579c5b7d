"""Yardstick (a): py-amqp alone, publishing with batched confirms and consuming with batched acknowledgements, both at
once, of the same bytes through a quorum queue. Run as a process of its own: `python -m bench.raw URI COUNT FILE`.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import amqp

WINDOW = 500
QUEUE = "bench.raw"


def connect(uri: str) -> amqp.Connection:
    """An open connection."""
    parts = urlsplit(uri)
    connection = amqp.Connection(
        f"{parts.hostname}:{parts.port}",
        userid=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        virtual_host=unquote(parts.path[1:]) or "/",
    )
    connection.connect()
    return connection


def publish(uri: str, bodies: list[bytes]) -> None:
    """Publish in windows, waiting for all confirms of a window before the next."""
    connection = connect(uri)
    channel = connection.channel()
    channel.confirm_select()
    highest = 0

    def on_ack(tag: int, multiple: bool) -> None:
        nonlocal highest
        highest = max(highest, tag)

    channel.events["basic_ack"].add(on_ack)
    for start in range(0, len(bodies), WINDOW):
        window = bodies[start : start + WINDOW]
        for body in window:
            channel.basic_publish(amqp.Message(body, delivery_mode=2), "", QUEUE, mandatory=True)
        while highest < start + len(window):
            connection.drain_events(timeout=30)
    connection.close()


def consume(uri: str, count: int) -> None:
    """Take `count` messages, acknowledging every WINDOW of them at once."""
    connection = connect(uri)
    channel = connection.channel()
    channel.basic_qos(0, 4 * WINDOW, False)
    taken = 0

    def on_message(message: amqp.Message) -> None:
        nonlocal taken
        taken += 1
        if taken % WINDOW == 0 or taken == count:
            channel.basic_ack(message.delivery_tag, multiple=True)

    channel.basic_consume(QUEUE, callback=on_message)
    while taken < count:
        connection.drain_events(timeout=30)
    connection.close()


def main(uri: str, count: int, sample: Path) -> float:
    """Events per second, from the first publish to the last acknowledgement.

    Publisher and consumer are processes of their own, as relay and consumer are.
    """
    setup = connect(uri)
    channel = setup.channel()
    channel.queue_declare(QUEUE, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    channel.queue_purge(QUEUE)
    setup.close()
    body = sample.read_bytes()
    import multiprocessing

    process = multiprocessing.get_context("spawn").Process(target=consume, args=(uri, count))
    process.start()
    bodies = [body] * count
    _wait_for_consumer(uri)
    started = time.perf_counter()
    publisher = threading.Thread(target=publish, args=(uri, bodies))
    publisher.start()
    publisher.join()
    process.join()
    return count / (time.perf_counter() - started)


def _wait_for_consumer(uri: str) -> None:
    connection = connect(uri)
    channel = connection.channel()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if channel.queue_declare(QUEUE, passive=True).consumer_count:
            break
        time.sleep(0.05)
    connection.close()


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
