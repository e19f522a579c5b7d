"""What no database keeps is refused before any route sees it."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from hongxia.database import Database
from hongxia.http.endpoint import Call, Route, answer
from hongxia.http.values import faults
from hongxia.paging import paginate
from hongxia.rules import Refused
from hongxia.schema.derive import PageQuery
from hongxia.schema.fields import to_fen
from tests import keys
from tests.unit.events_builders import NOW, new_database


class Base(DeclarativeBase):
    pass


class Thing(Base):
    """Something in pages."""

    __tablename__ = "thing"
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class ThingIn(Schema):
    """Anything."""

    name = fields.String()
    parts = fields.Raw()


POST = Route("POST", "/things/<name>", "make", body=ThingIn, query=PageQuery)


class Host:
    """A service whose one route is never reached by these requests."""

    name = "origin"
    verifier = keys.verifier("registry")

    def __init__(self) -> None:
        self.database = new_database()
        self.reached = False

    def clock(self) -> datetime:
        return NOW

    def failed(self, route: Route, error: Exception) -> None:
        raise AssertionError from error

    def act(self, call: Call) -> dict[str, str]:
        self.reached = True
        return {}

    def post(self, body: str = "{}", query: str = "", name: str = "x") -> Response:
        token = keys.token()
        headers = {"Authorization": f"Bearer {token}"}
        builder = EnvironBuilder(
            "/things/x",
            method="POST",
            headers=headers,
            query_string=query,
            data=body.encode(),
            content_type="application/json",
        )
        request = Request(builder.get_environ())
        request.path_values = {"name": name}  # type: ignore[attr-defined]
        return answer(self, POST, request, self.act)


@pytest.fixture
def host() -> Host:
    return Host()


def test_sound_values_reach_the_route(host: Host) -> None:
    body = {"name": "红霞 🎉", "parts": [1, -(2**63) + 1, {"a": "b"}, None, True]}
    assert host.post(json.dumps(body), "limit=3").status_code == 200
    assert host.reached


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"name": "a\\u0000"}', "#/name"),
        ('{"name": "\\ud800"}', "#/name"),
        ('{"parts": [{"x": "\\u0000"}]}', "#/parts/0/x"),
        ('{"parts": {"\\u0000": 1}}', "#/parts"),
        ('{"parts": {"\\udfff": "\\u0000"}}', "#/parts"),
        ('{"parts": 1e999999999}', "#/parts"),
        ('{"parts": [0e-999999999]}', "#/parts/0"),
        ('{"parts": 9223372036854775808}', "#/parts"),
    ],
)
def test_a_value_of_the_body_that_can_not_be_kept_is_pointed_at(host: Host, body: str, pointer: str) -> None:
    refused = host.post(body)
    assert (refused.status_code, [error["pointer"] for error in refused.json["errors"]]) == (422, [pointer])
    assert not host.reached


def test_a_body_too_deep_to_be_looked_through_is_no_json(host: Host) -> None:
    for depth in (500, 900, 950, 990, 5000):
        assert host.post('{"parts": ' + "[" * depth + "]" * depth + "}").status_code in (200, 400)


def test_a_nul_in_the_query_names_its_parameter(host: Host) -> None:
    refused = host.post(query="cursor=a%00")
    assert (refused.status_code, refused.json["errors"][0]["parameter"]) == (422, "cursor")


def test_there_is_nothing_whose_address_holds_a_nul(host: Host) -> None:
    assert host.post(name="a\0").status_code == 404
    assert not host.reached


@pytest.mark.parametrize("value", ["1E+999999999", "1E-999999999", "0E+999999999", "NaN", "Infinity", "1E+14"])
def test_an_amount_with_a_giant_exponent_is_refused_without_writing_it_out(value: str) -> None:
    with pytest.raises(ValidationError):
        to_fen(Decimal(value))


def test_an_amount_may_be_written_with_an_exponent() -> None:
    assert to_fen(Decimal("1.5E+3")) == 150_000


def test_every_fault_is_told() -> None:
    assert [fault.pointer for fault in faults({"a": "\0", "b": ["\0", "c"]})] == ["#/a", "#/b/0"]


@pytest.mark.parametrize("values", [["\0", 1], ["\ud800", 1], ["a", 2**63], ["a", "x"], ["a"], {}, ["a", None]])
def test_a_cursor_that_was_not_handed_out_here_is_refused(values: Any) -> None:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    for sent in (cursor, base64.urlsafe_b64encode(b"[" * 100_000).decode(), "é", "a"):
        with database.read() as session, pytest.raises(Refused):
            paginate(session, select(Thing), [Thing.name, Thing.number], {"cursor": sent, "limit": 10})
