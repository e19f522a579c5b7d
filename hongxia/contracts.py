"""The published contracts: a JSON Schema per event type, an AsyncAPI document over all, an OpenAPI per service.

Generated from the schemas that the services validate with, so they can't drift; and held against what was released,
so that a change that would break a subscriber is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from hongxia import __version__
from hongxia.events.declare import EventType, routing_key
from hongxia.events.envelope import CONTENT_TYPE
from hongxia.events.topology import events_exchange
from hongxia.http.openapi import json_schema
from hongxia.vectors import vectors

RELEASED = "released.json"

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 1}

ENVELOPE: dict[str, Any] = {
    "type": "object",
    "required": [
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "subject",
        "data",
        "position",
        "typeposition",
        "chain",
        "entityversion",
        "occurredon",
        "correlationid",
    ],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": _TEXT,
        "type": _TEXT,
        "time": {"type": "string", "format": "date-time", "description": "when it was recorded, UTC"},
        "subject": {"type": "string", "description": "the entity"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "format": "uri", "description": "the `$id` of the schema of `data`"},
        "position": {**_COUNT, "description": "counts the events of the source, without gaps"},
        "typeposition": {**_COUNT, "description": "counts those of this type, without gaps"},
        "chain": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "SHA-256 over the previous chain (32 bytes), the position (8 bytes, big-endian) and the"
            " event's digest (32 bytes); see docs/events.md",
        },
        "salt": {
            "type": "string",
            "pattern": "^[0-9a-f]{32}$",
            "description": "random; an event of which something is withheld has `data._salts` instead, one for each"
            " field that is left",
        },
        "entityversion": _COUNT,
        "occurredon": {"type": "string", "format": "date", "description": "the date (Asia/Shanghai) it counts for"},
        "correlationid": _TEXT,
        "causationid": _TEXT,
        "traceparent": _TEXT,
    },
}


def schemas(event_types: Iterable[EventType]) -> dict[str, dict[str, Any]]:
    """The JSON Schema of each type's data, by file name."""
    return {
        f"{declared.name}.v{declared.version}.json": {
            "$id": declared.dataschema,
            **json_schema(declared.schema, f"{declared.type} · {declared.title}", declared.description),
        }
        for declared in event_types
    }


def labels_of(event_types: Iterable[EventType], services: Mapping[str, str]) -> dict[str, Any]:
    """Return what the contracts call things in Chinese: services, events by full type, and by entity the fields of
    data and their codes. Ids are left out: they say nothing to people.
    """
    declared_types = list(event_types)
    entities: dict[str, dict[str, dict[str, Any]]] = {}
    for declared in declared_types:
        schema = json_schema(declared.schema, declared.title, declared.description)
        entity = entities.setdefault(declared.name.rpartition(".")[0], {"fields": {}, "codes": {}})
        for name, described in schema["properties"].items():
            if "title" in described and described.get("format") != "uuid":
                title = str(described["title"])
                entity["fields"][name] = title.removesuffix("（元）") if name.endswith("_fen") else title
            if "x-labels" in described:
                entity["codes"].setdefault(name, {}).update(described["x-labels"])
    events = {declared.type: declared.title for declared in declared_types}
    return {"services": dict(services), "events": events, "entities": entities}


def write_labels(path: Path, event_types: Iterable[EventType], services: Mapping[str, str]) -> None:
    """Write the labels of the contracts as YAML."""
    path.write_text(labels_as_yaml(event_types, services), encoding="utf-8")


def labels_as_yaml(event_types: Iterable[EventType], services: Mapping[str, str]) -> str:
    """Return the labels of the contracts as YAML, with a line that says where they come from."""
    text = yaml.safe_dump(labels_of(event_types, services), allow_unicode=True, sort_keys=True, width=120)
    return f"# Made by `make contracts` from the event types of all services; edit these instead.\n{text}"


def asyncapi(event_types: Iterable[EventType]) -> dict[str, Any]:
    """The AsyncAPI 3.0 document over all types: a channel each, its address the routing key on the topic exchange of
    its source.
    """
    channels, operations, messages = {}, {}, {}
    for declared in event_types:
        name = f"{declared.name}.v{declared.version}"
        messages[name] = _message(declared)
        channels[name] = {
            "address": routing_key(declared.type),
            "messages": {"event": {"$ref": f"#/components/messages/{name}"}},
            "bindings": {
                "amqp": {
                    "is": "routingKey",
                    "exchange": {"name": events_exchange(declared.service).name, "type": "topic", "durable": True},
                }
            },
        }
        operations[f"receive.{name}"] = {"action": "send", "channel": {"$ref": f"#/channels/{name}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hongxia events (红霞事件)",
            "version": __version__,
            "description": "CloudEvents 1.0, structured JSON. Each source keeps a gapless, chained log, which its feed"
            " `GET /events` gives in full; RabbitMQ is the fast path.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": {"Envelope": ENVELOPE}},
    }


def _message(declared: EventType) -> dict[str, Any]:
    data = {"$ref": f"./schemas/{declared.name}.v{declared.version}.json"}
    return {
        "name": declared.type,
        "title": declared.title,
        "summary": declared.description,
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {"type": "object", "properties": {"type": {"const": declared.type}, "data": data}},
            ]
        },
    }


def write(directory: Path, event_types: list[EventType], openapi: Mapping[str, str]) -> None:
    """Write all contracts; `openapi` holds a service's document by its name. What is no longer declared is removed."""
    folder = directory / "schemas"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = schemas(event_types)
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, schema in wanted.items():
        (folder / name).write_text(_json(schema), encoding="utf-8")
    document = yaml.safe_dump(asyncapi(event_types), allow_unicode=True, sort_keys=False, width=120)
    (directory / "asyncapi.yaml").write_text(document, encoding="utf-8")
    (directory / "vectors").mkdir(exist_ok=True)
    (directory / "vectors" / "chain.json").write_text(_json(vectors()), encoding="utf-8")
    (directory / "openapi").mkdir(exist_ok=True)
    for name, text in openapi.items():
        (directory / "openapi" / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def release(directory: Path, event_types: Iterable[EventType]) -> None:
    """Note the contracts of a release; later ones are held against them."""
    (directory / RELEASED).write_text(_json(schemas(event_types)), encoding="utf-8")


def breaking(released: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """What would break a subscriber that relies on the released contracts; empty if nothing would."""
    found = [f"{name}: no longer published" for name in released if name not in current]
    for name in released.keys() & current.keys():
        found += [f"{name}: {what}" for what in _broken(released[name], current[name], "data")]
        before, after = (contracts[name].get("$defs", {}) for contracts in (released, current))
        for part in before:
            found += [f"{name}: {what}" for what in _broken(before[part], after.get(part, {}), f"data.{part}")]
    return sorted(found)


def _broken(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
    fields: dict[str, Any] = new.get("properties", {})
    for name in set(old.get("required", ())) - set(new.get("required", ())):
        yield f"{where}.{name} is no longer always there"
    for name, before in old.get("properties", {}).items():
        if name not in fields:
            yield f"{where}.{name} is gone"
            continue
        after = fields[name]
        if not _types(after) <= _types(before):
            yield f"{where}.{name} may be of another type"
        if "enum" in before and not set(after.get("enum", ("*",))) <= set(before["enum"]):
            yield f"{where}.{name} may have values that were not there"
        if before.get("format") != after.get("format"):
            yield f"{where}.{name} has another format"
        yield from _broken(before, after, f"{where}.{name}")


def _types(schema: Mapping[str, Any]) -> set[str]:
    types = schema.get("type", [])
    return {types} if isinstance(types, str) else set(types)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
