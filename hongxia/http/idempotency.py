"""Idempotency-Key: a POST that is sent again with its key gets the first answer again and changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Column, Index, Integer, String, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hongxia.events.tables import Moment, platform_metadata
from hongxia.http.problems import BadRequest, FieldError, Rule

KEPT = timedelta(days=400)
"""More than a year: what was sent in one December is known again in the next."""

idempotency = Table(
    "idempotency",
    platform_metadata,
    Column("subject", String(200), primary_key=True, comment="who sent it"),
    Column("key", String(200), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("created", Moment, nullable=False),
    Column("status", Integer, comment="of the answer; empty only inside the first request's transaction"),
    Column("headers", Text),
    Column("body", Text),
)

Index("ix_idempotency_created", idempotency.c.created)


@dataclass(frozen=True, slots=True)
class Key:
    """Who sent which key, and for what: the same key with another request is a mistake of the sender."""

    subject: str
    key: str
    fingerprint: str


def checked_key(header: str) -> str:
    """The key, without the quotes of RFC 8941. Raises BadRequest."""
    key = header.strip().strip('"')
    if not 0 < len(key) <= 200 or not key.isprintable():
        problem = FieldError("应为 1 到 200 个可见字符", parameter="Idempotency-Key")
        raise BadRequest("Idempotency-Key 无效", errors=[problem])
    return key


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What a key stands for."""
    return sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def earlier(session: Session, key: Key) -> Response | None:
    """The answer that the key was given before, if it was. Raises Rule if the key was used for another request."""
    found = session.execute(select(idempotency).filter_by(subject=key.subject, key=key.key)).one_or_none()
    if found is None:
        return None
    if found.fingerprint != key.fingerprint:
        problem = FieldError("此键已用于另一个请求", parameter="Idempotency-Key")
        raise Rule("Idempotency-Key 已用于另一个请求", slug="idempotency-key-reused", errors=[problem])
    headers = {**json.loads(found.headers), "Idempotency-Replayed": "true"}
    return Response(found.body, status=found.status, headers=headers)


def claim(session: Session, key: Key, now: datetime) -> Response | None:
    """Take the key within the session's transaction, or get the answer that it was given before.

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


def keep(session: Session, key: Key, response: Response) -> None:
    """Keep the answer of a key that was claimed in the same transaction."""
    headers = {name: value for name, value in response.headers.items() if name in ("Content-Type", "ETag", "Location")}
    answer = {"status": response.status_code, "headers": json.dumps(headers), "body": response.get_data(as_text=True)}
    session.execute(update(idempotency).filter_by(subject=key.subject, key=key.key).values(answer))


def sweep(session: Session, now: datetime) -> None:
    """Forget the keys that were kept long enough; to be called now and then."""
    session.execute(delete(idempotency).where(idempotency.c.created < now - KEPT))
