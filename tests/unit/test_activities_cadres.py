"""What activities makes of the registry's events: whom it knows, who died, and who is one with whom."""

from __future__ import annotations

from datetime import date

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select

from hongxia.database import Database, migrate
from hongxia.events.envelope import Event, Malformed
from hongxia.events.parked import UnknownType
from services.activities.app import ActivitiesService
from services.activities.cadres import follow
from services.activities.models import METADATA, Cadre
from tests.unit.activities_builders import CHEN, LIN, Api, add_cadres, cadre_event, events, new_database, read, work


@pytest.fixture
def database() -> Database:
    return new_database()


def known(database: Database) -> dict[str, tuple[date | None, str | None, int]]:
    with database.read() as session:
        found = session.scalars(select(Cadre))
        return {cadre.id: (cadre.deceased_on, cadre.merged_into, cadre.version) for cadre in found}


def test_the_newest_version_of_a_cadre_is_known(database: Database) -> None:
    read(database, cadre_event("registered", LIN), cadre_event("deceased", LIN, version=3, deceased_on="2022-06-01"))
    assert known(database) == {LIN: (date(2022, 6, 1), None, 3)}
    read(database, cadre_event("amended", LIN, version=2))
    assert known(database) == {LIN: (date(2022, 6, 1), None, 3)}
    read(database, cadre_event("death-withdrawn", LIN, version=4))
    assert known(database) == {LIN: (None, None, 4)}


@pytest.mark.parametrize(
    "what", ["treatment-changed", "medical-changed", "liaison-assigned", "care-changed", "moved", "transferred"]
)
def test_every_event_of_a_cadre_carries_the_state(database: Database, what: str) -> None:
    read(database, cadre_event(what, LIN))
    assert known(database) == {LIN: (None, None, 1)}


def test_an_unknown_type_of_a_cadre_is_not_passed_over(database: Database) -> None:
    with pytest.raises(UnknownType):
        read(database, cadre_event("promoted", LIN))


@pytest.mark.parametrize(
    "event",
    [
        cadre_event("registered", LIN, registered_on="some day"),
        cadre_event("deceased", LIN, deceased_on=7),
        cadre_event("merged", LIN),
        cadre_event("merged", LIN, into=LIN),
    ],
)
def test_a_malformed_event_is_refused(database: Database, event: Event) -> None:
    with pytest.raises(Malformed):
        read(database, event)


def test_the_registry_can_be_read_anew(database: Database) -> None:
    add_cadres(database, "G0001")
    with work(database) as session:
        follow.clear(session, "finance")
    assert known(database)
    with work(database) as session:
        follow.clear(session, "registry")
    assert not known(database)


def test_what_follows_from_an_event_names_the_request_that_caused_it(database: Database) -> None:
    add_cadres(database, "G0001", "G0002")
    api = Api(database)
    lesson = api.held_session()
    for cadre_id in (LIN, CHEN):
        api.attended(lesson["id"], cadre_id)
    before = len(events(database))
    read(database, cadre_event("merged", CHEN, version=2, into=LIN))
    [(name, event)] = events(database)[before:]
    assert (name, event["correlationid"], event["data"]["reason"]) == ("attendance.voided", "registry", "cadre-merged")


def test_the_migrations_make_the_tables_that_the_models_describe(tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/activities.sqlite3"
    migrate(url, ActivitiesService.definition.migrations)
    with Database(url).engine.connect() as connection:
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name in METADATA.tables}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []
