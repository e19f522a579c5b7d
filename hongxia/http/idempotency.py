"""Idempotency-Key: a POST that is sent again with its key changes nothing, and is answered again.

What is kept of an answer is a reference: the status, the address and the id of the record that it was about. The answer
is made anew from the record as it is now, so that no personal data is kept a second time. Of an answer that is about no
record those fields are kept that its route names.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Index, Integer, String, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hongxia.datakeys import KeyRing
from hongxia.events.tables import Moment, platform_metadata
from hongxia.http.problems import BadRequest, FieldError, Rule

KEPT = timedelta(days=400)
"""More than a year: what was sent in one December is known again in the next."""

idempotency = Table(
    "idempotency",
    platform_metadata,
    Column("subject", String(200), primary_key=True, comment="who sent it"),
    Column("key", String(32), primary_key=True, comment="a keyed hash: the sender may have put anything into it"),
    Column("fingerprint", String(32), nullable=False, comment="a keyed hash of the request"),
    Column("created", Moment, nullable=False),
    Column("status", Integer, comment="of the answer; empty only inside the first request's transaction"),
    Column("location", Text, comment="the address of a new record"),
    Column("record_id", String(36), comment="the record that the answer showed"),
    Column("fields", Text, comment="JSON: the answer without a record, its fields emptied that may hold texts"),
)

Index("ix_idempotency_created", idempotency.c.created)


@dataclass(frozen=True, slots=True)
class Key:
    """Who sent which key, and for what: the same key with another request is a mistake of the sender. `key` and
    `fingerprint` are keyed hashes.
    """

    subject: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an answer: `record_id` of the record that it showed, or else `fields`, the answer's own."""

    status: int
    location: str | None
    record_id: str | None
    fields: dict[str, Any]


def checked_key(header: str) -> str:
    """The key, without the quotes of RFC 8941. Raises BadRequest."""
    key = header.strip().strip('"')
    if not 0 < len(key) <= 200 or not key.isprintable():
        problem = FieldError("应为 1 到 200 个可见字符", parameter="Idempotency-Key")
        raise BadRequest("Idempotency-Key 无效", errors=[problem])
    return key


def key_of(keys: KeyRing, subject: str, header: str, method: str, path: str, body: bytes) -> Key:
    """Return the key that a request bears, and the fingerprint of the request. Raises BadRequest."""
    request = b"\n".join((method.encode(), path.encode(), body))
    hashed = keys.digest("idempotency.key", checked_key(header))
    return Key(subject, hashed, keys.digest("idempotency.fingerprint", request))


def earlier(session: Session, key: Key) -> Kept | None:
    """What was kept of the answer that the key was given before. Raises Rule if it was used for another request."""
    found = session.execute(select(idempotency).filter_by(subject=key.subject, key=key.key)).one_or_none()
    if found is None:
        return None
    if found.fingerprint != key.fingerprint:
        problem = FieldError("此键已用于另一个请求", parameter="Idempotency-Key")
        raise Rule("Idempotency-Key 已用于另一个请求", slug="idempotency-key-reused", errors=[problem])
    return Kept(found.status, found.location, found.record_id, json.loads(found.fields or "{}"))


def claim(session: Session, key: Key, now: datetime) -> Kept | None:
    """Take the key within the session's transaction, or get what was kept of the answer that it was given before.

    A second request that comes while the first's transaction is open waits in the database for it. Raises Rule if
    the key was used for another request.
    """
    row = {"subject": key.subject, "key": key.key, "fingerprint": key.fingerprint, "created": now}
    try:
        with session.begin_nested():
            session.execute(insert(idempotency).values(row))
    except IntegrityError:
        return earlier(session, key)
    return None


def kept_of(status: int, location: str | None, answer: Any, fields: Collection[str]) -> Kept:
    """Return what is kept of an answer (a JSON document): its record's id, or those of its own fields that are named.

    The other fields of an answer without a record are emptied.
    """
    if not fields:
        return Kept(status, location, answer["id"], {})
    empty: dict[str, Any] = {name: [] if isinstance(value, list) else None for name, value in answer.items()}
    return Kept(status, location, None, {**empty, **{name: answer[name] for name in fields if name in answer}})


def keep(session: Session, key: Key, kept: Kept) -> None:
    """Keep the answer of a key that was claimed in the same transaction."""
    fields = None if kept.record_id else json.dumps(kept.fields, ensure_ascii=False)
    values = {"status": kept.status, "location": kept.location, "record_id": kept.record_id, "fields": fields}
    session.execute(update(idempotency).filter_by(subject=key.subject, key=key.key).values(values))


def sweep(session: Session, now: datetime) -> None:
    """Forget the keys that were kept long enough; to be called now and then."""
    session.execute(delete(idempotency).where(idempotency.c.created < now - KEPT))
