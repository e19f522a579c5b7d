"""The same person entered twice in the registry: refused, asked about, or listed, whichever way it comes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from hongxia.workbook.importing import parse
from hongxia.workbook.reconcile import Unconfirmed
from hongxia.workbook.write import write
from services.registry.merges import rules as merges
from services.registry.workbook import CADRES, IMPORTABLE
from tests.unit.registry_builders import (
    NEW,
    TODAY,
    Api,
    cadre,
    context,
    counts,
    empty_registry,
    imported,
    kinds,
    list_labels,
    new_database,
    problem,
    registered,
    resident_number,
    row,
)

TWIN = resident_number(serial=2)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


@pytest.fixture
def api() -> Iterator[Api]:
    """The API of a registry without cadres."""
    opened = Api()
    yield opened
    opened.close()


def test_the_same_resident_number_is_a_conflict_that_names_the_record(api: Api) -> None:
    first = api.registered()
    response = api("POST", "/cadres?confirm=entered-twice", {**NEW, "name": "王二"})
    assert problem(response) == (409, "resident-number-taken", "#/resident_number")
    assert response.json["existing"] == first["id"]


def test_the_same_name_and_birth_date_is_a_question_that_a_parameter_answers(api: Api) -> None:
    first = api.registered()
    body = {**NEW, "resident_number": TWIN}
    response = api("POST", "/cadres", body)
    assert problem(response) == (409, "entered-twice", "#/name")
    assert response.json["existing"] == first["id"]
    assert len(api("GET", "/cadres").json["items"]) == 1
    confirmed = api("POST", "/cadres?confirm=entered-twice", body)
    assert (confirmed.status_code, confirmed.json["cadre_no"]) == (201, "G0002")


def test_a_confirmation_of_something_else_is_refused(api: Api) -> None:
    assert api("POST", "/cadres?confirm=twice", NEW).status_code == 422


def test_the_question_is_asked_about_a_deceased_cadre_too_and_not_about_a_merged_one(api: Api) -> None:
    first = api.registered(deceased_on="2022-08-09")
    assert problem(api("POST", "/cadres", {**NEW, "resident_number": TWIN}))[1] == "entered-twice"
    other = api.registered(resident_number=TWIN, name="林晓云")
    api.must(f"/cadres/{first['id']}/death/withdraw", {"reason": "other"})
    api.must(f"/cadres/{first['id']}/merge", {"into": other["id"]})
    assert api("POST", "/cadres", {**NEW, "resident_number": resident_number(serial=3)}).status_code == 201


def test_a_question_takes_no_number(api: Api) -> None:
    api.registered()
    api("POST", "/cadres", {**NEW, "resident_number": TWIN})
    assert api.registered(resident_number=resident_number("19400101"))["cadre_no"] == "G0002"


def test_another_birth_date_or_another_name_is_another_person(api: Api) -> None:
    api.registered()
    assert api("POST", "/cadres", {**NEW, "resident_number": resident_number("19500302")}).status_code == 201
    assert api("POST", "/cadres", {**NEW, "name": "林晓云", "resident_number": TWIN}).status_code == 201


def test_the_question_of_a_row_is_in_the_plan_and_one_confirmation_answers_it() -> None:
    database = new_database()
    with database.begin(context()) as session:
        list_labels(session)
        registered(session)
    data = write(CADRES, 2022, "某区委老干部局", {"cadres": [row("G0002", resident_number=TWIN)]})
    parsed = parse(data, IMPORTABLE, TODAY, lambda: None)
    with pytest.raises(Unconfirmed) as asked, database.begin(context()) as session:
        parsed.load(session, TODAY, dry_run=False)
    (question,) = asked.value.plan.questions
    assert (question.row, question.code) == (2, "entered-twice")
    assert "林晓霞" not in question.message and TWIN not in question.message
    with database.begin(context()) as session:
        plan = parsed.load(session, TODAY, dry_run=False, confirmed=asked.value.plan.digest)
        assert counts(plan) == (1, 0, 0, 0)
    with database.begin(context()) as session:
        assert parsed.load(session, TODAY, dry_run=False).digest == ""
    database.close()


def test_two_rows_of_one_file_are_asked_about_too(session: Session) -> None:
    plan = imported(session, row("G0001"), row("G0002", resident_number=TWIN))
    assert [(question.row, question.code) for question in plan.questions] == [(3, "entered-twice")]


def test_a_row_again_is_the_same_cadre_and_no_question(session: Session) -> None:
    imported(session, row())
    plan = imported(session, row())
    assert (plan.questions, kinds(session)) == ([], ["registered"])


def test_a_twin_that_was_confirmed_stays_in_the_list_of_duplicates(session: Session) -> None:
    imported(session, row("G0001"), row("G0002", resident_number=resident_number(serial=50)))
    session.flush()
    (pair,) = merges.near_duplicates(session)
    assert set(pair.cadres) == {cadre(session).id, cadre(session, "G0002").id}


def test_the_same_label_is_not_listed_twice(api: Api) -> None:
    api.must("/streets", {"label": "榕荫街道"})
    assert problem(api("POST", "/streets", {"label": "　榕荫街道 "})) == (409, "street-exists", "#/label")


def test_a_request_sent_again_with_its_key_registers_one_cadre(api: Api) -> None:
    first = api("POST", "/cadres", NEW, Idempotency_Key="abcdefgh-1")
    again = api("POST", "/cadres", NEW, Idempotency_Key="abcdefgh-1")
    assert (first.status_code, again.status_code, again.json["id"]) == (201, 201, first.json["id"])
    assert len(api("GET", "/cadres").json["items"]) == 1


def test_a_registration_sent_again_is_answered_with_the_record_as_it_is_now(api: Api) -> None:
    first = api("POST", "/cadres", NEW, Idempotency_Key="key-1")
    known = first.json
    changed = api("PATCH", f"/cadres/{known['id']}", {"name": "林晓云"}, If_Match='"1"')
    again = api("POST", "/cadres", NEW, Idempotency_Key="key-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Location"] == first.headers["Location"]
    assert (again.json["name"], again.headers["ETag"]) == ("林晓云", changed.headers["ETag"])
    assert again.json.keys() == known.keys()
    assert again.headers["Idempotency-Replayed"] == "true"


def test_an_action_sent_again_is_answered_with_what_it_made(api: Api) -> None:
    cadre = api.registered()
    body = {"left_on": "2022-06-01", "destination": "邻区"}
    answers = [api("POST", f"/cadres/{cadre['id']}/leave", body, Idempotency_Key="key-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert answers[1].json["destination"] == "邻区"
