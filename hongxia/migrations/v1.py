"""Version 1 of the platform's tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.events.tables import Counter, Moment, start_log


def upgrade() -> None:
    """Outbox with its head, cursor, parked events, idempotency keys."""
    op.create_table(
        "outbox",
        sa.Column("seq", Counter, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("recorded", Moment, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="canonical JSON as committed; the chain covers it"),
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
    start_log(op.get_bind())
