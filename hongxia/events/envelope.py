"""The envelope: CloudEvents 1.0 in structured JSON, with the log's own attributes spliced onto stored bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import rfc8785

from hongxia.events import chain

CONTENT_TYPE = "application/cloudevents+json"
BATCH_CONTENT_TYPE = "application/cloudevents-batch+json"
LOG_ATTRIBUTES = ("position", "typeposition", "chain")
TYPE_PATTERN = re.compile(r"^hongxia\.[a-z]+\.[a-z-]+\.[a-z-]+\.v[1-9][0-9]*$")

T = TypeVar("T")


class NotAnEvent(Exception):
    """The bytes are no event of ours: not JSON, or an attribute of the envelope is missing or of a wrong type."""


class Malformed(Exception):
    """The envelope is sound, but the event's data is not what its type promises; such an event is parked."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a consumer sees it.

    `position` counts the source's events from 1 without gaps, `typeposition` those of one type; `occurredon` is
    the date (Asia/Shanghai) that the event counts for; `committed` is the canonical JSON that the chain covers.
    """

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: Mapping[str, Any]
    occurredon: date
    entityversion: int
    correlationid: str
    causationid: str | None
    position: int
    typeposition: int
    chain: str
    body: bytes

    def need(self, name: str, kind: type[T]) -> T:
        """A field of the data that must be there; raises Malformed if it is missing or not of the kind."""
        value = self.data.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Malformed(f"data.{name} is not of type {kind.__name__}")
        return value

    def may(self, name: str, kind: type[T]) -> T | None:
        """A field of the data that may be absent or null; raises Malformed if it is of another kind."""
        return None if self.data.get(name) is None else self.need(name, kind)

    def need_date(self, name: str) -> date:
        """A date (ISO 8601) in the data; raises Malformed if it is missing or none."""
        try:
            return date.fromisoformat(self.need(name, str))
        except ValueError as error:
            raise Malformed(f"data.{name} is not a date") from error

    def follows(self, previous: str) -> bool:
        """Whether the event's chain is the link of its own canonical bytes onto `previous`."""
        tail = _tail(self.position, self.typeposition, self.chain)
        as_sent = self.body[: -len(tail)] + b"}" if self.body.endswith(tail) else b""
        return self._links(previous, as_sent) or self._links(previous, self._recomputed())

    def _links(self, previous: str, committed: bytes) -> bool:
        return chain.link(previous, self.position, committed) == self.chain

    def _recomputed(self) -> bytes:
        """For a sender that wrote the JSON anew (another order of keys, other white space)."""
        bare = {k: v for k, v in json.loads(self.body).items() if k not in LOG_ATTRIBUTES}
        try:
            return canonical(bare)
        except (TypeError, rfc8785.CanonicalizationError):
            return b""


def canonical(value: Mapping[str, Any]) -> bytes:
    """Canonical JSON (RFC 8785). Raises TypeError for a float: events hold none, so any language can recompute."""
    _refuse_floats(value)
    return rfc8785.dumps(dict(value))


def splice(committed: bytes, position: int, typeposition: int, link: str) -> bytes:
    """The event as it travels: the committed bytes with the relay's three attributes put in at the end."""
    return committed[:-1] + _tail(position, typeposition, link)


def parse(body: bytes) -> Event:
    """Read an event that travelled. Raises NotAnEvent."""
    try:
        raw = json.loads(body)
        event = Event(
            id=raw["id"],
            source=raw["source"],
            type=raw["type"],
            subject=raw["subject"],
            time=raw["time"],
            data=raw["data"],
            occurredon=date.fromisoformat(raw["occurredon"]),
            entityversion=raw["entityversion"],
            correlationid=raw["correlationid"],
            causationid=raw.get("causationid"),
            position=raw["position"],
            typeposition=raw["typeposition"],
            chain=raw["chain"],
            body=body,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotAnEvent(type(error).__name__) from None
    if not _sound(event):
        raise NotAnEvent("attribute")
    return event


def _sound(event: Event) -> bool:
    texts = (event.id, event.source, event.type, event.subject, event.time, event.correlationid, event.chain)
    numbers = (event.position, event.typeposition, event.entityversion)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(number, int) and not isinstance(number, bool) for number in numbers)
        and isinstance(event.data, dict)
        and 0 < event.position < 2**63
        and TYPE_PATTERN.match(event.type) is not None
    )


def _tail(position: int, typeposition: int, link: str) -> bytes:
    return b',"position":%d,"typeposition":%d,"chain":"%s"}' % (position, typeposition, link.encode())


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("events hold no float")
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
