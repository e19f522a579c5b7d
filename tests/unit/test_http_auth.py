from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hongxia.http import auth
from hongxia.http.problems import Unauthorized

SECRET = "s" * 32
HOUR = timedelta(hours=1)


def shown(minted: timedelta) -> str:
    """A token of an hour, minted so long after now."""
    return f"Bearer {auth.mint(SECRET, 'somebody', ['office'], datetime.now(UTC) + minted, HOUR)}"


@pytest.mark.parametrize("minted", [timedelta(0), timedelta(seconds=20), -HOUR - timedelta(seconds=20)])
def test_clocks_may_be_half_a_minute_apart(minted: timedelta) -> None:
    assert auth.verify(SECRET, shown(minted)).subject == "somebody"


@pytest.mark.parametrize("minted", [timedelta(minutes=1), -HOUR - timedelta(minutes=1)])
def test_but_not_more(minted: timedelta) -> None:
    with pytest.raises(Unauthorized):
        auth.verify(SECRET, shown(minted))
