"""An installation: its ids are its own, and its databases know it."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import create_engine

from hongxia import ids, installation
from hongxia.events.declare import source_urn
from hongxia.events.ownership import ForeignDatabase, claim
from hongxia.events.tables import platform_metadata
from hongxia.installation import BUREAU, Installation, NoInstallation

HERE = Installation("minhang", "the secret of one bureau in Shanghai")
THERE = Installation("pudong", "the secret of another one elsewhere")


def test_two_installations_share_no_id_of_the_same_thing() -> None:
    with installation.used(HERE):
        mine = {ids.entity_id("cadre", f"G{number:04d}") for number in range(1000)}
        again = {ids.entity_id("cadre", f"G{number:04d}") for number in range(1000)}
    with installation.used(THERE):
        theirs = {ids.entity_id("cadre", f"G{number:04d}") for number in range(1000)}
    assert mine == again
    assert len(mine) == len(theirs) == 1000
    assert not mine & theirs


def test_an_id_depends_on_the_secret_and_not_on_the_bureaus_public_name() -> None:
    with installation.used(Installation("minhang", THERE.secret)):
        guessed = ids.entity_id("cadre", "G0001")
    with installation.used(HERE):
        assert ids.entity_id("cadre", "G0001") != guessed


def test_an_id_is_a_uuid_of_a_version_that_is_made_by_a_rule_of_ones_own() -> None:
    made = UUID(ids.entity_id("visit", 2022, 7))
    assert (made.version, made.variant) == (8, "specified in RFC 4122")


def test_the_parts_of_a_key_do_not_run_into_each_other() -> None:
    assert ids.entity_id("a", "bc") != ids.entity_id("ab", "c")
    assert ids.entity_id("a", 1, 12) != ids.entity_id("a", 11, 2)


def test_the_source_of_events_names_the_bureau() -> None:
    with installation.used(HERE):
        assert source_urn("outreach") == "urn:hongxia:minhang:outreach"


def test_a_process_that_belongs_nowhere_makes_no_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_current", [])
    with pytest.raises(NoInstallation):
        ids.entity_id("cadre", "G0001")


@pytest.mark.parametrize("name", ["a", "310112", "min-hang", "x" * 40])
def test_a_bureau_is_named_by_letters_digits_and_hyphens(name: str) -> None:
    assert BUREAU.fullmatch(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "Minhang", "闵行", "a b", "a:b", "x" * 41, "a\n"])
def test_what_would_break_the_source_of_events_is_no_name(name: str) -> None:
    assert not BUREAU.fullmatch(name)


def test_a_database_knows_the_installation_that_first_started_on_it() -> None:
    engine = create_engine("sqlite://")
    platform_metadata.create_all(engine)
    with engine.begin() as connection:
        claim(connection, HERE)
        claim(connection, HERE)
        with pytest.raises(ForeignDatabase, match=r"minhang.*pudong"):
            claim(connection, THERE)
        with pytest.raises(ForeignDatabase, match="安装密钥") as refused:
            claim(connection, Installation("minhang", THERE.secret))
        assert HERE.secret not in str(refused.value)
        claim(connection, HERE)


def test_neither_an_installation_nor_its_fingerprint_shows_the_secret() -> None:
    assert HERE.secret not in repr(HERE)
    assert HERE.fingerprint != THERE.fingerprint
    assert HERE.secret.encode().hex() not in HERE.fingerprint
