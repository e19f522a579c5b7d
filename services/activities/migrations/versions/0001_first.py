"""The platform's tables and activities' own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.events.tables import Counter
from hongxia.migrations import v1

revision = "0001"
down_revision = None


def _record() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("version", Counter, nullable=False),
    ]


def upgrade() -> None:
    """Sessions, attendance, works, health checks, vaccination drives, and the cadres as the registry tells of them."""
    v1.upgrade()
    _sessions()
    _health_checks()
    _works()
    _vaccination()
    op.create_table(
        "cadre",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("registered_on", sa.Date, nullable=False),
        sa.Column("deceased_on", sa.Date),
        sa.Column("merged_into", sa.String(36)),
        sa.Column("version", Counter, nullable=False),
    )
    op.create_index("ix_cadre_merged_into", "cadre", ["merged_into"])


def _sessions() -> None:
    op.create_table(
        "session",
        *_record(),
        sa.Column("year", Counter, nullable=False),
        sa.Column("session_no", sa.String(32)),
        sa.Column("programme", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("host", sa.String(10), nullable=False),
        sa.Column("venue", sa.String(100)),
        sa.Column("topic", sa.String(200)),
        sa.Column("others_count", Counter, nullable=False, comment="attendance that is not listed by name"),
        sa.UniqueConstraint("year", "session_no", name="uq_session_year"),
        sa.CheckConstraint("others_count >= 0", name="ck_session_others_count"),
    )
    op.create_index("ix_session_held_on", "session", ["held_on"])
    _presence("attendance", "session_id", "session.id", "uq_attendance_session_id")


def _health_checks() -> None:
    op.create_table(
        "health_check",
        *_record(),
        sa.Column("year", Counter, nullable=False),
        sa.Column("batch_no", sa.String(32)),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("hospital", sa.String(100), nullable=False),
        sa.UniqueConstraint("year", "batch_no", name="uq_health_check_year"),
    )
    op.create_index("ix_health_check_held_on", "health_check", ["held_on"])
    _presence("health_check_person", "batch_id", "health_check.id", "uq_health_check_person_batch_id")


def _presence(table: str, owner: str, refers_to: str, unique: str) -> None:
    op.create_table(
        table,
        *_record(),
        sa.Column(owner, sa.String(36), sa.ForeignKey(refers_to), nullable=False),
        sa.Column("cadre_id", sa.String(36), nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.UniqueConstraint(owner, "cadre_id", name=unique),
    )
    op.create_index(f"ix_{table}_cadre_id", table, ["cadre_id"])
    op.create_index(f"ix_{table}_on", table, ["on"])


def _works() -> None:
    op.create_table(
        "work",
        *_record(),
        sa.Column("year", Counter, nullable=False),
        sa.Column("work_no", sa.String(32)),
        sa.Column("genre", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200)),
        sa.Column("call", sa.String(100)),
        sa.Column("collected_on", sa.Date, nullable=False),
        sa.Column("cadre_id", sa.String(36)),
        sa.UniqueConstraint("year", "work_no", name="uq_work_year"),
    )
    op.create_index("ix_work_collected_on", "work", ["collected_on"])
    op.create_index("ix_work_cadre_id", "work", ["cadre_id"])


def _vaccination() -> None:
    op.create_table(
        "drive",
        *_record(),
        sa.Column("year", Counter, nullable=False),
        sa.Column("drive_no", sa.String(32)),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.UniqueConstraint("year", "drive_no", name="uq_drive_year"),
    )
    op.create_index("ix_drive_starts_on", "drive", ["starts_on"])
    op.create_table(
        "roster",
        *_record(),
        sa.Column("drive_id", sa.String(36), sa.ForeignKey("drive.id"), nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("unit_name", sa.String(100), nullable=False),
        sa.Column("attended", Counter, nullable=False),
        sa.Column("vaccinated", Counter, nullable=False),
        sa.UniqueConstraint("drive_id", "on", "unit_name", name="uq_roster_drive_id"),
        sa.CheckConstraint("vaccinated >= 0 AND vaccinated <= attended", name="ck_roster_vaccinated"),
    )
    op.create_index("ix_roster_on", "roster", ["on"])
