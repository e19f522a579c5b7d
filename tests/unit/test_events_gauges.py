"""What the alerts rest on: lag, backlog and their ages."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from hongxia.database import Database
from hongxia.events import gauges, parked, relay
from hongxia.events.chain import GENESIS
from hongxia.events.tables import cursor
from hongxia.metrics import Metrics
from tests.keys import sign_as
from tests.unit.events_builders import NOW, SOURCE, Recorder, new_database, raise_event, source_with


def observed(database: Database, metrics: Metrics, now: datetime = NOW) -> Metrics:
    with database.read() as session:
        gauges.observe(session, metrics, now)
    return metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"hongxia_{name}", labels)


def reader(position: int, head: int, *, head_seen: datetime | None = NOW, **more: Any) -> Database:
    database = new_database()
    row = {
        "source": "origin",
        "head_seen": head_seen,
        "position": position,
        "chain": GENESIS,
        "head_position": head,
        "head_chain": GENESIS,
    }
    with database.begin(SOURCE) as session:
        session.execute(insert(cursor).values({**row, **more}))
    return database


@pytest.mark.parametrize(("position", "head", "lag"), [(2, 9, 7), (9, 9, 0), (0, 1, 1), (9, 2, 0)])
def test_the_lag_is_what_the_head_has_and_the_cursor_has_not(position: int, head: int, lag: int) -> None:
    metrics = observed(reader(position, head), Metrics())
    found = [value(metrics, name, source="origin") for name in ("cursor_lag_positions", "cursor_position")]
    assert found == [lag, position]
    assert value(metrics, "source_head_position", source="origin") == head


def test_how_long_a_cursor_has_been_behind_is_counted_from_when_that_was_first_seen() -> None:
    seen = NOW + timedelta(minutes=8)
    metrics, behind, level = Metrics(), reader(2, 9, head_seen=seen), reader(9, 9, head_seen=seen)
    seconds = []
    for database, minutes in ((level, 0), (behind, 1), (behind, 3), (behind, 4), (level, 5), (behind, 6), (behind, 8)):
        observed(database, metrics, NOW + timedelta(minutes=minutes))
        seconds.append(value(metrics, "cursor_lag_seconds", source="origin"))
    assert seconds == [0, 0, 120, 180, 0, 0, 120]


@pytest.mark.parametrize(("seconds", "known"), [(0, True), (60, True), (61, False), (3600, False)])
def test_a_cursor_counts_as_level_only_if_the_head_was_seen_lately(seconds: int, known: bool) -> None:
    metrics = observed(reader(9, 9), Metrics(), NOW + timedelta(seconds=seconds))
    for name in ("cursor_lag_positions", "cursor_lag_seconds"):
        found = value(metrics, name, source="origin")
        assert found == 0 if known else math.isnan(found or 0)
    assert value(metrics, "source_head_age_seconds", source="origin") == seconds


def test_a_cursor_that_was_behind_when_the_head_was_last_seen_still_counts_as_behind() -> None:
    metrics = observed(reader(2, 9), Metrics(), NOW + timedelta(hours=1))
    assert value(metrics, "cursor_lag_positions", source="origin") == 7


def test_of_a_source_whose_head_was_never_seen_nothing_is_known_but_for_how_long() -> None:
    metrics, database = Metrics(), new_database()
    for minutes in (0, 3):
        with database.read() as session:
            gauges.observe(session, metrics, NOW + timedelta(minutes=minutes), ["origin"])
    assert value(metrics, "source_head_age_seconds", source="origin") == 180
    for name in ("cursor_lag_positions", "cursor_lag_seconds", "source_head_position"):
        assert math.isnan(value(metrics, name, source="origin") or 0)
    assert value(metrics, "cursor_position", source="origin") == 0


def test_the_age_of_the_oldest_event_without_a_number_is_shown_apart() -> None:
    database, metrics = source_with(3), Metrics()
    assert value(observed(database, metrics), "outbox_unnumbered_oldest_seconds") == 0
    with database.begin(SOURCE) as session:
        raise_event(session, 4)
    observed(database, metrics, NOW + timedelta(seconds=90))
    assert value(metrics, "outbox_unnumbered_oldest_seconds") == 90


def test_how_many_dead_letters_wait_is_unknown_until_somebody_has_looked() -> None:
    assert math.isnan(value(Metrics(), "dead_letters_waiting") or 0)


def test_the_backlog_is_what_has_no_number_or_is_not_confirmed_and_its_age_the_oldests() -> None:
    database, metrics = source_with(3), Metrics()
    with database.begin(SOURCE) as session:
        raise_event(session, 4)
    later = NOW + timedelta(seconds=90)
    observed(database, metrics, later)
    assert (value(metrics, "outbox_backlog"), value(metrics, "outbox_oldest_seconds")) == (4, 90)
    relay.publish(database, Recorder(), SOURCE, sign_as("origin"))
    observed(database, metrics, later)
    assert (value(metrics, "outbox_backlog"), value(metrics, "outbox_oldest_seconds")) == (1, 90)
    relay.number(database, SOURCE)
    relay.publish(database, Recorder(), SOURCE, sign_as("origin"))
    observed(database, metrics, later)
    assert (value(metrics, "outbox_backlog"), value(metrics, "outbox_oldest_seconds")) == (0, 0)


@pytest.mark.parametrize(("diverged", "shown"), [(None, 0), ("chain", 1)])
def test_a_source_that_was_stopped_is_shown(diverged: str | None, shown: int) -> None:
    assert value(observed(reader(1, 1, diverged=diverged), Metrics()), "source_diverged", source="origin") == shown


def test_parked_events_are_counted_by_source() -> None:
    database = reader(1, 1)
    metrics = observed(database, Metrics())
    assert value(metrics, "events_parked", source="origin") == 0
    from tests.unit.events_builders import events_of

    with database.begin(SOURCE) as session:
        for event in events_of(source_with(2)):
            parked.park(session, "origin", event, None, 3, NOW)
    assert value(observed(database, metrics), "events_parked", source="origin") == 2
