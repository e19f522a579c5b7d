"""The platform's tables and finance's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.events.tables import Counter
from hongxia.migrations import v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Budget lines, adjustments, expenditure, aid payments."""
    v1.upgrade()
    op.create_table(
        "budget_line",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("year", Counter, nullable=False),
        sa.Column("line_no", sa.String(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("expenditure_class", sa.String(10), nullable=False),
        sa.Column("initial_fen", Counter, nullable=False),
        sa.Column("adjusted_fen", Counter, nullable=False),
        sa.Column("spent_fen", Counter, nullable=False),
        sa.Column("pays_aid", sa.Boolean, nullable=False),
        sa.Column("approved_on", sa.Date, nullable=False),
        sa.Column("version", Counter, nullable=False),
        sa.UniqueConstraint("year", "line_no", name="uq_budget_line_year"),
        sa.CheckConstraint("initial_fen + adjusted_fen - spent_fen >= 0", name="ck_budget_line_never_overspent"),
    )
    pays_aid = sa.text("pays_aid")
    op.create_index(
        "uq_budget_line_pays_aid",
        "budget_line",
        ["year"],
        unique=True,
        postgresql_where=pays_aid,
        sqlite_where=pays_aid,
    )
    op.create_table(
        "adjustment",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("year", Counter, nullable=False),
        sa.Column("adjustment_no", sa.String(64), nullable=False),
        sa.Column("line_id", sa.String(36), sa.ForeignKey("budget_line.id"), nullable=False),
        sa.Column("amount_fen", Counter, nullable=False),
        sa.Column("adjusted_on", sa.Date, nullable=False),
        sa.UniqueConstraint("year", "adjustment_no", name="uq_adjustment_year"),
    )
    op.create_table(
        "expenditure",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("year", Counter, nullable=False),
        sa.Column("voucher_no", sa.String(64), nullable=False),
        sa.Column("line_id", sa.String(36), sa.ForeignKey("budget_line.id"), nullable=False),
        sa.Column("amount_fen", Counter, nullable=False),
        sa.Column("spent_on", sa.Date, nullable=False),
        sa.Column("summary", sa.String(200)),
        sa.Column("reverses_id", sa.String(36), sa.ForeignKey("expenditure.id"), unique=True),
        sa.UniqueConstraint("year", "voucher_no", name="uq_expenditure_year"),
    )
    op.create_index("ix_expenditure_spent_on", "expenditure", ["spent_on"])
    op.create_table(
        "aid_payment",
        sa.Column("case_id", sa.String(36), primary_key=True),
        sa.Column("amount_fen", Counter, nullable=False),
        sa.Column("answered_on", sa.Date, nullable=False),
        sa.Column("expenditure_id", sa.String(36), sa.ForeignKey("expenditure.id")),
        sa.Column("refused", sa.String(20)),
    )
