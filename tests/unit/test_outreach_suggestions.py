from __future__ import annotations

from datetime import date, timedelta

import pytest

from hongxia import ids, records
from hongxia.rules import Conflicting, Question, Refused
from services.outreach.suggestions import rules
from services.outreach.suggestions.model import Suggestion
from tests.unit.outreach_builders import TODAY, events, new_database, types, work

LIFT = {"category": "home_care", "channel": "phone", "received_on": date(2022, 4, 6), "summary": "希望加装电梯"}


@pytest.fixture
def database():
    return new_database()


def receive(database, confirmed=(), **changes):
    with work(database) as session:
        return rules.receive(session, ids.new_id(), {**LIFT, **changes}, TODAY, confirmed)


def done(database, suggestion, step, *args, **kwargs):
    with work(database) as session:
        return step(session, records.lock(session, Suggestion, suggestion.id), *args, **kwargs)


def assign(database, suggestion, on=date(2022, 4, 7), assignee="联络一组"):
    return done(database, suggestion, rules.assign, assignee, on, TODAY)


def resolve(database, suggestion, on=date(2022, 4, 12)):
    return done(database, suggestion, rules.resolve, on, TODAY)


def amend(database, suggestion, **changes):
    return done(database, suggestion, rules.amend, changes, "correction", TODAY)


def test_what_a_suggestion_says_never_leaves_the_service(database):
    lift = receive(database)
    assign(database, lift)
    resolve(database, lift)
    base = {
        "category": "home_care",
        "channel": "phone",
        "received_on": "2022-04-06",
        "assigned_on": None,
        "resolved_on": None,
    }
    assigned = {**base, "assigned_on": "2022-04-07"}
    assert [(name, event["occurredon"], event["data"]) for name, event in events(database)] == [
        ("suggestion.received", "2022-04-06", base),
        ("suggestion.assigned", "2022-04-07", assigned),
        ("suggestion.resolved", "2022-04-12", {**assigned, "resolved_on": "2022-04-12"}),
    ]


def test_a_suggestion_may_be_resolved_without_being_assigned_and_assigned_twice(database):
    lift = receive(database)
    assign(database, lift)
    assert assign(database, lift, date(2022, 4, 8), "联络二组").assignee == "联络二组"
    assert resolve(database, receive(database, channel="letter")).state == "resolved"
    assert types(database)[:3] == ["suggestion.received", "suggestion.assigned", "suggestion.assigned"]


@pytest.mark.parametrize(
    ("resolved_on", "code"),
    [
        (date(2022, 4, 5), "before-receipt"),
        (date(2022, 4, 6), "before-assignment"),
        (TODAY + timedelta(1), "date-in-future"),
    ],
)
def test_it_is_resolved_after_it_came_in_and_not_in_the_future(database, resolved_on, code):
    lift = receive(database)
    assign(database, lift)
    with pytest.raises(Refused) as raised:
        resolve(database, lift, resolved_on)
    assert raised.value.code == code


def test_what_is_resolved_or_voided_is_not_taken_up_again(database):
    lift = receive(database)
    resolve(database, lift)
    with pytest.raises(Conflicting):
        assign(database, lift, date(2022, 4, 13))
    done(database, lift, rules.void, "duplicate")
    with pytest.raises(Conflicting):
        resolve(database, lift)
    assert types(database) == ["suggestion.received", "suggestion.resolved", "suggestion.voided"]


def test_an_amendment_says_what_changed_and_keeps_the_summary_to_itself(database):
    lift = receive(database)
    assert amend(database, lift, category="health", summary="希望加装扶手").version == 2
    assert amend(database, lift, category="health").version == 2
    name, event = events(database)[-1]
    assert name == "suggestion.amended"
    assert (event["data"]["changed"], event["data"]["category"]) == (["category", "summary"], "health")
    assert "扶手" not in str(event)


def test_a_resolution_is_corrected_or_taken_back_by_an_amendment(database):
    lift = receive(database)
    assign(database, lift)
    resolve(database, lift)
    assert amend(database, lift, resolved_on=date(2022, 4, 20)).state == "resolved"
    reopened = amend(database, lift, resolved_on=None)
    assert (reopened.state, reopened.resolved_on, reopened.assignee) == ("assigned", None, "联络一组")
    _, event = events(database)[-1]
    assert (event["data"]["resolved_on"], event["data"]["changed"]) == (None, ["resolved_on"])
    assert resolve(database, lift).state == "resolved"
    other = receive(database, channel="letter")
    resolve(database, other)
    assert amend(database, other, resolved_on=None).state == "received"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"resolved_on": date(2022, 4, 12)}, "resolved_on", "step-not-taken"),
        ({"assigned_on": date(2022, 4, 12)}, "assigned_on", "step-not-taken"),
        ({"received_on": TODAY + timedelta(1)}, "received_on", "date-in-future"),
    ],
)
def test_an_amendment_takes_no_step_by_itself(database, changes, field, code):
    lift = receive(database)
    with pytest.raises(Refused) as raised:
        amend(database, lift, **changes)
    assert [(found.field, found.code) for found in raised.value.violations] == [(field, code)]
    assert types(database) == ["suggestion.received"]


def test_dates_stay_in_their_order_whichever_of_them_is_amended(database):
    lift = receive(database)
    assign(database, lift)
    resolve(database, lift)
    for changes in ({"received_on": date(2022, 4, 8)}, {"assigned_on": date(2022, 4, 13)}, {"assigned_on": None}):
        with pytest.raises(Refused):
            amend(database, lift, **changes)
    assert amend(database, lift, received_on=date(2022, 4, 7)).received_on == date(2022, 4, 7)


def test_the_same_suggestion_again_is_a_question(database):
    first = receive(database)
    with pytest.raises(Question) as raised:
        receive(database)
    assert (raised.value.code, raised.value.extra) == ("entered-twice", {"existing": first.id})
    receive(database, confirmed=("entered-twice",))
    receive(database, summary="希望加装扶手")
    receive(database, summary=None)
    with pytest.raises(Question):
        receive(database, summary=None)
