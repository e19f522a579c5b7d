from __future__ import annotations

from datetime import date, timedelta

import pytest

from hongxia.http.problems import Conflict, Problem
from services.outreach import suggestions
from tests.unit.outreach_builders import TODAY, events, new_database, types, work

LIFT = suggestions.Details("home_care", "phone", date(2022, 4, 6), "希望加装电梯")
LIFT_ID = "33333333-3333-4333-8333-333333333333"


def received(database):
    with work(database) as session:
        suggestions.receive(session, LIFT_ID, LIFT, TODAY)


def test_what_a_suggestion_says_never_leaves_the_service():
    database = new_database()
    received(database)
    with work(database) as session:
        suggestions.assign(session, suggestions.get(session, LIFT_ID), "联络一组", date(2022, 4, 7), TODAY)
        suggestions.resolve(session, suggestions.get(session, LIFT_ID), date(2022, 4, 12), TODAY)
    base = {"category": "home_care", "channel": "phone", "received_on": "2022-04-06"}
    assert [(name, event["occurredon"], event["data"]) for name, event in events(database)] == [
        ("suggestion.received", "2022-04-06", base),
        ("suggestion.assigned", "2022-04-07", {**base, "assigned_on": "2022-04-07"}),
        ("suggestion.resolved", "2022-04-12", {**base, "resolved_on": "2022-04-12"}),
    ]


def test_a_suggestion_may_be_resolved_without_being_assigned_and_assigned_twice():
    database = new_database()
    received(database)
    with work(database) as session:
        suggestion = suggestions.get(session, LIFT_ID)
        suggestions.assign(session, suggestion, "联络一组", date(2022, 4, 7), TODAY)
        suggestions.assign(session, suggestion, "联络二组", date(2022, 4, 8), TODAY)
    assert suggestion.assignee == "联络二组"
    assert types(database) == ["suggestion.received", "suggestion.assigned", "suggestion.assigned"]


@pytest.mark.parametrize(
    ("resolved_on", "slug"),
    [
        (date(2022, 4, 5), "before-receipt"),
        (date(2022, 4, 6), "before-assignment"),
        (TODAY + timedelta(1), "date-in-future"),
    ],
)
def test_it_is_resolved_after_it_came_in_and_not_in_the_future(resolved_on, slug):
    database = new_database()
    received(database)
    with work(database) as session:
        suggestions.assign(session, suggestions.get(session, LIFT_ID), "联络一组", date(2022, 4, 7), TODAY)
    with pytest.raises(Problem) as raised, work(database) as session:
        suggestions.resolve(session, suggestions.get(session, LIFT_ID), resolved_on, TODAY)
    assert raised.value.slug == slug


def test_what_is_resolved_or_voided_is_not_taken_up_again():
    database = new_database()
    received(database)
    with work(database) as session:
        suggestions.resolve(session, suggestions.get(session, LIFT_ID), date(2022, 4, 12), TODAY)
    with pytest.raises(Conflict), work(database) as session:
        suggestions.assign(session, suggestions.get(session, LIFT_ID), "联络一组", date(2022, 4, 13), TODAY)
    with work(database) as session:
        suggestions.void(session, suggestions.get(session, LIFT_ID), "duplicate")
    with pytest.raises(Conflict), work(database) as session:
        suggestions.resolve(session, suggestions.get(session, LIFT_ID), date(2022, 4, 12), TODAY)
    assert types(database) == ["suggestion.received", "suggestion.resolved", "suggestion.voided"]
