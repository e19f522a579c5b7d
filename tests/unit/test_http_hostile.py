"""Whatever is sent, the answer is a problem document that says what is wrong, and never a 500."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from sqlalchemy import MetaData, literal, select
from werkzeug.exceptions import ClientDisconnected

from hongxia.definition import Definition
from hongxia.http.endpoint import Call
from hongxia.http.guards import GUARDS
from hongxia.runtime.http import route
from hongxia.runtime.runner import gateway
from hongxia.runtime.service import Service
from tests.unit.web_builders import Answer, Web, running

FEW = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


class PartIn(Schema):
    """A body with a number that may be sent as text."""

    number = fields.Integer(required=True)
    name = fields.String()


class NumberQuery(Schema):
    """A query with a number without bounds."""

    number = fields.Integer(load_default=None)


class DepotService(Service):
    """One route of each kind; every value reaches the database."""

    name = "depot"
    definition = Definition("部件", MetaData(), "services.finance:migrations")

    @route("GET", "/parts/<int:number>", summary="部件")
    def get_part(self, call: Call, number: int) -> dict[str, Any]:
        """By number."""
        return {"number": call.session.scalar(select(literal(number)))}

    @route("GET", "/kinds/<code>", summary="种类", query=NumberQuery)
    def get_kind(self, call: Call, code: str) -> dict[str, Any]:
        """By code."""
        return {"code": call.session.scalar(select(literal(code))), "number": kept(call, call.query["number"])}

    @route("POST", "/parts", summary="登记", body=PartIn, status=201)
    def make_part(self, call: Call) -> dict[str, Any]:
        """A new part."""
        return {"number": kept(call, call.body["number"])}

    @route("PATCH", "/parts/<int:number>", summary="修改", body=PartIn)
    def change_part(self, call: Call, number: int) -> dict[str, Any]:
        """Another number."""
        call.must_match(3)
        return {"number": kept(call, call.body["number"]), "version": 4}

    @route("POST", "/parts/<uuid:part>/void", summary="作废")
    def void_part(self, call: Call, part: Any) -> dict[str, Any]:
        """No body."""
        return {"id": str(part)}

    @route("POST", "/files", summary="文件", raw=("text/plain",))
    def take_file(self, call: Call) -> dict[str, Any]:
        """Bytes."""
        return {"length": len(call.body)}


def kept(call: Call, number: int | None) -> Any:
    return None if number is None else call.session.scalar(select(literal(number)))


@pytest.fixture(scope="module")
def mounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with running(DepotService, tmp_path_factory.mktemp("depot")) as (_container, mounted):
        yield mounted


@pytest.fixture(scope="module", params=["alone", "embedded", "embedded front"])
def web(mounts: Any, request: pytest.FixtureRequest) -> Web:
    """One service by itself, and behind the gateway of the embedded services, by its name and as the front."""
    if request.param == "alone":
        return Web(mounts["depot"])
    application = gateway(mounts, "depot")
    if request.param == "embedded front":
        return Web(application)
    return Web(lambda environ, start: application({**environ, "PATH_INFO": "/depot" + environ["PATH_INFO"]}, start))


def refused(answer: Answer, status: int) -> None:
    assert (answer.status, answer.is_problem) == (status, True), answer
    document = json.loads(answer.body)
    assert document["status"] == status
    assert document["detail"]
    assert answer.headers["X-Correlation-ID"]


def test_sound_requests_are_answered(web: Web) -> None:
    assert web("GET", "/parts/7").status == 200
    assert web("GET", "/kinds/红霞".encode().decode("latin-1"), query="number=3").status == 200
    assert web("POST", "/parts", body=b'{"number": 3}').status == 201
    assert web("PATCH", "/parts/7", body=b'{"number": "3"}', HTTP_IF_MATCH='"3"').status == 200
    assert web("POST", "/files", body=b"abc", CONTENT_TYPE="text/plain").status == 200


@pytest.mark.parametrize("query", ["number=1&number=2", "number=1&number=1", "number=&number=2", "confirm=a&confirm=b"])
def test_a_parameter_that_comes_twice_is_named(web: Web, query: str) -> None:
    answer = web("GET", "/kinds/a", query=query)
    refused(answer, 422)
    [error] = json.loads(answer.body)["errors"]
    assert error == {"detail": "只能出现一次", "parameter": query.partition("=")[0]}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/parts/7", 200),
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/events", 200),
        ("GET", "/nothing", 404),
        ("DELETE", "/parts/7", 405),
        ("POST", "/parts", 400),
        ("GET", "/parts/7?x", 404),
    ],
)
def test_no_answer_is_kept_framed_or_guessed_at_by_a_browser(web: Web, method: str, path: str, status: int) -> None:
    answer = web(method, path)
    assert answer.status == status
    assert answer.headers.items() >= GUARDS.items()


@pytest.mark.parametrize("label", ["a" * 64, f"{'a' * 64}.example.cn", "a..b", "x" * 300, "-" * 70])
def test_a_host_that_is_no_host_is_named(web: Web, label: str) -> None:
    answer = web("GET", "/healthz", HTTP_HOST=label)
    refused(answer, 400)
    assert "Host" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 40, "9" * 5000, "1" + "0" * 4300])
def test_there_is_nothing_at_a_number_that_no_database_keeps(web: Web, number: str) -> None:
    refused(web("GET", f"/parts/{number}"), 404)
    refused(web("PATCH", f"/parts/{number}", body=b'{"number": 1}', HTTP_IF_MATCH='"3"'), 404)


@pytest.mark.parametrize("code", ["a\n", "\na", "a\r\nb", "a\0", "a\x1f", "a\x7f", "a\xc2\x85", "a\xe2\x80\xa8"])
def test_there_is_nothing_whose_name_holds_a_control_character(web: Web, code: str) -> None:
    refused(web("GET", f"/kinds/{code}"), 404)


@pytest.mark.parametrize("path", ["/parts/7\n", "/parts\n", "/healthz\n", "\n", "/parts/７\n"])
def test_a_line_feed_or_a_slash_too_many_makes_another_address(web: Web, path: str) -> None:
    refused(web("GET", path.encode().decode("latin-1")), 404)


@pytest.mark.parametrize("version", ["9" * 19, "9" * 5000, "-1", "+1", "1.0", "x", '"', "\xb2", "1_0", '"3", "4"'])
def test_a_version_that_is_none_names_its_header(web: Web, version: str) -> None:
    answer = web("PATCH", "/parts/7", body=b'{"number": 1}', HTTP_IF_MATCH=version)
    refused(answer, 400)
    assert json.loads(answer.body)["errors"][0]["parameter"] == "If-Match"


def test_a_version_that_is_not_the_current_one_is_refused(web: Web) -> None:
    refused(web("PATCH", "/parts/7", body=b'{"number": 1}', HTTP_IF_MATCH='"4"'), 412)
    refused(web("PATCH", "/parts/7", body=b'{"number": 1}', HTTP_IF_MATCH='"999999999999999999"'), 412)


@pytest.mark.parametrize("length", ["abc", "-1", "-5", "+5", "1e3", "0x10", "\xb2", "1 2", "1_0"])
def test_a_length_that_is_no_number_names_its_header(web: Web, length: str) -> None:
    answer = web("POST", "/parts", body=b'{"number": 3}', CONTENT_LENGTH=length)
    refused(answer, 400)
    assert json.loads(answer.body)["errors"][0]["parameter"] == "Content-Length"


@pytest.mark.parametrize("length", ["9" * 18, "9" * 19, "9" * 5000, str(2 * 1024 * 1024)])
def test_a_length_beyond_the_limit_is_too_large_whatever_was_sent(web: Web, length: str) -> None:
    refused(web("POST", "/parts", body=b"{}", CONTENT_LENGTH=length), 413)


@pytest.mark.parametrize("length", [None, "", "0", "00"])
def test_a_body_without_its_length_is_not_read(web: Web, length: str | None) -> None:
    refused(web("POST", "/parts", body=b'{"number": 3}', CONTENT_LENGTH=length), 400)


class Gone(io.RawIOBase):
    """A body of which the client sends a part and then goes away, in the manner of `error`."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.parts = [b'{"num']

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.parts:
            part = self.parts.pop()
            buffer[: len(part)] = part
            return len(part)
        if self.error:
            raise self.error
        return 0


@pytest.mark.parametrize("error", [None, ConnectionResetError(), TimeoutError(), ClientDisconnected()])
@pytest.mark.parametrize("path", ["/parts", "/files"])
def test_a_body_cut_short_is_refused(web: Web, error: Exception | None, path: str) -> None:
    kind = "text/plain" if path == "/files" else "application/json"
    refused(web("POST", path, body=Gone(error), CONTENT_LENGTH="13", CONTENT_TYPE=kind), 400)


@pytest.mark.parametrize("number", ["99999999999999999999", "9" * 4000, "9" * 5000])
def test_a_number_too_large_for_any_database_names_where_it_stands(web: Web, number: str) -> None:
    for sent in (number, f'"{number}"'):
        answer = web("POST", "/parts", body=f'{{"number": {sent}}}'.encode())
        assert answer.status in (400, 422)
        refused(answer, answer.status)
    answer = web("GET", "/kinds/a", query=f"number={number}")
    refused(answer, 422)
    assert json.loads(answer.body)["errors"][0]["parameter"] == "number"


@pytest.mark.parametrize("query", ["tpye=1", "street=x", "number=1&street=x"])
def test_a_parameter_that_a_route_does_not_know_is_named(web: Web, query: str) -> None:
    for path in ("/parts/7", "/kinds/a", "/events/head"):
        answer = web("GET", path, query=query)
        refused(answer, 422)
        assert {"tpye", "street"} & {error["parameter"] for error in json.loads(answer.body)["errors"]}


def test_a_public_route_without_parameters_takes_any(web: Web) -> None:
    assert web("GET", "/healthz", query="probe=1").status == 200


def nested(depth: int) -> str:
    head = base64.urlsafe_b64encode(b"[" * depth).decode().rstrip("=")
    return f"{head}.e30.c2ln"


@pytest.mark.parametrize(
    "shown",
    ["", "Bearer", "Bearer ", "Basic x", "Bearer \xff\xfe", "Bearer a.b.c", "Bearer ....", "Bearer e30.e30.e30",
     f"Bearer {nested(40_000)}", "Bearer " + "x" * 60_000, "Bearer \0", "bearer\ta.b.c"],
)  # fmt: skip
def test_what_is_no_token_opens_nothing(web: Web, shown: str) -> None:
    refused(web("GET", "/parts/7", HTTP_AUTHORIZATION=shown), 401)


HEADERS = ("HTTP_HOST", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IDEMPOTENCY_KEY", "HTTP_X_CORRELATION_ID",
           "HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_TRANSFER_ENCODING", "HTTP_ACCEPT", "HTTP_RANGE",
           "HTTP_IF_MODIFIED_SINCE", "CONTENT_TYPE", "CONTENT_LENGTH")  # fmt: skip
PATHS = ("/parts", "/parts/1", "/kinds/a", "/files", "/healthz", "/metrics", "/events", "/events/head", "/cursors",
         "/cursors/a/reset", "/parked", "/parked/replay", "/workbooks", "/workbooks/a", "/openapi.json",
         "/parts/00000000-0000-0000-0000-000000000000/void", "/nothing")  # fmt: skip

octets = st.text(st.characters(max_codepoint=255), max_size=40)
"""What a header or a path may be made of, as WSGI hands it over: latin-1."""
digits = st.text("0123456789", min_size=1, max_size=25)
queries = st.one_of(
    octets,
    st.sampled_from(["%", "%zz", "%ff%fe", "a=%00", "a=%ed%a0%80", "=&=&", "limit=", "&" * 500, "a" * 20_000]),
    st.builds("{}={}".format, st.sampled_from(["after", "limit", "timeout", "type", "lastEventId", "number"]), digits),
)
paths = st.one_of(
    st.sampled_from(PATHS),
    st.builds("{}/{}".format, st.sampled_from(PATHS), octets),
    st.builds("/parts/{}".format, digits),
    st.just("/" + "a" * 60_000),
    octets,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
bodies = st.one_of(
    st.binary(max_size=60),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries({"number": json_values}).map(lambda value: json.dumps(value).encode()),
)


@FEW
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"]),
    path=paths,
    query=queries,
    body=bodies,
    headers=st.dictionaries(st.sampled_from(HEADERS), octets | digits, max_size=3),
)
def test_nothing_that_is_sent_makes_an_error_of_ours(
    mounts: Any, method: str, path: str, query: str, body: bytes, headers: dict[str, str]
) -> None:
    if "timeout" in query:
        query = ""  # a long poll waits
    for web in (Web(mounts["depot"]), Web(gateway(mounts, "depot"))):
        answer = web(method, path, query=query, body=body, **headers)
        assert answer.status < 500, (answer, method, path, query, body, headers)
        if answer.status >= 400:
            assert answer.headers["Content-Type"].startswith("application/problem+json"), answer
