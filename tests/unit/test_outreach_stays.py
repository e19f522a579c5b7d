from __future__ import annotations

from datetime import date, timedelta

import pytest

from hongxia import ids, records
from hongxia.rules import Conflicting, Question, Refused
from services.outreach.cadres.mirror import CADRES
from services.outreach.stays import rules
from services.outreach.stays.model import Stay
from tests.unit.outreach_builders import CHEN, LIN, TODAY, Bureau, events, types, work

REPORT = {"cadre_id": LIN, "admitted_on": date(2022, 12, 28), "reported_on": date(2023, 1, 5), "hospital": "区中心医院"}


@pytest.fixture
def bureau():
    return Bureau("G0001")


def report(bureau, confirmed=(), **changes):
    values = {**REPORT, **changes}
    with work(bureau.database) as session:
        cadre = CADRES.lock(session, values["cadre_id"])
        return rules.report(session, ids.new_id(), values, cadre, TODAY, confirmed)


def done(bureau, step, stay, *args):
    with work(bureau.database) as session:
        return step(session, records.lock(session, Stay, stay.id), *args, TODAY)


def end(bureau, stay, on):
    return done(bureau, rules.end, stay, on)


def amend(bureau, stay, confirmed=(), **changes):
    with work(bureau.database) as session:
        found = records.lock(session, Stay, stay.id)
        return rules.amend(session, found, changes, "correction", TODAY, confirmed)


def test_neither_hospital_nor_illness_is_published(bureau):
    stay = report(bureau)
    end(bureau, stay, date(2023, 1, 8))
    data = {"cadre_id": LIN, "admitted_on": "2022-12-28", "reported_on": "2023-01-05", "discharged_on": None}
    assert [(name, event["occurredon"], event["data"]) for name, event in events(bureau.database)] == [
        ("stay.reported", "2022-12-28", data),
        ("stay.ended", "2023-01-08", {**data, "discharged_on": "2023-01-08"}),
    ]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"admitted_on": TODAY, "reported_on": TODAY - timedelta(1)}, "reported_on", "reported-before-admission"),
        ({"admitted_on": date(2012, 1, 1)}, "admitted_on", "before-registration"),
        ({"cadre_id": "nobody"}, "cadre_id", "unknown-cadre"),
        ({"reported_on": TODAY + timedelta(1)}, "reported_on", "date-in-future"),
    ],
)
def test_a_stay_that_can_not_be_is_refused(bureau, changes, field, code):
    with pytest.raises(Refused) as raised:
        report(bureau, **changes)
    assert [(found.field, found.code) for found in raised.value.violations] == [(field, code)]
    assert bureau.types() == []


def test_who_had_died_is_not_admitted(bureau):
    bureau.die("G0001", "2022-12-27")
    with pytest.raises(Refused) as raised:
        report(bureau)
    assert raised.value.code == "cadre-deceased"


def test_a_transfer_to_another_hospital_on_the_same_day_is_a_second_stay(bureau):
    report(bureau)
    report(bureau, hospital="市第一医院")
    assert types(bureau.database) == ["stay.reported", "stay.reported"]


@pytest.mark.parametrize("hospital", ["区中心医院", "区中心 医院", None])
def test_a_second_stay_from_the_same_day_in_what_may_be_the_same_hospital_is_a_question(bureau, hospital):
    first = report(bureau)
    with pytest.raises(Question) as raised:
        report(bureau, hospital=hospital)
    assert (raised.value.code, raised.value.extra) == ("entered-twice", {"existing": first.id})
    report(bureau, confirmed=("entered-twice",), hospital=hospital)


def test_stays_that_overlap_are_a_question(bureau):
    first = report(bureau)
    with pytest.raises(Question) as raised:
        report(bureau, admitted_on=date(2023, 1, 2))
    assert (raised.value.code, raised.value.extra) == ("stay-overlaps", {"existing": first.id})
    end(bureau, first, date(2023, 1, 2))
    second = report(bureau, admitted_on=date(2023, 1, 2))
    with pytest.raises(Question):
        amend(bureau, second, admitted_on=date(2023, 1, 1))
    amend(bureau, second, confirmed=("stay-overlaps",), admitted_on=date(2023, 1, 1))
    assert bureau.types()[-1] == "stay.amended"


def test_a_stay_before_one_that_was_reported_first_does_not_overlap(bureau):
    end(bureau, report(bureau, admitted_on=date(2023, 1, 4)), date(2023, 1, 6))
    with pytest.raises(Question):
        report(bureau, admitted_on=date(2023, 1, 3))


def test_stays_under_two_numbers_of_one_person_are_held_against_one_another():
    bureau = Bureau("G0001", "G0002")
    first = report(bureau)
    bureau.merge("G0001", into="G0002")
    for cadre_id in (LIN, CHEN):
        with pytest.raises(Question) as raised:
            report(bureau, cadre_id=cadre_id)
        assert raised.value.extra == {"existing": first.id}


def test_a_discharge_is_corrected_and_taken_back(bureau):
    stay = report(bureau)
    with pytest.raises(Refused) as raised:
        amend(bureau, stay, discharged_on=date(2023, 1, 8))
    assert raised.value.code == "not-discharged"
    end(bureau, stay, date(2023, 1, 8))
    assert amend(bureau, stay, discharged_on=date(2023, 1, 7)).state == "ended"
    lasting = amend(bureau, stay, discharged_on=None)
    assert (lasting.state, lasting.discharged_on) == ("reported", None)
    assert events(bureau.database)[-1][1]["data"]["changed"] == ["discharged_on"]
    assert end(bureau, stay, date(2023, 1, 9)).state == "ended"


def test_a_discharge_lies_between_the_admission_and_today(bureau):
    stay = report(bureau)
    for on, code in ((date(2022, 12, 27), "discharged-before-admission"), (TODAY + timedelta(1), "date-in-future")):
        with pytest.raises(Refused) as raised:
            end(bureau, stay, on)
        assert raised.value.code == code
    end(bureau, stay, date(2023, 1, 8))
    with pytest.raises(Refused):
        amend(bureau, stay, discharged_on=date(2022, 12, 27))
    with pytest.raises(Refused):
        amend(bureau, stay, admitted_on=date(2023, 1, 9))


def test_what_is_voided_stays_so_and_the_same_again_changes_nothing(bureau):
    stay = report(bureau)
    assert amend(bureau, stay, hospital="区中心医院").version == 1
    done(bureau, rules.void, stay, "entered-in-error")
    for again in (lambda: end(bureau, stay, TODAY), lambda: amend(bureau, stay, hospital="x")):
        with pytest.raises(Conflicting) as raised:
            again()
        assert raised.value.code == "wrong-state"
    report(bureau)
    assert bureau.types() == ["stay.reported", "stay.voided", "stay.reported"]
