"""The platform's tables and activities' own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hongxia.migrations import v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Sessions, attendance, works, health checks, vaccination drives; units, contradictions, cadres."""
    v1.upgrade()
    v1.create_contradictions()
    _cadres()
    _units()
    _sessions()
    _health_checks()
    _works()
    _vaccination()


def _record(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(table, sa.Column("id", sa.String(36), primary_key=True), *columns, *v1.record_columns())


def _cadres() -> None:
    op.create_table(
        "cadre",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("merged_into", sa.String(36)),
        sa.Column("version", v1.Counter, nullable=False),
        sa.Column("registered_on", sa.Date, nullable=False),
        sa.Column("deceased_on", sa.Date),
        sa.Column("away", sa.JSON, nullable=False),
    )
    op.create_index("ix_cadre_merged_into", "cadre", ["merged_into"])


def _units() -> None:
    _record(
        "unit",
        sa.Column("code", sa.String(9), nullable=False, unique=True),
        sa.Column("label", sa.String(100), nullable=False, unique=True),
        sa.Column("listed_on", sa.Date, nullable=False),
    )


def _sessions() -> None:
    _record(
        "session",
        sa.Column("session_no", sa.String(32)),
        sa.Column("programme", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("host", sa.String(10), nullable=False),
        sa.Column("venue", sa.String(100)),
        sa.Column("topic", sa.String(200)),
        sa.Column("others_count", v1.Counter, nullable=False, comment="attendance that is not listed by name"),
        sa.CheckConstraint("others_count >= 0", name="ck_session_others_count"),
    )
    op.create_index("ix_session_held_on", "session", ["held_on", "id"])
    _presence("attendance", "session_id", "session.id", "attended_on")


def _health_checks() -> None:
    _record(
        "health_check",
        sa.Column("batch_no", sa.String(32)),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("hospital", sa.String(100), nullable=False),
    )
    op.create_index("ix_health_check_held_on", "health_check", ["held_on", "id"])
    _presence("health_check_person", "batch_id", "health_check.id", "checked_on")


def _presence(table: str, owner: str, refers_to: str, day: str) -> None:
    _record(
        table,
        sa.Column(owner, sa.String(36), sa.ForeignKey(refers_to), nullable=False),
        sa.Column("cadre_id", sa.String(36), nullable=False),
        sa.Column(day, sa.Date, nullable=False),
        sa.UniqueConstraint(owner, "cadre_id", name=f"uq_{table}_{owner}"),
    )
    op.create_index(f"ix_{table}_cadre_id", table, ["cadre_id"])
    op.create_index(f"ix_{table}_{day}", table, [day])


def _works() -> None:
    _record(
        "work",
        sa.Column("work_no", sa.String(32)),
        sa.Column("cadre_id", sa.String(36)),
        sa.Column("genre", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200)),
        sa.Column("collected_on", sa.Date, nullable=False),
        sa.Column("call", sa.String(100)),
        sa.Column("by_family", sa.Boolean, nullable=False),
    )
    op.create_index("ix_work_collected_on", "work", ["collected_on", "id"])
    op.create_index("ix_work_cadre_id", "work", ["cadre_id", "collected_on"])


def _vaccination() -> None:
    _record(
        "drive",
        sa.Column("drive_no", sa.String(32)),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
    )
    op.create_index("ix_drive_starts_on", "drive", ["starts_on", "id"])
    _record(
        "roster",
        sa.Column("drive_id", sa.String(36), sa.ForeignKey("drive.id"), nullable=False),
        sa.Column("on", sa.Date, nullable=False),
        sa.Column("unit", sa.String(9), sa.ForeignKey("unit.code"), nullable=False),
        sa.Column("attended", v1.Counter, nullable=False),
        sa.Column("vaccinated", v1.Counter, nullable=False),
        sa.UniqueConstraint("drive_id", "on", "unit", name="uq_roster_drive_id"),
        sa.CheckConstraint("vaccinated >= 0 AND vaccinated <= attended", name="ck_roster_vaccinated"),
    )
    op.create_index("ix_roster_on", "roster", ["on", "id"])
