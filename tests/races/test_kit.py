"""The kit itself: it notices a lock that is missing, in each of the ways in which that shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update

from hongxia import services
from tests.conformance.backends import ledger
from tests.races.conftest import NewRace
from tests.races.kit import LockMissing, Race, RaceNotSetUp, without_lock
from tests.unit.events_builders import SOURCE, raise_event

ROOT = Path(__file__).parents[2]


@pytest.fixture
def account(race: Race) -> Race:
    """A race about an account with a balance of 1."""
    with race.database.begin(SOURCE) as session:
        session.execute(insert(ledger).values(subject="account", version=0, applied=1))
    return race


def spend(race: Race, *, lock: bool, name: str = "voucher") -> str:
    """Record a voucher if the balance allows one: a rule between two rows, as that of a budget line."""
    with race.database.begin(SOURCE) as session:
        query = select(ledger.c.applied).where(ledger.c.subject == "account")
        if not session.scalar(query.with_for_update() if lock else query):
            return "refused"
        session.execute(insert(ledger).values(subject=name, version=0, applied=1))
        session.execute(text("UPDATE ledger SET applied = 0 WHERE subject = 'account'"))
        return "spent"


def add_one(race: Race, *, lock: bool) -> None:
    """Read a number and write it back, one higher."""
    with race.database.begin(SOURCE) as session:
        query = select(ledger.c.applied).where(ledger.c.subject == "account")
        known = session.scalars(query.with_for_update() if lock else query).one()
        session.execute(update(ledger).where(ledger.c.subject == "account").values(applied=known + 1))


def test_two_that_lock_take_turns(account: Race) -> None:
    answers = account.between(
        lambda: spend(account, lock=True, name="one"),
        lambda: spend(account, lock=True, name="two"),
        after="FROM ledger",
    )
    assert answers == ("spent", "refused")


def test_two_that_lock_and_count_both_count(account: Race) -> None:
    account.between(lambda: add_one(account, lock=True), lambda: add_one(account, lock=True))
    with account.database.read() as session:
        assert session.scalars(select(ledger.c.applied)).all() == [3]


@pytest.mark.parametrize("after", ["FROM ledger", None])
def test_without_a_lock_the_second_does_not_wait_or_what_is_left_is_wrong(account: Race, after: str | None) -> None:
    with pytest.raises(LockMissing):
        account.between(
            lambda: spend(account, lock=False, name="one"),
            lambda: spend(account, lock=False, name="two"),
            after=after,
        )


def test_a_lost_update_is_noticed_although_the_second_waits(account: Race) -> None:
    with pytest.raises(LockMissing, match="neither order"):
        account.between(lambda: add_one(account, lock=False), lambda: add_one(account, lock=False))


def test_two_that_have_nothing_to_do_with_each_other_do_not_wait(account: Race) -> None:
    with pytest.raises(LockMissing, match="did not wait"):
        account.between(lambda: add_one(account, lock=True), lambda: None)


def test_a_point_that_is_never_reached_is_told_from_a_missing_lock(account: Race) -> None:
    with pytest.raises(RaceNotSetUp, match="FROM ledger"):
        account.between(lambda: add_one(account, lock=True), lambda: add_one(account, lock=True), after="FROM nowhere")


def test_what_a_race_raises_is_raised(account: Race) -> None:
    def fail() -> None:
        add_one(account, lock=True)
        with account.database.begin(SOURCE):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        account.between(lambda: add_one(account, lock=True), fail)


def test_a_race_begins_with_an_empty_log_and_leaves_it_empty(race: Race) -> None:
    with race.database.read() as session:
        assert session.execute(select(ledger)).all() == []


@pytest.mark.parametrize("removed", [f"{__name__}:spend", f"{__name__}:add_one"])
def test_a_lock_can_be_removed_by_the_name_of_its_function(account: Race, removed: str) -> None:
    with without_lock(removed):
        if removed.endswith("spend"):
            with pytest.raises(LockMissing):
                account.between(
                    lambda: spend(account, lock=True, name="one"),
                    lambda: spend(account, lock=True, name="two"),
                    after="FROM ledger",
                )
        else:
            test_two_that_lock_take_turns(account)


@pytest.mark.parametrize("name", services.names())
def test_there_is_a_database_to_race_on_for_every_service(new_race: NewRace, name: str) -> None:
    """With what its migrations put in; what is written there is gone when the database is put back."""
    race = new_race(services.load(name))
    before = race.rows()
    assert before["outbox_head"]
    with race.database.begin(SOURCE) as session:
        raise_event(session)
    assert race.rows() != before
    race.restore()
    assert race.rows() == before


RACES = """
import subprocess
import sys
from pathlib import Path

import pytest
from tests.races.kit import LockMissing

@pytest.mark.lock("a:locks")
def test_that_notices(removed_lock):
    if removed_lock:
        raise LockMissing

@pytest.mark.lock("a:locks")
def test_that_does_not_notice():
    pass

@pytest.mark.lock("a:locks")
def test_that_fails_for_another_reason(removed_lock):
    assert not removed_lock
"""


def test_a_race_that_does_not_notice_or_fails_for_another_reason_is_reported(tmp_path: Path) -> None:
    (tmp_path / "test_races.py").write_text(RACES)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.races.conftest", "--rootdir", tmp_path, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    failed = {line.split()[1].partition("::")[2] for line in ran.stdout.splitlines() if line.startswith("FAILED")}
    assert failed == {"test_that_does_not_notice[without", "test_that_fails_for_another_reason[without"}, ran.stdout
    assert "passes although a:locks takes no lock" in ran.stdout
    assert "2 failed, 4 passed" in ran.stdout
