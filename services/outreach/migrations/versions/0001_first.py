"""The platform's tables and outreach's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.events.tables import Counter
from hongxia.migrations import v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Cadres as learnt from the registry, visits, contacts, aid cases, suggestions."""
    v1.upgrade()
    _cadres()
    _visits()
    _contacts()
    _aid_cases()
    _suggestions()


def _cadres() -> None:
    op.create_table(
        "cadre",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("registered_on", sa.Date, nullable=False),
        sa.Column("deceased_on", sa.Date),
        sa.Column("liaison", sa.String(50)),
        sa.Column("advanced_age", sa.Boolean, nullable=False),
        sa.Column("hardship", sa.Boolean, nullable=False),
        sa.Column("living_alone", sa.Boolean, nullable=False),
        sa.Column("resettled", sa.Boolean, nullable=False),
        sa.Column("merged_into", sa.String(36)),
        sa.Column("version", Counter, nullable=False),
    )
    op.create_index("ix_cadre_liaison", "cadre", ["liaison"])


def _visits() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cadre_id", sa.String(36), nullable=False),
        sa.Column("visited_on", sa.Date, nullable=False),
        sa.Column("form", sa.String(20), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("occasion", sa.String(20), nullable=False),
        sa.Column("five_must", sa.Boolean, nullable=False),
        sa.Column("people", Counter, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("void_reason", sa.String(20)),
        sa.Column("version", Counter, nullable=False),
        sa.Column("row_digest", sa.String(64)),
        sa.CheckConstraint("people >= 1", name="ck_visit_people"),
    )
    op.create_index("ix_visit_cadre_id", "visit", ["cadre_id", "visited_on"])
    op.create_index("ix_visit_visited_on", "visit", ["visited_on", "id"])


def _contacts() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cadre_id", sa.String(36), nullable=False),
        sa.Column("contacted_on", sa.Date, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("void_reason", sa.String(20)),
        sa.Column("version", Counter, nullable=False),
    )
    op.create_index("ix_contact_cadre_id", "contact", ["cadre_id", "contacted_on"])
    op.create_index("ix_contact_contacted_on", "contact", ["contacted_on", "id"])


def _aid_cases() -> None:
    op.create_table(
        "aid_case",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("cadre_id", sa.String(36), nullable=False),
        sa.Column("year", Counter, nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("applied_on", sa.Date, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reviewed_on", sa.Date),
        sa.Column("amount_fen", Counter),
        sa.Column("pay_on", sa.Date),
        sa.Column("expenditure_id", sa.String(36)),
        sa.Column("refusal", sa.String(20)),
        sa.Column("version", Counter, nullable=False),
        sa.Column("row_digest", sa.String(64)),
        sa.CheckConstraint("amount_fen > 0", name="ck_aid_case_amount"),
    )
    op.create_index("ix_aid_case_applied_on", "aid_case", ["applied_on", "id"])
    counted = sa.text("state IN ('applied', 'approved', 'paid')")
    op.create_index(
        "uq_aid_case_one_a_year",
        "aid_case",
        ["cadre_id", "year"],
        unique=True,
        postgresql_where=counted,
        sqlite_where=counted,
    )


def _suggestions() -> None:
    op.create_table(
        "suggestion",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("summary", sa.String(500)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("assignee", sa.String(50)),
        sa.Column("assigned_on", sa.Date),
        sa.Column("resolved_on", sa.Date),
        sa.Column("void_reason", sa.String(20)),
        sa.Column("version", Counter, nullable=False),
        sa.Column("row_digest", sa.String(64)),
    )
    op.create_index("ix_suggestion_received_on", "suggestion", ["received_on", "id"])
