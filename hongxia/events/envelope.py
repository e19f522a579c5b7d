"""The envelope: CloudEvents 1.0 in structured JSON, with the log's own attributes spliced onto stored bytes."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import orjson

from hongxia.events import chain
from hongxia.events.declare import source_urn
from hongxia.events.digest import DIGESTS, SALT, digest_of

CONTENT_TYPE = "application/cloudevents+json"
BATCH_CONTENT_TYPE = "application/cloudevents-batch+json"
_CHAIN = re.compile(r"[0-9a-f]{64}")

T = TypeVar("T")


class NotAnEvent(Exception):
    """The bytes are no event: not JSON, or without the attributes that name it and place it in its log."""


class Malformed(Exception):
    """The envelope is sound, but the event's data is not what its type promises; such an event is parked."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a consumer sees it.

    `position` counts the source's events from 1 without gaps, `typeposition` those of one type; `body` is what
    travelled; `subject` is empty where it is withheld. The log needs its own attributes only; whatever else may be
    wrong shows when it is asked for (Malformed), so that the event is parked at its place and the log goes on.
    """

    id: str
    source: str
    type: str
    subject: str
    position: int
    typeposition: int
    chain: str
    attributes: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def data(self) -> Mapping[str, Any]:
        """The event's data. Raises Malformed if it is no object."""
        return self._attribute("data", dict)

    @property
    def whole(self) -> bool:
        """Whether nothing of the event is withheld."""
        return SALT in self.attributes

    def is_of(self, service: str) -> bool:
        """Whether source and type of the event are those of a service of this installation."""
        return self.source == source_urn(service) and self.type.startswith(f"hongxia.{service}.")

    @property
    def entityversion(self) -> int:
        """The version of the entity after the change, from 1. Raises Malformed."""
        return self._attribute("entityversion", int)

    @property
    def occurredon(self) -> date:
        """The date (Asia/Shanghai) that the event counts for. Raises Malformed."""
        try:
            return date.fromisoformat(self._attribute("occurredon", str))
        except ValueError:
            raise Malformed("occurredon is not a date") from None

    @property
    def recorded(self) -> datetime:
        """CloudEvents' `time`: when the event was recorded, UTC. Raises Malformed."""
        try:
            moment = datetime.fromisoformat(self._attribute("time", str))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise Malformed("time is not a moment") from None

    @property
    def correlationid(self) -> str:
        """What the event belongs to; its own id if the sender said nothing."""
        value = self.attributes.get("correlationid")
        return value if isinstance(value, str) else self.id

    def _attribute(self, name: str, kind: builtins.type[T]) -> T:
        value = self.attributes.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise Malformed(f"{name} is not of type {kind.__name__}")
        return value

    def need(self, name: str, kind: builtins.type[T]) -> T:
        """A field of the data that must be there; raises Malformed if it is missing or not of the kind."""
        value = self.data.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Malformed(f"data.{name} is not of type {kind.__name__}")
        return value

    def may(self, name: str, kind: builtins.type[T]) -> T | None:
        """A field of the data that may be absent or null; raises Malformed if it is of another kind."""
        return None if self.data.get(name) is None else self.need(name, kind)

    def need_date(self, name: str) -> date:
        """A date (ISO 8601) in the data; raises Malformed if it is missing or none."""
        try:
            return date.fromisoformat(self.need(name, str))
        except ValueError as error:
            raise Malformed(f"data.{name} is not a date") from error

    def may_date(self, name: str) -> date | None:
        """Return a date of the data that may be absent or null. Raises Malformed if it is something else."""
        return None if self.data.get(name) is None else self.need_date(name)

    def follows(self, previous: str) -> bool:
        """Return whether the event's chain is the link of its own digest onto `previous`."""
        try:
            digest = digest_of(self.attributes)
        except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
            return False
        return chain.link(previous, self.position, digest) == self.chain


def splice(committed: bytes, position: int, typeposition: int, link: str) -> bytes:
    """The event as it travels: the committed bytes with the relay's three attributes put in at the end."""
    return committed[:-1] + _tail(position, typeposition, link)


def parse(body: bytes) -> Event:
    """Read an event that travelled. Raises NotAnEvent."""
    try:
        raw = orjson.loads(body)
        event = Event(
            id=raw["id"],
            source=raw["source"],
            type=raw["type"],
            subject=raw["subject"] if "subject" in raw or not _withholds(raw, "subject") else "",
            position=raw["position"],
            typeposition=raw["typeposition"],
            chain=raw["chain"],
            attributes=raw,
            body=body,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAnEvent(type(error).__name__) from None
    if not _sound(event):
        raise NotAnEvent("attribute")
    return event


def _withholds(raw: Mapping[str, Any], name: str) -> bool:
    """Whether a field is there as a digest alone."""
    return name in raw["data"].get(DIGESTS, ())


def _sound(event: Event) -> bool:
    texts = (event.id, event.source, event.type, event.subject)
    numbers = (event.position, event.typeposition)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(n, int) and not isinstance(n, bool) and 0 < n < 2**63 for n in numbers)
        and isinstance(event.chain, str)
        and _CHAIN.fullmatch(event.chain) is not None
    )


def _tail(position: int, typeposition: int, link: str) -> bytes:
    return b',"position":%d,"typeposition":%d,"chain":"%s"}' % (position, typeposition, link.encode())
