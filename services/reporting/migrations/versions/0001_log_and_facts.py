"""The platform's tables and reporting's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.events.tables import Counter
from hongxia.migrations import v1
from services.reporting.models import Document, key, start_facts

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The log, the facts, and which generation of facts is shown."""
    v1.upgrade()
    op.create_table(
        "log",
        sa.Column("source", sa.String(60), primary_key=True),
        sa.Column("position", Counter, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("occurredon", sa.Date, nullable=False),
        sa.Column("entityversion", Counter, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "fact",
        sa.Column("generation", Counter, primary_key=True, autoincrement=False),
        sa.Column("kind", key(40), primary_key=True),
        sa.Column("entity", key(200), primary_key=True),
        sa.Column("version", Counter, nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("position", Counter, nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("year", Counter),
        sa.Column("amount", Counter),
        sa.Column("person", sa.String(200)),
        sa.Column("parent", sa.String(200)),
        sa.Column("attrs", Document, nullable=False),
        sa.Column("voided", sa.Boolean, nullable=False),
    )
    op.create_index("ix_fact_year", "fact", ["generation", "year", "kind"])
    op.create_table(
        "generation",
        sa.Column("id", Counter, primary_key=True, autoincrement=False),
        sa.Column("live", Counter, nullable=False),
        sa.Column("shadow", Counter),
        sa.Column("last", Counter, nullable=False, comment="the last number given to a generation"),
    )
    start_facts(op.get_bind())
