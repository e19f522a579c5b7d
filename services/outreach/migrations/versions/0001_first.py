"""The platform's tables and outreach's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.migrations import v1

revision = "0001"
down_revision = None

Counter = v1.Counter


# Bureaus differ in the five and in the limits, and publish none in days: the bureau edits both.
KINDS = (
    ("illness", "生病住院", "stay", 7, ["illness"], True),
    ("discharge", "出院后一周", "discharge", 7, ["illness"], False),
    ("long_stay", "住院期间每月", "monthly", 7, ["illness"], False),
    ("death", "去世", "death", 7, ["death"], True),
    ("hardship", "重大变故或特殊困难", "hardship", 14, ["hardship"], True),
    ("milestone", "高龄寿辰、光荣在党50年", "milestone", 7, ["birthday", "party_50_years"], True),
    ("festival", "重大节日", "festival", 14, ["festival"], True),
    ("living_alone", "独居", "living_alone", 30, ["living_alone"], False),
)


def upgrade() -> None:
    """Cadres as learnt from the registry, and everything that is recorded about them."""
    v1.upgrade()
    v1.create_contradictions()
    _cadres()
    _visits()
    _contacts()
    _aid_cases()
    _suggestions()
    _stays()
    _obligations()
    _kinds()
    _festivals()


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(36), primary_key=True)


def _cadre_id() -> sa.Column[str]:
    return sa.Column("cadre_id", sa.String(36), nullable=False)


def _cadres() -> None:
    op.create_table(
        "cadre",
        _id(),
        sa.Column("merged_into", sa.String(36)),
        sa.Column("version", Counter, nullable=False),
        sa.Column("registered_on", sa.Date, nullable=False),
        sa.Column("deceased_on", sa.Date),
        sa.Column("away", sa.JSON, nullable=False),
        sa.Column("liaison", sa.String(50)),
        sa.Column("hardship", sa.Boolean, nullable=False),
        sa.Column("living_alone", sa.Boolean, nullable=False),
        sa.Column("advanced_age", sa.Boolean, nullable=False),
        sa.Column("resettled", sa.Boolean, nullable=False),
    )
    op.create_index("ix_cadre_merged_into", "cadre", ["merged_into"])
    op.create_index("ix_cadre_liaison", "cadre", ["liaison"])
    op.create_table(
        "cadre_flag",
        sa.Column("cadre_id", sa.String(36), primary_key=True),
        sa.Column("flag", sa.String(20), primary_key=True),
        sa.Column("since", sa.Date, primary_key=True),
        sa.Column("until", sa.Date),
    )
    op.create_table(
        "milestone",
        _id(),
        sa.Column("merged_into", sa.String(36)),
        sa.Column("version", Counter, nullable=False),
        _cadre_id(),
        sa.Column("milestone", sa.String(20), nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_index("ix_milestone_merged_into", "milestone", ["merged_into"])
    op.create_index("ix_milestone_cadre_id", "milestone", ["cadre_id"])


def _visits() -> None:
    op.create_table(
        "visit",
        _id(),
        _cadre_id(),
        sa.Column("visited_on", sa.Date, nullable=False),
        sa.Column("form", sa.String(20), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("occasion", sa.String(20), nullable=False),
        sa.Column("five_must", sa.Boolean, nullable=False),
        sa.Column("people", Counter, nullable=False),
        *v1.record_columns(),
        sa.CheckConstraint("people >= 1", name="ck_visit_people"),
    )
    op.create_index("ix_visit_cadre_id", "visit", ["cadre_id", "visited_on"])
    op.create_index("ix_visit_visited_on", "visit", ["visited_on", "id"])


def _contacts() -> None:
    op.create_table(
        "contact",
        _id(),
        _cadre_id(),
        sa.Column("contacted_on", sa.Date, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        *v1.record_columns(),
    )
    op.create_index("ix_contact_cadre_id", "contact", ["cadre_id", "contacted_on"])
    op.create_index("ix_contact_contacted_on", "contact", ["contacted_on", "id"])


def _aid_cases() -> None:
    op.create_table(
        "aid_case",
        _id(),
        _cadre_id(),
        sa.Column("applied_on", sa.Date, nullable=False),
        sa.Column("reviewed_on", sa.Date),
        sa.Column("amount_fen", Counter),
        sa.Column("asked_fen", sa.JSON(), nullable=False),
        sa.Column("pay_on", sa.Date),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("year", Counter, nullable=False),
        sa.Column("waiting", sa.Boolean, nullable=False),
        sa.Column("settled_on", sa.Date),
        sa.Column("returned_on", sa.Date),
        sa.Column("expenditure_id", sa.String(36)),
        sa.Column("refusal", sa.String(40)),
        sa.Column("withdrawal", sa.String(20)),
        sa.Column("finance_version", Counter, nullable=False),
        *v1.record_columns(),
        sa.CheckConstraint("amount_fen > 0", name="ck_aid_case_amount"),
    )
    op.create_index("ix_aid_case_cadre_id", "aid_case", ["cadre_id"])
    op.create_index("ix_aid_case_applied_on", "aid_case", ["applied_on", "id"])


def _suggestions() -> None:
    op.create_table(
        "suggestion",
        _id(),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("summary", sa.Text),
        sa.Column("assignee", sa.Text),
        sa.Column("assigned_on", sa.Date),
        sa.Column("resolved_on", sa.Date),
        *v1.record_columns(),
    )
    op.create_index("ix_suggestion_received_on", "suggestion", ["received_on", "id"])


def _stays() -> None:
    op.create_table(
        "stay",
        _id(),
        _cadre_id(),
        sa.Column("admitted_on", sa.Date, nullable=False),
        sa.Column("reported_on", sa.Date, nullable=False),
        sa.Column("hospital", sa.Text),
        sa.Column("discharged_on", sa.Date),
        sa.Column("ended_with", sa.String(10)),
        *v1.record_columns(),
    )
    op.create_index("ix_stay_cadre_id", "stay", ["cadre_id"])
    op.create_index("ix_stay_admitted_on", "stay", ["admitted_on", "id"])


def _obligations() -> None:
    op.create_table(
        "obligation",
        _id(),
        sa.Column("kind", sa.String(20), nullable=False),
        _cadre_id(),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("cause_key", sa.String(60), nullable=False),
        sa.Column("counted_from", sa.Date, nullable=False),
        sa.Column("days", Counter, nullable=False),
        sa.Column("working_days", sa.Boolean, nullable=False),
        sa.Column("calendar_known", sa.Boolean, nullable=False),
        sa.Column("occasions", sa.JSON, nullable=False),
        sa.Column("raised_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("stay_id", sa.String(36)),
        sa.Column("visit_id", sa.String(36)),
        sa.Column("met_on", sa.Date),
        sa.Column("on_time", sa.Boolean),
        *v1.record_columns(),
    )
    op.create_index("ix_obligation_cadre_id", "obligation", ["cadre_id"])
    op.create_index("ix_obligation_due_on", "obligation", ["due_on", "id"])
    op.create_index("ix_obligation_cause_key", "obligation", ["cause_key"])
    op.create_index("ix_obligation_state", "obligation", ["state", "due_on"])


def _kinds() -> None:
    kinds = op.create_table(
        "obligation_kind",
        _id(),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("title", sa.String(30), nullable=False),
        sa.Column("raised_by", sa.String(20)),
        sa.Column("days", Counter, nullable=False),
        sa.Column("working_days", sa.Boolean, nullable=False),
        sa.Column("concerns", sa.String(20), nullable=False),
        sa.Column("occasions", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        *v1.record_columns(),
        sa.UniqueConstraint("code"),
    )
    names = ("code", "title", "raised_by", "days", "occasions", "active")
    # Version 0: the service gives them their ids and publishes them as version 1 when it starts.
    same = {"working_days": False, "concerns": "all", "state": "listed", "version": 0, "changed_by": ""}
    rows = [{**dict(zip(names, kind, strict=True)), **same} for kind in KINDS]
    op.bulk_insert(kinds, [{**row, "id": row["code"]} for row in rows])


def _festivals() -> None:
    op.create_table(
        "festival",
        _id(),
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("held_on", sa.Date, nullable=False),
        *v1.record_columns(),
        sa.UniqueConstraint("name", "held_on"),
    )
    op.create_index("ix_festival_held_on", "festival", ["held_on"])
