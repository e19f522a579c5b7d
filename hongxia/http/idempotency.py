"""Idempotency-Key: a POST that is sent again with its key gets the first answer again and changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Column, Integer, String, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hongxia.events.tables import Moment, platform_metadata
from hongxia.http.problems import BadRequest, FieldError, Rule

KEPT = timedelta(days=7)

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


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is kept."""

    status: int
    headers: dict[str, str]
    body: str


def checked_key(header: str) -> str:
    """The key, without the quotes of RFC 8941. Raises BadRequest."""
    key = header.strip().strip('"')
    if not 0 < len(key) <= 200 or not key.isprintable():
        problem = FieldError("应为 1 到 200 个可见字符", parameter="Idempotency-Key")
        raise BadRequest("Idempotency-Key 无效", errors=[problem])
    return key


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What the key stands for; the same key with another request is a mistake of the sender."""
    return sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def claim(session: Session, subject: str, key: str, mark: str, now: datetime) -> Answer | None:
    """Take the key within the request's own transaction, or get the answer that it was given before.

    A second request that comes while the first is under way waits in the database for it. Raises Rule if the key
    was used for another request.
    """
    session.execute(delete(idempotency).where(idempotency.c.created < now - KEPT))
    row = {"subject": subject, "key": key, "fingerprint": mark, "created": now}
    try:
        with session.begin_nested():
            session.execute(insert(idempotency).values(row))
        return None
    except IntegrityError:
        found = session.execute(select(idempotency).filter_by(subject=subject, key=key)).one()
    if found.fingerprint != mark:
        problem = FieldError("此键已用于另一个请求", parameter="Idempotency-Key")
        raise Rule("Idempotency-Key 已用于另一个请求", slug="idempotency-key-reused", errors=[problem])
    return Answer(found.status, json.loads(found.headers), found.body)


def keep(session: Session, subject: str, key: str, answer: Answer) -> None:
    """Keep the answer, in the same transaction as what it tells."""
    session.execute(
        update(idempotency)
        .filter_by(subject=subject, key=key)
        .values(status=answer.status, headers=json.dumps(answer.headers), body=answer.body)
    )
