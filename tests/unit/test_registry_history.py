"""Rank, treatment, liaison and care: dated entries, corrections, withdrawals, and a liaison who leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session

from hongxia.http.problems import NotFound, Rule
from services.registry import care, deaths, history, liaisons
from services.registry.history import Change
from services.registry.models import Aspect
from tests.unit.registry_builders import TODAY, empty_registry, kinds, registered, resident_number, told

JUNE, JULY = date(2022, 6, 1), date(2022, 7, 1)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


def treatment(level: str, on: date) -> Change:
    """A change of treatment."""
    return Change(Aspect.TREATMENT, level, on, "组〔2022〕5号")


def test_treatment_changes_apart_from_rank_with_date_and_document(session: Session) -> None:
    cadre = registered(session)
    history.change(session, cadre, treatment("131", JUNE), TODAY)
    assert (cadre.rank, cadre.treatment) == ("132", "131")
    entries = [entry for entry in history.of(session, cadre.id) if entry.aspect == Aspect.TREATMENT]
    assert [(entry.from_on, entry.value, entry.document_no) for entry in entries] == [
        (date(2012, 5, 1), "132", None),
        (JUNE, "131", "组〔2022〕5号"),
    ]
    assert (kinds(session)[-1], told(session)[-1]["occurredon"]) == ("treatment-changed", "2022-06-01")


@pytest.mark.parametrize(
    ("aspect", "value", "event"),
    [
        (Aspect.RANK, "131", "amended"),
        (Aspect.LIAISON, "联络二组", "liaison-assigned"),
        (Aspect.LIAISON, None, "liaison-assigned"),
        (Aspect.CARE, "living_alone,resettled", "care-changed"),
    ],
)
def test_each_aspect_has_its_event(session: Session, aspect: Aspect, value: str | None, event: str) -> None:
    cadre = registered(session)
    history.change(session, cadre, Change(aspect, value, JUNE), TODAY)
    assert kinds(session) == ["registered", event]


def test_a_flag_that_is_not_named_stays_as_it_is(session: Session) -> None:
    cadre = registered(session, living_alone=True)
    flags = care.flags_text(cadre, {"hardship": True})
    history.change(session, cadre, Change(Aspect.CARE, flags, JUNE), TODAY)
    data = told(session)[-1]["data"]
    assert {flag: data[flag] for flag in care.FLAGS} == {
        "advanced_age": False,
        "hardship": True,
        "living_alone": True,
        "resettled": False,
    }


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        (treatment("131", date(2023, 1, 11)), "date-in-future"),
        (treatment("131", date(2012, 4, 30)), "before-last-change"),
        (treatment("132", JUNE), "no-change"),
    ],
)
def test_a_change_that_cannot_be_is_refused(session: Session, change: Change, slug: str) -> None:
    cadre = registered(session)
    with pytest.raises(Rule) as refused:
        history.change(session, cadre, change, TODAY)
    assert refused.value.slug == slug
    assert kinds(session) == ["registered"]


def test_a_change_does_not_go_behind_the_last_one_but_may_correct_it_on_the_same_day(session: Session) -> None:
    cadre = registered(session)
    history.change(session, cadre, treatment("131", JULY), TODAY)
    with pytest.raises(Rule) as refused:
        history.change(session, cadre, treatment("122", JUNE), TODAY)
    assert refused.value.slug == "before-last-change"
    history.change(session, cadre, treatment("122", JULY), TODAY)
    assert cadre.treatment == "122"


def test_a_withdrawn_entry_lets_the_one_before_hold_again(session: Session) -> None:
    cadre = registered(session)
    history.change(session, cadre, treatment("131", JUNE), TODAY)
    history.change(session, cadre, treatment("122", JULY), TODAY)
    history.void(session, cadre, 3, "other")
    event = told(session)[-1]
    assert (event["type"].split(".")[3], event["occurredon"], event["data"]["treatment"]) == (
        "amended",
        "2022-07-01",
        "131",
    )
    history.void(session, cadre, 2, "entered-in-error")
    assert cadre.treatment == "132"
    assert [entry.void_reason for entry in history.of(session, cadre.id) if entry.version > 1] == [
        "entered-in-error",
        "other",
    ]


def test_only_the_last_entry_is_withdrawn_and_once_and_never_the_first(session: Session) -> None:
    cadre = registered(session)
    history.change(session, cadre, treatment("131", JUNE), TODAY)
    history.change(session, cadre, treatment("122", JULY), TODAY)
    with pytest.raises(Rule) as refused:
        history.void(session, cadre, 2, "other")
    assert refused.value.slug == "not-last-entry"
    with pytest.raises(Rule) as refused:
        history.void(session, cadre, 1, "other")
    assert refused.value.slug == "first-entry"
    history.void(session, cadre, 3, "other")
    with pytest.raises(NotFound):
        history.void(session, cadre, 3, "other")


def test_all_living_cadres_of_a_liaison_go_to_another(session: Session) -> None:
    moved = [registered(session, resident_number=resident_number(serial=serial)) for serial in (1, 2)]
    dead = registered(session, resident_number=resident_number(serial=3))
    deaths.record(session, dead, JUNE, TODAY)
    other = registered(session, resident_number=resident_number(serial=4), liaison="联络二组")
    assert liaisons.reassign(session, "联络一组", "联络三组", JULY, TODAY) == 2
    assert {cadre.liaison for cadre in moved} == {"联络三组"}
    assert (dead.liaison, other.liaison) == ("联络一组", "联络二组")
    assert kinds(session)[-2:] == ["liaison-assigned"] * 2


def test_a_reassignment_says_who_came_to_the_liaison_only_later(session: Session) -> None:
    registered(session)
    newcomer = registered(session, resident_number=resident_number(serial=2), registered_on=JULY)
    with pytest.raises(Rule) as refused:
        liaisons.reassign(session, "联络一组", "联络三组", JUNE, TODAY)
    assert refused.value.slug == "before-last-change"
    assert refused.value.extra == {"cadre_ids": [newcomer.id]}


@pytest.mark.parametrize(
    ("leaving", "taking_over", "on", "slug"),
    [
        ("联络九组", "联络一组", JULY, "unknown-liaison"),
        ("联络一组", "联络一组", JULY, "no-change"),
        ("联络一组", "联络二组", date(2023, 1, 11), "date-in-future"),
    ],
)
def test_a_reassignment_that_cannot_be_is_refused(
    session: Session, leaving: str, taking_over: str, on: date, slug: str
) -> None:
    registered(session)
    with pytest.raises(Rule) as refused:
        liaisons.reassign(session, leaving, taking_over, on, TODAY)
    assert refused.value.slug == slug


def test_the_load_of_each_liaison_counts_the_living(session: Session) -> None:
    registered(session, hardship=True)
    registered(session, resident_number=resident_number(serial=2))
    registered(session, resident_number=resident_number(serial=3), liaison=None, living_alone=True)
    deaths.record(session, registered(session, resident_number=resident_number(serial=4)), JUNE, TODAY)
    loads = [
        (load["liaison"], load["cadres"], load["hardship"], load["living_alone"]) for load in liaisons.loads(session)
    ]
    assert loads == [("联络一组", 2, 1, 0), (None, 1, 0, 1)]
