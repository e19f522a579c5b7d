"""Fixtures of the attacks."""

from __future__ import annotations

import pytest

from hongxia import watched
from hongxia.http import failures
from tests.attacks.deployed_broker import deployed  # noqa: F401


@pytest.fixture
def unslowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals wait for nobody: for attacks that try many tokens and are not about how fast."""
    monkeypatch.setattr(failures.Failures, "wait", lambda _self, _peer: True)


@pytest.fixture
def every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are looked at each time, so that a test need not wait a second."""
    monkeypatch.setattr(watched, "CHECK_SECONDS", 0.0)
