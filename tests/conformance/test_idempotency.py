"""Idempotency-Key: two requests with one key, one after the other or at once, leave one record and get one answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import func, select
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from hongxia.database import Database
from hongxia.events.tables import outbox
from hongxia.http import idempotency
from hongxia.http.endpoint import Call, Reply, Route, answer
from hongxia.http.idempotency import KEPT
from hongxia.http.problems import Rule
from tests import keys
from tests.conformance.backends import Storage
from tests.conformance.cases import accounts
from tests.conformance.test_outbox import open_account
from tests.races.threads import start
from tests.unit.events_builders import NOW, SOURCE, raise_event

REUSED = "urn:hongxia:problem:idempotency-key-reused"


class AccountIn(Schema):
    """The name of an account."""

    name = fields.String(required=True)


OPEN = Route("POST", "/accounts", "open an account", roles=("records",), body=AccountIn, status=201)


class Accounts:
    """A service with one route, which opens an account and raises an event."""

    name = "origin"
    verifier = keys.verifier("registry")

    def __init__(self, database: Database) -> None:
        self.database = database
        self.moment = NOW
        self.errors: list[Exception] = []
        self.before_answer: Callable[[], None] = lambda: None

    def clock(self) -> datetime:
        """See endpoint.Host."""
        return self.moment

    def failed(self, route: Route, error: Exception) -> None:
        """See endpoint.Host."""
        self.errors.append(error)

    def post(self, name: str = "甲", key: str | None = "key-1", subject: str = "somebody") -> Response:
        """Send the request."""
        token = keys.token("records", subject=subject)
        headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
        builder = EnvironBuilder("/accounts", method="POST", headers=headers, json={"name": name})
        return answer(self, OPEN, Request(builder.get_environ()), self._open)

    def _open(self, call: Call) -> Any:
        number = call.session.scalar(select(func.count()).select_from(outbox)) or 0
        subject = f"{call.body['name']}-{number + 1}"
        open_account(call.session, subject)
        raise_event(call.session, 1, subject=subject)
        self.before_answer()
        return Reply({"subject": subject, "version": 1}, headers={"Location": f"/accounts/{subject}"})

    def records(self) -> tuple[int, int]:
        """How many accounts and how many events there are."""
        with self.database.read() as session:
            return len(accounts(self.database)), session.scalar(select(func.count()).select_from(outbox)) or 0


@pytest.fixture
def service(database: Database) -> Accounts:
    return Accounts(database)


def replayed(response: Response) -> bool:
    return "Idempotency-Replayed" in response.headers


def test_a_request_sent_again_gets_the_first_answer_and_changes_nothing(service: Accounts) -> None:
    first, again = service.post(), service.post()
    assert (first.status_code, first.json) == (201, {"subject": "甲-1", "version": 1})
    assert (again.status_code, again.get_data()) == (201, first.get_data())
    assert [again.headers[name] for name in ("Location", "ETag")] == [first.headers["Location"], '"1"']
    assert (replayed(first), replayed(again), service.records()) == (False, True, (1, 1))


def test_a_key_used_for_another_request_is_refused_and_changes_nothing(service: Accounts) -> None:
    service.post()
    again = service.post("乙")
    assert (again.status_code, again.json["type"], service.records()) == (422, REUSED, (1, 1))


def test_another_key_no_key_or_another_sender_is_another_request(service: Accounts) -> None:
    sent = [{}, {"key": "key-2"}, {"key": None}, {"key": None}, {"subject": "somebody else"}]
    assert [replayed(service.post(**one)) for one in sent] == [False] * 5
    assert service.records() == (5, 5)


def test_keys_are_told_apart_to_the_last_letter(service: Accounts) -> None:
    """No collation of a database may take two keys for one."""
    keys = ["key-a", "key-A", "key-ä", "key-a ", "走访", "走訪", "x" * 200]
    for key in keys:
        assert not replayed(service.post(key=f'"{key}"')), key
    assert service.records() == (len(keys), len(keys))


def test_a_refused_request_keeps_neither_records_nor_its_key(service: Accounts) -> None:
    def refuse() -> None:
        raise Rule("不行")

    service.before_answer = refuse
    assert (service.post().status_code, service.records()) == (422, (0, 0))
    service.before_answer = lambda: None
    again = service.post()
    assert (again.status_code, replayed(again), service.records()) == (201, False, (1, 1))


def at_once(storage: Storage, first: Accounts, second: Callable[[], Response]) -> tuple[Response, Response]:
    """Send one request, and another one while the first has done its work and not committed yet."""
    tasks = []

    def send_the_second() -> None:
        first.before_answer = lambda: None
        tasks.append(start(second))
        storage.wait_for_a_waiting_writer()

    first.before_answer = send_the_second
    response = first.post()
    return response, tasks[0].result()


def test_one_key_in_two_requests_at_once_gives_one_record_and_one_answer(storage: Storage) -> None:
    service = Accounts(storage.open())
    first, second = at_once(storage, service, service.post)
    assert (first.status_code, second.status_code, second.get_data()) == (201, 201, first.get_data())
    assert (replayed(first), replayed(second)) == (False, True)
    assert (service.records(), service.errors) == ((1, 1), [])


def test_one_key_in_two_different_requests_at_once_serves_the_first_and_refuses_the_second(storage: Storage) -> None:
    service = Accounts(storage.open())
    first, second = at_once(storage, service, lambda: service.post("乙"))
    assert (first.status_code, second.status_code, second.json["type"]) == (201, 422, REUSED)
    assert service.records() == (1, 1)


def test_if_the_first_of_two_at_once_fails_the_second_does_the_work(storage: Storage) -> None:
    service, tasks = Accounts(storage.open()), []

    def fail() -> None:
        service.before_answer = lambda: None
        tasks.append(start(service.post))
        storage.wait_for_a_waiting_writer()
        raise Rule("不行")

    service.before_answer = fail
    assert service.post().status_code == 422
    second = tasks[0].result()
    assert (second.status_code, replayed(second), service.records()) == (201, False, (1, 1))


def test_a_key_is_swept_when_its_time_is_over_and_not_before(service: Accounts) -> None:
    service.post()
    for more, known in ((KEPT - timedelta(seconds=1), True), (timedelta(seconds=2), False)):
        service.moment += more
        with service.database.begin(SOURCE) as session:
            idempotency.sweep(session, service.moment)
        assert replayed(service.post()) is known
    assert service.records() == (2, 2)


def test_what_is_sent_again_later_still_gets_the_answer_of_then(service: Accounts) -> None:
    """The answer is what was said, not what the record is now."""
    first = service.post()
    service.post(key="key-2")
    assert service.post().get_data() == first.get_data()


BESIDE = replace(OPEN, writes=False)


def test_a_route_with_transactions_of_its_own_answers_a_key_once_too(service: Accounts) -> None:
    calls = []

    def work(call: Call) -> Any:
        calls.append(call.body["name"])
        with service.database.begin(call.context) as session:
            raise_event(session, len(calls))
        return {"number": len(calls)}

    def post(key: str) -> Any:
        token = keys.token("records")
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        builder = EnvironBuilder("/accounts", method="POST", headers=headers, json={"name": "甲"})
        return answer(service, BESIDE, Request(builder.get_environ()), work).json

    assert [post("a"), post("a"), post("b")] == [{"number": 1}, {"number": 1}, {"number": 2}]
    assert len(calls) == 2
