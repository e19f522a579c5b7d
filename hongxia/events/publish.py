"""The one way to publish an event about a record."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.events.outbox import append


class Versioned(Protocol):
    """What an event is about: an entity with an id, whose version counts its changes."""

    @property
    def id(self) -> Any:
        """The entity's id."""

    @property
    def version(self) -> Any:
        """The version after the change, from 1."""


def publish(session: Session, event_type: EventType, record: Versioned, on: date, **more: Any) -> None:
    """Publish that something happened to a record: committed with the session's other changes, or with none of them.

    `on` is the date (Asia/Shanghai) that the event counts for. The data are the fields of the event's schema, read from
    `more` or else from the record. Raises InvalidEvent.
    """
    data = event_type.data_of(record, **more)
    append(session, event_type, subject=record.id, entityversion=record.version, occurredon=on, data=data)
