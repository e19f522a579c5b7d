"""The loop of the relay: who leads, what it numbers and publishes, and that nothing ends it but `stop`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from hongxia.events import feed
from hongxia.events.broker import Publisher
from hongxia.events.tables import outbox
from hongxia.events.transport import BrokerAway, Message
from hongxia.http.idempotency import idempotency
from hongxia.runtime import green, relay, sending
from hongxia.runtime.host import Host
from hongxia.runtime.relay import LeadershipLost, RelayLoop, WakeUp
from hongxia.runtime.sending import Sender
from tests.keys import sign_as
from tests.unit.events_builders import NOW, SOURCE, Recorder, raise_event
from tests.unit.runtime_builders import DEADLINE, NO_BROKER, eventually, file_url, new_host, sample

Running = Callable[[RelayLoop], Any]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = new_host(file_url(tmp_path))
    yield made
    made.database.close()


@pytest.fixture
def run() -> Iterator[Running]:
    """Runs a loop in a green thread; all are stopped after the test."""
    started: list[tuple[RelayLoop, Any]] = []

    def start(loop: RelayLoop) -> Any:
        started.append((loop, green.spawn(loop.run)))
        return started[-1][1]

    yield start
    for loop, thread in started:
        loop.stop()
        with green.at_most(DEADLINE):
            thread.wait()
        assert thread.dead, "it does not stop"


def commit(host: Host, version: int) -> None:
    with host.database.begin(SOURCE) as session:
        raise_event(session, version)


def head(host: Host) -> int:
    with host.database.read() as session:
        return feed.head(session).position


def published(host: Host) -> int:
    with host.database.read() as session:
        return int(session.scalar(text("SELECT published FROM outbox_head")) or 0)


def test_what_is_committed_is_numbered_and_published_at_once(
    host: Host, run: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", DEADLINE * 100)  # only the bell wakes it
    commit(host, 1)
    run(RelayLoop(host))
    eventually(lambda: published(host) == 1, "what was there before")
    assert sample(host, "relay_active") == 1
    for version in (2, 3):
        commit(host, version)
        eventually(lambda version=version: published(host) == version, "what is committed meanwhile")
    assert (sample(host, "relay_numbered_total"), sample(host, "relay_published_total")) == (3, 3)
    assert host.publisher_connected()


def test_what_no_bell_told_is_found_by_polling(host: Host, run: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(host.bell, "ring", lambda: None)
    run(RelayLoop(host))
    eventually(lambda: sample(host, "relay_active") == 1, "it leads")
    commit(host, 1)
    eventually(lambda: published(host) == 1, "what another process committed")


def test_more_than_a_batch_is_done_without_waiting(host: Host, run: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", DEADLINE * 100)
    monkeypatch.setattr(relay.relay, "BATCH", 2)
    monkeypatch.setattr(relay.relay.number, "__defaults__", (2, *relay.relay.number.__defaults__[1:]))  # type: ignore[index]
    monkeypatch.setattr(relay.relay.publish, "__defaults__", (2, *relay.relay.publish.__defaults__[1:]))  # type: ignore[index]
    with host.database.begin(SOURCE) as session:
        for version in range(1, 8):
            raise_event(session, version)
    run(RelayLoop(host))
    eventually(lambda: published(host) == 7, "all of it")


def test_a_relay_that_is_stopped_ends_and_leads_no_more(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", DEADLINE * 100)
    loop = RelayLoop(host)
    thread = green.spawn(loop.run)
    eventually(lambda: sample(host, "relay_active") == 1, "it leads")
    loop.stop()
    with green.at_most(DEADLINE):
        thread.wait()
    assert thread.dead
    assert (sample(host, "relay_active"), host.publisher_connected()) == (0, False)


def test_numbering_goes_on_while_the_broker_is_away(tmp_path: Path, run: Running) -> None:
    host = new_host(file_url(tmp_path), NO_BROKER)
    run(RelayLoop(host))
    for version in (1, 2, 3):
        commit(host, version)
        eventually(lambda version=version: head(host) == version, "it has a number")
    assert (published(host), sample(host, "relay_published_total"), host.publisher_connected()) == (0, 0, False)


class Broker:
    """A publisher whose broker is away for the first so many tries, and confirms nothing in as many after that."""

    def __init__(self, away: int, silent: int = 0) -> None:
        self.away = away
        self.silent = silent
        self.connected = self.blocked = False
        self.sent: list[Message] = []

    def open(self) -> None:
        if self.away:
            self.away -= 1
            raise BrokerAway("gone")
        self.connected = True

    def publish(self, messages: Sequence[Message]) -> int:
        self.sent += messages
        if self.silent:
            self.silent -= 1
            self.connected = False
            return 0
        return len(messages)

    def take_returned(self) -> int:
        return 2

    def heartbeat(self) -> None:
        pass

    def close(self) -> None:
        self.connected = False

    give_up = close


class Waits:
    """A WakeUp or a Bell that never waits and remembers how long it should have; after so many the loop is stopped."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.seconds: list[float] = []
        self.loop: RelayLoop | Sender

    def beat(self) -> None:
        pass

    def ring(self) -> None:
        pass

    def wait(self, seconds: float) -> None:
        self.seconds.append(round(seconds, 1))
        if len(self.seconds) == self.most:
            self.loop.stop()
        green.sleep()


@contextmanager
def leading(monkeypatch: pytest.MonkeyPatch, waits: Any) -> Iterator[None]:
    @contextmanager
    def lead(_host: Host) -> Iterator[Any]:
        yield waits

    monkeypatch.setattr(relay, "leadership", lead)
    yield


def send_until(waits: Waits, broker: Broker, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a sender over this broker until it has waited often enough."""
    monkeypatch.setattr(sending, "Publisher", lambda *_arguments: broker)
    monkeypatch.setattr(green, "Bell", lambda: waits)
    sender = waits.loop = Sender(host)
    eventually(lambda: len(waits.seconds) == waits.most, "it waits so often")
    sender.end()
    assert not broker.connected


@pytest.fixture
def numbered_host(host: Host) -> Host:
    commit(host, 1)
    relay.relay.number(host.database, SOURCE)
    return host


def test_a_broker_that_is_away_is_tried_again_after_growing_waits_and_then_polled(
    numbered_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker, waits = Broker(away=8), Waits(10)
    send_until(waits, broker, numbered_host, monkeypatch)
    assert waits.seconds == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 1.0, 1.0]
    assert len(broker.sent) == 1
    assert sample(numbered_host, "relay_returned_total") == 4


def test_a_broker_that_confirms_nothing_is_tried_again_after_ever_longer_waits(
    numbered_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try leaves a connection and a copy of the message with it."""
    broker, waits = Broker(away=0, silent=11), Waits(12)
    send_until(waits, broker, numbered_host, monkeypatch)
    assert waits.seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 1]
    assert published(numbered_host) == 1


def test_a_broker_that_comes_and_goes_is_tried_soon_each_time(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    broker, waits = Broker(away=3), Waits(7)
    wait = waits.wait

    def and_again(seconds: float) -> None:
        if len(waits.seconds) == 3:
            broker.away = 2
        wait(seconds)

    monkeypatch.setattr(waits, "wait", and_again)
    send_until(waits, broker, host, monkeypatch)
    assert waits.seconds == [0.1, 0.2, 0.4, 1.0, 0.1, 0.2, 1.0]


def test_a_database_that_is_away_is_waited_for_by_the_sender_too(
    numbered_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = [OperationalError("x", None, Exception()), ProgrammingError("x", None, Exception())]
    publish, errors = sending.relay.publish, []
    monkeypatch.setattr(numbered_host, "log", _Log(errors))

    def failing(*arguments: Any) -> int:
        if troubles:
            raise troubles.pop()
        return publish(*arguments)

    monkeypatch.setattr(sending.relay, "publish", failing)
    waits = Waits(3)
    send_until(waits, Broker(away=0), numbered_host, monkeypatch)
    assert (published(numbered_host), errors) == (1, ["sending failed"])


def test_numbering_goes_on_while_the_broker_never_answers(
    host: Host, run: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under an alarm, which may last for hours."""

    class Alarmed(Broker):
        def publish(self, messages: Sequence[Message]) -> int:
            self.blocked = True
            green.sleep(DEADLINE * 100)
            return 0

    broker = Alarmed(away=0)
    monkeypatch.setattr(sending, "Publisher", lambda *_arguments: broker)
    run(RelayLoop(host))
    for version in (1, 2, 3):
        commit(host, version)
        eventually(lambda version=version: head(host) == version, "it has a number")
    assert (published(host), host.publisher_blocked()) == (0, True)


def test_an_event_that_the_broker_refuses_is_named_by_its_position_and_counted(host: Host) -> None:
    errors: list[dict[str, Any]] = []
    host.log = SimpleNamespace(error=lambda _event, **more: errors.append(more))  # type: ignore[assignment]
    sender = Sender(host)
    sender._note_refused(Message("origin.thing.changed", b"x", position=7), "message size 30000 is too large")
    sender.end()
    assert errors == [{"position": 7, "reason": "message size 30000 is too large"}]
    assert sample(host, "relay_refused_total") == 1


def test_an_error_of_the_code_in_the_sender_ends_the_relay(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> int:
        raise KeyError

    monkeypatch.setattr(sending.relay, "publish", broken)
    monkeypatch.setattr(relay, "POLL_SECONDS", 0.01)
    with pytest.raises(KeyError):
        RelayLoop(host).run()


def test_a_replica_that_stands_by_does_nothing_until_it_leads(
    host: Host, run: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", 0.01)
    leads: list[bool] = []
    asked: list[None] = []

    @contextmanager
    def lead(_host: Host) -> Iterator[WakeUp | None]:
        asked.append(None)
        yield WakeUp(host) if leads else None

    monkeypatch.setattr(relay, "leadership", lead)
    commit(host, 1)
    run(RelayLoop(host))
    eventually(lambda: len(asked) > 3, "it has asked for the lock again and again")
    assert (head(host), sample(host, "relay_active")) == (0, 0)
    leads.append(True)
    eventually(lambda: published(host) == 1, "it relays")


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (OperationalError("SELECT 1", None, Exception()), 0),
        (LeadershipLost("OperationalError"), 0),
        (ConnectionResetError(), 0),
        (ProgrammingError("SELECT x", None, Exception()), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_error_of_a_server_ends_it(
    host: Host, run: Running, monkeypatch: pytest.MonkeyPatch, error: Exception, logged: int
) -> None:
    errors: list[str] = []
    monkeypatch.setattr(host, "log", _Log(errors))
    troubles = [error, error]

    class Failing(WakeUp):
        def wait(self, seconds: float) -> None:
            if troubles:
                raise troubles.pop()
            super().wait(seconds)

    monkeypatch.setattr(relay, "WakeUp", Failing)
    run(RelayLoop(host))
    eventually(lambda: not troubles and sample(host, "relay_active") == 1, "it leads again")
    commit(host, 1)
    eventually(lambda: published(host) == 1, "it relays again")
    assert errors == ["relay failed"] * 2 * logged


class _Log:
    def __init__(self, errors: list[str]) -> None:
        self.errors = errors

    def error(self, event: str, **_more: Any) -> None:
        self.errors.append(event)

    def warning(self, event: str, **_more: Any) -> None:
        pass


def test_a_database_that_is_away_is_tried_again_after_growing_waits(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = RelayLoop(host)
    slept: list[float] = []

    def note(seconds: float) -> None:
        slept.append(round(seconds, 1))
        if len(slept) == 8:
            loop.stop()

    @contextmanager
    def away(_host: Host) -> Iterator[None]:
        raise OperationalError("SELECT 1", None, Exception())
        yield

    monkeypatch.setattr(relay, "leadership", away)
    monkeypatch.setattr(green, "sleep", note)
    loop.run()
    assert slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_an_error_of_the_code_itself_ends_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> int:
        raise KeyError

    monkeypatch.setattr(relay.relay, "number", broken)
    with pytest.raises(KeyError):
        RelayLoop(host).run()
    assert sample(host, "relay_active") == 0


def answer(host: Host, key: str, days: int) -> None:
    with host.database.begin(SOURCE) as session:
        row = {"subject": "s", "key": key, "fingerprint": "f", "created": NOW - timedelta(days=days)}
        session.execute(idempotency.insert().values(row))


def test_what_need_not_be_kept_is_forgotten_once_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = new_host(file_url(tmp_path), feed_days=30)
    moments = [NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=59), NOW + timedelta(minutes=61)]
    swept: list[int] = []
    waits = Waits(4)
    wait = waits.wait

    def look(seconds: float) -> None:
        with host.database.read() as session:
            swept.append(session.scalar(select(func.count()).select_from(idempotency)) or 0)
        answer(host, f"old-{len(swept)}", days=1000)
        moments.pop(0)
        wait(seconds)

    monkeypatch.setattr(waits, "wait", look)
    monkeypatch.setattr(host, "clock", lambda: moments[0])
    answer(host, "old", days=1000)
    with leading(monkeypatch, waits):
        waits.loop = RelayLoop(host)
        moments.append(NOW + timedelta(hours=9))
        waits.loop.run()
    assert swept == [0, 1, 2, 0]


@pytest.mark.parametrize(("feed_days", "left"), [(None, 1), (30, 1), (5, 0)])
def test_events_are_kept_for_as_many_days_as_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, feed_days: int | None, left: int
) -> None:
    host = new_host(file_url(tmp_path), feed_days=feed_days)
    commit(host, 1)
    relay.relay.number(host.database, SOURCE)
    relay.relay.publish(host.database, Recorder(), SOURCE, sign_as("origin"))
    waits = Waits(2)
    monkeypatch.setattr(host, "clock", lambda: NOW + timedelta(days=10))
    with leading(monkeypatch, waits):
        waits.loop = RelayLoop(host)
        waits.loop.run()
    with host.database.read() as session:
        assert session.scalar(select(func.count()).select_from(outbox)) == left


def test_a_connection_on_which_nothing_is_published_is_kept_alive(
    host: Host, run: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[int] = []
    monkeypatch.setattr(Publisher, "heartbeat", lambda _publisher: beats.append(published(host)))
    monkeypatch.setattr(relay, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(sending, "IDLE_SECONDS", 0.01)
    run(RelayLoop(host))
    eventually(lambda: len(beats) > 2, "it beats while nothing happens")
    commit(host, 1)
    eventually(lambda: beats[-1] == 1, "it beats again when all is published")
