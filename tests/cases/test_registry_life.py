"""Life in the registry: transfers, medical treatment, old deaths, leap days, deaths learnt late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.dates import TimeAway
from services.registry.cadres import rules
from services.registry.cadres.model import Cadre
from services.registry.changes import rules as changes
from services.registry.changes.history import history_of
from services.registry.changes.rules import New
from services.registry.contradictions.model import CONTRADICTIONS, Contradiction
from services.registry.deaths import rules as deaths
from services.registry.milestones import rules as milestones
from services.registry.transfers import rules as transfers
from services.registry.transfers.model import Transfer
from tests.unit.registry_builders import (
    OTHER_LIAISON,
    OTHER_STREET,
    TODAY,
    contradictions,
    empty_registry,
    imported,
    kinds,
    published,
    refusal,
    registered,
    resident_number,
    row,
)

MARCH, JUNE, AUGUST, SEPTEMBER = date(2022, 3, 1), date(2022, 6, 1), date(2022, 8, 9), date(2022, 9, 1)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


def leave(session: Session, cadre: Cadre, left_on: date, returned_on: date | None = None) -> Transfer:
    """A cadre goes to another bureau."""
    values: dict[str, Any] = {"left_on": left_on, "destination": "某区老干部局", "returned_on": returned_on}
    return transfers.leave(session, cadre, values, TODAY)


def test_a_cadre_is_transferred_out_and_back_in_with_dates_and_where_to(session: Session) -> None:
    cadre = registered(session)
    transfer = leave(session, cadre, MARCH)
    assert (cadre.away, cadre.state) == ((TimeAway(MARCH),), "living")
    transfers.come_back(session, cadre, transfer, SEPTEMBER, TODAY)
    out, back = published(session)[1:]
    assert [(e["occurredon"], e["data"]["direction"], e["entityversion"]) for e in (out, back)] == [
        ("2022-03-01", "out", 2),
        ("2022-09-01", "in", 3),
    ]
    assert back["data"]["away"] == [{"left_on": "2022-03-01", "returned_on": "2022-09-01"}]
    assert "某区老干部局" not in str(published(session))


def test_all_transfers_count_in_whatever_order_they_are_recorded(session: Session) -> None:
    periods = [(date(2015, 1, 1), date(2016, 1, 1)), (date(2018, 1, 1), date(2019, 1, 1)), (MARCH, None)]
    for serial, order in enumerate(permutations(periods), start=1):
        cadre = registered(session, resident_number=resident_number(serial=serial))
        for left, back in order:
            leave(session, cadre, left, back)
        assert cadre.away == tuple(TimeAway(*period) for period in periods)


@pytest.mark.parametrize(
    ("left", "back"),
    [(date(2022, 5, 1), None), (date(2022, 1, 1), date(2022, 4, 1)), (date(2021, 1, 1), None)],
)
def test_transfers_that_overlap_are_refused_with_the_dates(session: Session, left: date, back: date | None) -> None:
    cadre = registered(session)
    leave(session, cadre, MARCH, SEPTEMBER)
    with refusal("transfers-overlap", "left_on") as refused:
        leave(session, cadre, left, back)
    assert "2022-03-01" in refused.value.message and str(left) in refused.value.message


@pytest.mark.parametrize(
    ("left", "back", "code", "field"),
    [
        (date(2023, 1, 11), None, "date-in-future", "left_on"),
        (date(2012, 4, 30), None, "before-registration", "left_on"),
        (MARCH, date(2022, 2, 28), "returned-before-leaving", "returned_on"),
        (date(2022, 8, 10), None, "cadre-deceased", "left_on"),
        (MARCH, date(2022, 8, 10), "cadre-deceased", "returned_on"),
    ],
)
def test_a_transfer_that_cannot_be_is_refused(
    session: Session, left: date, back: date | None, code: str, field: str
) -> None:
    cadre = registered(session, deceased_on=AUGUST)
    with refusal(code, field):
        leave(session, cadre, left, back)


def test_a_cadre_may_leave_again_on_the_day_of_the_return(session: Session) -> None:
    cadre = registered(session)
    leave(session, cadre, MARCH, SEPTEMBER)
    leave(session, cadre, SEPTEMBER)
    assert cadre.away == (TimeAway(MARCH, SEPTEMBER), TimeAway(SEPTEMBER))


def test_a_transfer_is_corrected_and_voided_and_the_record_follows(session: Session) -> None:
    cadre = registered(session)
    leave(session, cadre, date(2015, 1, 1), date(2016, 1, 1))
    transfer = leave(session, cadre, MARCH)
    transfers.amend(session, cadre, transfer, {"left_on": JUNE, "destination": "某市老干部局"}, "correction", TODAY)
    event = published(session)[-1]
    assert (cadre.away[-1], event["data"]["changed"]) == (TimeAway(JUNE), ["away", "destination"])
    with refusal("not-returned", "returned_on"):
        transfers.amend(session, cadre, transfer, {"returned_on": SEPTEMBER}, "correction", TODAY)
    session.refresh(transfer)
    transfers.void(session, cadre, transfer, "entered-in-error", TODAY)
    assert cadre.away == (TimeAway(date(2015, 1, 1), date(2016, 1, 1)),)
    assert kinds(session)[-2:] == ["amended", "amended"]


def test_who_is_not_away_does_not_come_back(session: Session) -> None:
    cadre = registered(session)
    with refusal("not-away"):
        transfers.away(session, cadre)
    transfer = leave(session, cadre, MARCH, JUNE)
    with refusal("wrong-state"):
        transfers.come_back(session, cadre, transfer, SEPTEMBER, TODAY)


@pytest.mark.parametrize(("on", "allowed"), [(date(2022, 2, 28), True), (MARCH, False), (SEPTEMBER, True)])
def test_nothing_changes_while_another_bureau_serves_the_cadre(session: Session, on: date, allowed: bool) -> None:
    cadre = registered(session)
    leave(session, cadre, MARCH, SEPTEMBER)
    leave(session, cadre, date(2022, 12, 1))
    new = New("treatment", "131", on)
    if allowed:
        changes.record(session, cadre, new, TODAY)
    else:
        with refusal("cadre-transferred", "on"):
            changes.record(session, cadre, new, TODAY)


def test_a_transfer_learnt_of_late_lists_what_changed_meanwhile_until_it_is_settled(session: Session) -> None:
    cadre = registered(session)
    changes.record(session, cadre, New("street", OTHER_STREET, JUNE), TODAY)
    transfer = leave(session, cadre, MARCH, SEPTEMBER)
    assert contradictions(session) == [("change-while-away", JUNE)]
    transfers.amend(session, cadre, transfer, {"left_on": date(2022, 6, 2)}, "correction", TODAY)
    assert (contradictions(session), kinds(session)[-2:]) == ([], ["amended", "resolved"])


def test_a_transfer_after_a_death_is_corrected_in_all_but_its_dates(session: Session) -> None:
    cadre = registered(session)
    transfer = leave(session, cadre, SEPTEMBER)
    deaths.record(session, cadre, AUGUST, TODAY)
    assert contradictions(session) == [("transfer-after-death", SEPTEMBER)]
    transfers.amend(session, cadre, transfer, {"destination": "某市老干部局"}, "correction", TODAY)
    assert published(session)[-1]["data"]["changed"] == ["destination"]
    with refusal("cadre-deceased", "left_on"):
        transfers.amend(session, cadre, transfer, {"left_on": date(2022, 9, 2)}, "correction", TODAY)


def test_an_explanation_of_a_change_holds_while_the_dates_are_the_same(session: Session) -> None:
    cadre = registered(session)
    changes.record(session, cadre, New("street", OTHER_STREET, JUNE), TODAY)
    transfer = leave(session, cadre, MARCH, SEPTEMBER)
    explain(session)
    transfers.amend(session, cadre, transfer, {"destination": "某市老干部局"}, "correction", TODAY)
    assert contradictions(session, "explained") == [("change-while-away", JUNE)]
    transfers.amend(session, cadre, transfer, {"returned_on": date(2022, 9, 2)}, "correction", TODAY)
    assert contradictions(session) == [("change-while-away", JUNE)]


def explain(session: Session) -> None:
    """Somebody explains all contradictions that are open."""
    for found in session.scalars(select(Contradiction).where(Contradiction.state == "open")).all():
        CONTRADICTIONS.explain(session, found, "已核实")


def test_medical_treatment_and_reimbursement_are_dated_histories_of_their_own(session: Session) -> None:
    cadre = registered(session, medical_treatment="131")
    for new in (
        New("medical_treatment", "122", JUNE, "卫〔2022〕1号"),
        New("reimbursement", "full", JUNE, "卫〔2022〕2号"),
        New("medical_treatment", None, SEPTEMBER, "卫〔2022〕3号"),
    ):
        changes.record(session, cadre, new, TODAY)
    history = history_of(session, cadre.id)
    assert [(entry.from_on, entry.value) for entry in history.of("medical_treatment")] == [
        (cadre.registered_on, "131"),
        (JUNE, "122"),
        (SEPTEMBER, None),
    ]
    assert (cadre.medical_treatment, cadre.reimbursement, cadre.treatment) == (None, "full", "132")
    assert kinds(session)[1:] == ["medical-changed"] * 3


def test_rank_and_treatment_do_not_change_after_death_but_before_it_also_when_learnt_of_late(session: Session) -> None:
    cadre = registered(session, deceased_on=AUGUST)
    for aspect in ("rank", "treatment"):
        with refusal("cadre-deceased", "on") as refused:
            changes.record(session, cadre, New(aspect, "131", date(2022, 8, 10)), TODAY)
        assert "2022-08-09" in refused.value.message and "2022-08-10" in refused.value.message
    changes.record(session, cadre, New("rank", "131", AUGUST), TODAY)
    changes.record(session, cadre, New("treatment", "131", JUNE), TODAY)
    assert (cadre.rank, cadre.treatment, cadre.state) == ("131", "131", "deceased")


def test_a_death_learnt_of_late_lists_what_is_dated_after_it(session: Session) -> None:
    cadre = registered(session)
    changes.record(session, cadre, New("treatment", "131", date(2022, 8, 20)), TODAY)
    changes.record(session, cadre, New("liaison", OTHER_LIAISON, AUGUST), TODAY)
    leave(session, cadre, SEPTEMBER)
    deaths.record(session, cadre, AUGUST, TODAY)
    assert contradictions(session) == [("change-after-death", date(2022, 8, 20)), ("transfer-after-death", SEPTEMBER)]
    found = [event for event in published(session) if event["type"].endswith("contradiction.found.v1")]
    assert {event["data"]["scope"] for event in found} == {cadre.id}
    deaths.correct(session, cadre, date(2022, 8, 25), "correction", TODAY)
    assert contradictions(session) == [("transfer-after-death", SEPTEMBER)]
    deaths.withdraw(session, cadre, "wrong-subject", TODAY)
    assert contradictions(session) == []


def test_a_withdrawn_or_corrected_change_settles_the_contradiction(session: Session) -> None:
    cadre = registered(session)
    changes.record(session, cadre, New("street", OTHER_STREET, date(2022, 8, 20)), TODAY)
    changes.record(session, cadre, New("treatment", "131", date(2022, 8, 21)), TODAY)
    deaths.record(session, cadre, AUGUST, TODAY)
    history = history_of(session, cadre.id)
    changes.void(session, cadre, history.of("street")[-1], "other", TODAY)
    changes.amend(session, cadre, history.of("treatment")[-1], {"from_on": JUNE}, "correction", TODAY)
    assert (contradictions(session), len(contradictions(session, "resolved"))) == ([], 2)


def test_a_death_from_a_workbook_lists_contradictions_too(session: Session) -> None:
    imported(session, row())
    cadre = session.get_one(Cadre, rules.cadre_id("G0001"))
    changes.record(session, cadre, New("street", OTHER_STREET, date(2022, 8, 20)), TODAY)
    imported(session, row(deceased_on=AUGUST))
    assert contradictions(session) == [("change-after-death", date(2022, 8, 20))]


def test_a_first_import_of_old_deaths_raises_no_milestone_and_no_contradiction(session: Session) -> None:
    born = "19520315"
    rows = [row(f"G{n}", resident_number=resident_number(born, n), deceased_on=date(2020, 1, n)) for n in range(1, 6)]
    imported(session, *rows)
    assert milestones.announce(session, MARCH) == 0
    assert (contradictions(session), set(kinds(session))) == ([], {"registered", "deceased"})


def test_a_registration_moves_in_both_directions_and_milestones_follow(session: Session) -> None:
    cadre = registered(session, resident_number=resident_number("19520315"))
    milestones.announce(session, MARCH)
    for registered_on, left in ((date(2022, 3, 16), 0), (date(2022, 3, 15), 1)):
        rules.amend(session, cadre, {"registered_on": registered_on}, "correction", TODAY)
        assert len(milestones.due(session, 2022)) == left
        assert history_of(session, cadre.id).changes[0].from_on == registered_on
    assert kinds(session)[-3:] == ["amended", "withdrawn", "amended"]


def test_a_registration_does_not_move_behind_a_transfer(session: Session) -> None:
    cadre = registered(session)
    leave(session, cadre, date(2015, 1, 1), date(2016, 1, 1))
    leave(session, cadre, MARCH)
    with refusal("transfer-before-registration", "registered_on") as refused:
        rules.amend(session, cadre, {"registered_on": date(2015, 6, 1)}, "correction", TODAY)
    assert "2015-01-01" in refused.value.message


@pytest.mark.parametrize(
    ("born", "registered_on", "band"),
    [
        ("19400229", date(2010, 2, 27), "60-69"),
        ("19400229", date(2010, 2, 28), "70-79"),
        ("19400229", date(2020, 2, 28), "70-79"),
        ("19400229", date(2020, 2, 29), "80-89"),
        ("19500301", date(2020, 2, 29), "60-69"),
        ("19200101", date(2022, 1, 1), "100+"),
    ],
)
def test_the_age_band_and_the_birthday_of_29_february_turn_on_one_day(
    session: Session, born: str, registered_on: date, band: str
) -> None:
    cadre = registered(session, resident_number=resident_number(born), registered_on=registered_on)
    assert cadre.age_band == band


@pytest.mark.parametrize(("year", "day"), [(2010, date(2010, 2, 28)), (2020, date(2020, 2, 29))])
def test_a_milestone_of_29_february_falls_on_the_day_on_which_the_age_is_reached(
    session: Session, year: int, day: date
) -> None:
    registered(session, resident_number=resident_number("19400229"), registered_on=date(2005, 1, 1))
    assert [each.on for each in milestones.due(session, year)] == [day]


def test_the_day_of_death_itself_is_lived(session: Session) -> None:
    cadre = registered(session, resident_number=resident_number("19520315"))
    changes.record(session, cadre, New("street", OTHER_STREET, date(2022, 3, 15)), TODAY)
    deaths.record(session, cadre, date(2022, 3, 15), TODAY)
    assert ([each.on for each in milestones.due(session, 2022)], contradictions(session)) == ([date(2022, 3, 15)], [])
    deaths.correct(session, cadre, date(2022, 3, 14), "correction", TODAY)
    assert (milestones.due(session, 2022), contradictions(session)) == ([], [("change-after-death", date(2022, 3, 15))])


def test_a_party_anniversary_follows_the_date_of_joining_and_the_political_status(session: Session) -> None:
    cadre = registered(session, joined_party_on=date(1972, 3, 31))
    milestones.announce(session, MARCH)
    rules.amend(session, cadre, {"joined_party_on": date(1972, 4, 1)}, "correction", TODAY)
    milestones.announce(session, date(2022, 4, 1))
    rules.amend(session, cadre, {"political_status": "13"}, "correction", TODAY)
    found = [(e["type"].split(".")[3], e["data"]["month"]) for e in published(session) if ".milestone." in e["type"]]
    assert found == [("due", "2022-03"), ("withdrawn", "2022-03"), ("due", "2022-04"), ("withdrawn", "2022-04")]
