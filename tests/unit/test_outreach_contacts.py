from __future__ import annotations

from datetime import date, timedelta

import pytest

from hongxia import records
from hongxia.rules import Conflicting, Refused
from services.outreach.cadres.mirror import CADRES
from services.outreach.contacts import rules
from services.outreach.contacts.model import Contact
from tests.unit.outreach_builders import CHEN, LIN, TODAY, Bureau, add_cadre, events, new_database, types, work

CALL = {"cadre_id": LIN, "contacted_on": date(2022, 3, 10), "method": "phone"}


def make(database, **changes):
    values = {**CALL, **changes}
    with work(database) as session:
        return rules.make_or_restore(session, values, CADRES.lock(session, values["cadre_id"]), TODAY)


def amend(database, contact, **changes):
    with work(database) as session:
        return rules.amend(session, records.lock(session, Contact, contact.id), changes, "correction", TODAY)


def void(database, contact):
    with work(database) as session:
        return rules.void(session, records.lock(session, Contact, contact.id), "entered-in-error", TODAY)


@pytest.fixture
def database():
    made = new_database()
    add_cadre(made)
    return made


def test_a_contact_is_published_with_its_month(database):
    make(database)
    [(name, event)] = events(database)
    assert name == "contact.made"
    assert event["data"] == {"cadre_id": LIN, "contacted_on": "2022-03-10", "month": "2022-03", "method": "phone"}
    assert event["occurredon"] == "2022-03-10"


def test_the_dead_are_not_contacted_but_on_their_last_day_they_may_have_been():
    database = new_database()
    add_cadre(database, deceased_on=date(2022, 3, 9))
    with pytest.raises(Refused) as raised:
        make(database)
    assert raised.value.code == "cadre-deceased"
    make(database, contacted_on=date(2022, 3, 9))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cadre_id": "nobody"}, "unknown-cadre"),
        ({"contacted_on": TODAY + timedelta(1)}, "date-in-future"),
        ({"contacted_on": date(1989, 3, 10)}, "date-too-early"),
        ({"contacted_on": date(2012, 4, 30)}, "before-registration"),
    ],
)
def test_what_can_not_be_is_refused(database, changes, code):
    with pytest.raises(Refused) as raised:
        make(database, **changes)
    assert raised.value.code == code
    assert types(database) == []


def test_the_same_cadre_date_and_method_is_the_same_contact(database):
    first = make(database)
    with pytest.raises(Conflicting) as raised:
        make(database)
    assert (raised.value.code, raised.value.extra) == ("duplicate-contact", {"existing": first.id})
    make(database, method="in_person")
    assert types(database) == ["contact.made", "contact.made"]


def test_a_contact_under_another_number_of_the_person_is_the_same_contact():
    bureau = Bureau("G0001", "G0002")
    first = make(bureau.database)
    bureau.merge("G0001", into="G0002")
    for cadre_id in (LIN, CHEN):
        with pytest.raises(Conflicting) as raised:
            make(bureau.database, cadre_id=cadre_id)
        assert raised.value.extra == {"existing": first.id}


def test_a_voided_contact_can_be_made_again_as_a_newer_version_of_the_same(database):
    contact = make(database)
    void(database, contact)
    again = make(database)
    assert (again.id, again.version, again.state, again.void_reason) == (contact.id, 3, "made", None)
    assert [(name, event["entityversion"]) for name, event in events(database)] == [
        ("contact.made", 1),
        ("contact.voided", 2),
        ("contact.made", 3),
    ]


def test_an_amended_contact_keeps_its_id_and_the_old_date_is_free_for_another(database):
    contact = make(database)
    moved = amend(database, contact, contacted_on=date(2022, 8, 10))
    assert (moved.id, moved.version) == (contact.id, 2)
    _, event = events(database)[-1]
    assert event["data"]["month"] == "2022-08"
    assert event["data"]["changed"] == ["contacted_on"]
    another = make(database)
    assert another.id != contact.id
    assert another.contacted_on == CALL["contacted_on"]
    third = amend(database, another, contacted_on=date(2022, 9, 10))
    assert make(database).id not in {contact.id, third.id}


def test_a_contact_is_not_moved_onto_another_one(database):
    make(database)
    other = make(database, contacted_on=date(2022, 3, 11))
    with pytest.raises(Conflicting) as raised:
        amend(database, other, contacted_on=CALL["contacted_on"])
    assert raised.value.code == "duplicate-contact"
    assert types(database) == ["contact.made", "contact.made"]


def test_an_amendment_is_held_to_the_same_rules_and_the_same_again_changes_nothing(database):
    contact = make(database)
    with pytest.raises(Refused) as raised:
        amend(database, contact, contacted_on=date(2012, 1, 1))
    assert raised.value.code == "before-registration"
    assert amend(database, contact, method="phone").version == 1
    void(database, contact)
    with pytest.raises(Conflicting) as raised:
        amend(database, contact, method="wechat")
    assert raised.value.code == "wrong-state"
