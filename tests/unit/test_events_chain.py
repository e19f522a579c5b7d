from __future__ import annotations

import json
from hashlib import sha256

import pytest

from hongxia.events.chain import GENESIS, link
from tests.unit.events_builders import events_of, source_with

FIRST = link(GENESIS, 1, b'{"a":1}')


def test_the_link_is_what_any_language_can_recompute() -> None:
    assert sha256(bytes(32) + bytes(7) + b"\x01" + b'{"a":1}').hexdigest() == FIRST


@pytest.mark.parametrize(
    ("previous", "position", "body"),
    [(FIRST, 1, b'{"a":1}'), (GENESIS, 2, b'{"a":1}'), (GENESIS, 1, b'{"a":2}'), (GENESIS, 1, b'{"a":1 }')],
)
def test_the_link_depends_on_all_that_it_covers(previous: str, position: int, body: bytes) -> None:
    assert link(previous, position, body) != FIRST


def test_a_log_can_be_followed_from_its_genesis() -> None:
    chain = GENESIS
    for event in events_of(source_with(5)):
        assert event.follows(chain)
        chain = event.chain


def test_whoever_has_the_feed_alone_can_recompute_the_chain() -> None:
    """With nothing of ours: sorted keys, no white space, UTF-8; our keys and values are ASCII and integers here."""
    chain = GENESIS
    for event in events_of(source_with(3)):
        said = json.loads(event.body)
        position, claimed = said.pop("position"), said.pop("chain")
        del said["typeposition"]
        bare = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        chain = sha256(bytes.fromhex(chain) + position.to_bytes(8, "big") + bare).hexdigest()
        assert chain == claimed
