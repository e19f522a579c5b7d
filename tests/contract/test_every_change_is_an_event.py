"""Every route that changes something publishes an event of it in the same transaction (docs/events.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hongxia import services
from hongxia.contracts import ENVELOPE, schemas
from tests.bureau.beginning import Beginning, beginning
from tests.bureau.examples import EXAMPLES, WITHOUT_EVENT, Example, writing_routes


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    yield from beginning(tmp_path_factory.mktemp("bureau"), cadres=1)


def test_every_route_that_writes_has_an_example_here_or_a_reason_why_it_publishes_nothing() -> None:
    known = {example.key for example in EXAMPLES}
    silent = {key for key in writing_routes() if key[1:] in WITHOUT_EVENT}
    assert set(writing_routes()) == known | silent
    assert not known & silent


def test_every_reason_is_about_a_route_that_exists() -> None:
    assert {key[1:] for key in writing_routes()} >= set(WITHOUT_EVENT)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_change_is_published_in_its_transaction(begun: Beginning, example: Example) -> None:
    office, cadre_id = begun.again(), begun.cadres[0]["id"]
    bureau, node = office.bureau, office.bureau.nodes[example.service]
    request = example.send(office, cadre_id, example.prepare(office, cadre_id))
    bureau.settle()
    assert node.waiting() == []

    role = writing_routes()[example.key].roles[0]
    more: dict[str, Any] = {"role": role, "subject": request.subject, "headers": request.headers}
    bureau.do(example.service, example.method, request.path, request.body, **more)

    published = [json.loads(body) for body in node.waiting()]
    assert published, "nothing was published"
    for event in published:
        event_schema(event["type"]).validate(event["data"])
    bureau.settle()
    for event in node.events()[-len(published) :]:
        envelope().validate(json.loads(event.body))


@cache
def documents() -> dict[str, Any]:
    """Return the contracts of all types; test_contracts holds the published files against the same ones."""
    return schemas(declared for name in services.names() for declared in services.load(name).definition.events)


@cache
def event_schema(event_type: str) -> Draft202012Validator:
    """Return the contract of a type."""
    document = documents()[f"{event_type.removeprefix('hongxia.')}.json"]
    return Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)


@cache
def envelope() -> Draft202012Validator:
    """Return the contract of what stands around an event's data."""
    return Draft202012Validator(ENVELOPE, format_checker=Draft202012Validator.FORMAT_CHECKER)
