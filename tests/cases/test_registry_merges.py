"""After a merge in the registry: every command, every row, the way back, and what the two records contradict in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from services.registry.cadres import rules
from services.registry.cadres.model import Cadre
from services.registry.deaths import rules as deaths
from services.registry.merges import rules as merges
from services.registry.transfers import rules as transfers
from services.registry.transfers.model import Transfer
from tests.unit.registry_builders import (
    LIAISON_CODE,
    OTHER_LIAISON,
    OTHER_STREET,
    OTHER_UNIT,
    TODAY,
    Api,
    cadre,
    contradictions,
    counts,
    empty_registry,
    findings,
    imported,
    kinds,
    problem,
    published,
    refusal,
    registered,
    resident_number,
    row,
)

AUGUST = date(2022, 8, 9)


@pytest.fixture
def session() -> Iterator[Session]:
    """An empty registry."""
    with empty_registry() as opened:
        yield opened


@pytest.fixture
def api() -> Iterator[Api]:
    """The API of a registry without cadres."""
    opened = Api()
    yield opened
    opened.close()


def record(session: Session, serial: int, **different: Any) -> Cadre:
    """One more record of the same person."""
    return registered(session, resident_number=resident_number(serial=serial), **different)


def merged_pair(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record that was merged, and the one that stands for it."""
    survivor, merged = api.registered(liaison=LIAISON_CODE), api.registered(resident_number=resident_number(serial=2))
    api.must(f"/cadres/{merged['id']}/merge", {"into": survivor["id"]})
    return merged, survivor


DOCUMENT = {"on": "2022-06-01", "document_no": "组〔2022〕5号"}

FOR_THE_SURVIVOR = [
    ("rank", {"rank": "131", **DOCUMENT}),
    ("treatment", {"treatment": "131", **DOCUMENT}),
    ("medical-treatment", {"medical_treatment": "131", **DOCUMENT}),
    ("reimbursement", {"reimbursement": "full", **DOCUMENT}),
    ("liaison", {"liaison": OTHER_LIAISON, "on": "2022-06-01"}),
    ("care", {"hardship": True, "on": "2022-06-01"}),
    ("unit", {"unit": OTHER_UNIT, "on": "2022-06-01"}),
    ("street", {"street": OTHER_STREET, "on": "2022-06-01"}),
    ("death", {"deceased_on": "2022-08-09"}),
    ("leave", {"left_on": "2022-08-09", "destination": "某区老干部局"}),
]


@pytest.mark.parametrize(("word", "body"), FOR_THE_SURVIVOR, ids=[word for word, _ in FOR_THE_SURVIVOR])
def test_a_command_on_a_merged_record_is_done_for_the_surviving_one(api: Api, word: str, body: dict[str, Any]) -> None:
    merged, survivor = merged_pair(api)
    before = len(api.events())
    answer = api.must(f"/cadres/{merged['id']}/{word}", body)
    assert survivor["id"] in (answer["id"], answer.get("cadre_id"))
    assert {event["subject"] for event in api.events()[before:]} == {survivor["id"]}
    assert api("GET", f"/cadres/{merged['id']}").json["version"] == 2


def test_the_death_of_a_merged_record_is_corrected_and_withdrawn_at_the_surviving_one(api: Api) -> None:
    merged, survivor = merged_pair(api)
    path = f"/cadres/{merged['id']}"
    api.must(f"{path}/death", {"deceased_on": "2022-08-09"})
    assert api.must(f"{path}/death/correct", {"deceased_on": "2022-08-10"})["id"] == survivor["id"]
    assert api.must(f"{path}/death/withdraw", {"reason": "wrong-subject"})["id"] == survivor["id"]
    api.must(f"{path}/leave", {"left_on": "2022-08-09", "destination": "某区"})
    assert api.must(f"{path}/return", {"returned_on": "2022-09-01"})["cadre_id"] == survivor["id"]


def test_particulars_of_a_merged_record_are_refused_with_the_surviving_one_named(api: Api) -> None:
    merged, survivor = merged_pair(api)
    response = api("PATCH", f"/cadres/{merged['id']}", {"name": "林晓云"}, If_Match="*")
    assert problem(response)[:2] == (409, "cadre-merged")
    assert response.json["into"] == survivor["id"]
    assert "G0001" in response.json["detail"]


def test_every_route_that_takes_a_cadre_answers_for_a_merged_one_without_a_defect(api: Api) -> None:
    merged, _ = merged_pair(api)
    for route in {declared.url: declared for declared in api.methods}.values():
        if route.url.startswith("/cadres/<"):
            url = route.url.replace("<uuid:record_id>", merged["id"])
            bodies = dict(FOR_THE_SURVIVOR)
            body = bodies.get(url.rpartition("/")[2], {"into": merged["id"]} if url.endswith("/merge") else {})
            response = api(route.method, url, body if route.method != "GET" else None, If_Match="*")
            assert response.status_code < 500, url


def test_a_merged_record_reads_as_itself_with_the_one_that_stands_for_it(api: Api) -> None:
    first, second, third = (api.registered(resident_number=resident_number(serial=n)) for n in (1, 2, 3))
    api.must(f"/cadres/{first['id']}/merge", {"into": second["id"]})
    api.must(f"/cadres/{second['id']}/merge", {"into": third["id"]})
    read = api("GET", f"/cadres/{first['id']}").json
    assert (read["state"], read["merged_into"], read["survivor"]) == ("merged", second["id"], third["id"])
    answer = api.must(f"/cadres/{first['id']}/death", {"deceased_on": "2022-08-09"})
    assert answer["id"] == third["id"]


def test_who_holds_a_number_of_a_merged_record_finds_the_one_that_stands_for_it(api: Api) -> None:
    merged, survivor = merged_pair(api)
    by_number = api("GET", "/cadres?cadre_no=G0002").json["items"]
    by_person = api("POST", "/cadres/search", {"resident_number": resident_number(serial=2)}).json["items"]
    assert [(item["id"], item["survivor"]) for item in by_number + by_person] == [(merged["id"], survivor["id"])] * 2
    assert [item["id"] for item in api("GET", "/cadres").json["items"]] == [survivor["id"]]


def test_merging_into_a_merged_record_is_merging_into_the_surviving_one(session: Session) -> None:
    first, second, third = (record(session, serial) for serial in (1, 2, 3))
    merges.merge(session, first, second, TODAY)
    merges.merge(session, third, first, TODAY)
    assert third.merged_into == second.id
    assert published(session)[-1]["data"]["into"] == second.id
    with refusal("merged-into-itself", "into"):
        merges.merge(session, second, first, TODAY)


def test_a_merged_record_is_not_merged_again(session: Session) -> None:
    first, second, third = (record(session, serial) for serial in (1, 2, 3))
    merges.merge(session, first, second, TODAY)
    with refusal("cadre-merged") as refused:
        merges.merge(session, first, third, TODAY)
    assert refused.value.extra == {"into": second.id}


def test_a_wrong_merge_is_undone_and_every_field_is_as_before(api: Api) -> None:
    survivor, merged = api.registered(), api.registered(resident_number=resident_number(serial=2), hardship=True)
    before = api("GET", f"/cadres/{merged['id']}").json
    api.must(f"/cadres/{merged['id']}/merge", {"into": survivor["id"]})
    api.must(f"/cadres/{merged['id']}/undo-merge")
    after = api("GET", f"/cadres/{merged['id']}").json
    assert {**after, "version": 1} == before
    first, *_, undone = [event for event in api.events() if event["subject"] == merged["id"]]
    assert undone["type"] == "hongxia.registry.cadre.merge-undone.v1"
    assert undone["data"] == {**first["data"], "into": survivor["id"]}
    assert problem(api("POST", f"/cadres/{merged['id']}/undo-merge"))[:2] == (409, "not-merged")


def test_a_merge_within_a_chain_is_undone_without_the_others(session: Session) -> None:
    first, second, third = (record(session, serial) for serial in (1, 2, 3))
    merges.merge(session, first, second, TODAY)
    merges.merge(session, second, third, TODAY)
    merges.undo(session, second, TODAY)
    assert (first.merged_into, second.merged_into) == (second.id, None)
    assert published(session)[-1]["data"]["into"] == third.id


def test_what_was_done_for_the_survivor_stays_there_when_the_merge_is_undone(session: Session) -> None:
    first, second = record(session, 1), record(session, 2)
    merges.merge(session, second, first, TODAY)
    deaths.record(session, first, AUGUST, TODAY)
    merges.undo(session, second, TODAY)
    assert (first.state, second.state) == ("deceased", "living")


def test_a_merge_is_not_undone_while_another_record_has_the_number(session: Session) -> None:
    first, second = record(session, 1), record(session, 2)
    merges.merge(session, second, first, TODAY)
    rules.amend(session, first, {"resident_number": resident_number(serial=2)}, "correction", TODAY)
    with refusal("resident-number-taken") as refused:
        merges.undo(session, second, TODAY)
    assert refused.value.extra == {"existing": first.id}
    rules.amend(session, first, {"resident_number": resident_number(serial=1)}, "correction", TODAY)
    merges.undo(session, second, TODAY)


def test_records_that_contradict_each_other_are_not_merged_and_the_dates_are_named(session: Session) -> None:
    first, second = record(session, 1), record(session, 2, deceased_on=AUGUST)
    with refusal("into-living", "into") as refused:
        merges.merge(session, second, first, TODAY)
    assert "2022-08-09" in refused.value.message
    deaths.record(session, first, date(2022, 8, 10), TODAY)
    with refusal("deaths-differ", "into") as refused:
        merges.merge(session, second, first, TODAY)
    assert "2022-08-09" in refused.value.message and "2022-08-10" in refused.value.message
    deaths.correct(session, first, AUGUST, "correction", TODAY)
    merges.merge(session, second, first, TODAY)


def test_names_that_differ_in_spelling_only_are_one_person_s(session: Session) -> None:
    first = registered(session, name="阿布都·热合曼")
    other = registered(session, name="阿布都•热合曼", resident_number=resident_number("19410709"))
    merges.merge(session, other, first, TODAY)
    assert other.state == "merged"


def test_a_death_withdrawn_after_the_merge_is_a_contradiction_until_it_is_settled(session: Session) -> None:
    first, second = record(session, 1, deceased_on=AUGUST), record(session, 2, deceased_on=AUGUST)
    merges.merge(session, second, first, TODAY)
    assert contradictions(session) == []
    deaths.withdraw(session, first, "wrong-subject", TODAY)
    assert contradictions(session) == [("merged-death-differs", AUGUST)]
    deaths.record(session, first, AUGUST, TODAY)
    assert contradictions(session) == []
    assert kinds(session)[-2:] == ["deceased", "resolved"]


def test_a_merged_record_that_was_served_earlier_is_a_contradiction_that_an_undo_resolves(session: Session) -> None:
    first, second = record(session, 1), record(session, 2, registered_on=date(2011, 1, 1))
    merges.merge(session, second, first, TODAY)
    assert contradictions(session) == [("merged-registered-earlier", date(2011, 1, 1))]
    merges.undo(session, second, TODAY)
    assert (contradictions(session), len(contradictions(session, "resolved"))) == ([], 1)


def test_a_death_in_the_row_of_a_merged_record_is_the_survivor_s(session: Session) -> None:
    numbers = [resident_number(), resident_number(serial=2)]
    rows = [row("G0001", resident_number=numbers[0]), row("G0002", resident_number=numbers[1])]
    imported(session, *rows)
    merges.merge(session, cadre(session, "G0002"), cadre(session), TODAY)
    again = [rows[0], {**rows[1], "deceased_on": AUGUST}]
    assert counts(imported(session, *again)) == (0, 1, 1, 0)
    assert (cadre(session).state, cadre(session, "G0002").state) == ("deceased", "merged")
    assert counts(imported(session, *again)) == (0, 2, 0, 0)


def test_another_change_in_the_row_of_a_merged_record_names_the_row_to_change(session: Session) -> None:
    rows = [row("G0001"), row("G0002", resident_number=resident_number(serial=2))]
    imported(session, *rows)
    merges.merge(session, cadre(session, "G0002"), cadre(session), TODAY)
    (found,) = findings(session, rows[0], {**rows[1], "street": "沙湾街道"})
    assert found[:2] == (3, "street")
    assert "G0002" in found[2] and "G0001" in found[2]


def test_changes_of_a_merged_record_rest_until_the_merge_is_undone(api: Api) -> None:
    survivor, merged = api.registered(), api.registered(resident_number=resident_number(serial=2))
    api.must(f"/cadres/{merged['id']}/street", {"street": OTHER_STREET, "on": "2022-06-01"})
    api.must(f"/cadres/{merged['id']}/merge", {"into": survivor["id"]})
    change = api("GET", f"/changes?cadre_id={merged['id']}&aspect=street").json["items"][-1]
    path = f"/changes/{change['id']}"
    assert problem(api("POST", f"{path}/void", {"reason": "other"}))[:2] == (409, "cadre-merged")
    assert problem(api("PATCH", path, {"value": OTHER_STREET}, If_Match='"1"'))[:2] == (409, "cadre-merged")
    api.must(f"/cadres/{merged['id']}/undo-merge")
    api.must(f"{path}/void", {"reason": "other"})


# ---- times away

MARCH, JUNE, OCTOBER = date(2022, 3, 15), date(2022, 6, 15), date(2022, 10, 1)


def leave(session: Session, cadre: Cadre, left_on: date, returned_on: date | None = None) -> Transfer:
    """Another bureau serves a cadre for a time."""
    return transfers.leave(
        session, cadre, {"left_on": left_on, "destination": "某区", "returned_on": returned_on}, TODAY
    )


def test_who_was_away_is_not_merged_into_a_record_that_was_not_before_that_says_so_too(session: Session) -> None:
    gone, present = record(session, 1), record(session, 2)
    leave(session, gone, MARCH, JUNE)
    with refusal("into-present", "into") as refused:
        merges.merge(session, gone, present, TODAY)
    for part in ("2022-03-15", "2022-06-15", f"POST /cadres/{present.id}/leave"):
        assert part in refused.value.message
    leave(session, present, MARCH, JUNE)
    assert merges.merge(session, gone, present, TODAY).state == "merged"
    assert contradictions(session) == []


@pytest.mark.parametrize(
    ("away", "other", "merged"),
    [
        ([(MARCH, None)], [], False),
        ([(MARCH, None)], [(MARCH, JUNE)], False),
        ([(MARCH, JUNE)], [(MARCH, None)], True),
        ([(MARCH, JUNE), (OCTOBER, None)], [(MARCH, JUNE)], False),
        ([(MARCH, JUNE)], [(date(2022, 3, 1), date(2022, 4, 1)), (date(2022, 4, 1), JUNE)], True),
        ([(MARCH, JUNE)], [(date(2022, 3, 1), date(2022, 4, 1)), (date(2022, 4, 2), JUNE)], False),
        ([], [(MARCH, None)], True),
    ],
)
def test_every_day_away_has_to_be_one_of_the_remaining_record(
    session: Session, away: list[Any], other: list[Any], merged: bool
) -> None:
    gone, present = record(session, 1), record(session, 2)
    for times, each in ((away, gone), (other, present)):
        for left_on, returned_on in times:
            leave(session, each, left_on, returned_on)
    if merged:
        merges.merge(session, gone, present, TODAY)
        assert contradictions(session) == []
    else:
        with refusal("into-present", "into"):
            merges.merge(session, gone, present, TODAY)


def test_a_time_away_before_the_remaining_record_began_or_after_the_death_changes_nothing_there(
    session: Session,
) -> None:
    gone, anew = record(session, 1), record(session, 2, registered_on=JUNE)
    leave(session, gone, MARCH, JUNE)
    merges.merge(session, gone, anew, TODAY)
    assert "merged-away-differs" not in [kind for kind, *_ in contradictions(session)]
    # The date of registration is corrected to the earlier one: now the time away is missing.
    rules.amend(session, anew, {"registered_on": gone.registered_on}, "correction", TODAY)
    assert [kind for kind, *_ in contradictions(session)] == ["merged-away-differs"]
    leave(session, anew, MARCH, JUNE)
    assert contradictions(session) == []


def test_a_time_away_that_is_voided_at_the_remaining_record_is_listed_until_the_merge_is_undone(
    session: Session,
) -> None:
    first, second, third = (record(session, serial) for serial in (1, 2, 3))
    times = [leave(session, each, MARCH, JUNE) for each in (first, second, third)]
    merges.merge(session, first, second, TODAY)
    merges.merge(session, second, third, TODAY)
    assert contradictions(session) == []
    transfers.void(session, third, times[2], "entered-in-error", TODAY)
    assert [kind for kind, *_ in contradictions(session)] == ["merged-away-differs"] * 2
    merges.undo(session, second, TODAY)
    assert contradictions(session) == []
    assert (second.away, third.away) == (first.away, ())
