"""How a cadre is stored, and the one row that hands out numbers."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from hongxia.away import Times, TimesAway
from hongxia.dates import age_band, away_on
from hongxia.names import folded, search_key
from hongxia.records import Record
from services.registry.base import Base
from services.registry.cadres.schema import LIFECYCLE


class Cadre(Record, Base):
    """A cadre as of now. `birth_date` is the one in the resident number; `unit`, `street` and `liaison` are codes of
    the bureau's lists; `away` are the times of all transfers. `search_key` and `folded_name` follow from the name
    whenever it is set.
    """

    __tablename__ = "cadre"
    __table_args__ = (
        Index(
            "uq_cadre_resident_number",
            "resident_number",
            unique=True,
            postgresql_where=text("merged_into IS NULL"),
            sqlite_where=text("merged_into IS NULL"),
        ),
        Index("ix_cadre_same_person", "folded_name", "birth_date"),
        Index("ix_cadre_birth_date", "birth_date"),
        Index("ix_cadre_liaison", "liaison"),
        Index("ix_cadre_merged_into", "merged_into"),
    )
    lifecycle = LIFECYCLE

    cadre_no: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    folded_name: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    resident_number: Mapped[str] = mapped_column(String(18))
    birth_date: Mapped[date]
    sex: Mapped[str] = mapped_column(String(1))
    nationality: Mapped[str | None] = mapped_column(String(2))
    political_status: Mapped[str] = mapped_column(String(2))
    retirement_category: Mapped[str] = mapped_column(String(1))
    rank: Mapped[str] = mapped_column(String(3))
    treatment: Mapped[str] = mapped_column(String(3))
    medical_treatment: Mapped[str | None] = mapped_column(String(3))
    reimbursement: Mapped[str | None] = mapped_column(String(10))
    unit: Mapped[str] = mapped_column(String(9))
    street: Mapped[str] = mapped_column(String(9))
    liaison: Mapped[str | None] = mapped_column(String(9))
    joined_party_on: Mapped[date | None]
    registered_on: Mapped[date]
    advanced_age: Mapped[bool]
    hardship: Mapped[bool]
    living_alone: Mapped[bool]
    resettled: Mapped[bool]
    deceased_on: Mapped[date | None]
    away: Mapped[Times] = mapped_column(TimesAway)
    merged_into: Mapped[str | None] = mapped_column(ForeignKey("cadre.id"))

    @validates("name")
    def _derive(self, _key: str, name: str) -> str:
        self.folded_name = folded(name)
        self.search_key = search_key(name)
        return name

    @property
    def age_band(self) -> str:
        """The decade of the age at registration."""
        return age_band(self.birth_date, self.registered_on)

    def away_on(self, day: date) -> bool:
        """Return whether another bureau served the cadre on a day."""
        return away_on(self.away, day) is not None


class Register(Base):
    """The single row that is locked before a cadre is added, a resident number changed, or a merge undone.

    `last_serial` is the highest number of the form G0001 that was ever given.
    """

    __tablename__ = "register"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_serial: Mapped[int]
