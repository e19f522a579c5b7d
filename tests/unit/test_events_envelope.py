from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from hongxia.events.canonical import canonical
from hongxia.events.chain import GENESIS, link
from hongxia.events.digest import LOG_ATTRIBUTES, digest_of
from hongxia.events.envelope import Event, Malformed, NotAnEvent, parse, splice
from tests.unit.events_builders import signed

SAFE = 2**53 - 1
TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = some.text(some.characters(max_codepoint=127), max_size=8).filter(
    lambda name: name not in (*LOG_ATTRIBUTES, "subject", "_salts", "_digests", "fields")
)
LEAVES = some.none() | some.booleans() | some.integers(-SAFE, SAFE) | TEXTS
VALUES = some.recursive(
    LEAVES, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)
SAID = {"id": "e", "source": "urn:s", "type": "t", "salt": "5a" * 16}
ENVELOPES = some.builds(
    lambda extra, data: {**extra, **SAID, "subject": "x", "data": data},
    some.dictionaries(NAMES, VALUES, max_size=3),
    some.dictionaries(NAMES, VALUES, max_size=4),
)
CHAINS = some.binary(min_size=32, max_size=32).map(bytes.hex)
POSITIONS = some.integers(1, 2**62)

SOUND = {
    "id": "e",
    "source": "urn:s",
    "type": "t",
    "subject": "x",
    "position": 1,
    "typeposition": 1,
    "chain": GENESIS,
}


def travelled(envelope: dict[str, Any], previous: str, position: int) -> bytes:
    return splice(canonical(envelope), position, 7, link(previous, position, digest_of(envelope)))


@given(VALUES)
def test_canonical_json_reads_back_as_it_was_and_is_stable(value: Any) -> None:
    once = canonical({"v": value})
    assert json.loads(once) == {"v": value}
    assert canonical(json.loads(once)) == once


@given(some.dictionaries(NAMES, VALUES, max_size=6))
def test_canonical_json_is_rfc_8785(value: dict[str, Any]) -> None:
    assert canonical(value) == jcs(value).encode() == rfc8785.dumps(value)


def jcs(value: Any) -> str:
    """RFC 8785 for what events hold, written a second time: keys by their UTF-16 code units, no white space."""
    if isinstance(value, dict):
        ordered = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{jcs(name)}:{jcs(item)}" for name, item in ordered) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("value", [1.5, {"a": [1, {"b": 2.0}]}, [float("nan")], (0.5,)])
def test_an_event_holds_no_float_anywhere(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical({"v": value})


@given(ENVELOPES, CHAINS, POSITIONS)
def test_what_is_spliced_reads_back_with_the_logs_attributes(envelope: dict, previous: str, position: int) -> None:
    event = parse(travelled(envelope, previous, position))
    assert (event.position, event.typeposition) == (position, 7)
    bare = {
        name: value for name, value in event.attributes.items() if name not in ("position", "typeposition", "chain")
    }
    assert bare == envelope


@given(ENVELOPES, CHAINS, POSITIONS)
def test_an_event_follows_its_predecessor_as_sent(envelope: dict, previous: str, position: int) -> None:
    assert parse(travelled(envelope, previous, position)).follows(previous)


@given(ENVELOPES, CHAINS, POSITIONS, some.booleans(), some.sampled_from([None, 2]), some.randoms())
def test_an_event_follows_its_predecessor_when_its_json_was_written_anew(
    envelope: dict, previous: str, position: int, ascii_only: bool, indent: int | None, random: Any
) -> None:
    said = json.loads(travelled(envelope, previous, position))
    names = list(said)
    random.shuffle(names)
    anew = json.dumps({name: said[name] for name in names}, ensure_ascii=ascii_only, indent=indent)
    assert parse(anew.encode()).follows(previous)


@given(ENVELOPES, CHAINS, CHAINS, POSITIONS)
def test_an_event_follows_nothing_else(envelope: dict, previous: str, other: str, position: int) -> None:
    body = travelled(envelope, previous, position)
    assert parse(body).follows(other) == (other == previous)
    said = json.loads(body)
    for changed in (
        {"position": position + 1},
        {"subject": "y"},
        {"data": {"other": 1}},
        {"extra-attribute": 0},
        {"chain": other},
    ):
        event = parse(json.dumps({**said, **changed}).encode())
        assert not event.follows(previous) or {**said, **changed} == said


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"position": 1' + b"0" * 5000 + b"}",
        *[json.dumps({k: v for k, v in SOUND.items() if k != name}).encode() for name in SOUND],
        *[json.dumps({**SOUND, "position": bad}).encode() for bad in (0, -1, True, "1", None, 1.0, 2**63)],
        *[json.dumps({**SOUND, "typeposition": bad}).encode() for bad in (0, False, "1", [])],
        *[json.dumps({**SOUND, name: 5}).encode() for name in ("id", "source", "type", "subject", "chain")],
    ],
)
def test_what_is_no_event_is_told_from_one(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        parse(body)


@given(some.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_do_more_harm_than_to_be_no_event(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        parse(body)


@given(some.dictionaries(TEXTS, VALUES | some.floats() | some.just("\ud800"), max_size=4))
def test_no_attributes_do_more_harm_than_not_to_follow(attributes: dict[str, Any]) -> None:
    try:
        found = parse(json.dumps({**attributes, **SOUND}).encode())
    except NotAnEvent:
        return
    assert not found.follows(GENESIS)


def test_a_deeply_nested_event_is_no_event_or_does_not_follow() -> None:
    for depth in range(800, 1000):
        nested = json.dumps({**SOUND, "data": None}).replace("null", "[" * depth + "]" * depth)
        try:
            found = parse(nested.encode())
        except NotAnEvent:
            continue
        assert not found.follows(GENESIS)


def event(**attributes: Any) -> Event:
    return signed(attributes)


def test_data_is_taken_with_care() -> None:
    found = event(data={"people": 2, "flag": True, "on": "2022-07-01", "name": "x", "nothing": None})
    assert found.need("people", int) == 2
    assert found.need("flag", bool) is True
    assert found.need_date("on") == date(2022, 7, 1)
    assert found.may("nothing", int) is None
    assert found.may("absent", int) is None
    for name, kind in (("people", str), ("flag", int), ("absent", int), ("nothing", str), ("name", int)):
        with pytest.raises(Malformed, match=f"data.{name}"):
            found.need(name, kind)
    with pytest.raises(Malformed, match=r"data\.name"):
        found.need_date("name")
    with pytest.raises(Malformed, match=r"data\.name"):
        found.may("name", int)


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({"data": []}, "data"),
        ({"data": None}, "data"),
        ({"entityversion": "1"}, "entityversion"),
        ({"entityversion": True}, "entityversion"),
        ({"occurredon": "01.07.2022"}, "occurredon"),
        ({"occurredon": 20220701}, "occurredon"),
        ({"time": "yesterday"}, "recorded"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "recorded"),
        ({"time": "9999-12-31T23:59:59-12:00"}, "recorded"),
    ],
)
def test_an_attribute_that_is_not_what_it_should_be_is_malformed(attributes: dict[str, Any], name: str) -> None:
    with pytest.raises(Malformed):
        getattr(event(**attributes), name)


def test_a_moment_is_in_utc() -> None:
    assert event(time="2022-07-01T12:00:00+08:00").recorded == datetime(2022, 7, 1, 4, tzinfo=UTC)
    assert event(time="2022-07-01T04:00:00").recorded == datetime(2022, 7, 1, 4, tzinfo=UTC)


def test_an_event_without_a_correlation_belongs_to_itself() -> None:
    assert event(correlationid="c").correlationid == "c"
    assert event().correlationid == "e"
