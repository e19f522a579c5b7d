"""How a cadre is stored, and the one row that hands out numbers."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from hongxia.away import Times, TimesAway
from hongxia.dates import age_band, away_on
from hongxia.names import folded, search_key
from hongxia.records import Record
from hongxia.sealed import Sealed
from services.registry.base import Base
from services.registry.cadres.particulars import birth_date
from services.registry.cadres.schema import LIFECYCLE


def same_person(name: str, born: date) -> str:
    """Return a text that is the same for all spellings of a name with one birth date."""
    return f"{folded(name)} {born}"


class Cadre(Record, Base):
    """A cadre as of now. `unit`, `street` and `liaison` are codes of the bureau's lists; `away` are the times of all
    transfers. Who the person is lies sealed in the database, and is found through keyed hashes; `search_key` follows
    from the name whenever it is set.
    """

    __tablename__ = "cadre"
    __table_args__ = (
        Index(
            "uq_cadre_resident_number",
            "resident_number_hash",
            unique=True,
            postgresql_where=text("merged_into IS NULL"),
            sqlite_where=text("merged_into IS NULL"),
        ),
        Index("ix_cadre_same_person", "same_person_hash"),
        Index("ix_cadre_birth_date", "birth_date_hash"),
        Index("ix_cadre_birth_year", "birth_year_hash"),
        Index("ix_cadre_liaison", "liaison"),
        Index("ix_cadre_merged_into", "merged_into"),
    )
    lifecycle = LIFECYCLE
    hashes = {
        "resident_number_hash": "resident_number",
        "birth_date_hash": "birth_date",
        "birth_year_hash": "birth_year",
        "same_person_hash": "same_person",
    }

    cadre_no: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(Sealed)
    search_key: Mapped[str] = mapped_column(Sealed)
    resident_number: Mapped[str] = mapped_column(Sealed)
    resident_number_hash: Mapped[str] = mapped_column(String(32))
    birth_date_hash: Mapped[str] = mapped_column(String(32))
    birth_year_hash: Mapped[str] = mapped_column(String(32))
    same_person_hash: Mapped[str] = mapped_column(String(32))
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
        self.search_key = search_key(name)
        return name

    @property
    def birth_date(self) -> date:
        """The date in the resident number."""
        return birth_date(self.resident_number)

    @property
    def birth_year(self) -> int:
        """The year in the resident number."""
        return self.birth_date.year

    @property
    def same_person(self) -> str:
        """What two records of one person have in common."""
        return same_person(self.name, self.birth_date)

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
