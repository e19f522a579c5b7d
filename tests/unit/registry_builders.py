"""What the registry's tests build: an empty registry, particulars of made-up persons, and what was told of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum.cn import ric

from hongxia.database import Database
from hongxia.events.context import Context
from hongxia.events.outbox import flush
from hongxia.events.tables import outbox, platform_metadata, start_log
from services.registry import numbers, registration
from services.registry.models import Base, Cadre

TODAY = date(2023, 1, 10)


def new_database() -> Database:
    """The registry's database, empty, in memory."""
    database = Database("sqlite://")
    with database.engine.begin() as connection:
        platform_metadata.create_all(connection)
        Base.metadata.create_all(connection)
        start_log(connection)
        numbers.start_register(connection)
    return database


@contextmanager
def empty_registry() -> Iterator[Session]:
    """A session of an empty registry, in memory."""
    database = new_database()
    context = Context("urn:hongxia:registry", datetime(2023, 1, 10, tzinfo=UTC), "test")
    with database.begin(context) as session:
        yield session


def resident_number(born: str = "19500301", serial: int = 1) -> str:
    """A resident number of a region that does not exist."""
    stem = f"990101{born}{serial:03}"
    return stem + str(ric.calc_check_digit(stem + "0"))


def particulars(**different: Any) -> dict[str, Any]:
    """What a registration needs."""
    return {
        "name": "林晓霞",
        "resident_number": resident_number(),
        "sex": "2",
        "nationality": None,
        "political_status": "01",
        "retirement_category": "2",
        "rank": "132",
        "treatment": "132",
        "unit": "区教育局",
        "street": "石桥街道",
        "joined_party_on": None,
        "registered_on": date(2012, 5, 1),
        "liaison": "联络一组",
        "advanced_age": False,
        "hardship": False,
        "living_alone": False,
        "resettled": False,
        **different,
    }


def registered(session: Session, cadre_no: str | None = None, **different: Any) -> Cadre:
    """A registered cadre; give each a resident number of their own."""
    return registration.register(session, cadre_no, particulars(**different), {}, TODAY)


def told(session: Session) -> list[dict[str, Any]]:
    """The events raised so far."""
    flush(session)
    return [json.loads(body) for body in session.scalars(select(outbox.c.body).order_by(outbox.c.seq))]


def kinds(session: Session) -> list[str]:
    """What the events raised so far say that happened."""
    return [event["type"].split(".")[3] for event in told(session)]
