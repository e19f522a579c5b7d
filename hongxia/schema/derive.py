"""What is derived from a record's schema: the API's bodies, answers and queries, and the data of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar

from marshmallow import Schema, fields, missing, validate, validates_schema

from hongxia.codes import AMEND_REASONS, VOID_REASONS
from hongxia.events.declare import EventData
from hongxia.lifecycle import Lifecycle
from hongxia.paging import LIMIT, MOST
from hongxia.rules import Refused, Violation
from hongxia.schema.fields import CadreRef, Code, Count, Day, Declared, Flag, QueryFlag, Yuan, one_of

OPAQUE = "the cadre, by an opaque id"
"""How the contracts describe a cadre's id in events; the cadre's number is in workbooks only."""

CORRECTION = "correction"
"""The reason of an amendment whose request gives none."""


class RecordSchema(Schema):
    """Base of the schema of a record: its own fields are declared once, in a subclass with its `lifecycle`."""

    lifecycle: ClassVar[Lifecycle]

    id = fields.String(required=True, dump_only=True)
    state = fields.String(required=True, dump_only=True)
    void_reason = fields.String(required=True, dump_only=True, allow_none=True)
    version = fields.Integer(required=True, dump_only=True)


class Changes(Schema):
    """What may be amended of a record, and why. Raises Refused (nothing-to-change) if no field is given."""

    besides: ClassVar[frozenset[str]] = frozenset({"reason"})

    @validates_schema
    def _something(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data.keys() - self.besides:
            raise Refused(Violation("", "nothing-to-change", "没有要修改的内容，至少填写一项"))


class VoidIn(Schema):
    """Why a record is voided; its answer says so in `void_reason`."""

    reason = Code(VOID_REASONS, label="原因")


class PageQuery(Schema):
    """The query parameters of every list."""

    limit = fields.Integer(load_default=LIMIT, validate=validate.Range(1, MOST))
    cursor = fields.String(load_default=None)


@cache
def body_of(schema: type[RecordSchema]) -> type[Schema]:
    """Return the body of a request for a new record: all fields but those that are only answered or filled in later."""
    taken = {
        name: _described(field)
        for name, field in _own(schema).items()
        if not field.dump_only and field.metadata.get("creatable", True)
    }
    return _derived(schema, "In", Schema, taken)


@cache
def changes_of(schema: type[RecordSchema]) -> type[Changes]:
    """Return the body of a request that amends a record: any of the amendable fields, and the `reason`."""
    found: dict[str, Any] = {}
    for name, field in _own(schema).items():
        if not field.dump_only and field.metadata.get("amendable", True):
            found[name] = _optional(_described(field))
    found["reason"] = Code(AMEND_REASONS, label="修改原因", required=False, load_default=CORRECTION)
    return _derived(schema, "Changes", Changes, found)


@cache
def answer_of(schema: type[RecordSchema]) -> type[Schema]:
    """Return the schema of the API's answer for a record."""
    return _derived(schema, "Out", Schema, {name: _given(field) for name, field in schema._declared_fields.items()})


def query_of(
    schema: type[RecordSchema],
    equal: Iterable[str],
    *,
    dated: bool,
    also: Mapping[str, Any] = MappingProxyType({}),
) -> type[PageQuery]:
    """Return the query of a list: `since` and `until` if it is `dated`, the fields that have to be `equal`, and further
    fields (`also`) that the record does not have.
    """
    found: dict[str, Any] = {name: _described(field) for name, field in also.items()}
    if dated:
        found |= {
            "since": Day(label="起始日期（含）", required=False),
            "until": Day(label="截止日期（含）", required=False),
        }
    for name in equal:
        if name == "state":
            found[name] = fields.String(load_default=None, validate=one_of(schema.lifecycle.states))
        else:
            found[name] = _asked(_optional(_described(schema._declared_fields[name]), load_default=None))
    return _derived(schema, "Query", PageQuery, found)


@cache
def data_of(schema: type[RecordSchema]) -> type[EventData]:
    """Return the data of the record's events: the fields that are published, amounts as integer fen."""
    return _derived(schema, "Data", EventData, _published(schema))


@cache
def amended_data_of(schema: type[RecordSchema]) -> type[EventData]:
    """Return the data of an amendment: the new state, the names of the fields that changed, and why."""
    changed = fields.List(
        fields.String(), required=True, metadata={"description": "names of the fields that changed, sorted"}
    )
    return _derived(schema, "AmendedData", EventData, {**_published(schema), "changed": changed, **_why(AMEND_REASONS)})


@cache
def voided_data_of(schema: type[RecordSchema]) -> type[EventData]:
    """Return the data of a record that was voided: its last state, and why."""
    return _derived(schema, "VoidedData", EventData, {**_published(schema), **_why(VOID_REASONS)})


def event_data(name: str, description: str, schema: type[RecordSchema] | None, **more: Any) -> type[EventData]:
    """Return the data of an event that holds further fields, or only these."""
    own = _published(schema) if schema else {}
    made: type[Any] = EventData.from_dict(
        {**own, **{key: _published_field(field) for key, field in more.items()}}, name=name
    )
    made.__doc__ = description
    return made


def _own(schema: type[RecordSchema]) -> dict[str, Any]:
    return {name: field for name, field in schema._declared_fields.items() if name not in RecordSchema._declared_fields}


def _derived(schema: type[Schema], suffix: str, base: type[Any], found: Mapping[str, Any]) -> type[Any]:
    made: type[Any] = base.from_dict(dict(found), name=schema.__name__.removesuffix("Schema") + suffix)
    made.__doc__ = schema.__doc__
    return made


def _described(field: Any) -> Any:
    """A copy with the description that the API shows: label and help, in Chinese."""
    copied = deepcopy(field)
    words = [copied.metadata.get("label"), copied.metadata.get("help")]
    text = "：".join(word for word in words if word)
    if text:
        copied.metadata = {**copied.metadata, "description": text}
    return copied


def _optional(field: Any, **options: Any) -> Any:
    field.required = False
    field.load_default = options.get("load_default", missing)
    return field


def _asked(field: Any) -> Any:
    """A field as a query has it, where everything is text; fields that are only answered may be asked for, too."""
    if isinstance(field, Flag):
        return QueryFlag(load_default=None)
    if isinstance(field, Count):
        field.strict = False
    field.dump_only, field.allow_none = False, True  # what is not asked for is null
    return field


def _given(field: Any) -> Any:
    copied = _described(field)
    copied.allow_none = bool(copied.allow_none) or not copied.required
    copied.dump_only, copied.required = False, True
    copied.load_default = missing
    return copied


def _published(schema: type[RecordSchema]) -> dict[str, Any]:
    found = {}
    for name, field in _own(schema).items():
        if field.metadata.get("published"):
            found[field.attribute or name] = _published_field(field)
    return found


def _published_field(field: Any) -> Any:
    """A field as events hold it, with a Chinese title, an English description, and the labels of its codes. One that
    may be null may be absent, too: it is published as null, but events from before it was declared do not have it.
    """
    if not isinstance(field, Declared):
        return deepcopy(field)
    words = OPAQUE if isinstance(field, CadreRef) else field.metadata.get("help_en")
    metadata = {"description": words} if words else {}
    if field.metadata.get("label"):
        metadata["title"] = field.metadata["label"]
    if isinstance(field, Yuan):
        least = None if field.negative else 0 if field.zero else 1
        return fields.Integer(
            required=not field.allow_none,
            strict=True,
            allow_none=field.allow_none,
            validate=validate.Range(least) if least is not None else None,
            metadata=metadata,
        )
    copied = deepcopy(field)
    copied.required, copied.load_default, copied.dump_only = not field.allow_none, missing, False
    copied.attribute = None
    if isinstance(field, Code):
        metadata["x-labels"] = dict(field.codes)
    copied.metadata = metadata
    return copied


def _why(reasons: Mapping[str, str]) -> dict[str, Any]:
    return {"reason": _published_field(Code(reasons, label="原因", help_en="why"))}
