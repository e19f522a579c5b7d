from __future__ import annotations

from datetime import date, timedelta

import pytest

from hongxia.http.problems import Conflict, Problem
from services.outreach import cadres, contacts
from tests.unit.outreach_builders import LIN, TODAY, add_cadre, events, new_database, types, work

CALL = contacts.Details(LIN, date(2022, 3, 10), "phone")


def make(database, details=CALL):
    with work(database) as session:
        cadre = cadres.locked(session, details.cadre_id)
        return contacts.make(session, details, cadre, TODAY, contacts.find(session, details.id))


def test_a_contact_is_told_with_its_month():
    database = new_database()
    add_cadre(database)
    make(database)
    [(name, event)] = events(database)
    assert name == "contact.made"
    assert event["data"] == {"cadre_id": LIN, "contacted_on": "2022-03-10", "month": "2022-03", "method": "phone"}
    assert event["occurredon"] == "2022-03-10"


def test_the_dead_are_not_contacted_but_on_their_last_day_they_may_have_been():
    database = new_database()
    add_cadre(database, deceased_on=date(2022, 3, 9))
    with pytest.raises(Problem) as raised:
        make(database)
    assert raised.value.slug == "cadre-deceased"
    make(database, contacts.Details(LIN, date(2022, 3, 9), "phone"))


@pytest.mark.parametrize(
    ("details", "slug"),
    [
        (contacts.Details("nobody", date(2022, 3, 10), "phone"), "unknown-cadre"),
        (contacts.Details(LIN, TODAY + timedelta(1), "phone"), "date-in-future"),
        (contacts.Details(LIN, date(1989, 3, 10), "phone"), "date-too-early"),
    ],
)
def test_what_can_not_be_is_refused(details, slug):
    database = new_database()
    add_cadre(database)
    with pytest.raises(Problem) as raised:
        make(database, details)
    assert raised.value.slug == slug
    assert types(database) == []


def test_the_same_cadre_date_and_method_is_the_same_contact():
    database = new_database()
    add_cadre(database)
    first = make(database)
    with pytest.raises(Conflict) as raised:
        make(database)
    assert (raised.value.slug, raised.value.extra) == ("duplicate-contact", {"contact_id": first.id})
    make(database, contacts.Details(LIN, CALL.contacted_on, "in_person"))
    assert types(database) == ["contact.made", "contact.made"]


def test_a_voided_contact_can_be_made_again_as_a_newer_version_of_the_same():
    database = new_database()
    add_cadre(database)
    contact_id = make(database).id
    with work(database) as session:
        contacts.void(session, contacts.get(session, contact_id), "entered-in-error")
    again = make(database)
    assert (again.id, again.version, again.state, again.void_reason) == (contact_id, 3, "made", None)
    told = [(name, event["entityversion"]) for name, event in events(database)]
    assert told == [("contact.made", 1), ("contact.voided", 2), ("contact.made", 3)]
