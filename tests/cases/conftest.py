"""What the cases of the whole bureau begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bureau.beginning import Beginning, beginning
from tests.bureau.office import Office


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    """One bureau for all tests of a run; `office` puts it back for each of them."""
    yield from beginning(tmp_path_factory.mktemp("bureau"))


@pytest.fixture
def office(begun: Beginning) -> Office:
    """A bureau with its lists and three records of one person, all services level."""
    return begun.again()
