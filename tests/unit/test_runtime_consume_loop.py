"""The loop of a consumer: the queue and the feed, what is counted, and that nothing ends it but `stop`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kombu.transport.virtual import base as virtual
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from hongxia.database import Database
from hongxia.events import relay
from hongxia.events.broker import Publisher, connection
from hongxia.events.cursor import Consumer, position
from hongxia.events.envelope import Event
from hongxia.events.feed import FeedAway, Head
from hongxia.events.heads import Place
from hongxia.events.parked import Unappliable
from hongxia.events.topology import dead_queue
from hongxia.events.transport import BrokerAway, Message
from hongxia.runtime import consume_loop, green
from hongxia.runtime.consume_loop import ConsumeLoop
from hongxia.runtime.host import Host
from tests.keys import prove_of, sign_as
from tests.unit.events_builders import SOURCE, Near, new_database, raise_event
from tests.unit.runtime_builders import DEADLINE, NO_BROKER, eventually, file_url, new_host, sample


@pytest.fixture(autouse=True)
def cooperative_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """kombu's broker in memory sleeps between two looks; here the standard library is not patched."""
    monkeypatch.setattr(virtual, "sleep", green.sleep)


class Source:
    """A service whose log is read, its relay, and its feed."""

    def __init__(self) -> None:
        self.database: Database = new_database()
        self.feed = Near(self.database)
        self.publisher = Publisher("memory://", "origin")
        self.version = 0

    def commit(self, count: int = 1) -> None:
        with self.database.begin(SOURCE) as session:
            for _ in range(count):
                self.version += 1
                raise_event(session, self.version)
        relay.number(self.database, SOURCE)

    def publish(self) -> None:
        relay.publish(self.database, self.publisher, SOURCE, sign_as("origin"))


class Reader:
    """A consumer of the source in a running loop; `trouble` is asked before each event that it handles."""

    def __init__(self, folder: Path, source: Source, amqp_uri: str = "memory://") -> None:
        self.name = f"ledger-{uuid4().hex[:8]}"
        self.host: Host = new_host(file_url(folder), amqp_uri, self.name)
        self.taken: list[int] = []
        self.trouble: Callable[[Event], None] = lambda _event: None
        self.consumer = Consumer(self.host.database, "origin", self.handle, prove_of("origin"))
        self.loop = ConsumeLoop(self.host, self.consumer, source.feed)
        self.thread: Any = None

    def handle(self, _session: Session, events: Sequence[Event]) -> None:
        for event in events:
            self.trouble(event)
        self.taken += [event.position for event in events]

    def start(self) -> None:
        self.thread = green.spawn(self.loop.run)

    def started(self) -> None:
        """Start, and wait until the queue is there."""
        self.start()
        eventually(lambda: self.count("consumer_active") == 1, "it is connected")

    def stop(self) -> None:
        self.loop.stop()
        with green.at_most(DEADLINE):
            self.thread.wait()
        assert self.thread.dead, "it does not stop"

    def count(self, metric: str) -> float:
        return sample(self.host, metric, source="origin")

    def reaches(self, wanted: int) -> None:
        eventually(lambda: position(self.consumer) == wanted, f"it has read up to {wanted}")


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def reader(tmp_path: Path, source: Source) -> Iterator[Reader]:
    made = Reader(tmp_path, source)
    yield made
    if made.thread is not None:
        made.stop()
    made.host.database.close()


@pytest.fixture
def by_queue_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first look the head is not looked at again."""
    monkeypatch.setattr(consume_loop, "CHECK_SECONDS", DEADLINE * 100)


def test_what_the_queue_delivers_is_applied_and_acknowledged(
    source: Source, reader: Reader, by_queue_alone: None
) -> None:
    reader.started()
    source.commit(3)
    source.publish()
    reader.reaches(3)
    assert reader.taken == [1, 2, 3]
    eventually(lambda: reader.count("events_applied_total") == 3, "it is counted")
    reader.stop()
    assert (reader.count("consumer_active"), reader.count("events_healed_total")) == (0, 0)
    with connection("memory://") as link:
        left = link.channel().queue_declare(f"{reader.name}.origin", passive=True).message_count
    assert left == 0, "acknowledged is gone"


def test_a_new_connection_looks_at_the_head_at_once_and_pulls_what_is_missing(
    source: Source, reader: Reader, by_queue_alone: None
) -> None:
    source.commit(4)
    reader.started()
    reader.reaches(4)
    eventually(lambda: reader.count("events_healed_total") == 4, "all came by the feed")
    assert reader.count("events_applied_total") == 4


def test_a_gap_in_the_queue_is_filled_from_the_feed_at_once(
    source: Source, reader: Reader, by_queue_alone: None
) -> None:
    reader.started()
    eventually(lambda: reader.loop._next_check > 0, "it has looked at the head once")
    source.commit(2)
    relay.mark(source.database, SOURCE, 1)  # as if the first was published and the broker had lost it
    source.publish()
    reader.reaches(2)
    eventually(lambda: reader.count("events_healed_total") == 2, "both came by the feed")
    assert reader.taken == [1, 2]


def test_what_was_applied_before_is_counted_as_a_duplicate(
    source: Source, reader: Reader, by_queue_alone: None
) -> None:
    source.commit(2)
    reader.started()
    reader.reaches(2)
    source.publish()
    eventually(lambda: reader.count("events_duplicate_total") == 2, "both came again")
    assert reader.taken == [1, 2]


def test_what_is_no_event_goes_to_the_dead_letters(source: Source, reader: Reader, by_queue_alone: None) -> None:
    reader.started()
    source.publisher.publish([Message("origin.thing.changed", b"no event")])
    source.commit()
    source.publish()
    reader.reaches(1)
    eventually(lambda: reader.count("dead_letters_total") == 1, "it is counted")
    with connection("memory://") as link:
        assert dead_queue(reader.name)(link.channel()).get().body == b"no event"


def refuse(*positions: int) -> Callable[[Event], None]:
    def trouble(event: Event) -> None:
        if event.position in positions:
            raise Unappliable("simulated")

    return trouble


@pytest.mark.parametrize("refused", [(), (2,), (1, 2), (1, 2, 3), (3,)])
def test_what_is_pulled_counts_as_healed_whether_it_is_applied_or_parked(
    source: Source, reader: Reader, by_queue_alone: None, refused: tuple[int, ...]
) -> None:
    source.commit(3)
    reader.trouble = refuse(*refused)
    reader.started()
    reader.reaches(3)
    eventually(lambda: reader.count("events_healed_total") == 3, "all three were pulled")
    assert reader.count("events_applied_total") == 3 - len(refused)
    source.commit()
    source.publish()
    reader.reaches(4)


def test_a_look_that_finds_nothing_counts_nothing(
    source: Source, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consume_loop, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(consume_loop, "IDLE_SECONDS", 0.01)
    reader.started()
    source.commit()
    source.publish()
    reader.reaches(1)
    looks = len(source.feed.asked)
    head = source.feed.head
    seen: list[Head] = []
    monkeypatch.setattr(source.feed, "head", lambda holds=None: seen.append(head(holds)) or seen[-1])
    eventually(lambda: len(seen) > 3, "it looks again and again")
    assert reader.count("events_applied_total") == 1
    assert reader.count("events_healed_total") <= 1
    assert len(source.feed.asked) - looks <= 1


def test_without_a_broker_it_lives_on_the_feed(tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consume_loop, "CHECK_SECONDS", 0.01)
    reader = Reader(tmp_path, source, NO_BROKER)
    reader.start()
    source.commit(2)
    reader.reaches(2)
    source.commit()
    reader.reaches(3)
    assert reader.count("consumer_active") == 0
    reader.stop()


def test_a_broker_that_is_away_is_tried_again_after_growing_waits(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(tmp_path, source, NO_BROKER)
    waits: list[float] = []

    def note(seconds: float) -> None:
        waits.append(round(seconds, 1))
        if len(waits) == 8:
            reader.loop.stop()

    monkeypatch.setattr(green, "sleep", note)
    reader.loop.run()
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_lost_connection_is_made_again_and_the_head_looked_at(
    source: Source, reader: Reader, by_queue_alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = consume_loop._read
    mailboxes: list[Any] = []

    def watched(link: Any, mailbox: Any) -> None:
        mailboxes.append(mailbox)
        read(link, mailbox)

    monkeypatch.setattr(consume_loop, "_read", watched)
    reader.started()
    eventually(lambda: mailboxes, "it reads")
    source.commit(2)  # not published: only a look at the head finds it
    mailboxes[0].put(BrokerAway("gone"))
    reader.reaches(2)
    eventually(lambda: len(mailboxes) == 2 and reader.count("consumer_active") == 1, "it reads again")
    source.commit()
    source.publish()
    reader.reaches(3)


@pytest.mark.parametrize(
    ("error", "logged"),
    [(OperationalError("x", None, Exception()), []), (ProgrammingError("x", None, Exception()), ["batch failed"] * 2)],
    ids=["away", "other"],
)
def test_while_the_database_fails_the_same_messages_are_kept_in_hand(
    source: Source,
    reader: Reader,
    by_queue_alone: None,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    logged: list[str],
) -> None:
    errors: list[str] = []
    monkeypatch.setattr(reader.host, "log", _Log(errors))
    reader.started()
    eventually(lambda: reader.loop._next_check > 0, "it has looked at the head once")
    troubles = [error, error]
    lock = consume_loop.cursor.lock

    def failing(*arguments: Any) -> Any:
        if troubles:
            raise troubles.pop()
        return lock(*arguments)

    monkeypatch.setattr(consume_loop.cursor, "lock", failing)
    source.commit(3)
    source.publish()
    reader.reaches(3)
    assert (reader.taken, troubles, errors) == ([1, 2, 3], [], logged)
    assert reader.count("events_healed_total") == 0


class _Log:
    def __init__(self, errors: list[str]) -> None:
        self.errors = errors

    def error(self, event: str, **_more: Any) -> None:
        self.errors.append(event)

    warning = info = lambda self, _event, **_more: None


@pytest.mark.parametrize(
    "error", [FeedAway("away"), OperationalError("x", None, Exception())], ids=["feed", "database"]
)
def test_a_look_at_the_head_that_fails_is_repeated(
    source: Source, reader: Reader, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(consume_loop, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(consume_loop, "IDLE_SECONDS", 0.01)
    troubles = [error, error]
    head = source.feed.head

    def failing(holds: Place | None = None) -> Head:
        if troubles:
            raise troubles.pop()
        return head(holds)

    monkeypatch.setattr(source.feed, "head", failing)
    source.commit()
    reader.started()
    reader.reaches(1)
    assert not troubles


@pytest.mark.parametrize("asked", ["head", "page"])
def test_a_feed_that_never_ends_its_answer_is_away(
    source: Source, reader: Reader, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(consume_loop, "FEED_SECONDS", 0.05)
    monkeypatch.setattr(consume_loop, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(consume_loop, "IDLE_SECONDS", 0.01)
    answer, slow = getattr(source.feed, asked), [True, True]

    def dripping(*arguments: Any) -> Any:
        if slow:
            slow.pop()
            green.sleep(DEADLINE * 100)
        return answer(*arguments)

    monkeypatch.setattr(source.feed, asked, dripping)
    source.commit()
    reader.started()
    reader.reaches(1)
    assert not slow


@pytest.mark.parametrize("waiting", [True, False])
def test_dead_letters_are_counted_now_and_then_and_unknown_while_nobody_can(
    source: Source, reader: Reader, monkeypatch: pytest.MonkeyPatch, waiting: bool
) -> None:
    def look_after(*_where: str) -> int:
        if not waiting:
            raise BrokerAway("away")
        return 3

    monkeypatch.setattr(consume_loop.broker, "look_after", look_after)
    monkeypatch.setattr(consume_loop, "LOOK_AFTER_SECONDS", 0.01)
    reader.started()
    if waiting:
        eventually(lambda: sample(reader.host, "dead_letters_waiting") == 3, "they are counted")
    reader.stop()
    assert math.isnan(sample(reader.host, "dead_letters_waiting"))


def test_while_events_flow_in_by_the_queue_they_are_not_pulled_as_well(
    source: Source, reader: Reader, by_queue_alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    check = consume_loop.cursor.check

    def watched(*arguments: Any, flowing: bool) -> Any:
        asked.append(flowing)
        return check(*arguments, flowing=flowing)

    def look(times: int) -> None:
        reader.loop._next_check = 0.0
        eventually(lambda: len(asked) == times, "it looks at the head")

    monkeypatch.setattr(consume_loop.cursor, "check", watched)
    monkeypatch.setattr(consume_loop, "IDLE_SECONDS", 0.01)
    reader.started()
    eventually(lambda: len(asked) == 1, "it looks at the head once")
    source.commit()
    source.publish()
    eventually(lambda: reader.loop._flowing, "the queue delivered it")
    look(2)
    look(3)
    assert asked == [False, True, False]


def test_a_source_that_diverged_is_logged_and_stops_nothing(
    source: Source, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors: list[str] = []
    monkeypatch.setattr(reader.host, "log", _Log(errors))
    source.commit(3)
    source.feed.hidden = {2}
    reader.started()
    eventually(lambda: "source diverged" in errors, "it is logged")
    assert reader.count("consumer_active") == 1
