"""The digest of an event: what it covers, and that withholding a field leaves it as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from marshmallow import fields

from hongxia.events.canonical import canonical
from hongxia.events.chain import GENESIS
from hongxia.events.digest import DIGESTS, SALTS, digest_of, field_digest, field_salt, withhold
from hongxia.events.envelope import parse
from tests.unit.events_builders import EventData, EventType, events_of, source_with

VALUES = (
    some.none()
    | some.booleans()
    | some.integers(-(2**53) + 1, 2**53 - 1)
    | some.text(some.characters(exclude_categories=["Cs"]), max_size=6)
)
NAMES = some.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda name: name != "subject")
NESTED = VALUES | some.lists(some.dictionaries(NAMES, VALUES, max_size=3), max_size=2)
EVENTS = some.builds(
    lambda salt, data, subject: {
        "id": "e",
        "type": "t",
        "source": "urn:s",
        "subject": subject,
        "salt": salt.hex(),
        "data": data,
    },
    some.binary(min_size=16, max_size=16),
    some.dictionaries(NAMES, NESTED, max_size=5),
    some.text(some.characters(exclude_categories=["Cs"]), max_size=6),
)


@given(EVENTS, some.sets(some.sampled_from(["subject", "a", "b"]) | NAMES), some.sets(NAMES))
def test_what_is_withheld_in_any_steps_leaves_the_digest_as_it_was(event: dict, first: set, second: set) -> None:
    names = {*first, *list(event["data"])[:2]}
    partly = withhold(withhold(event, names), second)
    assert digest_of(partly) == digest_of(event)
    said = json.dumps(partly)
    assert not ({*event["data"], "subject"} & names) or event["salt"] not in said
    assert not names & (partly["data"].keys() | partly.keys() & {"subject"})


@given(EVENTS, NAMES, NESTED)
def test_another_value_of_any_field_is_another_digest(event: dict, name: str, value: Any) -> None:
    other = {**event, "data": {**event["data"], name: value}}
    same = name in event["data"] and canonical(event["data"][name]) == canonical(value)
    assert (digest_of(other) == digest_of(event)) == same


@pytest.mark.parametrize("change", [{"type": "u"}, {"id": "f"}, {"subject": "y"}, {"more": 1}, {"salt": "11" * 16}])
def test_the_digest_covers_the_envelope_and_the_salt(change: dict) -> None:
    event = {"id": "e", "type": "t", "subject": "x", "salt": "00" * 16, "data": {"a": 1}}
    assert digest_of({**event, **change}) != digest_of(event)


def test_the_place_in_the_log_is_the_chains_to_cover() -> None:
    event = {"id": "e", "subject": "x", "salt": "00" * 16, "data": {}}
    assert digest_of({**event, "position": 1, "typeposition": 2, "chain": "c"}) == digest_of(event)


def test_a_withheld_value_is_not_found_by_trying_with_the_salts_that_are_left() -> None:
    event = {"id": "e", "subject": "x", "salt": "ab" * 16, "data": {"hardship": True, "rank": "county"}}
    partly = withhold(event, {"hardship"})
    left = [bytes.fromhex(salt) for salt in partly["data"][SALTS].values()]
    tried = [*left, *(field_salt(salt, "hardship") for salt in left)]
    digest = partly["data"][DIGESTS]["hardship"]
    assert digest not in {field_digest(salt, "hardship", value) for salt in tried for value in (True, False)}
    assert digest == field_digest(field_salt(bytes.fromhex("ab" * 16), "hardship"), "hardship", True)


def test_a_field_cannot_be_said_beside_its_digest() -> None:
    event = {"id": "e", "subject": "x", "salt": "00" * 16, "data": {"a": 1, "b": 2}}
    partly = withhold(event, {"a"})
    with pytest.raises(ValueError, match="said and withheld"):
        digest_of({**partly, "data": {**partly["data"], "a": 2, SALTS: {**partly["data"][SALTS], "a": "00" * 16}}})


@pytest.mark.parametrize("bad", [1.5, 2**53, {"名": 1}, "\ud800", {"a": [0.5]}])
def test_what_other_languages_would_write_otherwise_is_refused(bad: Any) -> None:
    with pytest.raises(TypeError):
        canonical({"v": bad})


def test_an_event_with_something_withheld_still_follows_in_its_log() -> None:
    previous = GENESIS
    for event in events_of(source_with(2)):
        body = json.dumps(withhold(event.attributes, {"subject", "amount"})).encode()
        partly = parse(body)
        assert partly.subject == ""
        assert not partly.whole
        assert event.whole
        assert partly.follows(previous)
        previous = event.chain


@pytest.mark.parametrize("name", ["subject", "_salts", "_more"])
def test_no_type_of_event_has_a_field_that_means_something_else_in_the_digest(name: str) -> None:
    schema = type("Data", (EventData,), {name: fields.Integer()})
    with pytest.raises(ValueError, match=name):
        EventType("a.b.c", 1, schema, "", "")
