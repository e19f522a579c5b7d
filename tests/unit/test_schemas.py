"""What a record's schema declares is what its model stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hongxia import services
from hongxia.records import Record
from hongxia.schema.derive import RecordSchema

ADDED_TO_ANSWERS = {"unit_label", "street_label", "liaison_label", "survivor"}
"""Fields of a cadre that services/registry/cadres/find.py adds to the answer."""

FILLED_IN = {"cadre_no", "reported_on"}
"""Fields that may be left out and are stored all the same: the next number, the day of the request."""


def subclasses(kind: type) -> set[type]:
    found = set(kind.__subclasses__())
    return found.union(*(subclasses(each) for each in found))


def stored(service: str) -> Iterator[tuple[Any, str, Any]]:
    """Yield the models of a service with each attribute that a schema of the same life cycle declares."""
    tables = set(services.load(service).definition.metadata.tables.values())
    models: list[Any] = [model for model in subclasses(Record) if getattr(model, "__table__", None) in tables]
    schemas: list[Any] = [schema for schema in subclasses(RecordSchema) if hasattr(schema, "lifecycle")]
    for model in models:
        for schema in schemas:
            if schema.lifecycle is model.lifecycle:
                for name, field in schema._declared_fields.items():
                    yield model, field.attribute or name, field


@pytest.mark.parametrize("service", sorted(set(services.names()) - {"reporting"}))
def test_a_model_has_every_field_that_its_schema_declares(service: str) -> None:
    fields = list(stored(service))
    assert fields
    missing = {f"{model.__name__}.{name}" for model, name, _ in fields if not hasattr(model, name)}
    assert {each for each in missing if each.rpartition(".")[2] not in ADDED_TO_ANSWERS} == set()


@pytest.mark.parametrize("service", sorted(set(services.names()) - {"reporting"}))
def test_a_column_may_be_null_where_the_field_may_be(service: str) -> None:
    differing = set()
    for model, name, field in stored(service):
        column = model.__table__.columns.get(name)
        if column is not None and not field.dump_only and column.nullable != field.allow_none:
            differing.add(f"{model.__name__}.{name}")
    assert {each for each in differing if each.rpartition(".")[2] not in FILLED_IN} == set()
