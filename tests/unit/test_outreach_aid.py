from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from sqlalchemy.exc import IntegrityError

from hongxia import ids
from hongxia.events.dispatch import dispatch
from hongxia.events.parked import Unappliable, UnknownType
from hongxia.http.problems import Conflict, Problem
from services.outreach import aid, cadres
from services.outreach.models import AidCase
from services.outreach.sources import AID_PAID, AID_REFUSED, FINANCE_IGNORED
from tests.unit.outreach_builders import LIN, TODAY, add_cadre, event_of, events, new_database, types, work

CASE = "44444444-4444-4444-8444-444444444444"
VOUCHER = "55555555-5555-4555-8555-555555555555"
APPLICATION = aid.Application(LIN, "illness", date(2022, 1, 5))
GRANT = aid.Approval(800_000, date(2022, 1, 18), date(2022, 1, 25))
HANDLERS = {AID_PAID: aid.on_paid, AID_REFUSED: aid.on_refused}


def apply(database, application=APPLICATION, case_id=CASE):
    with work(database) as session:
        aided = aid.aided_years(session, [application.cadre_id])[application.cadre_id]
        cadre = cadres.locked(session, application.cadre_id)
        return aid.apply(session, case_id, application, cadre, TODAY, aided=aided)


def approve(database, approval=GRANT, case_id=CASE):
    with work(database) as session:
        case = aid.get(session, case_id)
        aided = aid.aided_years(session, [case.cadre_id], but=case.id)[case.cadre_id]
        return aid.approve(session, case, approval, TODAY, aided=aided)


def answer(database, *answers):
    with work(database) as session:
        dispatch(session, answers, HANDLERS, FINANCE_IGNORED)


def paid(case_id=CASE, amount_fen=800_000):
    data = {"case_id": case_id, "expenditure_id": VOUCHER, "amount_fen": amount_fen, "paid_on": "2022-01-25"}
    return event_of(AID_PAID, case_id, data)


def refused(case_id=CASE, amount_fen=800_000):
    data = {"case_id": case_id, "amount_fen": amount_fen, "reason": "no-money", "refused_on": "2022-01-25"}
    return event_of(AID_REFUSED, case_id, data)


def approved_case():
    database = new_database()
    add_cadre(database)
    apply(database)
    approve(database)
    return database


def case_of(database, case_id=CASE):
    with work(database) as session:
        return aid.get(session, case_id)


def test_an_approved_case_tells_finance_what_to_pay_and_when():
    database = approved_case()
    told = [(name, event["entityversion"], event["occurredon"], event["data"]) for name, event in events(database)]
    assert told == [
        ("aid.applied", 1, "2022-01-05", {"cadre_id": LIN, "applied_on": "2022-01-05"}),
        (
            "aid.approved",
            2,
            "2022-01-18",
            {
                "cadre_id": LIN,
                "amount_fen": 800_000,
                "approved_on": "2022-01-18",
                "pay_on": "2022-01-25",
            },
        ),
    ]


def test_what_finance_paid_is_settled_once_however_often_it_says_so():
    database = approved_case()
    for _ in range(3):
        answer(database, paid(), paid())
    case = case_of(database)
    assert (case.state, case.expenditure_id, case.version) == ("paid", VOUCHER, 3)
    assert types(database) == ["aid.applied", "aid.approved", "aid.settled"]
    _, event = events(database)[-1]
    assert event["occurredon"] == "2022-01-25"
    assert event["data"] == {"cadre_id": LIN, "amount_fen": 800_000, "outcome": "paid", "reason": None}
    assert event["correlationid"] == "abroad"


def test_what_finance_refused_is_settled_with_its_reason():
    database = approved_case()
    answer(database, refused())
    assert (case_of(database).state, case_of(database).refusal) == ("refused", "no-money")
    _, event = events(database)[-1]
    assert event["data"] == {"cadre_id": LIN, "amount_fen": 800_000, "outcome": "refused", "reason": "no-money"}


@pytest.mark.parametrize(("first", "second"), [(paid, refused), (refused, paid)])
def test_a_case_ends_in_exactly_one_of_paid_and_refused(first, second):
    database = approved_case()
    answer(database, first())
    before = types(database), case_of(database).state
    with pytest.raises(Unappliable) as raised:
        answer(database, second())
    assert raised.value.code == "aid-not-awaiting-payment"
    assert (types(database), case_of(database).state) == before


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        (paid(case_id="66666666-6666-4666-8666-666666666666"), "unknown-aid-case"),
        (paid(amount_fen=1), "aid-amount-differs"),
    ],
)
def test_an_answer_that_fits_no_approved_case_is_parked(odd, code):
    database = approved_case()
    with pytest.raises(Unappliable) as raised:
        answer(database, odd)
    assert raised.value.code == code
    assert case_of(database).state == "approved"


def test_of_finance_only_what_is_named_is_passed_over():
    database = approved_case()
    answer(database, *(event_of(name, CASE, {}) for name in FINANCE_IGNORED))
    with pytest.raises(UnknownType):
        answer(database, event_of("hongxia.finance.aid.paid.v2", CASE, {}))


def test_a_second_aid_in_a_year_is_refused_and_one_in_the_next_is_not():
    database = approved_case()
    with pytest.raises(Problem) as raised:
        apply(database, aid.Application(LIN, "poverty", date(2022, 10, 5)), "other")
    assert (raised.value.slug, raised.value.errors[0].pointer) == ("aid-already-this-year", "#/cadre_id")
    apply(database, aid.Application(LIN, "poverty", date(2023, 1, 5)), "other")


def test_what_was_declined_or_not_paid_leaves_the_year_s_aid_open():
    database = new_database()
    add_cadre(database)
    apply(database)
    with work(database) as session:
        aid.decline(session, aid.get(session, CASE), date(2022, 1, 18), TODAY)
    apply(database, case_id="second")
    approve(database, case_id="second")
    answer(database, refused("second"))
    apply(database, case_id="third")
    assert types(database)[-1] == "aid.applied"


def test_a_case_counts_for_the_year_of_its_approval():
    database = new_database()
    add_cadre(database)
    apply(database, aid.Application(LIN, "illness", date(2021, 11, 20)))
    apply(database, aid.Application(LIN, "illness", date(2022, 1, 5)), "other")
    approve(database, case_id="other")
    with pytest.raises(Problem) as raised:
        approve(database)
    assert raised.value.slug == "aid-already-this-year"
    approve(database, aid.Approval(1, date(2021, 12, 30), date(2022, 1, 25)))


def test_records_that_were_merged_are_one_person_with_one_aid_a_year():
    database = approved_case()
    second, third = (add_cadre(database, number).id for number in ("G0002", "G0003"))
    with work(database) as session:
        cadres.find(session, LIN).merged_into = second
        cadres.find(session, second).merged_into = third
        assert aid.aided_years(session, [third]) == {third: {2022}}
    with pytest.raises(Problem) as raised:
        apply(database, aid.Application(third, "illness", date(2022, 5, 5)), "other")
    assert raised.value.slug == "aid-already-this-year"


def test_the_database_itself_keeps_two_aids_of_a_year_apart():
    database = approved_case()
    with pytest.raises(IntegrityError), work(database) as session:
        session.add(
            AidCase(id="x", cadre_id=LIN, year=2022, cause="other", applied_on=date(2022, 1, 1), state="applied")
        )


@pytest.mark.parametrize(
    ("approval", "slug", "pointer"),
    [
        (aid.Approval(0, date(2022, 1, 18), date(2022, 1, 18)), "amount-not-positive", "#/amount"),
        (aid.Approval(1, date(2022, 1, 4), date(2022, 1, 18)), "reviewed-before-application", "#/approved_on"),
        (aid.Approval(1, date(2022, 1, 18), date(2022, 1, 17)), "paid-before-approval", "#/pay_on"),
        (aid.Approval(1, TODAY, TODAY + timedelta(1)), "date-in-future", "#/pay_on"),
    ],
)
def test_an_approval_that_can_not_be_is_refused(approval, slug, pointer):
    database = new_database()
    add_cadre(database)
    apply(database)
    with pytest.raises(Problem) as raised:
        approve(database, approval)
    assert (raised.value.slug, raised.value.errors[0].pointer) == (slug, pointer)
    assert types(database) == ["aid.applied"]


def test_only_the_living_and_known_apply():
    database = new_database()
    add_cadre(database, deceased_on=date(2022, 1, 4))
    with pytest.raises(Problem) as raised:
        apply(database)
    assert raised.value.slug == "cadre-deceased"
    with pytest.raises(Problem) as raised:
        apply(database, aid.Application("nobody", "illness", date(2022, 1, 5)))
    assert raised.value.slug == "unknown-cadre"


def test_what_the_table_of_transitions_does_not_list_is_a_conflict():
    states = ("applied", "approved", "declined", "paid", "refused")
    for state, verb in product(states, ("approve", "decline")):
        database = new_database()
        add_cadre(database)
        with work(database) as session:
            session.add(
                AidCase(
                    id=ids.new_id(), cadre_id=LIN, year=2022, cause="other", applied_on=date(2022, 1, 1), state=state
                )
            )
            session.flush()
            case = session.query(AidCase).one()
            try:
                if verb == "approve":
                    aid.approve(session, case, GRANT, TODAY, aided=())
                else:
                    aid.decline(session, case, date(2022, 1, 18), TODAY)
            except Conflict as conflict:
                assert conflict.slug == "wrong-state"
                assert (state, verb) not in aid.TRANSITIONS
            else:
                assert case.state == aid.TRANSITIONS[state, verb]


def test_the_index_of_the_database_counts_the_same_states_as_the_rule():
    [index] = [index for index in AidCase.__table__.indexes if index.unique]
    where = str(index.dialect_options["sqlite"]["where"])
    assert where == f"state IN {aid.COUNTED}"
