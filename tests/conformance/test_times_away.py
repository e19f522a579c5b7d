"""Times away are a list within a row: kept by each database as they are, and counted by it as hongxia.dates has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import DeclarativeBase

from hongxia.cadres import CadreColumns, mirror_of_cadres
from hongxia.database import Database
from hongxia.dates import TimeAway
from tests.conformance.backends import cases_metadata
from tests.unit.away_builders import away
from tests.unit.events_builders import READER, signed
from tests.unit.reporting_builders import Source, cadre, contact, figure, new_database

TRANSFERRED = "hongxia.registry.cadre.transferred.v1"


class Base(DeclarativeBase):
    """The suite's own tables."""

    metadata = cases_metadata


class Cadre(CadreColumns, Base):
    """A copy of a cadre."""

    __tablename__ = "cadre"


CADRES = mirror_of_cadres(Cadre)


def test_the_newest_times_away_are_kept_in_their_order(database: Database) -> None:
    both = [*away("2022-03-01", "2022-06-01"), *away("2022-09-01")]
    for version, times in ((1, away("2022-03-01")), (3, both), (2, [])):
        data = {"registered_on": "2012-05-01", "deceased_on": None, "away": times}
        event = signed({"type": TRANSFERRED, "subject": "a", "entityversion": version, "data": data})
        with database.begin(READER) as session:
            CADRES.apply(session, [event])
    with database.read() as session:
        found = CADRES.find(session, "a")
        assert found is not None
        assert found.away == (
            TimeAway(date(2022, 3, 1), date(2022, 6, 1)),
            TimeAway(date(2022, 9, 1)),
        )
        assert found.against("cadre-transferred", date(2022, 10, 1)) == "2022-09-01/"


@pytest.fixture(params=["sqlite", "postgresql"])
def reporting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Reporting's database."""
    url = f"sqlite:///{tmp_path}/reporting.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database("away")
    made = new_database(url)
    yield made
    made.close()


CASES = (
    ([], 12),
    (away("2022-03-31"), 2),
    (away("2022-03-31", "2022-04-30"), 11),
    (away("2022-04-01", "2022-04-30"), 12),
    ([*away("2021-01-01", "2022-02-28"), *away("2022-05-31", "2022-07-01"), *away("2022-12-31")], 8),
)
"""Times away, and the months of 2022 that are due."""


def test_nobody_is_due_in_a_month_on_whose_last_day_another_bureau_serves(reporting: Database) -> None:
    registry, outreach = Source("registry"), Source("outreach")
    total = 0
    for number, (times, months) in enumerate(CASES, start=1):
        cadre(registry, number, "transferred", away=times)
        for month in range(1, 13):
            contact(outreach, number, f"2022-{month:02}-10")
        for source in (registry, outreach):
            source.read(reporting)
        total += months
        rate = figure(reporting, "outreach.contact.coverage")
        assert (rate.numerator, rate.denominator) == (total, total), times
