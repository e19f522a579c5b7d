"""Every lock in the code has a race, and every race is about a lock that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.races.locks import LOCKING_CALLS, SHARED, locks, locks_in, raced


def test_every_lock_has_a_race_that_fails_without_it() -> None:
    known = raced()
    missing = [f"{lock.path}:{lock.line} {lock.name}" for lock in locks() if lock.name not in known]
    assert not missing, "write a race for each of these (tests/races/README.md):\n" + "\n".join(missing)


def test_every_race_is_about_a_lock_that_there_is() -> None:
    there = {lock.name for lock in locks()}
    gone = {name: tests for name, tests in raced().items() if name not in there}
    assert not gone, f"these locks were renamed or removed: {gone}"


def found(tmp_path: Path, code: str) -> list[str]:
    """The locks in a module `services/a.py` with this code."""
    path = tmp_path / "services" / "a.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(code)
    return sorted(lock.name for lock in locks_in(path, tmp_path))


@pytest.mark.parametrize(
    "line",
    [
        "session.execute(select(a).with_for_update())",
        "session.execute(select(a).with_for_update(read=True)).one()",
        "session.get(A, key, with_for_update=True)",
        "session.get(A, key, with_for_update={'nowait': True})",
        "session.get(A, key, with_for_update=lock)",
        "get(session, key, lock=True)",
        "records.by_ids(session, A, keys, locked=True)",
        "visits.get(session, key, lock=True)",
        "session.execute(select(func.pg_advisory_xact_lock(1, 2)))",
        "session.execute(text('SELECT pg_try_advisory_lock(1)'))",
        "session.execute(text(f'SELECT pg_advisory_lock({key})'))",
    ],
)
def test_a_place_that_takes_a_lock_is_found(tmp_path: Path, line: str) -> None:
    assert found(tmp_path, f"def change(session):\n    return [{line}]\n") == ["services.a:change"]


@pytest.mark.parametrize(
    "line",
    [
        "session.get(A, key, with_for_update=False)",
        "session.get(A, key, with_for_update=None)",
        "get(session, key, lock=False)",
        "get(session, key, lock=lock)",
        "records.by_ids(session, A, keys, locked=locked)",
        "'with_for_update is explained here, and pg_advisory_lock too'",
        "threading.Lock()",
    ],
)
def test_a_place_that_takes_none_is_not_found(tmp_path: Path, line: str) -> None:
    assert found(tmp_path, f"def change(session):\n    return [{line}]\n") == []


def test_a_lock_is_named_after_the_method_or_the_outer_function(tmp_path: Path) -> None:
    code = """
class Routes:
    def change(self):
        def inner():
            return lambda: query.with_for_update()

async def later():
    await query.with_for_update()

FOUND = query.with_for_update()
"""
    assert found(tmp_path, code) == ["services.a:<module>", "services.a:Routes.change", "services.a:later"]


@pytest.mark.parametrize("function", LOCKING_CALLS)
def test_a_call_of_the_shared_module_counts_where_it_is_made(tmp_path: Path, function: str) -> None:
    module = SHARED[0]
    package, _, name = module.rpartition(".")
    for imported, called in (
        (f"from {package} import {name}", f"{name}.{function}"),
        (f"from {module} import {function}", function),
        (f"from {module} import {function} as held", "held"),
        (f"import {module}", f"{module}.{function}"),
    ):
        code = f"{imported}\ndef change(session):\n    {called}(session, A, key)\n"
        assert found(tmp_path, code) == ["services.a:change"], imported
    assert found(tmp_path, f"def change(session):\n    other.{function}(session)\n") == []
