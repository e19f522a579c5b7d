from __future__ import annotations

import json
from hashlib import sha256

import pytest

from hongxia.events.chain import GENESIS, link
from tests.unit.events_builders import events_of, source_with

DIGEST = bytes(range(32))
FIRST = link(GENESIS, 1, DIGEST)


def test_the_link_is_what_any_language_can_recompute() -> None:
    assert sha256(bytes(32) + bytes(7) + b"\x01" + DIGEST).hexdigest() == FIRST


@pytest.mark.parametrize(
    ("previous", "position", "digest"), [(FIRST, 1, DIGEST), (GENESIS, 2, DIGEST), (GENESIS, 1, DIGEST[::-1])]
)
def test_the_link_depends_on_all_that_it_covers(previous: str, position: int, digest: bytes) -> None:
    assert link(previous, position, digest) != FIRST


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
        position, claimed, salt = said.pop("position"), said.pop("chain"), bytes.fromhex(said.pop("salt"))
        del said["typeposition"]
        fields = {**said.pop("data"), "subject": said.pop("subject")}
        said["fields"] = {
            name: sha256(sha256(salt + name.encode()).digest()[:16] + plain([name, value])).hexdigest()
            for name, value in fields.items()
        }
        chain = sha256(bytes.fromhex(chain) + position.to_bytes(8, "big") + sha256(plain(said)).digest()).hexdigest()
        assert chain == claimed


def plain(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
