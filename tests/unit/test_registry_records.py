"""Cadre records: registration, numbers, corrections, death, and what the events may say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.rules import Missing
from services.registry.app import RegistryService
from services.registry.cadres import find, rules
from services.registry.cadres.model import Cadre
from services.registry.cadres.particulars import masked
from services.registry.changes import rules as changes
from services.registry.changes.history import history_of
from services.registry.changes.rules import New
from services.registry.deaths import rules as deaths
from tests.unit.registry_builders import (
    OTHER_LIAISON,
    OTHER_STREET,
    OTHER_UNIT,
    STREET_CODE,
    TODAY,
    empty_registry,
    kinds,
    particulars,
    published,
    refusal,
    registered,
    resident_number,
)

OTHER = resident_number("19410709", 3)
AUGUST = date(2022, 8, 9)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


def amend(session: Session, cadre: Cadre, **changed: Any) -> Cadre:
    """Correct a cadre."""
    return rules.amend(session, cadre, changed, "correction", TODAY)


def test_a_registration_is_published_with_the_coarse_state_and_the_date_that_it_counts_from(session: Session) -> None:
    cadre = registered(session, "G0007")
    (event,) = published(session)
    assert event["type"] == "hongxia.registry.cadre.registered.v1"
    assert (event["subject"], event["entityversion"], event["occurredon"]) == (cadre.id, 1, "2012-05-01")
    assert event["data"]["age_band"] == "60-69"
    assert (event["data"]["deceased_on"], event["data"]["away"]) == (None, [])
    assert event["data"]["street"] == STREET_CODE


def test_a_cadre_s_id_follows_from_the_number_so_that_other_services_can_compute_it(session: Session) -> None:
    assert registered(session, "G0007").id == rules.cadre_id("G0007")


def test_no_event_says_who_a_person_is(session: Session) -> None:
    cadre = registered(session, joined_party_on=date(1971, 7, 1))
    amend(session, cadre, name="林晓云", resident_number=OTHER)
    deaths.record(session, cadre, AUGUST, TODAY)
    text = str(published(session))
    secrets = ("林晓", resident_number(), OTHER, "1950-03-01", "1941-07-09", "19410709", "1971-07-01", cadre.cadre_no)
    assert not [secret for secret in secrets if secret in text]
    personal = {"name", "resident_number", "birth_date", "sex", "cadre_no", "destination"}
    assert not personal & {name for event in RegistryService.definition.events for name in event.schema().fields}


def test_labels_of_liaisons_are_in_no_event(session: Session) -> None:
    fields = {event.name: event.schema().fields for event in RegistryService.definition.events}
    assert "label" in fields["registry.unit.listed"]
    assert "label" not in fields["registry.liaison.listed"]
    assert "label" not in fields["registry.liaison.amended"]


def test_the_next_number_follows_the_highest_that_was_ever_given(session: Session) -> None:
    assert registered(session).cadre_no == "G0001"
    registered(session, "G0412", resident_number=OTHER)
    registered(session, "甲-9", resident_number=resident_number("19400101"))
    assert registered(session, resident_number=resident_number("19400102")).cadre_no == "G0413"


def test_a_resident_number_is_one_person_s_only_and_never_repeated_in_the_refusal(session: Session) -> None:
    first = registered(session)
    with refusal("resident-number-taken", "resident_number") as refused:
        registered(session)
    assert refused.value.extra == {"existing": first.id}
    assert resident_number() not in refused.value.message


def test_a_cadre_number_is_given_once(session: Session) -> None:
    registered(session, "G0001")
    with refusal("cadre-no-taken", "cadre_no"):
        registered(session, "G0001", resident_number=OTHER)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("resident_number", "990101195003010015", "resident-number-invalid"),
        ("resident_number", "1234", "resident-number-invalid"),
        ("registered_on", date(2023, 1, 11), "date-in-future"),
        ("registered_on", date(1950, 2, 28), "date-before-birth"),
        ("joined_party_on", date(2023, 1, 11), "date-in-future"),
        ("joined_party_on", date(1949, 7, 1), "date-before-birth"),
        ("deceased_on", date(2012, 4, 30), "deceased-before-registration"),
        ("unit", "U00000000", "unknown-unit"),
        ("street", "石桥街道", "unknown-street"),
        ("liaison", "L00000000", "unknown-liaison"),
    ],
)
def test_particulars_that_cannot_be_are_refused(session: Session, field: str, value: object, code: str) -> None:
    with refusal(code, field):
        registered(session, **{field: value})
    assert kinds(session) == []


def test_nobody_was_served_before_the_republic(session: Session) -> None:
    with refusal("date-too-early", "registered_on"):
        registered(session, resident_number=resident_number("19200101"), registered_on=date(1922, 5, 1))


def test_a_registration_with_a_death_is_both(session: Session) -> None:
    cadre = registered(session, deceased_on=AUGUST)
    assert (cadre.state, cadre.deceased_on, kinds(session)) == ("deceased", AUGUST, ["registered", "deceased"])
    assert [event["data"]["deceased_on"] for event in published(session)] == [None, "2022-08-09"]


def test_an_amendment_is_published_once_and_only_if_something_changed(session: Session) -> None:
    cadre = registered(session)
    amend(session, cadre, street=STREET_CODE)
    assert (cadre.version, kinds(session)) == (1, ["registered"])
    rules.amend(session, cadre, {"street": OTHER_STREET, "sex": "2"}, "late-information", TODAY)
    event = published(session)[1]
    assert (event["data"]["street"], event["data"]["changed"]) == (OTHER_STREET, ["street"])
    assert (event["data"]["reason"], event["occurredon"], event["entityversion"]) == (
        "late-information",
        "2023-01-10",
        2,
    )


def test_an_amendment_corrects_the_entry_that_holds(session: Session) -> None:
    cadre = registered(session)
    changes.record(session, cadre, New("unit", OTHER_UNIT, date(2020, 1, 1)), TODAY)
    amend(session, cadre, unit=particulars()["unit"], hardship=True, medical_treatment="131")
    history = history_of(session, cadre.id)
    assert [entry.value for entry in history.of("unit")] == [particulars()["unit"]] * 2
    assert [(entry.from_on, entry.value) for entry in history.of("care")] == [(cadre.registered_on, "hardship")]
    assert [(entry.from_on, entry.value) for entry in history.of("medical_treatment")] == [(cadre.registered_on, "131")]
    assert published(session)[-1]["data"]["changed"] == ["hardship", "medical_treatment", "unit"]


def test_another_resident_number_brings_its_birth_date(session: Session) -> None:
    cadre = registered(session)
    amend(session, cadre, resident_number=OTHER)
    assert cadre.birth_date == date(1941, 7, 9)


def test_an_amendment_cannot_take_another_cadre_s_resident_number(session: Session) -> None:
    registered(session)
    cadre = registered(session, resident_number=OTHER)
    with refusal("resident-number-taken", "resident_number"):
        amend(session, cadre, resident_number=resident_number())


@pytest.mark.parametrize("registered_on", [date(2010, 3, 1), date(2014, 3, 1)])
def test_the_history_begins_with_the_date_of_registration_also_when_that_is_corrected(
    session: Session, registered_on: date
) -> None:
    cadre = registered(session)
    amend(session, cadre, registered_on=registered_on)
    assert {entry.from_on for entry in history_of(session, cadre.id).changes} == {registered_on}
    assert published(session)[-1]["data"]["changed"] == ["registered_on"]


def test_the_registration_does_not_move_behind_a_change_or_a_death(session: Session) -> None:
    cadre = registered(session)
    changes.record(session, cadre, New("liaison", OTHER_LIAISON, date(2013, 1, 1)), TODAY)
    with refusal("changes-before-registration", "registered_on") as refused:
        amend(session, cadre, registered_on=date(2013, 6, 1))
    assert "2013-01-01" in refused.value.message and "2013-06-01" in refused.value.message
    session.refresh(cadre)


def test_the_registration_does_not_move_behind_a_death(session: Session) -> None:
    cadre = registered(session, deceased_on=AUGUST)
    with refusal("deceased-before-registration", "deceased_on") as refused:
        amend(session, cadre, registered_on=date(2022, 9, 1))
    assert "2022-08-09" in refused.value.message and "2022-09-01" in refused.value.message


def test_a_death_is_published_with_its_date(session: Session) -> None:
    cadre = registered(session)
    deaths.record(session, cadre, AUGUST, TODAY)
    event = published(session)[-1]
    assert (event["type"].split(".")[3], event["occurredon"]) == ("deceased", "2022-08-09")
    assert event["data"]["deceased_on"] == "2022-08-09"


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (date(2023, 1, 11), "date-in-future"),
        (date(2012, 4, 30), "deceased-before-registration"),
        (date(1950, 2, 28), "date-before-birth"),
    ],
)
def test_a_death_that_cannot_be_is_refused(session: Session, on: date, code: str) -> None:
    cadre = registered(session)
    with refusal(code, "deceased_on"):
        deaths.record(session, cadre, on, TODAY)


def test_a_second_death_is_refused_with_the_first_date(session: Session) -> None:
    cadre = registered(session, deceased_on=AUGUST)
    with refusal("already-deceased", "deceased_on") as refused:
        deaths.record(session, cadre, date(2022, 8, 10), TODAY)
    assert "2022-08-09" in refused.value.message


def test_a_death_is_corrected_and_withdrawn(session: Session) -> None:
    cadre = registered(session)
    for refused in (
        lambda: deaths.correct(session, cadre, AUGUST, "correction", TODAY),
        lambda: deaths.withdraw(session, cadre, "other", TODAY),
    ):
        with refusal("not-deceased"):
            refused()
    deaths.record(session, cadre, AUGUST, TODAY)
    deaths.correct(session, cadre, AUGUST, "correction", TODAY)
    deaths.correct(session, cadre, date(2022, 8, 10), "correction", TODAY)
    deaths.withdraw(session, cadre, "wrong-subject", TODAY)
    assert kinds(session) == ["registered", "deceased", "amended", "death-withdrawn"]
    corrected, withdrawn = published(session)[2:]
    assert (corrected["data"]["deceased_on"], corrected["data"]["changed"]) == ("2022-08-10", ["deceased_on"])
    assert (withdrawn["data"]["deceased_on"], withdrawn["data"]["reason"]) == (None, "wrong-subject")
    assert cadre.state == "living"
    changes.record(session, cadre, New("treatment", "131", TODAY), TODAY)


def test_the_dead_are_amended_too(session: Session) -> None:
    cadre = registered(session, deceased_on=AUGUST)
    amend(session, cadre, street=OTHER_STREET)
    assert (cadre.state, kinds(session)) == ("deceased", ["registered", "deceased", "amended"])


def test_there_is_no_record_of_a_stranger(session: Session) -> None:
    with pytest.raises(Missing):
        records.lock(session, Cadre, "nobody")


def test_only_who_keeps_the_register_sees_a_resident_number(session: Session) -> None:
    cadre = registered(session)
    assert find.shown(session, [cadre], in_full=True)[0].resident_number == resident_number()
    seen = find.shown(session, [cadre], in_full=False)[0].resident_number
    assert seen == masked(resident_number()) == "9" + "*" * 16 + "4"


def test_all_faults_are_named_at_once(session: Session) -> None:
    with refusal("date-before-birth", "joined_party_on", "registered_on", "unit"):
        registered(session, joined_party_on=date(1930, 1, 1), registered_on=date(2050, 1, 1), unit="U0")


def test_an_entry_out_of_use_is_refused_for_new_records_and_stays_on_old_ones(session: Session) -> None:
    from services.registry.lists.declared import UNITS

    cadre = registered(session)
    UNITS.retire(session, session.query(UNITS.model).filter_by(code=cadre.unit).one(), TODAY)
    with refusal("unknown-unit", "unit"):
        registered(session, resident_number=OTHER)
    amend(session, cadre, street=OTHER_STREET)
