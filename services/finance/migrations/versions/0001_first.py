"""The platform's tables and finance's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.migrations import v1

revision = "0001"
down_revision = None

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Budget lines, adjustments, expenditure, aid payments."""
    v1.upgrade()
    v1.create_contradictions()
    _budget_lines()
    _adjustments()
    _expenditure()
    _aid_payments()


def _budget_lines() -> None:
    op.create_table(
        "budget_line",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("year", Number, nullable=False),
        sa.Column("line_no", sa.String(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("expenditure_class", sa.String(10), nullable=False),
        sa.Column("initial_fen", Number, nullable=False),
        sa.Column("pays_aid", sa.Boolean, nullable=False),
        sa.Column("approved_on", sa.Date, nullable=False),
        *v1.record_columns(),
        sa.UniqueConstraint("year", "line_no", name="uq_budget_line_year"),
    )
    pays_aid = sa.text("pays_aid AND state = 'approved'")
    op.create_index(
        "uq_budget_line_pays_aid",
        "budget_line",
        ["year"],
        unique=True,
        postgresql_where=pays_aid,
        sqlite_where=pays_aid,
    )


def _adjustments() -> None:
    op.create_table(
        "adjustment",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("year", Number, nullable=False),
        sa.Column("adjustment_no", sa.String(32), nullable=False),
        sa.Column("line_id", sa.String(36), sa.ForeignKey("budget_line.id"), nullable=False),
        sa.Column("amount_fen", Number, nullable=False),
        sa.Column("adjusted_on", sa.Date, nullable=False),
        *v1.record_columns(),
        sa.UniqueConstraint("year", "adjustment_no", name="uq_adjustment_year"),
    )
    op.create_index("ix_adjustment_line_id", "adjustment", ["line_id"])


def _expenditure() -> None:
    op.create_table(
        "expenditure",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("year", Number, nullable=False),
        sa.Column("voucher_no", sa.String(64), nullable=False),
        sa.Column("line_id", sa.String(36), sa.ForeignKey("budget_line.id"), nullable=False),
        sa.Column("amount_fen", Number, nullable=False),
        sa.Column("spent_on", sa.Date, nullable=False),
        sa.Column("summary", sa.Text),
        sa.Column("reverses_id", sa.String(36), sa.ForeignKey("expenditure.id"), unique=True),
        *v1.record_columns(),
        sa.UniqueConstraint("year", "voucher_no", name="uq_expenditure_year"),
        sa.CheckConstraint("amount_fen > 0", name="ck_expenditure_amount"),
    )
    op.create_index("ix_expenditure_line_id", "expenditure", ["line_id"])
    op.create_index("ix_expenditure_spent_on", "expenditure", ["spent_on"])


def _aid_payments() -> None:
    op.create_table(
        "aid_payment",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("amount_fen", Number, nullable=False),
        sa.Column("approval", Number, nullable=False),
        sa.Column("asked_fen", Number, nullable=False),
        sa.Column("answered_before", Number, nullable=False),
        sa.Column("pay_on", sa.Date, nullable=False),
        sa.Column("answered_on", sa.Date, nullable=False),
        sa.Column("returned_on", sa.Date),
        sa.Column("expenditure_id", sa.String(36), sa.ForeignKey("expenditure.id")),
        sa.Column("payments", Number, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("refused", sa.String(20)),
        sa.Column("proposed_by", sa.String(200)),
        sa.Column("reversal", sa.Text),
        *v1.record_columns(),
    )
    op.create_index("ix_aid_payment_pay_on", "aid_payment", ["pay_on"])
    op.create_index("ix_aid_payment_expenditure_id", "aid_payment", ["expenditure_id"])
