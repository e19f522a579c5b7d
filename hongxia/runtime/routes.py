"""Declare the routes of a record, one call each: create, list, read, amend, and whatever else may be done with it.

A room declares its routes in a class; `app.py` puts such classes together into a service.

>>> class VisitRoutes:
...     list_visits = listing("/visits", "走访列表", READERS, VisitSchema, Visit, by="visited_on", equal=("form",))
...
...     @create("/visits", "登记走访", LIAISON, VisitSchema)
...     def record_visit(self, call):
...         return rules.record(call.session, call.body, call.today)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from marshmallow import Schema
from sqlalchemy import Select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.http.endpoint import Call, Reply
from hongxia.paging import Page
from hongxia.records import Record
from hongxia.runtime.http import route
from hongxia.schema.derive import RecordSchema, answer_of, body_of, changes_of, query_of

Roles = str | tuple[str, ...]
First = Callable[[Session, Any, Any], None]
"""Locks what has to be locked before a record: (session, record as read so far, body of the request)."""
Narrow = Callable[[Session, dict[str, Any]], Callable[[Select[Any]], Select[Any]]]
"""Takes conditions out of a list's query, and returns what puts them into the statement."""
Act = Callable[..., Any]
Shown = Callable[[Call, Any], Any]
"""(call, record) -> what is answered."""
Again = Callable[[Call, str], Any]


def create(url: str, summary: str, roles: Roles, schema: type[RecordSchema], **more: Any) -> Callable[[Act], Act]:
    """POST a new record: `method(self, call) -> record`. Answers 201 with its address.

    Options: `key=True` if the record has no natural key, so that requests need an Idempotency-Key; `number` names the
    field that is a natural key if it is given. `asks` names the questions that may have to be confirmed. `body` is the
    schema of the request, if it is not derived from the record's. `at` is the collection in which the record is read,
    if it is not this one. `shown` says how the record is answered, (call, record), if not as it is.
    """
    shown = more.pop("shown", None)
    at = _relative(url, more.pop("at", url.rpartition("/")[2]))
    body = more.pop("body", None) or body_of(schema)
    declared = route(
        "POST",
        url,
        summary=summary,
        roles=_roles(roles),
        body=body,
        returns=answer_of(schema),
        status=201,
        needs_key=more.pop("key", False),
        again=_again(schema, None, shown),
        **more,
    )

    def decorate(function: Act) -> Act:
        def created(self: Any, call: Call, **path: Any) -> Reply:
            record = function(self, call, **_texts(path))
            return Reply(record, headers={"Location": f"{at}/{record.id}"})

        return declared(_named(created, function))

    return decorate


def listing(
    url: str,
    summary: str,
    roles: Roles,
    schema: type[RecordSchema],
    model: type[Record],
    *,
    by: str,
    equal: Sequence[str] = (),
    also: Mapping[str, Any] = MappingProxyType({}),
    narrow: Narrow | None = None,
) -> Act:
    """GET a list of records, ordered by the column `by` (if that is a date, narrowed by `since` and `until`) and
    narrowed by columns that have to be equal; `state` is always among these. `narrow` handles other conditions: it
    takes them out of the query. `also` are fields of the query that the record does not have.
    """
    dated = by.endswith("_on") or by == "on"
    query = query_of(schema, (*equal, "state"), dated=dated, also=also)
    declared = route(
        "GET", url, summary=summary, roles=_roles(roles), query=query, returns=answer_of(schema), many=True
    )

    def listed(self: Any, call: Call) -> Page:
        """A page of records, in the order of `by`."""
        narrowed = narrow(call.session, call.query) if narrow is not None else None
        return records.listed(call.session, model, call.query, order=by, narrow=narrowed)

    return declared(listed)


def read(url: str, summary: str, roles: Roles, schema: type[RecordSchema], model: type[Record]) -> Act:
    """GET one record."""

    def one(self: Any, call: Call, record_id: UUID) -> Record:
        """One record."""
        return records.get(call.session, model, str(record_id))

    return route("GET", _with_id(url), summary=summary, roles=_roles(roles), returns=answer_of(schema))(one)


def amend(
    url: str,
    summary: str,
    roles: Roles,
    schema: type[RecordSchema],
    model: type[Record],
    *,
    first: First | None = None,
    **more: Any,
) -> Callable[[Act], Act]:
    """PATCH a record: `method(self, call, record, reason) -> record`, the record locked and of the version in If-Match.

    `call.body` holds the changes, without the reason. `first` locks what has to be locked before the record.
    """
    declared = route(
        "PATCH",
        _with_id(url),
        summary=summary,
        roles=_roles(roles),
        body=changes_of(schema),
        returns=answer_of(schema),
        **more,
    )

    def decorate(function: Act) -> Act:
        def amended(self: Any, call: Call, record_id: UUID) -> Any:
            reason = call.body.pop("reason")
            return function(self, call, locked(call, model, record_id, first), reason)

        return declared(_named(amended, function))

    return decorate


def act(
    url: str,
    summary: str,
    roles: Roles,
    schema: type[RecordSchema],
    model: type[Record],
    *,
    body: type[Schema] | None = None,
    first: First | None = None,
    status: int = 200,
    shown: Shown | None = None,
    **more: Any,
) -> Callable[[Act], Act]:
    """POST an action on a record (`/visits/<id>/void`): `method(self, call, record) -> record`, the record locked and,
    if the request has If-Match, of that version. `shown` says how the record is answered, if not as it is.
    """
    declared = route(
        "POST",
        _with_id(url),
        summary=summary,
        roles=_roles(roles),
        body=body,
        returns=answer_of(schema),
        status=status,
        again=_again(schema, model, shown),
        **more,
    )

    def decorate(function: Act) -> Act:
        def acted(self: Any, call: Call, record_id: UUID) -> Any:
            return function(self, call, locked(call, model, record_id, first))

        return declared(_named(acted, function))

    return decorate


def locked(call: Call, model: type[Record], record_id: UUID, first: First | None = None) -> Any:
    """Return a record to change, locked, of the version that the caller saw. Raises Missing, PreconditionFailed."""
    if first is not None:
        first(call.session, records.get(call.session, model, str(record_id)), call.body)
    record = records.lock(call.session, model, str(record_id))
    call.must_match(record.version)
    return record


def _again(schema: type[RecordSchema], model: type[Record] | None, shown: Shown | None) -> Again:
    """How a request is answered that is sent again: with the record that it was about, as it is now."""

    def again(call: Call, record_id: str) -> Any:
        known = model if model is not None and model.lifecycle is schema.lifecycle else None
        record = records.get(call.session, known or records.model_of(schema.lifecycle), record_id)
        return record if shown is None else shown(call, record)

    return again


def _roles(roles: Roles) -> tuple[str, ...]:
    return (roles,) if isinstance(roles, str) else roles


def _with_id(url: str) -> str:
    return url.replace("<id>", "<uuid:record_id>")


def _relative(url: str, collection: str) -> str:
    """The address of a collection, relative to the one that a request was sent to."""
    return "../" * (url.count("/") - 1) + collection.lstrip("/")


def _texts(path: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in path.items()}


def _named(wrapper: Act, function: Act) -> Act:
    wrapper.__name__, wrapper.__doc__ = function.__name__, function.__doc__
    wrapper.__qualname__, wrapper.__module__ = function.__qualname__, function.__module__
    return wrapper
