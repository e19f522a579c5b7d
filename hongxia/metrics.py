"""What a service measures of itself; each service has a registry of its own, also where five share a process."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

UNKNOWN = float("nan")
"""What a gauge shows that nobody has measured lately: a zero would say that all is well."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The metrics of one service. Labels hold routes, sources and kinds, never a person's id."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.behind_since: dict[str, datetime] = {}
        self.watched_since: dict[str, datetime] = {}

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"hongxia_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"hongxia_{name}", text, labels, registry=self.registry)

        self.requests = counter("http_requests", "HTTP requests answered", "route", "method", "status")
        self.duration = Histogram(
            "hongxia_http_request_duration_seconds",
            "Time from request to answer",
            ("route", "method"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.token_failures = counter("token_failures", "Requests whose token was missing or opened nothing", "reason")
        self.file_failures = counter("file_failures", "Changed files of keys that can't be used")
        self.backlog = gauge("outbox_backlog", "Committed events that the broker has not confirmed")
        self.oldest = gauge("outbox_oldest_seconds", "Age of the oldest of them")
        self.unnumbered = gauge(
            "outbox_unnumbered_oldest_seconds", "Age of the oldest committed event that has no position"
        )
        self.numbered = counter("relay_numbered", "Events given a position")
        self.published = counter("relay_published", "Events confirmed by the broker")
        self.returned = counter("relay_returned", "Events that no queue took")
        self.refused = counter(
            "relay_refused", "Events that the broker does not take; consumers read them from the feed"
        )
        self.relay_active = gauge("relay_active", "1 where this process holds the relay's lock")
        self.broker_blocked = gauge(
            "broker_blocked", "1 while the broker, in an alarm, does not read what is published"
        )
        self.cursor = gauge("cursor_position", "Position of the last event applied", "source")
        self.head = gauge("source_head_position", "Position of the source's head when last compared", "source")
        self.head_age = gauge("source_head_age_seconds", "Time since the source's head was last compared", "source")
        self.lag = gauge("cursor_lag_positions", "Positions between cursor and head; NaN if not known", "source")
        self.lag_seconds = gauge(
            "cursor_lag_seconds", "How long the cursor has been behind the head; NaN if not known", "source"
        )
        self.applied = counter("events_applied", "Events applied", "source")
        self.duplicates = counter("events_duplicate", "Events delivered again and passed over", "source")
        self.healed = counter("events_healed", "Events pulled from the source's feed", "source")
        self.parked = gauge("events_parked", "Events that could not be applied and wait for a replay", "source")
        self.diverged = gauge("source_diverged", "1 where a source was stopped because its history differs", "source")
        self.dead = counter("dead_letters", "Messages that are no events", "source")
        self.dead_waiting = gauge("dead_letters_waiting", "Messages in the dead-letter queue; NaN if not known")
        self.dead_waiting.set(UNKNOWN)
        self.unproved = counter("events_unproved", "Events by the queue that led to no signed head", "source")
        self.consumer_active = gauge("consumer_active", "1 while the consumer is connected to the broker", "source")
        self.records = counter("records", "Events raised, by type", "kind")

    def render(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)
