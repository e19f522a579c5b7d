from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from marshmallow import Schema, fields
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from hongxia import services
from hongxia.database import Database, migrate
from hongxia.events.tables import platform_metadata
from hongxia.http.endpoint import Call, Reply, Route, answer
from hongxia.http.problems import Rule
from hongxia.http.schemas import ImportQuery
from hongxia.runtime.http import routes_of
from tests import keys
from tests.unit.events_builders import NOW, new_database, raise_event


class NameIn(Schema):
    """A name."""

    name = fields.String(required=True)


def thing(_call: Call, number: str, version: int = 1) -> dict[str, Any]:
    """What is answered of a thing."""
    return {"id": number, "name": "甲", "number": int(number), "version": version}


POST = Route("POST", "/things", "make", roles=("records",), body=NameIn, query=ImportQuery, status=201, again=thing)


class Host:
    """A service whose one route makes things and tells of each by an event."""

    name = "origin"
    verifier = keys.verifier("registry")

    def __init__(self) -> None:
        self.database = new_database()
        self.moment = NOW
        self.made: list[str] = []
        self.errors: list[Exception] = []
        self.refuse: Callable[[], Exception] | None = None
        self.route = POST
        self.headers: dict[str, str] = {}

    def clock(self) -> datetime:
        return self.moment

    def failed(self, route: Route, error: Exception) -> None:
        self.errors.append(error)

    def make(self, call: Call) -> Any:
        self.made.append(call.body["name"])
        if not self.route.writes:
            return Reply(self.work(call), headers=self.headers)
        raise_event(call.session, len(self.made))
        if self.refuse:
            raise self.refuse()
        return Reply(
            {**thing(call, str(len(self.made))), "name": call.body["name"]},
            headers={"Location": f"/things/{len(self.made)}", "X-Other": "x"},
        )

    def post(
        self, name: str = "甲", *, key: str | None = "key-1", subject: str = "somebody", path: str = ""
    ) -> Response:
        token = keys.token("records", subject=subject)
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key is not None else {})}
        builder = EnvironBuilder(f"/things{path}", method="POST", headers=headers, json={"name": name})
        return answer(self, self.route, Request(builder.get_environ()), self.make)

    def work(self, call: Call) -> Any:
        """What a route with transactions of its own does."""
        call.session.rollback()
        with self.database.begin(call.context) as session:
            raise_event(session, len(self.made))
        return {"number": len(self.made)}

    def events(self) -> int:
        with self.database.read() as session:
            return session.scalar(text("SELECT count(*) FROM outbox")) or 0


@pytest.fixture
def host() -> Host:
    return Host()


def test_a_request_sent_again_gets_its_first_answer_again_and_changes_nothing(host: Host) -> None:
    first, again = host.post(), host.post()
    assert (first.status_code, first.json["number"]) == (201, 1)
    assert (again.status_code, again.get_data()) == (first.status_code, first.get_data())
    for header in ("Content-Type", "Location", "ETag"):
        assert again.headers[header] == first.headers[header]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert (host.made, host.events()) == (["甲"], 1)


def test_the_quotes_of_the_header_do_not_matter(host: Host) -> None:
    host.post(key="key-1")
    assert host.post(key='"key-1"').headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("changed", [{"name": "乙"}, {"path": "?dry_run=true"}])
def test_a_key_stands_for_one_request_only(host: Host, changed: dict[str, str]) -> None:
    host.post()
    again = host.post(**changed)
    assert (again.status_code, again.json["type"]) == (422, "urn:hongxia:problem:idempotency-key-reused")
    assert again.json["errors"][0]["parameter"] == "Idempotency-Key"
    assert host.made == ["甲"]


def test_what_nobody_expected_is_told_without_its_text_and_keeps_nothing(host: Host) -> None:
    host.refuse = lambda: ValueError("张三")
    failed = host.post()
    assert (failed.status_code, failed.json["type"]) == (500, "urn:hongxia:problem:internal")
    assert "张三" not in failed.get_data(as_text=True)
    assert [type(error) for error in host.errors] == [ValueError]
    assert host.events() == 0


def test_a_collision_at_the_commit_is_a_conflict(host: Host) -> None:
    host.post()
    host.made.clear()
    refused = host.post(key="key-2")
    assert (refused.status_code, refused.json["type"]) == (409, "urn:hongxia:problem:collision")
    assert [type(error) for error in host.errors] == [IntegrityError]


@pytest.mark.parametrize("key", ["", "  ", '""', "x" * 201, "a\tb"])
def test_a_key_must_be_some_visible_characters(host: Host, key: str) -> None:
    refused = host.post(key=key)
    assert (refused.status_code, refused.json["errors"][0]["parameter"]) == (400, "Idempotency-Key")
    assert host.made == []


def test_of_an_answer_its_record_is_kept_and_nothing_that_it_says(host: Host) -> None:
    host.post(key="张三的走访")
    with host.database.read() as session:
        row = session.execute(text("SELECT * FROM idempotency")).one()
    assert (row.subject, row.status, row.location, row.record_id) == ("somebody", 201, "/things/1", "1")
    assert not [value for value in row if "甲" in str(value) or "张三" in str(value)]


def test_a_record_that_was_changed_meanwhile_is_answered_as_it_is_now(host: Host) -> None:
    host.post()
    host.route = replace(POST, again=lambda call, number: thing(call, number, version=7))
    again = host.post()
    assert (again.status_code, again.json["version"], again.headers["ETag"]) == (201, 7, '"7"')
    assert (again.headers["Location"], again.headers["Idempotency-Replayed"]) == ("/things/1", "true")


def test_nobody_without_the_key_finds_the_request_by_trying(host: Host) -> None:
    other = Host()
    for each in (host, other):
        each.post()
    prints = [row.fingerprint for each in (host, other) for row in kept(each)]
    assert len(set(prints)) == 2


def kept(host: Host) -> Sequence[Any]:
    with host.database.read() as session:
        return session.execute(text("SELECT * FROM idempotency")).all()


WORK = replace(POST, writes=False, status=200, again=None, keeps=("number",))


def test_an_answer_about_no_record_keeps_the_fields_that_its_route_names(host: Host) -> None:
    host.route = WORK
    host.work = lambda _call: {"number": 3, "name": "甲", "changes": [{"before": "甲"}]}  # type: ignore[method-assign]
    host.post()
    assert host.post().json == {"number": 3, "name": None, "changes": []}
    assert "甲" not in str(kept(host))


def test_a_route_that_only_reads_ignores_the_key(host: Host) -> None:
    host.route = replace(WORK, keeps=())
    assert [host.post().json["number"] for _ in range(2)] == [1, 2]
    assert kept(host) == []


def test_a_route_with_transactions_of_its_own_answers_a_key_once_too(host: Host) -> None:
    host.route = WORK
    first, again, other = host.post(), host.post(), host.post(key="key-2")
    assert (first.json, again.json, other.json) == ({"number": 1}, {"number": 1}, {"number": 2})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert host.post(name="乙").json["type"] == "urn:hongxia:problem:idempotency-key-reused"
    assert (len(host.made), host.events()) == (2, 2)


def test_of_two_that_work_at_once_both_get_the_answer_of_the_first_to_end(host: Host) -> None:
    host.route = WORK
    work, answers = host.work, []

    def slow(call: Call) -> Any:
        host.work = work  # type: ignore[method-assign]
        call.session.rollback()
        answers.append(host.post().json)
        return {"number": "another"}

    host.work = slow  # type: ignore[method-assign]
    answers.append(host.post().json)
    assert answers[0] == answers[1]
    assert len(host.made) == 2


def test_a_refused_work_is_not_kept(host: Host) -> None:
    host.route = WORK

    def refuse(call: Call) -> Any:
        raise Rule("不行")

    work, host.work = host.work, refuse  # type: ignore[method-assign]
    assert host.post().status_code == 422
    host.work = work  # type: ignore[method-assign]
    assert host.post().status_code == 200


READS = {
    ("registry", "/cadres/search"),
    ("reporting", "/session"),
    ("reporting", "/login"),
    ("reporting", "/login-codes"),
}
"""POST that changes no record; a page's cookie is made anew each time."""


def test_every_request_that_changes_something_is_recognised_when_it_is_sent_again() -> None:
    posts = {(name, route.url): route for name, _, route in all_routes() if route.method == "POST"}
    assert {key for key, route in posts.items() if not route.takes_key} == READS
    for route in posts.values():
        assert set(route.keeps) <= (route.returns._declared_fields.keys() if route.returns else set()), route.url


def all_routes() -> Iterator[tuple[str, str, Route]]:
    for name in services.names():
        for route in routes_of(services.load(name)):
            yield name, route.url, route


def test_the_migration_makes_the_table_and_its_index(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/finance.sqlite3"
    migrate(url, "services.finance:migrations")
    with Database(url).engine.connect() as connection:
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name == "idempotency"}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), platform_metadata)
    assert [change for change in found if "idempotency" in str(change)] == []
