"""Cadre records: registration, numbers, amendments, death, and what the events may tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session

from hongxia.http.problems import Conflict, NotFound, Problem, Rule
from services.registry import amendments, cadres, deaths, history, registration
from services.registry.events import EVENTS
from services.registry.history import Change
from services.registry.models import Aspect
from services.registry.particulars import age_band, masked
from tests.unit.registry_builders import (
    TODAY,
    empty_registry,
    kinds,
    particulars,
    registered,
    resident_number,
    told,
)

OTHER = resident_number("19410709", 3)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


def slug_of(problem: pytest.ExceptionInfo[Problem]) -> tuple[str, str | None]:
    """What the problem is called, and where it points."""
    errors = problem.value.errors
    return problem.value.slug, errors[0].pointer if errors else None


def test_a_registration_is_told_with_the_coarse_state_and_the_date_that_it_counts_from(session: Session) -> None:
    cadre = registered(session, "G0007")
    (event,) = told(session)
    assert event["type"] == "hongxia.registry.cadre.registered.v1"
    assert (event["subject"], event["entityversion"], event["occurredon"]) == (cadre.id, 1, "2012-05-01")
    assert event["data"]["age_band"] == "60-69"
    assert event["data"]["deceased_on"] is None


def test_a_cadre_s_id_follows_from_the_number_so_that_other_services_can_compute_it(session: Session) -> None:
    assert registered(session, "G0007").id == registration.cadre_id("G0007")


def test_no_event_tells_who_a_person_is(session: Session) -> None:
    cadre = registered(session, joined_party_on=date(1971, 7, 1))
    amendments.amend(session, cadre, {"name": "林晓云", "resident_number": OTHER}, TODAY, TODAY)
    deaths.record(session, cadre, date(2022, 8, 9), TODAY)
    text = str(told(session))
    secrets = ("林晓", resident_number(), OTHER, "1950-03-01", "1941-07-09", "19410709", "1971-07-01", cadre.cadre_no)
    assert not [secret for secret in secrets if secret in text]
    assert not {"name", "resident_number", "birth_date", "sex"} & {
        name for event in EVENTS for name in event.schema().fields
    }


def test_the_next_number_follows_the_highest_that_was_ever_given(session: Session) -> None:
    assert registered(session).cadre_no == "G0001"
    registered(session, "G0412", resident_number=OTHER)
    registered(session, "甲-9", resident_number=resident_number("19400101"))
    assert registered(session, resident_number=resident_number("19400102")).cadre_no == "G0413"


def test_a_resident_number_is_one_person_s_only_and_never_repeated_in_the_refusal(session: Session) -> None:
    registered(session)
    with pytest.raises(Conflict) as refused:
        registered(session)
    assert slug_of(refused) == ("resident-number-taken", "#/resident_number")
    assert resident_number() not in str(refused.value.as_dict())


def test_a_cadre_number_is_given_once(session: Session) -> None:
    registered(session, "G0001")
    with pytest.raises(Conflict) as refused:
        registered(session, "G0001", resident_number=OTHER)
    assert slug_of(refused) == ("cadre-no-taken", "#/cadre_no")


@pytest.mark.parametrize(
    ("field", "value", "slug"),
    [
        ("resident_number", "990101195003010015", "resident-number-invalid"),
        ("resident_number", "1234", "resident-number-invalid"),
        ("registered_on", date(2023, 1, 11), "date-in-future"),
        ("registered_on", date(1950, 2, 28), "date-before-birth"),
        ("joined_party_on", date(2023, 1, 11), "date-in-future"),
        ("joined_party_on", date(1949, 7, 1), "date-before-birth"),
    ],
)
def test_particulars_that_cannot_be_are_refused(session: Session, field: str, value: object, slug: str) -> None:
    with pytest.raises(Rule) as refused:
        registered(session, **{field: value})
    assert slug_of(refused) == (slug, f"#/{field}")
    assert kinds(session) == []


def test_nobody_was_served_before_the_republic(session: Session) -> None:
    with pytest.raises(Rule) as refused:
        registered(session, resident_number=resident_number("19200101"), registered_on=date(1922, 5, 1))
    assert slug_of(refused) == ("date-too-early", "#/registered_on")


def test_an_amendment_is_told_once_and_only_if_something_changed(session: Session) -> None:
    cadre = registered(session)
    amendments.amend(session, cadre, {"street": "石桥街道"}, TODAY, TODAY)
    assert (cadre.version, kinds(session)) == (1, ["registered"])
    amendments.amend(session, cadre, {"street": "沙湾街道"}, date(2022, 9, 1), TODAY)
    assert kinds(session) == ["registered", "amended"]
    assert told(session)[1]["data"]["street"] == "沙湾街道"
    assert (told(session)[1]["occurredon"], told(session)[1]["entityversion"]) == ("2022-09-01", 2)


def test_another_resident_number_brings_its_birth_date(session: Session) -> None:
    cadre = registered(session)
    amendments.amend(session, cadre, {"resident_number": OTHER}, TODAY, TODAY)
    assert cadre.birth_date == date(1941, 7, 9)


def test_an_amendment_cannot_take_another_cadre_s_resident_number(session: Session) -> None:
    registered(session)
    cadre = registered(session, resident_number=OTHER)
    with pytest.raises(Conflict):
        amendments.amend(session, cadre, {"resident_number": resident_number()}, TODAY, TODAY)


@pytest.mark.parametrize(
    ("on", "slug"), [(date(2023, 1, 11), "date-in-future"), (date(2012, 4, 30), "before-last-change")]
)
def test_an_amendment_dates_from_the_time_of_service(session: Session, on: date, slug: str) -> None:
    cadre = registered(session)
    with pytest.raises(Rule) as refused:
        amendments.amend(session, cadre, {"street": "沙湾街道"}, on, TODAY)
    assert slug_of(refused) == (slug, "#/on")


def test_the_history_begins_with_the_date_of_registration_also_when_that_is_corrected(session: Session) -> None:
    cadre = registered(session)
    amendments.amend(session, cadre, {"registered_on": date(2010, 3, 1)}, TODAY, TODAY)
    assert {entry.from_on for entry in history.of(session, cadre.id)} == {date(2010, 3, 1)}
    history.change(session, cadre, Change(Aspect.LIAISON, "联络二组", date(2011, 1, 1)), TODAY)
    with pytest.raises(Rule) as refused:
        amendments.amend(session, cadre, {"registered_on": date(2011, 6, 1)}, TODAY, TODAY)
    assert slug_of(refused) == ("changes-before-registration", "#/registered_on")


def test_a_death_is_told_with_its_date(session: Session) -> None:
    cadre = registered(session)
    deaths.record(session, cadre, date(2022, 8, 9), TODAY)
    event = told(session)[-1]
    assert (event["type"].split(".")[3], event["occurredon"]) == ("deceased", "2022-08-09")
    assert event["data"]["deceased_on"] == "2022-08-09"


@pytest.mark.parametrize(
    ("on", "slug"),
    [
        (date(2023, 1, 11), "date-in-future"),
        (date(2012, 4, 30), "deceased-before-registration"),
        (date(1950, 2, 28), "date-before-birth"),
    ],
)
def test_a_death_that_cannot_be_is_refused(session: Session, on: date, slug: str) -> None:
    cadre = registered(session)
    with pytest.raises(Rule) as refused:
        deaths.record(session, cadre, on, TODAY)
    assert slug_of(refused) == (slug, "#/deceased_on")


def test_after_death_a_record_is_amended_and_nothing_else(session: Session) -> None:
    cadre = registered(session)
    deaths.record(session, cadre, date(2022, 8, 9), TODAY)
    for change in (Change(Aspect.TREATMENT, "131", TODAY), Change(Aspect.CARE, "hardship", TODAY)):
        with pytest.raises(Rule) as refused:
            history.change(session, cadre, change, TODAY)
        assert refused.value.slug == "cadre-deceased"
    with pytest.raises(Rule):
        deaths.record(session, cadre, date(2022, 8, 9), TODAY)
    amendments.amend(session, cadre, {"street": "沙湾街道"}, TODAY, TODAY)
    assert kinds(session) == ["registered", "deceased", "amended"]


def test_a_death_is_corrected_or_withdrawn_by_an_amendment(session: Session) -> None:
    cadre = registered(session)
    with pytest.raises(Conflict) as refused:
        amendments.amend(session, cadre, {"deceased_on": date(2022, 8, 9)}, TODAY, TODAY)
    assert refused.value.slug == "wrong-state"
    deaths.record(session, cadre, date(2022, 8, 9), TODAY)
    amendments.amend(session, cadre, {"deceased_on": date(2022, 8, 10)}, TODAY, TODAY)
    amendments.amend(session, cadre, {"deceased_on": None}, TODAY, TODAY)
    assert [event["data"]["deceased_on"] for event in told(session)[2:]] == ["2022-08-10", None]
    history.change(session, cadre, Change(Aspect.TREATMENT, "131", TODAY), TODAY)


def test_there_is_no_record_of_a_stranger(session: Session) -> None:
    with pytest.raises(NotFound):
        cadres.locked(session, "nobody")


def test_only_who_keeps_the_register_sees_a_resident_number(session: Session) -> None:
    cadre = registered(session)
    assert cadres.shown(cadre, in_full=True)["resident_number"] == resident_number()
    assert cadres.shown(cadre, in_full=False)["resident_number"] == masked(resident_number()) == "9" + "*" * 16 + "4"


@pytest.mark.parametrize(
    ("born", "on", "band"),
    [
        (date(1950, 3, 1), date(2020, 2, 29), "60-69"),
        (date(1950, 3, 1), date(2020, 3, 1), "70-79"),
        (date(1920, 1, 1), date(2022, 1, 1), "100+"),
    ],
)
def test_an_age_band_turns_on_the_birthday(born: date, on: date, band: str) -> None:
    assert age_band(born, on) == band


def test_all_faults_are_named_at_once(session: Session) -> None:
    with pytest.raises(Rule) as refused:
        registration.register(
            session,
            None,
            particulars(joined_party_on=date(1930, 1, 1), registered_on=date(2050, 1, 1)),
            {},
            TODAY,
        )
    assert {error.pointer for error in refused.value.errors} == {"#/joined_party_on", "#/registered_on"}
