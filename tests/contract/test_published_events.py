"""Every event that the demonstration year publishes is what its contract says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hongxia.contracts import ENVELOPE
from tests.e2e.bureau import Bureau
from tests.e2e.conftest import bureau, workbooks  # noqa: F401

SCHEMAS = Path("contracts") / "schemas"


@pytest.fixture(scope="module")
def imported(bureau: Bureau, workbooks: Path) -> Bureau:  # noqa: F811
    """A deployment with the year 2022 imported."""
    bureau.run("import", str(workbooks))
    return bureau


def test_every_published_event_is_valid_against_the_envelope_and_its_schema(imported: Bureau) -> None:
    envelope = Draft202012Validator(ENVELOPE, format_checker=Draft202012Validator.FORMAT_CHECKER)
    validators: dict[str, Draft202012Validator] = {}
    seen: dict[str, int] = {}
    for service in imported.addresses:
        after = 0
        while events := imported.client.get(service, "/events", after=after, limit=2000):
            for event in events:
                envelope.validate(event)
                schema = event["type"].removeprefix("hongxia.")
                if schema not in validators:
                    document = json.loads((SCHEMAS / f"{schema}.json").read_text(encoding="utf-8"))
                    assert document["$id"] == event["dataschema"]
                    checker = Draft202012Validator.FORMAT_CHECKER
                    validators[schema] = Draft202012Validator(document, format_checker=checker)
                validators[schema].validate(event["data"])
                seen[event["type"]] = seen.get(event["type"], 0) + 1
            after = events[-1]["position"]
    assert sum(seen.values()) > 10_000
    assert len(seen) >= 12
