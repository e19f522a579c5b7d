"""The platform's tables and the registry's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.events.tables import Counter
from hongxia.migrations import v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Cadres, their history, and the register that hands out numbers."""
    v1.upgrade()
    _create_cadre()
    op.create_table(
        "entry",
        sa.Column("cadre_id", sa.String(36), sa.ForeignKey("cadre.id"), primary_key=True),
        sa.Column("aspect", sa.String(10), primary_key=True),
        sa.Column("version", Counter, primary_key=True, autoincrement=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("value", sa.String(100)),
        sa.Column("document_no", sa.String(60)),
        sa.Column("void_reason", sa.String(20)),
    )
    register = op.create_table(
        "register",
        sa.Column("id", Counter, primary_key=True, autoincrement=False),
        sa.Column("last_serial", Counter, nullable=False),
    )
    op.bulk_insert(register, [{"id": 1, "last_serial": 0}])


def _create_cadre() -> None:
    op.create_table(
        "cadre",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cadre_no", sa.String(32), nullable=False, unique=True),
        sa.Column("version", Counter, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("resident_number", sa.String(18), nullable=False),
        sa.Column("birth_date", sa.Date, nullable=False),
        sa.Column("sex", sa.String(1), nullable=False),
        sa.Column("nationality", sa.String(2)),
        sa.Column("political_status", sa.String(2), nullable=False),
        sa.Column("retirement_category", sa.String(1), nullable=False),
        sa.Column("rank", sa.String(3), nullable=False),
        sa.Column("treatment", sa.String(3), nullable=False),
        sa.Column("unit", sa.String(100), nullable=False),
        sa.Column("street", sa.String(100), nullable=False),
        sa.Column("joined_party_on", sa.Date),
        sa.Column("registered_on", sa.Date, nullable=False),
        sa.Column("liaison", sa.String(50)),
        sa.Column("advanced_age", sa.Boolean, nullable=False),
        sa.Column("hardship", sa.Boolean, nullable=False),
        sa.Column("living_alone", sa.Boolean, nullable=False),
        sa.Column("resettled", sa.Boolean, nullable=False),
        sa.Column("deceased_on", sa.Date),
        sa.Column("merged_into", sa.String(36), sa.ForeignKey("cadre.id")),
        sa.Column("row_digest", sa.String(64)),
    )
    op.create_index(
        "uq_cadre_resident_number",
        "cadre",
        ["resident_number"],
        unique=True,
        postgresql_where=sa.text("merged_into IS NULL"),
        sqlite_where=sa.text("merged_into IS NULL"),
    )
    op.create_index("ix_cadre_same_person", "cadre", ["name", "birth_date"])
    op.create_index("ix_cadre_birth_date", "cadre", ["birth_date"])
    op.create_index("ix_cadre_liaison", "cadre", ["liaison"])
