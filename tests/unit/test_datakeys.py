"""The keys of personal data: what they seal opens with them alone, in its place alone, and is found by keyed hashes."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from hongxia import sealed
from hongxia.database import Database
from hongxia.datakeys import KeyRing, NotAKeyRing, Unsealable
from hongxia.resealing import reseal
from hongxia.sealed import NoKeys
from services.outreach.base import Base
from services.outreach.stays.model import Stay
from tests.unit.outreach_builders import new_database, work

ROOT = Path(__file__).parents[2]
HOSPITAL = "区中心医院"


def stay(record_id: str = "s-1", hospital: str | None = HOSPITAL) -> Stay:
    day = date(2022, 9, 1)
    values = {"cadre_id": "c-1", "admitted_on": day, "reported_on": day, "discharged_on": None}
    record = Stay(id=record_id, hospital=hospital, ended_with=None, **values)
    record.state, record.version, record.changed_by = "reported", 1, "somebody"
    return record


@pytest.fixture
def database() -> Database:
    database = new_database()
    with work(database) as session:
        session.add_all([stay(), stay("s-2", "邻区医院"), stay("s-3", None)])
    return database


def raw(session: Session, record_id: str = "s-1") -> str:
    return str(session.scalar(text("SELECT hospital FROM stay WHERE id = :id").bindparams(id=record_id)))


# The ring


def test_a_ring_opens_what_it_sealed_in_its_place_alone() -> None:
    ring = KeyRing.made()
    closed = ring.seal("林晓霞", "cadre.name.1")
    assert closed.startswith(f"A256GCM.{ring.current}.")
    assert ring.open(closed, "cadre.name.1") == "林晓霞"
    for place in ("cadre.name.2", "cadre.search_key.1", ""):
        with pytest.raises(Unsealable):
            ring.open(closed, place)


def test_the_same_text_is_sealed_differently_each_time() -> None:
    ring = KeyRing.made()
    assert ring.seal("甲", "") != ring.seal("甲", "")


@pytest.mark.parametrize("damage", [lambda t: t[:-8], lambda t: t[:-5] + "AAAA=", lambda t: "林晓霞", lambda t: ""])
def test_what_is_damaged_does_not_open(damage: object) -> None:
    ring = KeyRing.made()
    with pytest.raises(Unsealable):
        ring.open(damage(ring.seal("林晓霞", "")), "")  # type: ignore[operator]


def test_another_ring_opens_nothing_and_says_which_key_is_missing() -> None:
    ring = KeyRing.made()
    with pytest.raises(Unsealable, match=ring.current):
        KeyRing.made().open(ring.seal("甲", ""), "")


def test_a_ring_is_read_as_it_was_written_and_shows_no_key() -> None:
    ring = KeyRing.made().with_new_key()
    assert KeyRing.parsed(ring.as_text()) == ring
    assert len(ring.keys) == 2
    for key in json.loads(ring.as_text())["keys"].values():
        assert key not in repr(ring)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"current": "other"}, "current"),
        ({"keys": {"k": "AAAA"}}, "32 字节"),
        ({"hash": "!"}, "Base64"),
        ({"keys": []}, "JSON"),
        ({"keys": {"a.b": "A" * 43 + "="}, "current": "a.b"}, "字母和数字"),
    ],
)
def test_what_is_no_ring_is_refused_with_the_reason(changed: dict[str, object], told: str) -> None:
    with pytest.raises(NotAKeyRing, match=told):
        KeyRing.parsed(json.dumps({**json.loads(KeyRing.made().as_text()), **changed}))


def test_the_hash_key_survives_rotation_and_purposes_do_not_mix() -> None:
    ring = KeyRing.made()
    later = ring.with_new_key().with_current_only()
    assert later.digest("a", "甲") == ring.digest("a", "甲") != ring.digest("b", "甲")
    assert later.current != ring.current


# Columns


def test_a_text_is_clear_in_the_record_and_sealed_in_the_database(database: Database) -> None:
    with database.read() as session:
        assert session.get_one(Stay, "s-1").hospital == HOSPITAL
        assert session.get_one(Stay, "s-3").hospital is None
        assert raw(session).startswith("A256GCM.")


def test_a_text_that_did_not_change_is_not_written_again(database: Database) -> None:
    with work(database) as session:
        before = raw(session)
        record = session.get_one(Stay, "s-1")
        record.hospital, record.version = HOSPITAL, 2
        session.flush()
        assert raw(session) == before
        record.hospital = "市医院"
        session.flush()
        assert type(record.hospital) is str
        session.refresh(record)
        assert record.hospital == "市医院"
        assert raw(session) != before


def test_a_cell_that_was_moved_does_not_open(database: Database) -> None:
    """Who can write to the database can't give one person another's data."""
    with work(database) as session:
        session.execute(
            text("UPDATE stay SET hospital = (SELECT hospital FROM stay WHERE id = 's-2') WHERE id = 's-1'")
        )
        with pytest.raises(Unsealable):
            session.get_one(Stay, "s-1")


def test_a_sealed_column_can_be_neither_compared_nor_written_beside_the_record(database: Database) -> None:
    for statement in (select(Stay.id).where(Stay.hospital == HOSPITAL), update(Stay).values(hospital=HOSPITAL)):
        with pytest.raises(StatementError), work(database) as session:
            session.execute(statement)


def test_a_database_without_keys_refuses_personal_data(tmp_path: object) -> None:
    bare = Database(f"sqlite:///{tmp_path}/outreach.sqlite3")
    Base.metadata.create_all(bare.engine)
    with pytest.raises(NoKeys), work(bare) as session:
        session.add(stay())


def test_a_service_notices_keys_that_are_not_its_databases(database: Database) -> None:
    with database.read() as session:
        sealed.must_open(session, Base.metadata.tables.values())
    sealed.use(database.engine, KeyRing.made())
    with pytest.raises(Unsealable), database.read() as session:
        sealed.must_open(session, Base.metadata.tables.values())


# Rotation


def test_everything_is_sealed_with_the_new_key_and_reads_as_before(database: Database) -> None:
    ring = database.keys.with_new_key()
    sealed.use(database.engine, ring)
    with database.read() as session:
        assert session.get_one(Stay, "s-1").hospital == HOSPITAL
    assert reseal(database, Base.metadata) == 2
    assert reseal(database, Base.metadata) == 0
    sealed.use(database.engine, ring.with_current_only())
    with database.read() as session:
        assert [session.get_one(Stay, each).hospital for each in ("s-1", "s-2", "s-3")] == [HOSPITAL, "邻区医院", None]
        assert session.get_one(Stay, "s-1").version == 1


def test_rotation_takes_more_records_than_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hongxia.resealing.BATCH", 2)
    database = new_database()
    with work(database) as session:
        session.add_all([stay(f"s-{number}") for number in range(5)])
    sealed.use(database.engine, database.keys.with_new_key())
    assert reseal(database, Base.metadata) == 5
    assert reseal(database, Base.metadata) == 0


def test_deploy_setup_makes_rings_that_the_services_read() -> None:
    script = f"source {ROOT}/deploy/lib/common.sh; source {ROOT}/deploy/lib/secrets.sh; data_keys"
    made = [subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout for _ in range(2)]
    rings = [KeyRing.parsed(each) for each in made]
    assert rings[0] != rings[1]
