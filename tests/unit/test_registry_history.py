"""Changes with their dates: recorded in any order, corrected, withdrawn; a liaison who leaves; transfers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy.orm import Session

from services.registry.cadres.model import Cadre
from services.registry.cadres.schema import FLAGS
from services.registry.changes import handover, rules
from services.registry.changes.history import history_of
from services.registry.changes.rules import New
from services.registry.deaths import rules as deaths
from services.registry.lists.routes import loads
from services.registry.transfers import rules as transfers
from tests.unit.registry_builders import (
    LIAISON_CODE,
    OTHER_LIAISON,
    OTHER_STREET,
    OTHER_UNIT,
    THIRD_LIAISON,
    TODAY,
    empty_registry,
    kinds,
    published,
    refusal,
    registered,
    resident_number,
)

JUNE, JULY, AUGUST = date(2022, 6, 1), date(2022, 7, 1), date(2022, 8, 1)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


def treatment(level: str, on: date) -> New:
    """A change of treatment."""
    return New("treatment", level, on, "组〔2022〕5号")


def entry(session: Session, cadre: Cadre, aspect: str, on: date) -> Any:
    """The change of an aspect on a day."""
    (found,) = [each for each in history_of(session, cadre.id).of(aspect) if each.from_on == on]
    return found


def test_treatment_changes_apart_from_rank_with_date_and_document(session: Session) -> None:
    cadre = registered(session)
    rules.record(session, cadre, treatment("131", JUNE), TODAY)
    assert (cadre.rank, cadre.treatment) == ("132", "131")
    entries = history_of(session, cadre.id).of("treatment")
    assert [(each.from_on, each.value, each.document_no) for each in entries] == [
        (date(2012, 5, 1), "132", None),
        (JUNE, "131", "组〔2022〕5号"),
    ]
    assert (kinds(session)[-1], published(session)[-1]["occurredon"]) == ("treatment-changed", "2022-06-01")


@pytest.mark.parametrize(
    ("aspect", "value", "event"),
    [
        ("rank", "131", "rank-changed"),
        ("medical_treatment", "121", "medical-changed"),
        ("reimbursement", "full", "medical-changed"),
        ("liaison", OTHER_LIAISON, "liaison-assigned"),
        ("liaison", None, "liaison-assigned"),
        ("care", "living_alone,resettled", "care-changed"),
        ("unit", OTHER_UNIT, "unit-changed"),
        ("street", OTHER_STREET, "moved"),
    ],
)
def test_each_aspect_has_its_event(session: Session, aspect: str, value: str | None, event: str) -> None:
    cadre = registered(session)
    rules.record(session, cadre, New(aspect, value, JUNE), TODAY)
    assert kinds(session) == ["registered", event]


def test_a_flag_that_is_not_named_stays_as_it_is(session: Session) -> None:
    cadre = registered(session, living_alone=True)
    rules.record_care(session, cadre, {"hardship": True}, JUNE, TODAY)
    data = published(session)[-1]["data"]
    assert {flag: data[flag] for flag in FLAGS} == {
        "advanced_age": False,
        "hardship": True,
        "living_alone": True,
        "resettled": False,
    }


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (treatment("131", date(2023, 1, 11)), "date-in-future", "on"),
        (treatment("131", date(2012, 4, 30)), "before-registration", "on"),
        (treatment("132", JUNE), "no-change", "treatment"),
        (treatment("999", JUNE), "unknown-code", "treatment"),
        (New("rank", None, JUNE), "value-missing", "rank"),
        (New("care", "", JUNE), "no-change", ""),
        (New("care", "resettled,hardship", JUNE), "unknown-code", "care"),
        (New("unit", "区民政局", JUNE), "unknown-unit", "unit"),
    ],
)
def test_a_change_that_cannot_be_is_refused(session: Session, change: New, code: str, field: str) -> None:
    cadre = registered(session)
    with refusal(code, field):
        rules.record(session, cadre, change, TODAY)
    assert kinds(session) == ["registered"]


def test_changes_recorded_in_any_order_make_the_same_history(session: Session) -> None:
    made = [treatment("131", JUNE), treatment("122", JULY), treatment("121", AUGUST)]
    for serial, order in enumerate(permutations(made), start=1):
        cadre = registered(session, resident_number=resident_number(serial=serial))
        for change in order:
            rules.record(session, cadre, change, TODAY)
        assert cadre.treatment == "121"
        assert [each.value for each in history_of(session, cadre.id).of("treatment")] == ["132", "131", "122", "121"]


def test_a_change_learnt_of_late_is_an_amendment_of_the_history(session: Session) -> None:
    cadre = registered(session)
    rules.record(session, cadre, treatment("131", JULY), TODAY)
    rules.record(session, cadre, treatment("122", JUNE), TODAY)
    event = published(session)[-1]
    assert (kinds(session)[-1], event["occurredon"], event["data"]["treatment"]) == ("amended", "2022-06-01", "131")
    assert (event["data"]["changed"], event["data"]["reason"]) == (["treatment"], "late-information")


def test_of_two_changes_of_one_day_the_later_recorded_holds(session: Session) -> None:
    cadre = registered(session)
    rules.record(session, cadre, treatment("131", JULY), TODAY)
    rules.record(session, cadre, treatment("122", JULY), TODAY)
    assert cadre.treatment == "122"


def test_a_withdrawn_change_lets_the_one_before_hold_again(session: Session) -> None:
    cadre = registered(session)
    rules.record(session, cadre, treatment("131", JUNE), TODAY)
    rules.record(session, cadre, treatment("122", JULY), TODAY)
    rules.void(session, cadre, entry(session, cadre, "treatment", JUNE), "other", TODAY)
    assert cadre.treatment == "122"
    rules.void(session, cadre, entry(session, cadre, "treatment", JULY), "entered-in-error", TODAY)
    event = published(session)[-1]
    assert (kinds(session)[-1], event["occurredon"], event["data"]["treatment"]) == ("amended", "2022-07-01", "132")
    assert event["data"]["changed"] == ["treatment"]


def test_a_withdrawn_change_is_not_withdrawn_again_and_the_first_never(session: Session) -> None:
    cadre = registered(session)
    rules.record(session, cadre, treatment("131", JUNE), TODAY)
    change = entry(session, cadre, "treatment", JUNE)
    rules.void(session, cadre, change, "other", TODAY)
    with refusal("wrong-state"):
        rules.void(session, cadre, change, "other", TODAY)
    with refusal("first-change"):
        rules.void(session, cadre, entry(session, cadre, "treatment", cadre.registered_on), "other", TODAY)


def test_date_value_and_document_of_a_change_are_corrected(session: Session) -> None:
    cadre = registered(session)
    rules.record(session, cadre, treatment("131", JUNE), TODAY)
    change = entry(session, cadre, "treatment", JUNE)
    rules.amend(session, cadre, change, {"value": "122"}, "correction", TODAY)
    rules.amend(session, cadre, change, {"from_on": JULY}, "correction", TODAY)
    rules.amend(session, cadre, change, {"document_no": "组〔2022〕7号"}, "other", TODAY)
    rules.amend(session, cadre, change, {"document_no": "组〔2022〕7号"}, "other", TODAY)
    assert kinds(session) == ["registered", "treatment-changed", "amended", "amended", "amended"]
    assert (cadre.treatment, change.from_on, change.document_no) == ("122", JULY, "组〔2022〕7号")
    assert [event["data"]["changed"] for event in published(session)[2:]] == [["treatment"]] * 3


def test_what_came_with_the_registration_is_corrected_but_for_its_date(session: Session) -> None:
    cadre = registered(session)
    first = entry(session, cadre, "rank", cadre.registered_on)
    rules.amend(session, cadre, first, {"value": "121", "document_no": "组〔2012〕1号"}, "correction", TODAY)
    assert cadre.rank == "121"
    with refusal("first-change", "from_on"):
        rules.amend(session, cadre, first, {"from_on": JUNE}, "correction", TODAY)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": "9"}, "unknown-code"),
        ({"value": None}, "value-missing"),
        ({"from_on": date(2012, 4, 30)}, "before-registration"),
        ({"from_on": date(2023, 1, 11)}, "date-in-future"),
    ],
)
def test_a_correction_obeys_the_rules_of_a_change(session: Session, changes: dict[str, Any], code: str) -> None:
    cadre = registered(session)
    rules.record(session, cadre, treatment("131", JUNE), TODAY)
    with refusal(code, *changes):
        rules.amend(session, cadre, entry(session, cadre, "treatment", JUNE), changes, "correction", TODAY)


def test_all_living_cadres_of_a_liaison_go_to_another(session: Session) -> None:
    moved = [registered(session, resident_number=resident_number(serial=serial)) for serial in (1, 2)]
    dead = registered(session, resident_number=resident_number(serial=3), deceased_on=JUNE)
    other = registered(session, resident_number=resident_number(serial=4), liaison=OTHER_LIAISON)
    away = registered(session, resident_number=resident_number(serial=5))
    transfers.leave(session, away, {"left_on": JUNE, "destination": "某区老干部局"}, TODAY)
    assert handover.reassign(session, LIAISON_CODE, THIRD_LIAISON, JULY, TODAY) == 2
    assert {cadre.liaison for cadre in moved} == {THIRD_LIAISON}
    assert (dead.liaison, other.liaison, away.liaison) == (LIAISON_CODE, OTHER_LIAISON, LIAISON_CODE)
    assert kinds(session)[-2:] == ["liaison-assigned"] * 2


def test_a_reassignment_says_who_came_to_the_liaison_only_later(session: Session) -> None:
    registered(session)
    newcomer = registered(session, resident_number=resident_number(serial=2), registered_on=JULY)
    with refusal("before-last-change", "on") as refused:
        handover.reassign(session, LIAISON_CODE, THIRD_LIAISON, JUNE, TODAY)
    assert refused.value.extra == {"cadre_ids": [newcomer.id]}


@pytest.mark.parametrize(
    ("leaving", "taking_over", "on", "code"),
    [
        (THIRD_LIAISON, LIAISON_CODE, JULY, "unknown-liaison"),
        (LIAISON_CODE, LIAISON_CODE, JULY, "no-change"),
        (LIAISON_CODE, "联络九组", JULY, "unknown-liaison"),
        (LIAISON_CODE, OTHER_LIAISON, date(2023, 1, 11), "date-in-future"),
    ],
)
def test_a_reassignment_that_cannot_be_is_refused(
    session: Session, leaving: str, taking_over: str, on: date, code: str
) -> None:
    registered(session)
    with refusal(code):
        handover.reassign(session, leaving, taking_over, on, TODAY)


def test_the_load_of_each_liaison_counts_the_living(session: Session) -> None:
    registered(session, hardship=True)
    registered(session, resident_number=resident_number(serial=2))
    registered(session, resident_number=resident_number(serial=3), liaison=None, living_alone=True)
    deaths.record(session, registered(session, resident_number=resident_number(serial=4)), JUNE, TODAY)
    found = [(load["liaison_label"], load["cadres"], load["hardship"], load["living_alone"]) for load in loads(session)]
    assert found == [("联络一组", 2, 1, 0), (None, 1, 0, 1)]
