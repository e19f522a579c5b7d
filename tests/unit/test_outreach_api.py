from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hongxia import ids
from hongxia.database import Database, migrate
from hongxia.http.openapi import document
from hongxia.mirror import Mirror
from hongxia.runtime.http import routes_of
from services.outreach.app import OutreachService
from services.outreach.base import Base
from services.outreach.cadres.mirror import CADRES
from services.outreach.obligations import rules as obligation_rules
from services.outreach.visits.model import Visit
from services.outreach.workbook import OUTREACH
from tests.datakeys import DATA_KEYS
from tests.unit.outreach_builders import CHEN, LIN, TODAY, Api, add_cadre, events, new_database, problem, types, work
from tests.unit.service_api import ServiceApi

VISIT = {
    "cadre_id": LIN,
    "visited_on": "2022-07-01",
    "form": "home",
    "category": "love_knocks",
    "occasion": "birthday",
    "five_must": False,
    "people": 2,
}
CONTACT = {"cadre_id": LIN, "contacted_on": "2022-03-10", "method": "phone"}
APPLICATION = {"cadre_id": LIN, "cause": "illness", "applied_on": "2022-01-05"}
GRANT = {"amount": "8000.00", "approved_on": "2022-01-18"}
SUGGESTION = {"category": "health", "channel": "phone", "received_on": "2022-04-06"}
STAY = {"cadre_id": LIN, "admitted_on": "2023-01-09"}


@pytest.fixture
def database():
    made = new_database()
    add_cadre(made)
    return made


@pytest.fixture
def api(database):
    return Api(database)


def test_a_visit_is_recorded_read_amended_and_voided(api, database):
    made = api("POST", "/visits", VISIT, role="liaison")
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    path = "/" + made.headers["Location"]
    shown = api("GET", path, role="office").json
    assert shown == made.json
    assert {**VISIT, "state": "recorded", "void_reason": None, "version": 1}.items() <= shown.items()
    assert api("PATCH", path, {"people": 3}, role="liaison", If_Match='"1"').json["people"] == 3
    assert problem(api("PATCH", path, {"people": 4}, If_Match='"1"')) == (412, "version-changed")
    assert problem(api("PATCH", path, {"people": 4})) == (428, "version-required")
    assert api("POST", f"{path}/void", {"reason": "entered-in-error"}, role="liaison").json["state"] == "voided"
    assert problem(api("POST", f"{path}/void", {"reason": "entered-in-error"})) == (409, "wrong-state")
    assert types(database) == ["visit.recorded", "visit.amended", "visit.voided"]


def test_an_amendment_of_nothing_is_refused(api, database):
    path = "/" + api("POST", "/visits", VISIT).headers["Location"]
    assert problem(api("PATCH", path, {}, If_Match='"1"')) == (422, "nothing-to-change")
    assert problem(api("PATCH", path, {"reason": "correction"}, If_Match='"1"')) == (422, "nothing-to-change")
    assert types(database) == ["visit.recorded"]


@pytest.fixture
def locked(monkeypatch):
    """The cadres that are locked, each time that some are."""
    found = []
    one, all_of_them = Mirror.lock, Mirror.lock_all
    monkeypatch.setattr(Mirror, "lock", lambda self, session, key: found.append({key}) or one(self, session, key))
    monkeypatch.setattr(
        Mirror, "lock_all", lambda self, session, keys: found.append(set(keys)) or all_of_them(self, session, keys)
    )
    return found


@pytest.mark.parametrize(
    ("collection", "body", "steps"),
    [
        ("visits", VISIT, [("void", {"reason": "duplicate"})]),
        ("contacts", CONTACT, [("void", {"reason": "duplicate"})]),
        ("stays", STAY, [("end", {"discharged_on": "2023-01-10"}), ("void", {"reason": "wrong-subject"})]),
        ("aid-cases", APPLICATION, [("approve", GRANT), ("withdraw", {"reason": "other"}), ("reopen", None)]),
        ("aid-cases", APPLICATION, [("decline", {"declined_on": "2022-01-18"})]),
    ],
)
def test_whoever_changes_a_record_of_a_cadre_locks_the_cadre(api, locked, collection, body, steps):
    path = "/" + api("POST", f"/{collection}", body).headers["Location"]
    for number, (step, sent) in enumerate(steps, start=2):
        assert api("POST", f"{path}/{step}", sent).status_code == 200
        assert locked == [{LIN}] * number


def test_whoever_moves_a_record_to_another_cadre_locks_both_at_once(api, database, locked):
    chen = add_cadre(database, "G0002").id
    for collection, body in (("visits", VISIT), ("stays", STAY), ("aid-cases", APPLICATION)):
        path = "/" + api("POST", f"/{collection}", body).headers["Location"]
        locked.clear()
        assert api("PATCH", path, {"cadre_id": chen}, If_Match='"1"').status_code == 200
        assert locked == [{LIN, chen}]


def test_whoever_waited_for_a_cadre_sees_what_the_other_one_did(api, monkeypatch):
    path = "/" + api("POST", "/visits", VISIT).headers["Location"]

    def wait(_self, session, _cadre_ids):
        session.connection().execute(Visit.__table__.update().values(version=2))  # past the session, as another would

    monkeypatch.setattr(Mirror, "lock_all", wait)
    assert problem(api("PATCH", path, {"people": 3}, If_Match='"1"')) == (412, "version-changed")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"people": 0}, "#/people"),
        ({"people": "2"}, "#/people"),
        ({"people": True}, "#/people"),
        ({"people": 1.5}, "#/people"),
        ({"five_must": "yes"}, "#/five_must"),
        ({"five_must": 1}, "#/five_must"),
        ({"visited_on": "2022-02-30"}, "#/visited_on"),
        ({"visited_on": "2023-01-11"}, "#/visited_on"),
        ({"occasion": "生病住院"}, "#/occasion"),
        ({"cadre_id": "G0001"}, "#/cadre_id"),
        ({"cadre_id": ids.entity_id("cadre", "nobody")}, "#/cadre_id"),
        ({"name": "林晓霞"}, "#/name"),
    ],
)
def test_bad_input_is_named_by_its_field_and_changes_nothing(api, database, change, pointer):
    answered = api("POST", "/visits", {**VISIT, **change})
    assert answered.status_code == 422
    assert [error["pointer"] for error in answered.json["errors"]] == [pointer]
    assert types(database) == []


@pytest.mark.parametrize(
    ("collection", "body", "field"),
    [
        ("suggestions", SUGGESTION, "resolved_on"),
        ("suggestions", SUGGESTION, "assignee"),
        ("stays", STAY, "discharged_on"),
        ("aid-cases", APPLICATION, "amount"),
        ("aid-cases", APPLICATION, "year"),
    ],
)
def test_what_a_later_step_fills_in_is_not_part_of_a_new_record(api, collection, body, field):
    value = "8.00" if field == "amount" else "2022-04-12"
    answered = api("POST", f"/{collection}", {**body, field: value})
    assert [error["pointer"] for error in answered.json["errors"]] == [f"#/{field}"]


def test_the_same_contact_twice_is_a_conflict_that_names_the_first(api):
    made = api("POST", "/contacts", CONTACT, role="liaison")
    again = api("POST", "/contacts", CONTACT, role="liaison")
    assert problem(again) == (409, "duplicate-contact")
    assert again.json["existing"] == made.json["id"]


def test_a_contact_is_amended(api, database):
    made = api("POST", "/contacts", CONTACT, role="liaison").json
    path = f"/contacts/{made['id']}"
    moved = api("PATCH", path, {"contacted_on": "2022-08-10", "reason": "correction"}, role="liaison", If_Match='"1"')
    assert (moved.json["month"], moved.json["id"]) == ("2022-08", made["id"])
    assert problem(api("PATCH", path, {"cadre_id": CHEN}, If_Match='"2"')) == (422, "invalid")
    assert types(database) == ["contact.made", "contact.amended"]


def test_a_liaison_applies_and_only_a_leader_decides(api, database):
    case = api("POST", "/aid-cases", APPLICATION, role="liaison")
    path = "/" + case.headers["Location"]
    for step, body in (
        ("approve", GRANT),
        ("decline", {"declined_on": "2022-01-18"}),
        ("withdraw", {"reason": "other"}),
    ):
        assert problem(api("POST", f"{path}/{step}", body, role="liaison")) == (403, "forbidden")
    granted = api("POST", f"{path}/approve", GRANT, role="leader").json
    assert (granted["state"], granted["amount"], granted["pay_on"]) == ("approved", "8000.00", "2022-01-18")
    assert problem(api("POST", f"{path}/approve", GRANT, role="leader")) == (409, "wrong-state")
    assert problem(api("POST", "/aid-cases", APPLICATION)) == (422, "aid-already-this-year")
    assert types(database) == ["aid.applied", "aid.approved"]


def test_a_refusal_names_the_field_as_the_body_calls_it(api):
    path = "/" + api("POST", "/aid-cases", APPLICATION).headers["Location"]
    early = api("POST", f"{path}/approve", {**GRANT, "approved_on": "2022-01-04"}).json
    assert [(error["pointer"], error["detail"]) for error in early["errors"]] == [
        ("#/approved_on", "审批日期 2022-01-04 早于申请日期 2022-01-05")
    ]
    declined = api("POST", f"{path}/decline", {"declined_on": "2022-01-04"}).json
    assert declined["errors"][0]["pointer"] == "#/declined_on"
    amended = api("PATCH", path, {"amount": "1.00"}, If_Match='"1"').json
    assert amended["errors"][0]["pointer"] == "#/amount"


@pytest.mark.parametrize("amount", ["0", "-1", "1.005", "x", True, None])
def test_an_amount_is_more_than_zero_with_at_most_two_decimals(api, amount):
    path = "/" + api("POST", "/aid-cases", APPLICATION).headers["Location"]
    refused = api("POST", f"{path}/approve", {**GRANT, "amount": amount})
    assert problem(refused) == (422, "invalid")
    assert refused.json["errors"][0]["pointer"] == "#/amount"


def test_a_suggestion_goes_its_way(api, database):
    path = "/" + api("POST", "/suggestions", SUGGESTION, role="liaison").headers["Location"]
    given = {"assignee": "联络一组", "assigned_on": "2022-04-07"}
    assert api("POST", f"{path}/assign", given, role="leader").json["state"] == "assigned"
    assert api("POST", f"{path}/resolve", {"resolved_on": "2022-04-12"}).json["state"] == "resolved"
    assert api("PATCH", path, {"resolved_on": None}, If_Match='"3"', role="liaison").json["state"] == "assigned"
    assert api("POST", f"{path}/void", {"reason": "duplicate"}).json["state"] == "voided"
    assert problem(api("POST", f"{path}/assign", given)) == (409, "wrong-state")


def test_lists_are_filtered_and_come_in_pages(api):
    for day in ("01", "02", "03"):
        api("POST", "/contacts", {**CONTACT, "contacted_on": f"2022-03-{day}"})
    first = api("GET", "/contacts?since=2022-03-02&limit=1", role="liaison").json
    assert [item["contacted_on"] for item in first["items"]] == ["2022-03-02"]
    rest = api("GET", f"/contacts?since=2022-03-02&limit=1&cursor={first['next_cursor']}").json
    assert [item["contacted_on"] for item in rest["items"]] == ["2022-03-03"]
    assert rest["next_cursor"] is None
    assert api("GET", "/contacts?until=2022-03-01&method=wechat").json["items"] == []
    empty = (
        "/visits?state=voided",
        f"/aid-cases?year=2022&cadre_id={LIN}",
        "/suggestions?category=health",
        f"/stays?cadre_id={LIN}&state=reported",
        "/obligations?kind=illness&liaison=l1234abcd",
        "/obligation-kinds",
        "/festivals?since=2022-01-01",
        "/contradictions?kind=after-death",
    )
    for path in empty:
        assert api("GET", path).json == {"items": [], "next_cursor": None}
    assert problem(api("GET", "/visits?colour=red")) == (422, "invalid")


COLLECTIONS = ("visits", "contacts", "aid-cases", "suggestions", "stays", "obligations", "festivals", "contradictions")


@pytest.mark.parametrize("what", COLLECTIONS)
def test_what_is_not_there_is_not_found(api, what):
    assert problem(api("GET", f"/{what}/{ids.new_id()}"))[0] == 404


def test_a_post_with_the_same_key_is_answered_once(api, database):
    first, again = (api("POST", "/visits", VISIT, Idempotency_Key="k1") for _ in range(2))
    assert first.json == again.json
    assert types(database) == ["visit.recorded"]


@pytest.mark.parametrize(
    ("collection", "body"),
    [("visits", VISIT), ("aid-cases", APPLICATION), ("suggestions", SUGGESTION), ("stays", STAY)],
)
def test_what_has_no_natural_key_needs_one(database, collection, body):
    api = Api(database)
    sent = ServiceApi.__call__(api, "POST", f"/{collection}", body)
    assert problem(sent) == (428, "idempotency-key-required")
    assert types(database) == []


def test_the_api_describes_itself():
    described = document("outreach", "走访联络", "1", routes_of(OutreachService))
    assert {"/visits/{record_id}/void", "/aid-cases/{record_id}/approve"} <= described["paths"].keys()


def test_only_a_leader_imports_a_workbook_because_its_rows_may_approve_aid():
    [importable] = OutreachService.definition.workbooks
    assert (importable.workbook, importable.roles) == (OUTREACH, ("leader",))


def test_every_event_type_is_declared_once_and_every_room_has_its_life_cycle():
    names = [event.name for event in OutreachService.definition.events]
    assert len(set(names)) == len(names)
    assert {lifecycle.thing for lifecycle in OutreachService.definition.lifecycles} == {
        *("visit", "contact", "aid", "suggestion", "stay"),
        *("obligation", "obligation-kind", "festival", "contradiction"),
    }


def test_no_event_has_a_field_that_could_tell_an_illness_or_a_text():
    forbidden = {"cause", "hospital", "summary", "assignee", "explanation", "name_of_cadre"}
    for event in OutreachService.definition.events:
        assert not forbidden & event.schema._declared_fields.keys(), event.name


def test_the_migrations_make_the_tables_that_the_models_describe(tmp_path):
    url = f"sqlite:///{tmp_path}/outreach.sqlite3"
    migrate(url, OutreachService.definition.migrations)
    with Database(url).engine.connect() as connection:
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name in Base.metadata.tables}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_an_installation_begins_with_kinds_that_the_office_can_change(tmp_path):
    url = f"sqlite:///{tmp_path}/outreach.sqlite3"
    migrate(url, OutreachService.definition.migrations)
    database = Database(url, keys=DATA_KEYS)
    for _ in range(2):  # at the start, and an hour later
        with work(database) as session:
            obligation_rules.publish_first(session, TODAY)
    api = Api(database)
    kinds = {kind["code"]: kind for kind in api("GET", "/obligation-kinds").json["items"]}
    assert {"illness", "death", "hardship", "milestone", "festival", "living_alone"} <= kinds.keys()
    published = [event for name, event in events(database) if name == "obligation-kind.changed"]
    assert [(event["data"]["code"], event["entityversion"]) for event in published] == [(code, 1) for code in kinds]
    names = ("title", "days", "working_days", "raised_by", "concerns", "occasions", "active")
    for code, kind in kinds.items():
        body = {name: kind[name] for name in names}
        changed = api("PUT", f"/obligation-kinds/{code}", {**body, "days": 21}, If_Match='"1"')
        assert (changed.json["id"], changed.json["version"]) == (ids.entity_id("obligation-kind", code), 2)


def test_the_copy_of_the_cadres_is_the_one_that_locks():
    assert isinstance(CADRES, Mirror)
