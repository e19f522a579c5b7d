"""Random histories: whatever is learnt of cadres and taken back again, in the end everything is as it was."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hongxia import ids
from services.outreach.cadres.mirror import CADRES
from services.outreach.obligations.model import Obligation
from tests.unit.outreach_builders import DEATH, ILLNESS, Bureau, add_kinds

NUMBERS = ("G0001", "G0002", "G0003")
DAYS = ("2022-12-04", "2022-12-30", "2023-01-05", "2023-01-09")
KINDS = {
    "illness": ILLNESS,
    "death": DEATH,
    "hardship": {**ILLNESS, "raised_by": "hardship", "days": 30, "occasions": ["hardship"]},
    "festival": {**ILLNESS, "raised_by": "festival", "days": 20, "occasions": ["festival"]},
    "discharge": {**ILLNESS, "raised_by": "discharge", "days": 10},
}

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("die"), st.sampled_from(NUMBERS), st.sampled_from((*DAYS, None))),
        st.tuples(st.just("register"), st.sampled_from(NUMBERS), st.sampled_from(("2012-05-01", *DAYS))),
        st.tuples(st.just("merge"), st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)),
        st.tuples(st.just("undo"), st.just(""), st.just("")),
    ),
    max_size=8,
)


def made() -> Bureau:
    """Three cadres with stays, visits, contacts and applications, some things met and some missed."""
    bureau = Bureau()
    add_kinds(bureau.database, **KINDS, today=date(2022, 12, 1))
    for number in NUMBERS:
        bureau.registry("registered", number)
    december, api = bureau.api(date(2022, 12, 2)), bureau.api()
    api("POST", "/festivals", {"name": "春节", "held_on": "2023-01-22"})
    for index, number in enumerate(NUMBERS):
        cadre_id = ids.entity_id("cadre", number)
        december("POST", "/stays", {"cadre_id": cadre_id, "admitted_on": "2022-12-01"})
        visit = {"form": "home", "category": "routine", "five_must": True, "people": 1, "cadre_id": cadre_id}
        occasion = ("illness", "festival", "routine")[index]
        api(
            "POST",
            "/visits",
            {**visit, "visited_on": f"2022-12-0{5 + index}", "occasion": "illness"} if index else visit,
        )
        api("POST", "/visits", {**visit, "visited_on": "2023-01-06", "occasion": occasion})
        api("POST", "/contacts", {"cadre_id": cadre_id, "contacted_on": "2023-01-06", "method": "phone"})
        api("POST", "/aid-cases", {"cadre_id": cadre_id, "cause": "illness", "applied_on": "2023-01-02"})
        bureau.registry("care-changed", number, on=f"2023-01-0{3 + index}", hardship=True)
    bureau.night(date(2023, 1, 10))
    return bureau


def everything(bureau: Bureau) -> dict[str, object]:
    """What is owed, contradictory, applied for and in hospital; what is cancelled for good is left out."""
    api = bureau.api()
    owed = api("GET", "/obligations").json["items"]
    return {
        "owed": [(one["id"], one["due_on"], one["state"], one["visit_id"]) for one in owed if one["kind"] != "death"],
        "contradictions": bureau.contradictions(),
        "aid": [(one["id"], one["state"]) for one in api("GET", "/aid-cases").json["items"]],
        "stays": [(one["id"], one["state"], one["discharged_on"]) for one in api("GET", "/stays").json["items"]],
    }


def owes_nothing_twice(bureau: Bureau) -> None:
    """A person has one obligation of a kind for each cause."""
    with bureau.database.read() as session:
        survivors = CADRES.survivors(session)
        query = select(Obligation.cadre_id, Obligation.kind, Obligation.cause_key)
        rows = session.execute(query.where(Obligation.state != "cancelled")).all()
        persons = [(survivors.get(row.cadre_id, row.cadre_id), row.kind, row.cause_key) for row in rows]
    assert len(persons) == len(set(persons))


@settings(max_examples=15)
@given(STEPS)
def test_what_is_taken_back_leaves_no_trace(steps: list[tuple[str, str, str | None]]) -> None:
    bureau = made()
    before = everything(bureau)
    assert {state for _, _, state, _ in before["owed"]} >= {"open", "met", "missed"}
    merged: list[tuple[str, str]] = []
    for step, number, what in steps:
        gone = {each for each, _ in merged}
        if step == "die" and number not in gone:
            bureau.die(number, what)
        elif step == "register" and number not in gone:
            bureau.registry("amended", number, registered_on=what)
        elif step == "merge" and what and number != what and not {number, what} & gone:
            bureau.merge(number, into=what)
            merged.append((number, what))
        elif step == "undo" and merged:
            bureau.undo_merge(*merged.pop())
        owes_nothing_twice(bureau)
    while merged:
        bureau.undo_merge(*merged.pop())
    for number in NUMBERS:
        bureau.registry("amended", number, registered_on="2012-05-01", deceased_on=None)
    assert everything(bureau) == before
