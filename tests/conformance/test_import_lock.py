"""Two imports of one workbook at once take turns: the second finds what the first has written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import date

import pytest
from sqlalchemy import select

from hongxia.database import Database
from hongxia.definition import Importable
from hongxia.workbook.declare import Workbook
from hongxia.workbook.importing import DryRun, Import
from hongxia.workbook.read import Parsed
from hongxia.workbook.reconcile import Loading
from tests.conformance.backends import Storage, ledger
from tests.conformance.cases import accounts
from tests.conformance.test_outbox import open_account
from tests.races.threads import Task, start
from tests.unit.events_builders import SOURCE

TODAY = date(2022, 7, 1)


class Loader:
    """Opens the accounts that the workbook lists and that are not there yet, as a service's loader does."""

    def __init__(self, database: Database, name: str = "台账") -> None:
        self.database = database
        self.name = name
        self.meanwhile: Callable[[], None] = lambda: None

    def run(self, *subjects: str, dry_run: bool = False) -> int:
        """Import these accounts; returns how many were new."""
        created: list[str] = []

        def load(loading: Loading) -> None:
            known = set(loading.session.scalars(select(ledger.c.subject)))
            self.meanwhile()
            for subject in subjects:
                if subject not in known:
                    open_account(loading.session, subject)
                    created.append(subject)

        workbook = Workbook(self.name, self.name, "origin", (), "", "", 1)
        importable = Importable(workbook, (), ("records",), load)
        ending = suppress(DryRun) if dry_run else nullcontext()
        with ending, self.database.begin(SOURCE) as session:
            Import(importable, Parsed(2022, "本局", {}), lambda: None).load(session, TODAY, dry_run=dry_run)
        return len(created)


def imports_at_once(storage: Storage, first: Loader, second: Callable[[], int]) -> tuple[Callable[[], int], list]:
    """What runs the first import and starts the second when the first has read and not written yet."""
    tasks: list[Task[int]] = []

    def start_the_second() -> None:
        first.meanwhile = lambda: None
        tasks.append(start(second))
        storage.wait_for_a_waiting_writer()

    first.meanwhile = start_the_second
    return lambda: first.run("a", "b"), tasks


def test_the_second_import_waits_and_then_finds_what_the_first_has_written(storage: Storage) -> None:
    database = storage.open()
    run_first, tasks = imports_at_once(storage, Loader(database), lambda: Loader(database).run("a", "b", "c"))
    assert (run_first(), tasks[0].result()) == (2, 1)
    assert set(accounts(database)) == {"a", "b", "c"}


def test_if_the_first_import_fails_the_second_does_all_of_it(storage: Storage) -> None:
    database = storage.open()
    loader, tasks = Loader(database), []

    def fail() -> None:
        tasks.append(start(lambda: Loader(database).run("a")))
        storage.wait_for_a_waiting_writer()
        raise RuntimeError

    loader.meanwhile = fail
    with pytest.raises(RuntimeError):
        loader.run("a")
    assert tasks[0].result() == 1


def test_a_dry_run_takes_its_turn_too_and_leaves_nothing(storage: Storage) -> None:
    database = storage.open()

    run_first, tasks = imports_at_once(storage, Loader(database), lambda: Loader(database).run("a", "c", dry_run=True))
    assert (run_first(), tasks[0].result()) == (2, 1)
    assert set(accounts(database)) == {"a", "b"}


def test_imports_of_different_workbooks_do_not_wait_where_the_storage_takes_several_writers(storage: Storage) -> None:
    database = storage.open()
    first, other = Loader(database, "台账"), Loader(database, "名册")
    tasks: list[Task[int]] = []

    def import_the_other() -> None:
        tasks.append(start(lambda: other.run("x")))
        if storage.features.concurrent_writers:
            tasks[0].result()
        else:
            storage.wait_for_a_waiting_writer()

    first.meanwhile = import_the_other
    assert (first.run("a"), tasks[0].result()) == (1, 1)
    assert set(accounts(database)) == {"a", "x"}


def test_the_turn_ends_with_the_transaction(storage: Storage) -> None:
    """The same connection can import again, and so can another process."""
    one, other = Loader(storage.open()), Loader(storage.open())
    assert [one.run("a"), one.run("a"), other.run("a", "b")] == [1, 0, 1]
