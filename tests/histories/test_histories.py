"""Figures equal those of a plain recount of the final records, whatever happened and in whatever order.

HONGXIA_HISTORIES says how many random histories are tried (default 12); from 1000 on they are others at each run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from hongxia.workbook.reconcile import NotLoadable
from tests.bureau.bureau import Bureau, Refused
from tests.histories.acts import ACTS, Act, World
from tests.histories.files import File, all_records, facts_of, import_file, published, split
from tests.histories.recount import Records, differences

HISTORIES = int(os.environ.get("HONGXIA_HISTORIES", "12"))
THOROUGH = HISTORIES >= 1000

YEARS_END, NEXT_SPRING = date(2022, 12, 31), date(2023, 3, 31)

numbers = st.integers(0, 60)
acts = st.builds(Act, st.sampled_from(sorted(ACTS)), numbers, numbers, numbers, numbers)
beginnings = st.lists(st.builds(Act, st.just("register"), numbers, numbers, numbers, numbers), min_size=1, max_size=5)

chosen = settings(
    max_examples=HISTORIES,
    derandomize=not THOROUGH,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    made = Bureau(tmp_path_factory.mktemp("bureau"))
    yield made
    made.close()


@chosen
@given(beginnings, st.lists(acts, min_size=10, max_size=60), st.lists(acts, max_size=20))
def test_figures_are_those_of_a_recount(
    bureau: Bureau, registered: Sequence[Act], before: Sequence[Act], after: Sequence[Act]
) -> None:
    bureau.reset(YEARS_END)
    world = World(bureau)
    for act in (*registered, *before):
        world.do(act)
    world.end()
    records = Records(bureau, withdrawn_before=withdrawn(bureau))
    found = differences(bureau, records, 2022)
    if not found and after:
        closed = withdrawn(bureau)
        bureau.move_to(NEXT_SPRING)
        world.last = NEXT_SPRING
        for act in after:
            world.do(act)
        world.end()
        records = Records(bureau, withdrawn_before=closed)
        found = [*differences(bureau, records, 2022), *differences(bureau, records, 2023)]
    for line in world.done:
        note(line)
    assert found == []


def withdrawn(bureau: Bureau) -> frozenset[str]:
    """Return the aid cases that are withdrawn now."""
    return frozenset(case["id"] for case in bureau.all("outreach", "/aid-cases") if case["state"] == "withdrawn")


@chosen
@given(st.integers(0, 2**32), st.integers(0, 2**32), st.integers(0, 2**32))
def test_the_order_and_the_split_of_imports_do_not_matter(bureau: Bureau, seed: int, one: int, other: int) -> None:
    facts = facts_of(seed)
    outcomes = []
    for order in (one, other):
        bureau.reset(YEARS_END)
        random = Random(order)
        files = split(facts, random)
        for file in files:
            import_file(bureau, file)
            if file.workbook == "cadres" or random.random() < 0.5:
                bureau.settle()
        bureau.settle()
        bureau.run_timers()
        assert differences(bureau, Records(bureau), 2022) == []
        outcomes.append((bureau.figures(2022), all_records(bureau)))
        _import_again(bureau, files, random)
    assert outcomes[0] == outcomes[1]


def _import_again(bureau: Bureau, files: Sequence[File], random: Random) -> None:
    """The same files in another order, and the same facts in another split, say nothing new."""
    before = published(bureau)
    for file in random.sample(files, len(files)):
        import_file(bureau, file)
    bureau.settle()
    assert published(bureau) == before


@chosen
@given(st.integers(0, 2**32), st.lists(st.lists(acts, max_size=12), max_size=8))
def test_files_say_nothing_new_when_they_come_again_whatever_happened_in_the_system(
    bureau: Bureau, seed: int, meanwhile: Sequence[Sequence[Act]]
) -> None:
    bureau.reset(YEARS_END)
    world, random = World(bureau), Random(seed)
    taken = []
    for number, file in enumerate(split(facts_of(seed), random)):
        if tried(bureau, file):
            taken.append(file)
        bureau.settle()
        world.look()
        for act in meanwhile[number] if number < len(meanwhile) else ():
            world.do(act)
    world.end()
    for line in world.done:
        note(line)
    _import_again(bureau, taken, random)
    assert differences(bureau, Records(bureau, withdrawn_before=withdrawn(bureau)), 2022) == []


def tried(bureau: Bureau, file: File) -> bool:
    """Import a file, unless what happened in the system does not allow its rows any more."""
    try:
        import_file(bureau, file)
    except (NotLoadable, Refused):
        return False
    return True
