from __future__ import annotations

import json
from collections.abc import Callable
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

from hongxia.database import Database, migrate
from hongxia.events.tables import platform_metadata
from hongxia.http.endpoint import Call, Reply, Route, answer
from hongxia.http.problems import Rule
from hongxia.http.schemas import ImportQuery
from tests import keys
from tests.unit.events_builders import NOW, new_database, raise_event


class NameIn(Schema):
    """A name."""

    name = fields.String(required=True)


POST = Route("POST", "/things", "make", roles=("records",), body=NameIn, query=ImportQuery, status=201)


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
        body = {"name": call.body["name"], "number": len(self.made), "version": 1}
        return Reply(body, headers={"Location": f"/things/{len(self.made)}", "X-Other": "x"})

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


def test_the_kept_answer_is_kept_with_what_it_tells(host: Host) -> None:
    host.post()
    with host.database.read() as session:
        row = session.execute(text("SELECT * FROM idempotency")).one()
    assert (row.subject, row.key, row.status) == ("somebody", "key-1", 201)
    assert json.loads(row.body)["name"] == "甲"


WORK = replace(POST, writes=False, status=200)


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


def test_an_answer_that_sets_a_cookie_is_given_anew_and_kept_nowhere(host: Host) -> None:
    host.route, host.headers = WORK, {"Set-Cookie": "token=secret"}
    assert [host.post().headers["Set-Cookie"] for _ in range(2)] == ["token=secret"] * 2
    with host.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM idempotency")) == 0


def test_a_refused_work_is_not_kept(host: Host) -> None:
    host.route = WORK

    def refuse(call: Call) -> Any:
        raise Rule("不行")

    work, host.work = host.work, refuse  # type: ignore[method-assign]
    assert host.post().status_code == 422
    host.work = work  # type: ignore[method-assign]
    assert host.post().status_code == 200


def test_the_migration_makes_the_table_and_its_index(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/finance.sqlite3"
    migrate(url, "services.finance:migrations")
    with Database(url).engine.connect() as connection:
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name == "idempotency"}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), platform_metadata)
    assert [change for change in found if "idempotency" in str(change)] == []
