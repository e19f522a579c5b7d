"""Finance's locks: a budget line whose balance is judged, a payment that is answered, the payments that wait."""

from __future__ import annotations

from datetime import date

import pytest
from werkzeug.wrappers import Response

from services.finance.aid import rules as aid
from services.finance.app import FinanceService
from tests.races.conftest import NewRace
from tests.races.kit import Race
from tests.unit.finance_builders import CASE, NOW, aid_event, approve, work
from tests.unit.service_api import ServiceApi


@pytest.mark.lock("services.finance.balance:lock_line")
@pytest.mark.parametrize("after", ["FROM budget_line WHERE", None])
def test_a_line_is_never_overspent_by_vouchers_that_come_at_once(new_race: NewRace, after: str | None) -> None:
    race = new_race(FinanceService)
    api = ServiceApi(FinanceService, race.database, NOW)
    with work(race.database) as session:
        line = approve(session).id

    def spend(number: str) -> Response:
        body = {"line_id": line, "voucher_no": number, "amount": "60.00", "spent_on": "2022-03-01"}
        return api("POST", "/expenditures", body)

    first, second = race.between(lambda: spend("PZ-1"), lambda: spend("PZ-2"), after=after)
    assert (first.status_code, second.status_code) == (201, 422)


def take(race: Race, version: int, what: str = "approved") -> None:
    """Handle an event of a case, as the consumer of outreach does."""
    handle = aid.on_approved if what == "approved" else aid.on_withdrawn
    with work(race.database) as session:
        handle(session, aid_event(what, version=version))


@pytest.mark.lock("services.finance.aid.rules:_payment")
def test_an_approval_is_answered_once(new_race: NewRace) -> None:
    race = new_race(FinanceService)
    take(race, 2)
    race.between(lambda: take(race, 3), lambda: take(race, 3), after="FROM aid_payment WHERE")


@pytest.mark.lock("services.finance.aid.rules:pay_waiting")
def test_a_case_that_is_just_being_paid_is_not_withdrawn_meanwhile(new_race: NewRace) -> None:
    race = new_race(FinanceService)
    take(race, 2)
    with work(race.database) as session:
        year = session.get_one(aid.AidPayment, CASE).pay_on.year
        approve(session, pays_aid=True, year=year, approved_on=date(year, 1, 1), initial_fen=1_000_000, line_no="YS-9")

    def pay() -> None:
        with work(race.database) as session:
            aid.pay_waiting(session, year)

    race.between(pay, lambda: take(race, 3, "withdrawn"), after="FROM aid_payment WHERE")


@pytest.mark.lock("services.finance.aid.rules:forget")
def test_a_payment_that_the_bank_returns_while_approvals_are_forgotten_is_not_listed(new_race: NewRace) -> None:
    race = new_race(FinanceService)
    with work(race.database) as session:
        approve(session, pays_aid=True, initial_fen=1_000_000)
    take(race, 2)

    def forget() -> None:
        with work(race.database) as session:
            aid.forget(session, "outreach")

    def give_back() -> None:
        with work(race.database) as session:
            payment = session.get_one(aid.AidPayment, CASE, with_for_update=True, populate_existing=True)
            values = {"voucher_no": "CX-1", "spent_on": payment.pay_on, "summary": None}
            aid.take_return(session, payment, values, payment.pay_on)

    race.between(forget, give_back, after="FROM aid_payment ORDER BY")
