"""The platform's tables and reporting's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from hongxia.migrations import v1

revision = "0001"
down_revision = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Document = sa.JSON().with_variant(JSONB, "postgresql")


def upgrade() -> None:
    """The log, the facts, and which generation of facts is shown."""
    v1.upgrade()
    op.create_table(
        "log",
        sa.Column("source", sa.String(60), primary_key=True),
        sa.Column("position", Number, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("occurredon", sa.Date, nullable=False),
        sa.Column("entityversion", Number, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "fact",
        sa.Column("generation", Number, primary_key=True, autoincrement=False),
        sa.Column("kind", _key(40), primary_key=True),
        sa.Column("entity", _key(200), primary_key=True),
        sa.Column("step", Number, primary_key=True, autoincrement=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("year", Number),
        sa.Column("amount", Number),
        sa.Column("person", sa.String(200)),
        sa.Column("parent", sa.String(200)),
        sa.Column("attrs", Document, nullable=False),
        sa.Column("voided", sa.Boolean, nullable=False),
    )
    op.create_index("ix_fact_year", "fact", ["generation", "year", "kind"])
    op.create_table(
        "generation",
        sa.Column("id", Number, primary_key=True, autoincrement=False),
        sa.Column("live", Number, nullable=False),
        sa.Column("shadow", Number),
        sa.Column("last", Number, nullable=False, comment="the last number given to a generation"),
    )
    generation = sa.table("generation", *(sa.column(name, sa.Integer) for name in ("id", "live", "shadow", "last")))
    op.bulk_insert(generation, [{"id": 1, "live": 1, "shadow": None, "last": 1}])


def _key(length: int) -> sa.types.TypeEngine[str]:
    """A text that is sorted by its bytes in every database."""
    return sa.String(length, collation="C").with_variant(sa.String(length), "sqlite")
