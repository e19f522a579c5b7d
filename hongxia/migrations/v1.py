"""Version 1 of the platform's tables.

A migration stands alone: it imports no live code, so that it does the same for as long as it is kept.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

Counter = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Moment = sa.DateTime(timezone=True)
GENESIS = "0" * 64


def upgrade() -> None:
    """Outbox with its head, cursor, parked events, idempotency keys."""
    op.create_table(
        "outbox",
        sa.Column("seq", Counter, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("recorded", Moment, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="canonical JSON as committed"),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="of the event; the chain covers it"),
        sa.Column("position", sa.BigInteger),
        sa.Column("typeposition", sa.BigInteger),
        sa.Column("chain", sa.String(64)),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
        sa.UniqueConstraint("position", name="uq_outbox_position"),
    )
    op.create_index(
        "ix_outbox_unnumbered",
        "outbox",
        ["seq"],
        postgresql_where=sa.text("position IS NULL"),
        sqlite_where=sa.text("position IS NULL"),
    )
    op.create_table(
        "outbox_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False, comment="the last position given"),
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False, comment="confirmed by the broker up to here"),
        sa.Column("first", sa.BigInteger, nullable=False, comment="the first position that the feed still keeps"),
    )
    op.create_table(
        "outbox_type",
        sa.Column("type", sa.String(120), primary_key=True),
        sa.Column("typeposition", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "cursor",
        sa.Column("source", sa.String(60), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("last_event", Moment, comment="`time` of the last event applied"),
        sa.Column("diverged", sa.Text, comment="why this source was stopped; empty while it runs"),
        sa.Column("head_position", sa.BigInteger, nullable=False, comment="the source's head when last compared"),
        sa.Column("head_chain", sa.String(64), nullable=False),
        sa.Column("head_seen", Moment),
    )
    op.create_table(
        "parked",
        sa.Column("source", sa.String(60), primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("occurredon", sa.String(10), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("reason", sa.String(60), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("parked_at", Moment, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_table(
        "reader",
        sa.Column("subject", sa.String(200), primary_key=True, comment="of the token that it reads with"),
        sa.Column("position", sa.BigInteger, nullable=False, comment="up to where it says it holds this log"),
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("seen", Moment, nullable=False, comment="when it last said so"),
    )
    op.create_table(
        "owner",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bureau", sa.String(40), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False, comment="recognises the secret that ids derive from"),
    )
    op.create_table(
        "idempotency",
        sa.Column("subject", sa.String(200), primary_key=True, comment="who sent it"),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created", Moment, nullable=False),
        sa.Column("status", sa.Integer, comment="of the answer; empty only inside the first request's transaction"),
        sa.Column("headers", sa.Text),
        sa.Column("body", sa.Text),
    )
    op.create_index("ix_idempotency_created", "idempotency", ["created"])
    op.create_table(
        "imported_row",
        sa.Column("workbook", sa.String(30), primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sheet", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(250), primary_key=True, comment="the row's natural key"),
        sa.Column("record_id", sa.String(36), nullable=False),
        sa.Column("row", sa.JSON, nullable=False, comment="a digest of each column as imported"),
        sa.Column("record", sa.JSON, nullable=False, comment="a digest of each column as the record had it then"),
        sa.Column("files", sa.JSON, nullable=False, comment="the files that the row came with"),
        sa.Column("gone", sa.Boolean, nullable=False, comment="whether the row was no longer in its file at last"),
    )
    op.create_index("ix_imported_row_record_id", "imported_row", ["record_id"])
    head = sa.table(
        "outbox_head",
        *(sa.column(name, sa.BigInteger) for name in ("id", "position", "published", "first")),
        sa.column("chain", sa.String),
    )
    op.bulk_insert(head, [{"id": 1, "position": 0, "chain": GENESIS, "published": 0, "first": 1}])


def create_contradictions() -> None:
    """The table of a service that finds contradictions between its records."""
    op.create_table(
        "contradiction",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("scope", sa.String(36), nullable=False),
        sa.Column("record", sa.String(40), nullable=False),
        sa.Column("record_id", sa.String(36), nullable=False),
        sa.Column("other_id", sa.String(36)),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("against", sa.String(60), nullable=False),
        sa.Column("explanation", sa.String(200)),
        *record_columns(),
    )
    op.create_index("ix_contradiction_scope", "contradiction", ["scope"])
    op.create_index("ix_contradiction_on", "contradiction", ["on"])


def record_columns() -> list[sa.Column[Any]]:
    """The columns that every record has besides its id."""
    return [
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("void_reason", sa.String(32)),
        sa.Column("version", Counter, nullable=False),
        sa.Column("changed_by", sa.String(200), nullable=False),
    ]
