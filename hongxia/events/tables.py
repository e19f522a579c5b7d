"""The platform's tables, the same in every service's own database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    insert,
)

from hongxia.events.chain import GENESIS

platform_metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_name)s"})

Counter = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Refuse a naive moment, store UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """An aware moment, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


outbox = Table(
    "outbox",
    platform_metadata,
    Column("seq", Counter, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("type", String(120), nullable=False),
    Column("recorded", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="canonical JSON as committed"),
    Column("digest", LargeBinary, nullable=False, comment="of the event; the chain covers it"),
    Column("position", BigInteger, unique=True),
    Column("typeposition", BigInteger),
    Column("chain", String(64)),
)

unnumbered = outbox.c.position.is_(None)
Index("ix_outbox_unnumbered", outbox.c.seq, postgresql_where=unnumbered, sqlite_where=unnumbered)

outbox_head = Table(
    "outbox_head",
    platform_metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False, comment="the last position given"),
    Column("chain", String(64), nullable=False),
    Column("published", BigInteger, nullable=False, comment="confirmed by the broker up to here"),
    Column("first", BigInteger, nullable=False, comment="the first position that the feed still keeps"),
)

outbox_type = Table(
    "outbox_type",
    platform_metadata,
    Column("type", String(120), primary_key=True),
    Column("typeposition", BigInteger, nullable=False),
)

cursor = Table(
    "cursor",
    platform_metadata,
    Column("source", String(60), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("chain", String(64), nullable=False),
    Column("last_event", Moment, comment="`time` of the last event applied"),
    Column("diverged", Text, comment="why this source was stopped; empty while it runs"),
    Column("head_position", BigInteger, nullable=False, comment="the source's head when last compared"),
    Column("head_chain", String(64), nullable=False),
    Column("head_seen", Moment),
)

parked = Table(
    "parked",
    platform_metadata,
    Column("source", String(60), primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("type", String(120), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("occurredon", String(10), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reason", String(60), nullable=False),
    Column("detail", Text, nullable=False),
    Column("parked_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
)

reader = Table(
    "reader",
    platform_metadata,
    Column("subject", String(200), primary_key=True, comment="of the token that it reads with"),
    Column("position", BigInteger, nullable=False, comment="up to where it says it holds this log"),
    Column("chain", String(64), nullable=False),
    Column("seen", Moment, nullable=False, comment="when it last said so"),
)

owner = Table(
    "owner",
    platform_metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("bureau", String(40), nullable=False),
    Column("fingerprint", String(64), nullable=False, comment="recognises the secret that ids derive from"),
)


def start_log(connection: Connection) -> None:
    """Put in the one row that counts: a log that is empty so far."""
    connection.execute(insert(outbox_head).values(id=1, position=0, chain=GENESIS, published=0, first=1))
