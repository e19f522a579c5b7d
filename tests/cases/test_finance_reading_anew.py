"""Outreach's history read from the beginning: what it does not say is not paid, and what was paid for it is listed."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from hongxia import services
from hongxia.database import Database
from hongxia.definition import reads_nothing
from hongxia.runtime.consume import consumers_of
from services.finance.aid import rules
from services.finance.aid.model import AidPayment
from services.finance.aid.rules import forget, on_approved, on_withdrawn, pay_waiting
from services.finance.app import FinanceService
from services.finance.contradictions.model import Contradiction
from tests.unit.finance_builders import CASE, aid_event, approve, new_database, types, work

FORGED = "0f0e3a52-5d0f-5c5e-9d43-1f0a7f6e2c99"


@pytest.fixture
def database() -> Database:
    found = new_database()
    with work(found) as session:
        approve(session, line_no="YS-2", pays_aid=True, initial_fen=50_000)
    return found


def hear(database: Database, *events) -> None:
    with work(database) as session:
        for event in events:
            (on_withdrawn if "withdrawn" in event.type else on_approved)(session, event)


def read_anew(database: Database, *events) -> None:
    with work(database) as session:
        forget(session, "outreach")
    hear(database, *events)


def payment(database: Database, case: str = CASE) -> AidPayment:
    with database.read() as session:
        found = session.get_one(AidPayment, case)
        session.expunge(found)
        return found


def open_contradictions(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        query = select(Contradiction.record_id, Contradiction.kind).where(Contradiction.state == "open")
        return sorted((record, kind) for record, kind in session.execute(query))


def test_a_history_that_says_the_same_changes_no_payment(database: Database) -> None:
    hear(database, aid_event())
    before = types(database)
    read_anew(database, aid_event())
    assert (payment(database).state, payment(database).payments, open_contradictions(database)) == ("paid", 1, [])
    assert [name for name in types(database)[len(before) :] if not name.startswith("contradiction")] == []


def test_what_was_paid_for_a_case_that_outreach_does_not_know_is_listed(database: Database) -> None:
    hear(database, aid_event(), aid_event(case=FORGED, fen=9_999))
    read_anew(database, aid_event())
    assert open_contradictions(database) == [(FORGED, "paid-unasked")]
    assert payment(database, FORGED).state == "paid"


def test_what_was_paid_with_another_amount_than_was_approved_is_listed(database: Database) -> None:
    hear(database, aid_event(fen=9_999, version=5))
    read_anew(database, aid_event(fen=100, version=2))
    assert open_contradictions(database) == [(CASE, "paid-unasked")]


def test_the_list_is_empty_once_the_money_is_back(database: Database) -> None:
    hear(database, aid_event(case=FORGED))
    read_anew(database)
    with work(database) as session:
        wrong = session.get_one(AidPayment, FORGED)
        values = {"voucher_no": "CX-1", "spent_on": date(2022, 3, 1), "summary": None}
        rules.propose_reversal(session, wrong, values, "one", date(2022, 3, 1))
        rules.confirm_reversal(session, wrong, "another", date(2022, 3, 1))
    assert (payment(database, FORGED).state, open_contradictions(database)) == ("reversed", [])


def test_a_case_that_waits_and_is_not_in_the_history_is_never_paid(database: Database) -> None:
    hear(database, aid_event(pay_on="2023-01-05"), aid_event(case=FORGED, pay_on="2023-01-05"))
    read_anew(database, aid_event(pay_on="2023-01-05"))
    with work(database) as session:
        approve(session, year=2023, line_no="YS-3", pays_aid=True, initial_fen=50_000, approved_on=date(2023, 1, 1))
        pay_waiting(session, 2023)
    assert (payment(database).state, payment(database, FORGED).state) == ("paid", "waiting")


def test_a_waiting_amount_that_was_forged_gives_way_to_the_one_that_was_approved(database: Database) -> None:
    hear(database, aid_event(fen=9_999, version=5, pay_on="2023-01-05"))
    read_anew(database, aid_event(fen=100, version=2, pay_on="2023-01-05"))
    assert (payment(database).amount_fen, payment(database).state) == (100, "waiting")


def test_a_refused_case_is_not_answered_again_by_reading_the_same(database: Database) -> None:
    hear(database, aid_event(fen=60_000))
    assert payment(database).state == "refused"
    version = payment(database).version
    read_anew(database, aid_event(fen=60_000))
    assert (payment(database).state, payment(database).version) == ("refused", version)
    hear(database, aid_event(fen=6_000, version=4))
    assert payment(database).state == "paid"


def test_a_withdrawal_is_learnt_again(database: Database) -> None:
    hear(database, aid_event(), aid_event("withdrawn", version=3))
    read_anew(database, aid_event(), aid_event("withdrawn", version=3))
    assert open_contradictions(database) == [(CASE, "paid-but-withdrawn")]


def test_whoever_reads_a_source_says_how_what_it_learnt_is_dropped() -> None:
    readers = [services.load(name) for name in services.names() if consumers_of(services.load(name))]
    assert FinanceService in readers
    assert [reader.name for reader in readers if reader.definition.clear is reads_nothing] == []
