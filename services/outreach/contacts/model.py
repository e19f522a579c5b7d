"""How a contact is stored."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hongxia.records import Record
from services.outreach.base import Base
from services.outreach.contacts.schema import LIFECYCLE


class Contact(Record, Base):
    """A monthly contact. Its id is made of cadre, date and method as they were first recorded, and stays when they are
    amended.
    """

    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_cadre_id", "cadre_id", "contacted_on"),
        Index("ix_contact_contacted_on", "contacted_on", "id"),
    )
    lifecycle = LIFECYCLE

    cadre_id: Mapped[str] = mapped_column(String(36))
    contacted_on: Mapped[date]
    method: Mapped[str] = mapped_column(String(20))

    @property
    def month(self) -> str:
        """The month in which the cadre was contacted, as YYYY-MM."""
        return self.contacted_on.isoformat()[:7]
