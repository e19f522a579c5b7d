"""The committed contracts are those of the code, they are valid, and they keep what was released."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from marshmallow import Schema, fields
from marshmallow.validate import OneOf
from openapi_spec_validator import validate

from hongxia import contracts, services
from hongxia.cli.documents import event_types, titles
from hongxia.runtime.service import dump_openapi

COMMITTED = Path("contracts")
LABELS = Path("services/reporting/labels.yaml")
ASYNCAPI_SCHEMA = Path(__file__).with_name("asyncapi-3.0.0.schema.json")


def written(directory: Path) -> dict[str, str]:
    """Every file below a directory, by its path."""
    files = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {str(path.relative_to(directory)): path.read_text(encoding="utf-8") for path in files}


def test_the_committed_contracts_are_those_of_the_code(tmp_path: Path) -> None:
    openapi = {name: dump_openapi(services.load(name)) for name in services.names()}
    contracts.write(tmp_path, event_types(), openapi)
    committed = {name: text for name, text in written(COMMITTED).items() if name != contracts.RELEASED}
    assert committed == written(tmp_path), "run `make contracts` and commit what it writes"


def test_the_labels_of_reporting_are_those_of_the_contracts() -> None:
    made = contracts.labels_as_yaml(event_types(), titles())
    assert LABELS.read_text(encoding="utf-8") == made, "run `make contracts` and commit what it writes"


def test_nothing_breaks_what_was_released() -> None:
    released = json.loads((COMMITTED / contracts.RELEASED).read_text(encoding="utf-8"))
    assert contracts.breaking(released, contracts.schemas(event_types())) == []


def test_the_asyncapi_document_is_valid() -> None:
    document = yaml.safe_load((COMMITTED / "asyncapi.yaml").read_text(encoding="utf-8"))
    validator = Draft7Validator(json.loads(ASYNCAPI_SCHEMA.read_text(encoding="utf-8")))
    assert [error.message[:200] for error in validator.iter_errors(document)] == []


def test_a_bad_asyncapi_document_is_told_from_a_good_one() -> None:
    document = contracts.asyncapi(event_types())
    document["channels"] = {"a": {"address": 7}}
    validator = Draft7Validator(json.loads(ASYNCAPI_SCHEMA.read_text(encoding="utf-8")))
    assert not validator.is_valid(document)


def test_every_reference_of_the_asyncapi_document_leads_to_a_file_or_a_component() -> None:
    document = yaml.safe_load((COMMITTED / "asyncapi.yaml").read_text(encoding="utf-8"))
    for reference in references(document):
        place, _, inside = reference.partition("#")
        target = json.loads((COMMITTED / place).read_text(encoding="utf-8")) if place else document
        for part in filter(None, inside.split("/")):
            target = target[part]


def references(node: Any) -> list[str]:
    """All $ref of a document."""
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in references(value)]
    return [found for value in node for found in references(value)] if isinstance(node, list) else []


@pytest.mark.parametrize("name", services.names())
def test_the_openapi_document_of_each_service_is_valid(name: str) -> None:
    validate(json.loads(dump_openapi(services.load(name))))


def test_every_event_type_has_a_schema_that_lets_fields_be_added_and_holds_no_float() -> None:
    for name, schema in contracts.schemas(event_types()).items():
        Draft202012Validator.check_schema(schema)
        assert schema["$id"].startswith("urn:hongxia:schema:"), name
        assert schema.get("additionalProperties") is not False, name
        assert '"type": "number"' not in json.dumps(schema), name


FIELDS = {
    # opaque ids
    "cadre_id", "into", "case_id", "expenditure_id", "line_id", "reverses", "session_id", "batch_id", "drive_id",
    # days, months, years
    "adjusted_on", "applied_on", "approved_on", "assigned_on", "attended_on", "checked_on", "collected_on",
    "contacted_on", "deceased_on", "declined_on", "held_on", "on", "paid_on", "pay_on", "received_on", "refused_on",
    "registered_on", "resolved_on", "spent_on", "visited_on", "month",
    "starts_on", "reversed_on", "withdrawn_on",
    # texts of a fixed form, codes of open lists
    "age_band", "reason",
    # texts that name no cadre: a budget line, a post that keeps in touch, a place of work, a street, what is public
    "line_no", "name", "liaison", "unit", "street", "call", "title", "topic",
    # of the registry's rooms: what changed, lists, transfers, milestones (a month, never the day), contradictions
    "changed", "code", "label", "away", "left_on", "returned_on",
    "kind", "scope", "record", "record_id", "other_id",
    # of outreach's rooms: stays without hospital or illness, obligations and their kinds
    "admitted_on", "discharged_on", "due_on", "met_on", "raised_on", "reported_on", "visit_id",
    "occasions",
}  # fmt: skip
"""Every id, day and text that an event may hold. Before one is added: can it tell who a cadre is, or what ails one?"""


def telling_names(schema: Schema) -> Iterator[str]:
    """The names of the fields that might tell who somebody is: ids, days, texts. Whole numbers, flags and codes of a
    closed list can't.
    """
    for name, field in schema.fields.items():
        if isinstance(field, fields.Integer | fields.Boolean) or isinstance(field.validate, OneOf):
            continue
        yield name
        yield from field_names_within(field)


def field_names(schema: Schema) -> Iterator[str]:
    """The names of a schema's fields, those of the schemas nested in it too."""
    for name, field in schema.fields.items():
        yield name
        yield from field_names_within(field)


def field_names_within(field: fields.Field[Any]) -> Iterator[str]:
    """The names that a list, a dictionary or a nested schema holds."""
    if isinstance(field, fields.Nested):
        yield from field_names(field.schema)
    elif isinstance(field, fields.List):
        yield from field_names_within(field.inner)
    else:
        assert not isinstance(field, fields.Dict | fields.Raw), "what it holds can't be looked through"


def test_no_event_has_a_field_that_was_not_thought_about() -> None:
    found = {name for declared in event_types() for name in telling_names(declared.schema())}
    assert found == FIELDS


def test_a_field_within_another_one_is_found() -> None:
    inner = Schema.from_dict({"telephone": fields.String()})
    outer = Schema.from_dict({"people": fields.List(fields.Nested(inner))})
    assert list(field_names(outer())) == ["people", "telephone"]


OLD = {
    "t.v1.json": {"properties": {"a": {"type": "integer"}, "k": {"type": "string", "enum": ["x"]}}, "required": ["a"]}
}


def changed(**properties: Any) -> dict[str, Any]:
    """The old contract with other properties."""
    merged = {**OLD["t.v1.json"]["properties"], **properties}
    kept = {name: schema for name, schema in merged.items() if schema is not None}
    return {"t.v1.json": {"properties": kept, "required": ["a"]}}


@pytest.mark.parametrize(
    "current",
    [
        {},
        changed(a=None),
        changed(a={"type": "string"}),
        changed(a={"type": ["integer", "null"]}),
        changed(k={"type": "string", "enum": ["x", "y"]}),
        changed(a={"type": "integer", "format": "date"}),
        {"t.v1.json": {**OLD["t.v1.json"], "required": []}},
    ],
    ids=["type gone", "field gone", "other type", "may be null", "new value", "other format", "not always there"],
)
def test_a_change_that_breaks_a_subscriber_is_seen(current: dict[str, Any]) -> None:
    assert contracts.breaking(OLD, current)


def test_a_field_that_is_added_breaks_nobody() -> None:
    assert contracts.breaking(OLD, changed(b={"type": "string"})) == []


@pytest.mark.parametrize(
    "part",
    [
        {"properties": {}, "required": []},
        {"properties": {"day": {"type": "integer"}}, "required": ["day"]},
        {"properties": {"day": {"type": "string"}}, "required": []},
    ],
    ids=["field gone", "other type", "not always there"],
)
def test_a_change_within_a_nested_part_that_breaks_a_subscriber_is_seen(part: dict[str, Any]) -> None:
    old = {"$defs": {"Time": {"properties": {"day": {"type": "string"}}, "required": ["day"]}}}
    assert contracts.breaking({"t.v1.json": old}, {"t.v1.json": {"$defs": {"Time": part}}})
    assert contracts.breaking({"t.v1.json": old}, {"t.v1.json": old}) == []


def test_references_of_a_published_schema_lead_into_the_schema_itself() -> None:
    schema = contracts.schemas(event_types())["registry.cadre.registered.v1.json"]
    (name,) = schema["$defs"]
    assert schema["properties"]["away"]["items"] == {"$ref": f"#/$defs/{name}"}
