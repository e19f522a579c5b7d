"""How a service declares its events: once, with the schema that both validates them and makes the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError

from hongxia import installation
from hongxia.events.digest import SUBJECT


class InvalidEvent(Exception):
    """A service tried to raise an event that its own contract does not allow: a defect of the service."""


class EventData(Schema):
    """Base of the schema of an event's `data`. A subscriber must accept fields that are added later."""

    class Meta:
        unknown = EXCLUDE


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of event: `name` is "service.entity.what-happened", `title` Chinese, `description` English."""

    name: str
    version: int
    schema: type[EventData]
    title: str
    description: str

    def __post_init__(self) -> None:
        """Refuse names of fields that mean something else in an event's digest (hongxia.events.digest)."""
        taken = [name for name in _instance(self.schema).fields if name == SUBJECT or name.startswith("_")]
        if taken:
            raise ValueError(f"{self.name}: no field may be called {taken[0]}")

    @property
    def type(self) -> str:
        """The CloudEvents type: hongxia.<service>.<entity>.<what-happened>.v<version>."""
        return f"hongxia.{self.name}.v{self.version}"

    @property
    def service(self) -> str:
        """The service that owns the event."""
        return self.name.split(".", 1)[0]

    @property
    def dataschema(self) -> str:
        """The URI of the JSON Schema, which is its `$id` in the published contracts; it names, and leads nowhere."""
        return f"urn:hongxia:schema:{self.name}:v{self.version}"

    def data_of(self, record: object, **more: Any) -> dict[str, Any]:
        """Return the data of an event about a record: each field of the schema, read from `more` or the record."""
        names = _instance(self.schema).fields
        values = {name: more[name] if name in more else getattr(record, name) for name in names}
        dumped: dict[str, Any] = _instance(self.schema).dump(values)
        return dumped

    def checked(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The data as it may be published. Raises InvalidEvent with the fields at fault, never their values."""
        schema = _instance(self.schema)
        unknown = data.keys() - schema.fields.keys()
        if unknown:
            raise InvalidEvent(f"{self.type}: unknown fields {sorted(unknown)}")
        try:
            schema.load(data)
        except ValidationError as error:
            raise InvalidEvent(f"{self.type}: {sorted(error.normalized_messages())}") from None
        return dict(data)


@cache
def _instance(schema: type[EventData]) -> EventData:
    """One instance of a schema for all its events: making one takes longer than the check itself."""
    return schema()


def routing_key(event_type: str) -> str:
    """The routing key of an event: its type without `hongxia.` and without the version."""
    return event_type.removeprefix("hongxia.").rpartition(".")[0]


def source_urn(service: str) -> str:
    """CloudEvents' `source` of a service's events, in the installation of this process."""
    return installation.current().source(service)
