"""The attacker reaches a service and tries tokens as fast as it can.

Before, 1,895 were answered in 3 s, and nobody knew.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from werkzeug.wrappers import Response

from hongxia.http import failures
from tests import keys
from tests.attacks.forging import Door

TRIED = 1895
AT_ONCE = 40


def wrong(door: Door, behind: str) -> Response:
    """Show a token that the operator's key has not signed."""
    forged = f"{keys.token('admin').rpartition('.')[0]}.{'A' * 86}"
    return door.ask(forged, behind=behind)


def test_wrong_tokens_are_answered_slowly_counted_and_hold_nobody_else_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still and no wait ends until the honest callers were answered."""
    held, let_go = Event(), Event()

    def sleep(_seconds: float) -> None:
        held.set()
        assert let_go.wait(60)

    monkeypatch.setattr(failures.Failures.__init__, "__defaults__", (sleep, lambda: 1000.0))
    door = Door("registry")
    with ThreadPoolExecutor(AT_ONCE) as attackers:
        answers = [attackers.submit(wrong, door, "192.0.2.7") for _ in range(TRIED)]
        try:
            assert held.wait(60)
            assert door.ask(keys.token("admin"), behind="192.0.2.8").status_code == 200
            assert door.ask(keys.token("admin"), behind="192.0.2.7").status_code == 200  # the attacker's own address
            assert sum(answer.done() for answer in answers) <= failures.BURST
        finally:
            let_go.set()
        statuses = Counter(answer.result(60).status_code for answer in answers)
    assert set(statuses) == {401, 429}
    assert statuses[401] <= failures.BURST + failures.LONGEST_WAIT * failures.PER_SECOND
    assert f'hongxia_token_failures_total{{reason="signature"}} {TRIED}.0' in door.host.metrics.render().decode()


def test_who_is_told_to_slow_down_learns_when_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures.Failures.__init__, "__defaults__", (lambda _seconds: None, lambda: 1000.0))
    door = Door("registry")
    answer = [wrong(door, "") for _ in range(60)][-1]
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert answer.content_type == "application/problem+json"
    assert "无效令牌过多" in answer.get_data(as_text=True)


def test_a_caller_without_a_token_is_counted_apart_and_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(_seconds: float) -> None:
        raise AssertionError

    monkeypatch.setattr(failures.Failures.__init__, "__defaults__", (sleep, lambda: 1000.0))
    door = Door("registry")
    assert {door.ask("").status_code for _ in range(100)} == {401}
    assert 'hongxia_token_failures_total{reason="missing"} 100.0' in door.host.metrics.render().decode()
