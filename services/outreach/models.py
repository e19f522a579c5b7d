"""Outreach's tables: visits, contacts, aid cases, suggestions, stays, obligations, and what it knows of the cadres."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, CheckConstraint, Index, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hongxia.events.tables import Counter


class Base(DeclarativeBase):
    """Base of outreach's models. `version` counts an entity's changes from 1 and is its events' entityversion."""

    type_annotation_map = {int: Counter}


class Cadre(Base):
    """A cadre as the registry's events tell it; only what outreach's rules need, no name.

    `version` is the registry's. `merged_into` is set on the one that disappeared in a merge.
    """

    __tablename__ = "cadre"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    registered_on: Mapped[date]
    deceased_on: Mapped[date | None]
    liaison: Mapped[str | None] = mapped_column(String(50), index=True)
    advanced_age: Mapped[bool]
    hardship: Mapped[bool]
    living_alone: Mapped[bool]
    resettled: Mapped[bool]
    merged_into: Mapped[str | None] = mapped_column(String(36))
    version: Mapped[int]


class Visit(Base):
    """A call on one cadre. `people` counts the cadre and the family members called on.

    `row_digest` is that of the workbook row that it was imported from.
    """

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint("people >= 1", name="ck_visit_people"),
        Index("ix_visit_cadre_id", "cadre_id", "visited_on"),
        Index("ix_visit_visited_on", "visited_on", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    cadre_id: Mapped[str] = mapped_column(String(36))
    visited_on: Mapped[date]
    form: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(20))
    occasion: Mapped[str] = mapped_column(String(20))
    five_must: Mapped[bool]
    people: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    void_reason: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    row_digest: Mapped[str | None] = mapped_column(String(64))


class Contact(Base):
    """A monthly contact (每月敬爱连线). Its id is made of cadre, date and method: there is one of each."""

    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_cadre_id", "cadre_id", "contacted_on"),
        Index("ix_contact_contacted_on", "contacted_on", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    cadre_id: Mapped[str] = mapped_column(String(36))
    contacted_on: Mapped[date]
    method: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    void_reason: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)


class AidCase(Base):
    """An application for aid (帮扶) and what became of it. `amount_fen` is what was approved.

    `year` is the one that it counts for: that of the application until it is decided, then that of the decision.
    """

    __tablename__ = "aid_case"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="ck_aid_case_amount"),
        Index("ix_aid_case_applied_on", "applied_on", "id"),
        Index(
            "uq_aid_case_one_a_year",
            "cadre_id",
            "year",
            unique=True,
            postgresql_where=text("state IN ('applied', 'approved', 'paid')"),
            sqlite_where=text("state IN ('applied', 'approved', 'paid')"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    cadre_id: Mapped[str] = mapped_column(String(36))
    year: Mapped[int]
    cause: Mapped[str] = mapped_column(String(20))
    applied_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(20))
    reviewed_on: Mapped[date | None]
    amount_fen: Mapped[int | None]
    pay_on: Mapped[date | None]
    expenditure_id: Mapped[str | None] = mapped_column(String(36))
    refusal: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    row_digest: Mapped[str | None] = mapped_column(String(64))


class Suggestion(Base):
    """A request or suggestion (有呼必应). `summary` and `assignee` never leave this service."""

    __tablename__ = "suggestion"
    __table_args__ = (Index("ix_suggestion_received_on", "received_on", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    category: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(20))
    received_on: Mapped[date]
    summary: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(20))
    assignee: Mapped[str | None] = mapped_column(String(50))
    assigned_on: Mapped[date | None]
    resolved_on: Mapped[date | None]
    void_reason: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    row_digest: Mapped[str | None] = mapped_column(String(64))


class Stay(Base):
    """A hospital stay that was reported. `hospital` never leaves this service; what the illness is is not kept."""

    __tablename__ = "stay"
    __table_args__ = (Index("ix_stay_admitted_on", "admitted_on", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    cadre_id: Mapped[str] = mapped_column(String(36), index=True)
    admitted_on: Mapped[date]
    reported_on: Mapped[date]
    discharged_on: Mapped[date | None]
    hospital: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20))
    void_reason: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)


class ObligationKind(Base):
    """A kind of 五必访: what raises it, how many days there are, and the occasions of the visits that meet it.

    With no `raised_by` it is on the bureau's list and nothing raises it by itself.
    """

    __tablename__ = "obligation_kind"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    title: Mapped[str] = mapped_column(String(30))
    days: Mapped[int]
    raised_by: Mapped[str | None] = mapped_column(String(20))
    occasions: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool]
    version: Mapped[int] = mapped_column(default=1)


class Obligation(Base):
    """A visit that must be paid between `raised_on` and `due_on`; `visit_id` is the one that met it."""

    __tablename__ = "obligation"
    __table_args__ = (Index("ix_obligation_due_on", "due_on", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    cadre_id: Mapped[str] = mapped_column(String(36), index=True)
    raised_on: Mapped[date]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(20))
    stay_id: Mapped[str | None] = mapped_column(String(36), index=True)
    visit_id: Mapped[str | None] = mapped_column(String(36))
