from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest

from hongxia import records
from hongxia.dates import TimeAway
from hongxia.events.parked import Unappliable, UnknownType
from hongxia.rules import Conflicting, Refused
from services.outreach.aid import rules
from services.outreach.aid.model import AidCase
from services.outreach.aid.schema import LIFECYCLE
from services.outreach.cadres.mirror import CADRES
from tests.unit.outreach_builders import (
    LIN,
    TODAY,
    WU,
    Bureau,
    add_cadre,
    answer,
    event_of,
    events,
    finance_event,
    new_database,
    types,
    work,
)

CASE = "44444444-4444-4444-8444-444444444444"
OTHER = "44444444-4444-4444-8444-444444444445"
VOUCHER = "55555555-5555-4555-8555-555555555555"
APPLICATION = {"cadre_id": LIN, "cause": "illness", "applied_on": date(2022, 1, 5)}
GRANT = {"amount_fen": 800_000, "reviewed_on": date(2022, 1, 18), "pay_on": date(2022, 1, 25)}


def apply(database, case_id=CASE, **changes):
    values = {**APPLICATION, **changes}
    with work(database) as session:
        return rules.apply(session, case_id, values, CADRES.lock(session, values["cadre_id"]), TODAY)


def done(database, step, *args, case_id=CASE):
    with work(database) as session:
        return step(session, records.lock(session, AidCase, case_id), *args)


def approve(database, case_id=CASE, **changes):
    return done(database, rules.approve, {**GRANT, **changes}, TODAY, case_id=case_id)


def decline(database, on=date(2022, 1, 18), case_id=CASE):
    return done(database, rules.decline, on, TODAY, case_id=case_id)


def withdraw(database, case_id=CASE):
    return done(database, rules.withdraw, "by-applicant", TODAY, case_id=case_id)


def reopen(database, case_id=CASE):
    return done(database, rules.reopen, TODAY, case_id=case_id)


def amend(database, case_id=CASE, **changes):
    return done(database, rules.amend, changes, "correction", TODAY, case_id=case_id)


def paid(version=1, **more):
    return finance_event("paid", CASE, version, expenditure_id=VOUCHER, **more)


def refused(version=1, case_id=CASE):
    return finance_event("refused", case_id, version, reason="no-money")


@pytest.fixture
def database():
    made = new_database()
    add_cadre(made)
    return made


@pytest.fixture
def approved(database):
    apply(database)
    approve(database)
    return database


def case_of(database, case_id=CASE):
    with work(database) as session:
        return records.get(session, AidCase, case_id)


def refusal(step, *args, **kwargs):
    with pytest.raises(Refused) as raised:
        step(*args, **kwargs)
    return [(found.field, found.code) for found in raised.value.violations]


def test_an_approved_case_asks_finance_what_to_pay_and_when(approved):
    found = [(name, event["entityversion"], event["occurredon"], event["data"]) for name, event in events(approved)]
    grant = {"amount_fen": 800_000, "approved_on": "2022-01-18", "pay_on": "2022-01-25"}
    assert found == [
        ("aid.applied", 1, "2022-01-05", {"cadre_id": LIN, "applied_on": "2022-01-05"}),
        ("aid.approved", 2, "2022-01-18", {"cadre_id": LIN, **grant}),
    ]


def test_what_finance_paid_is_settled_once_however_often_it_says_so(approved):
    for _ in range(3):
        answer(approved, paid(), paid())
    case = case_of(approved)
    assert (case.state, case.expenditure_id, case.version, case.settled_on) == ("paid", VOUCHER, 3, date(2022, 1, 25))
    assert types(approved) == ["aid.applied", "aid.approved", "aid.settled"]
    _, event = events(approved)[-1]
    assert event["occurredon"] == "2022-01-25"
    assert event["data"] == {"cadre_id": LIN, "amount_fen": 800_000, "outcome": "paid", "reason": None}
    assert event["correlationid"] == "abroad"


def test_what_finance_refused_is_settled_with_its_reason(approved):
    answer(approved, refused())
    assert (case_of(approved).state, case_of(approved).refusal) == ("refused", "no-money")
    _, event = events(approved)[-1]
    assert event["data"] == {"cadre_id": LIN, "amount_fen": 800_000, "outcome": "refused", "reason": "no-money"}


def test_a_case_that_waits_for_a_line_says_so_until_it_is_answered(approved):
    answer(approved, finance_event("waiting", CASE, pay_on="2022-01-25"))
    assert (case_of(approved).state, case_of(approved).waiting) == ("approved", True)
    answer(approved, paid(2, on="2022-03-01"))
    case = case_of(approved)
    assert (case.state, case.waiting, case.settled_on) == ("paid", False, date(2022, 3, 1))


def test_what_was_paid_is_not_refused(approved):
    answer(approved, paid(1))
    before = types(approved), case_of(approved).state
    with pytest.raises(Unappliable) as raised:
        answer(approved, refused(2))
    assert raised.value.code == "aid-not-awaiting-payment"
    assert (types(approved), case_of(approved).state) == before


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        (finance_event("paid", "66666666-6666-4666-8666-666666666666"), "unknown-aid-case"),
        (finance_event("paid", CASE, amount_fen=1), "aid-amount-differs"),
        (finance_event("returned", CASE), "aid-not-paid"),
        (finance_event("reversed", CASE), "aid-not-paid"),
    ],
)
def test_an_answer_that_fits_no_case_is_parked(approved, odd, code):
    with pytest.raises(Unappliable) as raised:
        answer(approved, odd)
    assert raised.value.code == code
    assert (case_of(approved).state, case_of(approved).finance_version) == ("approved", 0)


def test_of_finance_outreach_follows_aid_alone(approved):
    answer(approved, event_of("hongxia.finance.expenditure.posted.v1", CASE, {}))
    with pytest.raises(UnknownType):
        answer(approved, event_of("hongxia.finance.aid.paid.v2", CASE, {}))


def test_a_payment_that_the_bank_returns_may_be_approved_and_paid_anew(approved):
    answer(approved, paid(1), finance_event("returned", CASE, 2, on="2022-02-01"))
    assert case_of(approved).state == "returned"
    approve(approved, reviewed_on=date(2022, 2, 3), pay_on=None)
    assert (case_of(approved).state, case_of(approved).pay_on) == ("approved", date(2022, 2, 3))
    answer(approved, paid(3, on="2022-02-03"))
    assert case_of(approved).state == "paid"
    assert types(approved)[2:] == ["aid.settled", "aid.returned", "aid.approved", "aid.settled"]


def test_an_answer_that_comes_again_later_changes_nothing(approved):
    answer(approved, paid(1), finance_event("returned", CASE, 2))
    answer(approved, paid(1))
    assert case_of(approved).state == "returned"


def test_a_paid_case_that_finance_reverses_does_not_use_up_the_year(approved):
    answer(approved, paid(1), finance_event("reversed", CASE, 2, on="2022-06-01"))
    assert case_of(approved).state == "reversed"
    name, event = events(approved)[-1]
    assert (name, event["occurredon"], event["data"]) == (
        "aid.reversed",
        "2022-06-01",
        {"cadre_id": LIN, "amount_fen": 800_000},
    )
    apply(approved, OTHER)


def test_a_second_aid_in_a_year_is_refused_and_one_in_the_next_is_not(approved):
    assert refusal(apply, approved, OTHER, applied_on=date(2022, 10, 5)) == [("cadre_id", "aid-already-this-year")]
    apply(approved, OTHER, applied_on=date(2023, 1, 5))


def test_what_was_declined_withdrawn_or_not_paid_leaves_the_year_s_aid_open(database):
    apply(database)
    decline(database)
    apply(database, OTHER)
    withdraw(database, OTHER)
    apply(database, VOUCHER)
    approve(database, VOUCHER)
    answer(database, refused(case_id=VOUCHER))
    apply(database, LIN)
    assert types(database)[-1] == "aid.applied"


def test_a_case_counts_for_the_year_of_its_approval(database):
    apply(database, applied_on=date(2021, 11, 20))
    apply(database, OTHER)
    approve(database, OTHER)
    assert refusal(approve, database) == [("reviewed_on", "aid-already-this-year")]
    approve(database, reviewed_on=date(2021, 12, 30), pay_on=date(2022, 1, 25))


def test_records_that_were_merged_are_one_person_with_one_aid_a_year():
    bureau = Bureau("G0001", "G0002", "G0003")
    apply(bureau.database)
    approve(bureau.database)
    bureau.merge("G0001", into="G0002")
    bureau.merge("G0002", into="G0003")
    for cadre_id in (LIN, WU):
        assert refusal(apply, bureau.database, OTHER, cadre_id=cadre_id, applied_on=date(2022, 5, 5)) == [
            ("cadre_id", "aid-already-this-year")
        ]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"amount_fen": 0}, "amount_fen", "amount-not-positive"),
        ({"reviewed_on": date(2022, 1, 4)}, "reviewed_on", "reviewed-before-application"),
        ({"pay_on": date(2022, 1, 17)}, "pay_on", "paid-before-approval"),
        ({"reviewed_on": TODAY + timedelta(1), "pay_on": None}, "reviewed_on", "date-in-future"),
        ({"pay_on": date(2023, 1, 20)}, "pay_on", "paid-too-late"),
    ],
)
def test_an_approval_that_can_not_be_is_refused(database, changes, field, code):
    apply(database)
    assert refusal(approve, database, **changes) == [(field, code)]
    assert types(database) == ["aid.applied"]


def test_aid_may_be_paid_later_than_today_even_in_the_next_year(database):
    with work(database, date(2022, 12, 30)) as session:
        rules.apply(session, CASE, APPLICATION, CADRES.lock(session, LIN), date(2022, 12, 30))
        case = records.lock(session, AidCase, CASE)
        grant = {**GRANT, "reviewed_on": date(2022, 12, 30), "pay_on": date(2023, 1, 5)}
        rules.approve(session, case, grant, date(2022, 12, 30))
    assert (case.state, case.year) == ("approved", 2022)


def test_only_the_living_known_and_served_apply():
    database = new_database()
    add_cadre(database, deceased_on=date(2022, 1, 4))
    add_cadre(database, "G0003", away=(TimeAway(date(2022, 1, 1)),), registered_on=date(2022, 2, 1))
    assert refusal(apply, database) == [("cadre_id", "cadre-deceased")]
    assert refusal(apply, database, cadre_id=WU) == [("cadre_id", "cadre-transferred")]
    assert refusal(apply, database, cadre_id="nobody") == [("cadre_id", "unknown-cadre")]


def test_what_the_life_cycle_does_not_list_is_a_conflict(database):
    steps = {"approve": approve, "decline": decline, "withdraw": withdraw, "reopen": reopen}
    for number, (state, verb) in enumerate(product(LIFECYCLE.states, steps)):
        cadre_id = add_cadre(database, f"X{number}").id
        case_id = apply(database, f"case-{number}", cadre_id=cadre_id).id
        with work(database) as session:
            session.get(AidCase, case_id).state = state
        try:
            case = steps[verb](database, case_id=case_id)
        except Conflicting as conflict:
            assert conflict.code == "wrong-state"
            assert not LIFECYCLE.allows(state, verb)
        else:
            assert case.state == LIFECYCLE.moves[state, verb]


def test_what_finance_has_not_answered_can_be_amended_with_its_amount(approved):
    case = amend(approved, amount_fen=900_000, pay_on=date(2022, 2, 1))
    assert (case.amount_fen, case.version) == (900_000, 4)
    (name, event), (asked, approval) = events(approved)[-2:]
    assert (name, asked) == ("aid.amended", "aid.approved")
    assert (approval["entityversion"], approval["data"]["amount_fen"]) == (4, 900_000)
    assert event["data"] == {
        "cadre_id": LIN,
        "applied_on": "2022-01-05",
        "approved_on": "2022-01-18",
        "declined_on": None,
        "amount_fen": 900_000,
        "pay_on": "2022-02-01",
        "changed": ["amount_fen", "pay_on"],
        "reason": "correction",
    }
    assert amend(approved, amount_fen=900_000).version == 4
    answer(approved, paid(amount_fen=900_000))
    assert case_of(approved).state == "paid"


def test_finance_may_have_paid_before_it_read_the_amendment(approved):
    amend(approved, amount_fen=900_000)
    answer(approved, paid())
    case = case_of(approved)
    assert (case.state, case.amount_fen) == ("paid", 800_000)
    assert types(approved)[2:] == ["aid.amended", "aid.approved", "aid.amended", "aid.settled"]


@pytest.mark.parametrize("early", ["refused", "waiting"])
def test_finance_s_answer_to_an_amount_that_was_amended_meanwhile_is_not_the_last(approved, early):
    amend(approved, amount_fen=700_000)
    answer(approved, finance_event(early, CASE, reason="no-money"))
    assert (case_of(approved).state, case_of(approved).waiting) == ("approved", False)
    answer(approved, paid(2, amount_fen=700_000))
    assert (case_of(approved).state, case_of(approved).amount_fen) == ("paid", 700_000)


def test_finance_s_later_answer_counts_where_only_the_day_was_amended(approved):
    amend(approved, pay_on=date(2022, 3, 1))
    answer(approved, refused(1), paid(2))
    assert case_of(approved).state == "paid"


def test_finance_pays_anew_what_the_bank_returned_without_being_asked(approved):
    answer(approved, paid(1), finance_event("returned", CASE, 2), paid(3, on="2022-02-20"))
    assert (case_of(approved).state, case_of(approved).settled_on) == ("paid", date(2022, 2, 20))


@pytest.mark.parametrize("what", ["withdrawn", "reversal-proposed", "reversal-dropped"])
def test_what_is_finance_s_own_affair_changes_nothing(approved, what):
    answer(approved, finance_event(what, CASE))
    assert (case_of(approved).state, types(approved)) == ("approved", ["aid.applied", "aid.approved"])


def test_finance_may_have_paid_what_was_withdrawn_a_moment_before(approved):
    withdraw(approved)
    answer(approved, paid())
    assert (case_of(approved).state, case_of(approved).withdrawal) == ("paid", None)
    assert types(approved)[2:] == ["aid.withdrawn", "aid.settled"]


def test_that_finance_refuses_what_was_withdrawn_changes_nothing(approved):
    withdraw(approved)
    answer(approved, refused())
    assert (case_of(approved).state, types(approved)[2:]) == ("withdrawn", ["aid.withdrawn"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_fen": 1}, "amount_fen"),
        ({"pay_on": date(2022, 3, 1)}, "pay_on"),
        ({"reviewed_on": date(2022, 1, 19)}, "reviewed_on"),
        ({"cadre_id": WU}, "cadre_id"),
    ],
)
def test_what_was_paid_stays_as_finance_paid_it(approved, changes, field):
    add_cadre(approved, "G0003")
    answer(approved, paid())
    assert refusal(amend, approved, **changes) == [(field, "fixed-in-this-state")]
    assert amend(approved, cause="poverty").cause == "poverty"


def test_an_application_is_amended_whole_and_held_to_the_same_rules(database):
    add_cadre(database, "G0003")
    apply(database)
    assert amend(database, cadre_id=WU, applied_on=date(2021, 12, 20)).cadre_id == WU
    assert case_of(database).year == 2021
    assert refusal(amend, database, applied_on=TODAY + timedelta(1)) == [("applied_on", "date-in-future")]
    assert refusal(amend, database, amount_fen=1) == [("amount_fen", "fixed-in-this-state")]
    apply(database, OTHER, cadre_id=WU, applied_on=date(2022, 3, 1))
    assert refusal(amend, database, applied_on=date(2022, 1, 1))[0][1] == "aid-already-this-year"


def test_an_approval_is_amended_within_its_own_rules(approved):
    assert refusal(amend, approved, reviewed_on=date(2022, 1, 4))[0][1] == "reviewed-before-application"
    assert refusal(amend, approved, pay_on=None) == [("pay_on", "date-needed")]
    assert refusal(amend, approved, pay_on=date(2022, 1, 1)) == [("pay_on", "paid-before-approval")]
    apply(approved, OTHER, applied_on=date(2021, 3, 1))
    moved = {"applied_on": date(2021, 1, 5), "reviewed_on": date(2021, 4, 1)}
    assert refusal(amend, approved, **moved) == [("reviewed_on", "aid-already-this-year")]


def test_a_decision_is_taken_back_by_opening_the_case_again(database):
    apply(database)
    decline(database)
    assert amend(database, reviewed_on=date(2022, 1, 20)).reviewed_on == date(2022, 1, 20)
    assert events(database)[-1][1]["data"]["changed"] == ["declined_on"]
    assert (reopen(database).state, case_of(database).reviewed_on) == ("applied", None)
    assert approve(database).state == "approved"
    withdraw(database)
    apply(database, OTHER)
    assert refusal(reopen, database) == [("", "aid-already-this-year")]
