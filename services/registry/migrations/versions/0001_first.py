"""The platform's tables and the registry's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.migrations import v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Cadres, their history, transfers, milestones, lists, contradictions, and the register that hands out numbers."""
    v1.upgrade()
    v1.create_contradictions()
    for name in ("street", "unit", "liaison"):
        _create_list(name)
    _create_cadre()
    op.create_table(
        "change",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cadre_id", sa.String(36), sa.ForeignKey("cadre.id"), nullable=False),
        sa.Column("aspect", sa.String(20), nullable=False),
        sa.Column("cadre_version", v1.Counter, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("value", sa.String(100)),
        sa.Column("document_no", sa.String(60)),
        *v1.record_columns(),
    )
    op.create_index("ix_change_cadre_id", "change", ["cadre_id", "from_on"])
    op.create_table(
        "transfer",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cadre_id", sa.String(36), sa.ForeignKey("cadre.id"), nullable=False),
        sa.Column("left_on", sa.Date, nullable=False),
        sa.Column("destination", sa.String(100), nullable=False),
        sa.Column("returned_on", sa.Date),
        *v1.record_columns(),
    )
    op.create_index("ix_transfer_cadre_id", "transfer", ["cadre_id", "left_on"])
    op.create_table(
        "milestone",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cadre_id", sa.String(36), sa.ForeignKey("cadre.id"), nullable=False),
        sa.Column("milestone", sa.String(10), nullable=False),
        sa.Column("year", v1.Counter, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        *v1.record_columns(),
    )
    op.create_index("ix_milestone_cadre_id", "milestone", ["cadre_id"])
    register = op.create_table(
        "register",
        sa.Column("id", v1.Counter, primary_key=True, autoincrement=False),
        sa.Column("last_serial", v1.Counter, nullable=False),
    )
    op.bulk_insert(register, [{"id": 1, "last_serial": 0}])


def _create_list(name: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("code", sa.String(9), nullable=False, unique=True),
        sa.Column("label", sa.String(100), nullable=False, unique=True),
        sa.Column("listed_on", sa.Date, nullable=False),
        *v1.record_columns(),
    )


def _create_cadre() -> None:
    op.create_table(
        "cadre",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cadre_no", sa.String(32), nullable=False, unique=True),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("folded_name", sa.Text, nullable=False),
        sa.Column("search_key", sa.Text, nullable=False),
        sa.Column("resident_number", sa.String(18), nullable=False),
        sa.Column("birth_date", sa.Date, nullable=False),
        sa.Column("sex", sa.String(1), nullable=False),
        sa.Column("nationality", sa.String(2)),
        sa.Column("political_status", sa.String(2), nullable=False),
        sa.Column("retirement_category", sa.String(1), nullable=False),
        sa.Column("rank", sa.String(3), nullable=False),
        sa.Column("treatment", sa.String(3), nullable=False),
        sa.Column("medical_treatment", sa.String(3)),
        sa.Column("reimbursement", sa.String(10)),
        sa.Column("unit", sa.String(9), nullable=False),
        sa.Column("street", sa.String(9), nullable=False),
        sa.Column("liaison", sa.String(9)),
        sa.Column("joined_party_on", sa.Date),
        sa.Column("registered_on", sa.Date, nullable=False),
        sa.Column("advanced_age", sa.Boolean, nullable=False),
        sa.Column("hardship", sa.Boolean, nullable=False),
        sa.Column("living_alone", sa.Boolean, nullable=False),
        sa.Column("resettled", sa.Boolean, nullable=False),
        sa.Column("deceased_on", sa.Date),
        sa.Column("away", sa.JSON, nullable=False),
        sa.Column("merged_into", sa.String(36), sa.ForeignKey("cadre.id")),
        *v1.record_columns(),
    )
    op.create_index(
        "uq_cadre_resident_number",
        "cadre",
        ["resident_number"],
        unique=True,
        postgresql_where=sa.text("merged_into IS NULL"),
        sqlite_where=sa.text("merged_into IS NULL"),
    )
    op.create_index("ix_cadre_same_person", "cadre", ["folded_name", "birth_date"])
    op.create_index("ix_cadre_birth_date", "cadre", ["birth_date"])
    op.create_index("ix_cadre_liaison", "cadre", ["liaison"])
    op.create_index("ix_cadre_merged_into", "cadre", ["merged_into"])
