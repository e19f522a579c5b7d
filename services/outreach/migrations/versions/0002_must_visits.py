"""Hospital stays, and 五必访: kinds as data, obligations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.events.tables import Counter

revision = "0002"
down_revision = "0001"

# Bureaus differ in the five and in the limits, and publish none in days: the bureau edits both. Nothing raises the
# last four by itself yet.
KINDS = (
    ("illness", "生病住院", 7, "stay", ["illness"], True),
    ("death", "去世", 7, "death", ["death"], True),
    ("hardship", "重大变故或特殊困难", 14, None, ["hardship"], True),
    ("milestone", "高龄寿辰、光荣在党50年", 7, None, ["birthday", "party_50_years"], True),
    ("festival", "重大节日", 7, None, ["festival"], True),
    ("living_alone", "独居", 30, None, ["living_alone"], False),
)


def upgrade() -> None:
    """Make the tables, and put in the kinds to begin with."""
    _stays()
    _obligations()
    kinds = _kinds()
    names = ("code", "title", "days", "raised_by", "occasions", "active")
    op.bulk_insert(kinds, [{**dict(zip(names, kind, strict=True)), "version": 1} for kind in KINDS])


def _stays() -> None:
    op.create_table(
        "stay",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cadre_id", sa.String(36), nullable=False),
        sa.Column("admitted_on", sa.Date, nullable=False),
        sa.Column("reported_on", sa.Date, nullable=False),
        sa.Column("discharged_on", sa.Date),
        sa.Column("hospital", sa.String(100)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("void_reason", sa.String(20)),
        sa.Column("version", Counter, nullable=False),
    )
    op.create_index("ix_stay_cadre_id", "stay", ["cadre_id"])
    op.create_index("ix_stay_admitted_on", "stay", ["admitted_on", "id"])


def _obligations() -> None:
    op.create_table(
        "obligation",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("cadre_id", sa.String(36), nullable=False),
        sa.Column("raised_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("stay_id", sa.String(36)),
        sa.Column("visit_id", sa.String(36)),
    )
    op.create_index("ix_obligation_cadre_id", "obligation", ["cadre_id"])
    op.create_index("ix_obligation_stay_id", "obligation", ["stay_id"])
    op.create_index("ix_obligation_due_on", "obligation", ["due_on", "id"])


def _kinds() -> sa.Table:
    return op.create_table(
        "obligation_kind",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("title", sa.String(30), nullable=False),
        sa.Column("days", Counter, nullable=False),
        sa.Column("raised_by", sa.String(20)),
        sa.Column("occasions", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("version", Counter, nullable=False),
    )
