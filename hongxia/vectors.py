"""Test vectors of the chain, for whoever verifies it in another language: a log as a feed may give it, and what every
step of its verification comes to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from hongxia import installation
from hongxia.events import chain, heads
from hongxia.events.canonical import canonical
from hongxia.events.declare import source_urn
from hongxia.events.digest import digest_of, field_digests, withheld_whole, withhold
from hongxia.installation import Installation
from hongxia.keys import PublicKeys, SigningKey

SERVICE = "outreach"
EXAMPLE = Installation("example", "a secret that everybody knows: example")
NOW = datetime(2022, 3, 8, 2, tzinfo=UTC)

VALUES: tuple[Any, ...] = (
    {"b": 1, "a": [True, None, False, "", {}], "A": -9007199254740991, "a_": 9007199254740991},
    {"text": '红霞 \u00e9 \u20ac \U0001f600 "\\/\b\f\n\r\t\u0000\u001f\u007f\u2028'},
    {"_": {"z": [{"y": 0, "x": "１"}]}},
)

DATA: tuple[dict[str, Any], ...] = (
    {"cadre_id": "7f4df1f8-4b0f-8a54-9f6a-0d1f3a2b9c11", "visited_on": "2022-03-08", "people": 2, "minutes": None},
    {"cadre_id": "7f4df1f8-4b0f-8a54-9f6a-0d1f3a2b9c11", "title": '重阳节"座谈"\n\U0001f3ee', "hardship": True},
    {"away": [{"left_on": "2022-01-01", "returned_on": None}], "amount_fen": -250000},
    {},
)


def vectors() -> dict[str, Any]:
    """Return the test vectors as JSON."""
    with installation.used(EXAMPLE):
        key = SigningKey.from_seed(SERVICE, hashlib.sha256(b"a seed that everybody knows").digest())
        log = list(_log())
        last = log[-1]["item"]
        return {
            "description": "A log as a feed may give it: two events whole, one without its subject and cadre, one that"
            " is withheld. See docs/events.md.",
            "canonical": [{"value": value, "json": canonical(value).decode()} for value in VALUES],
            "genesis": chain.GENESIS,
            "log": log,
            "keys": {"keys": [public.jwk() for public in PublicKeys.of(key).all()]},
            "head": asdict(heads.sign(key, last["position"], last["chain"], NOW)),
        }


def _log() -> Iterator[dict[str, Any]]:
    previous = chain.GENESIS
    for position, data in enumerate(DATA, 1):
        event = _event(position, data)
        digest = digest_of(event)
        link = chain.link(previous, position, digest)
        placed = {**event, "position": position, "typeposition": position, "chain": link}
        item = placed
        if position == 2:
            item = withhold(placed, {"subject", "cadre_id"})
        elif position == 3:
            item = withheld_whole(position, digest, link)
        fields = {} if position == 3 else {"fields": field_digests(event)}
        yield {"item": item, "expected": {**fields, "digest": digest.hex(), "chain": link}}
        previous = link


def _event(position: int, data: dict[str, Any]) -> dict[str, Any]:
    subject = EXAMPLE.id_of(f"event {position}")
    return {
        "specversion": "1.0",
        "id": EXAMPLE.id_of(f"id {position}"),
        "source": source_urn(SERVICE),
        "type": f"hongxia.{SERVICE}.example.happened.v1",
        "subject": subject,
        "time": "2022-03-08T01:00:00.000000Z",
        "datacontenttype": "application/json",
        "data": data,
        "entityversion": position,
        "occurredon": "2022-03-08",
        "correlationid": subject,
        "salt": hashlib.sha256(f"salt {position}".encode()).hexdigest()[:32],
    }
