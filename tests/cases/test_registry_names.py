"""Names in the registry: their spellings, rare characters, search, and records that nearly say the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session

from hongxia.names import search_key
from services.registry.cadres import find, rules
from services.registry.merges import rules as merges
from tests.unit.registry_builders import (
    NEW,
    TODAY,
    Api,
    empty_registry,
    imported,
    particulars,
    problem,
    refusal,
    registered,
    resident_number,
    row,
)


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


def found(session: Session, query: str) -> list[str]:
    """The names that a search finds."""
    session.flush()
    return sorted(each.name for each in session.scalars(find.searched(session, {"name": query})))


def people(session: Session, *names: str) -> None:
    """Cadres with these names, born on different days."""
    for day, name in enumerate(names, start=1):
        registered(session, name=name, resident_number=resident_number(f"195003{day:02}", day))


SPELLINGS = [
    "阿布都·热合曼",
    "阿布都•热合曼",
    "阿布都・热合曼",
    "阿布都‧热合曼",
    "阿布都．热合曼",
    "阿布都　热合曼",
    "阿布都热合曼",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_name_is_found_and_asked_about_in_every_spelling_of_its_dot(session: Session, spelling: str) -> None:
    first = registered(session, name="阿布都·热合曼")
    assert found(session, spelling) == ["阿布都·热合曼"]
    with refusal("entered-twice", "name") as refused:
        values = particulars(name=spelling, resident_number=resident_number(serial=2))
        rules.register(session, None, values, {}, TODAY)
    assert refused.value.extra == {"existing": first.id}


@pytest.mark.parametrize(("stored", "typed"), [("金长林", "金⻓林"), ("李\uf9e4", "李理"), ("葛\U000e0100明", "葛明")])
def test_radicals_compatibility_ideographs_and_variation_selectors_are_folded(
    session: Session, stored: str, typed: str
) -> None:
    people(session, stored)
    assert len(found(session, typed)) == 1


@pytest.mark.parametrize("name", ["𠮷田国", "王\ue0c7明", "陈䶮", "龙𪚥", "欧阳·𬭎"])
def test_rare_and_private_use_characters_are_kept_as_they_are(api: Api, name: str) -> None:
    assert api.registered(name=name)["name"] == name
    items = api("POST", "/cadres/search", {"name": name}).json["items"]
    assert [item["name"] for item in items] == [name]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("国华", ["陈国华"]),
        ("华", ["陈国华", "华秀兰"]),
        ("cgh", ["陈国华"]),
        ("CGH", ["陈国华"]),
        ("chenguohua", ["陈国华"]),
        ("guo", ["陈国华"]),
        ("stf", ["单田芳"]),
        ("张三%", []),
        ("_", []),
    ],
)
def test_a_search_finds_parts_of_a_name_and_pinyin(session: Session, query: str, names: list[str]) -> None:
    people(session, "陈国华", "华秀兰", "单田芳", "林晓霞")
    assert sorted(found(session, query)) == sorted(names)


def test_a_search_for_nothing_is_refused(api: Api) -> None:
    assert problem(api("POST", "/cadres/search", {"name": "··"})) == (422, "nothing-to-search", "#/name")
    assert api("POST", "/cadres/search", {"name": "　"}).status_code == 422
    assert api("POST", "/cadres/search", {}).status_code == 422
    assert api("POST", "/cadres/search", {"name": None}).status_code == 422


def test_a_search_by_birth_date_and_name_needs_both_and_leaves_merged_records_out(api: Api) -> None:
    first, second = api.registered(), api.registered(resident_number=resident_number(serial=2))
    api.registered(name="林晓云", resident_number=resident_number("19400101"))
    body = {"name": "lx", "birth_date": "1950-03-01"}
    assert len(api("POST", "/cadres/search", body).json["items"]) == 2
    api.must(f"/cadres/{second['id']}/merge", {"into": first["id"]})
    assert [item["id"] for item in api("POST", "/cadres/search", body).json["items"]] == [first["id"]]


def test_the_search_key_follows_a_corrected_name(session: Session) -> None:
    known = registered(session)
    rules.amend(session, known, {"name": "陈国华"}, "correction", TODAY)
    assert (found(session, "cgh"), found(session, "lxx")) == (["陈国华"], [])
    assert known.search_key == search_key("陈国华")


def test_the_search_key_is_there_after_an_import_too(session: Session) -> None:
    imported(session, row())
    assert found(session, "lxx") == ["林晓霞"]
    imported(session, row(name="陈国华"))
    assert found(session, "guohua") == ["陈国华"]


@pytest.mark.parametrize("text", ["林晓霞", " 林晓霞 ", "林晓霞\u3000"])
def test_blanks_around_a_name_are_no_part_of_it(api: Api, text: str) -> None:
    assert api.registered(name=text)["name"] == "林晓霞"


@pytest.mark.parametrize("text", ["林\u202e晓霞", "林\u0000晓霞", "林\n晓霞", "林\ufffd霞", "\u3000"])
def test_a_text_is_cleaned_before_it_is_checked_and_refused_by_field(api: Api, text: str) -> None:
    response = api("POST", "/cadres", {**NEW, "name": text})
    assert response.status_code == 422
    assert response.json["errors"][0]["pointer"] == "#/name"


def test_a_name_of_fifty_characters_with_blanks_around_it_fits(api: Api) -> None:
    assert len(api.registered(name=f" {'林' * 50} ")["name"]) == 50


NEARLY = [
    ({"resident_number": resident_number("19500311", 2)}, "姓名相同，出生日期有一位数字不同"),
    ({"resident_number": resident_number("19500103", 2)}, "姓名相同，出生日期的月、日互换"),
    ({"name": "林小霞", "resident_number": resident_number(serial=2)}, "出生日期相同，姓名相差一个字"),
    ({"name": "王二", "resident_number": resident_number("19500307")}, "身份证号有一位数字不同"),
    ({"resident_number": resident_number(serial=500)}, "姓名和出生日期相同"),
]


@pytest.mark.parametrize(("different", "what"), NEARLY)
def test_records_that_nearly_say_the_same_are_listed_with_what_differs(
    session: Session, different: dict[str, object], what: str
) -> None:
    first, other = registered(session), registered(session, **different)
    session.flush()
    (pair,) = merges.near_duplicates(session)
    assert pair.cadres == (first.id, other.id)
    assert what in pair.resemblance
    assert "resident_number" in merges.differing(first, other)


def test_records_that_differ_in_more_are_not_listed(session: Session) -> None:
    registered(session)
    registered(session, name="陈国华", resident_number=resident_number("19410709", 7))
    registered(session, resident_number=resident_number("19560719", 33))
    session.flush()
    assert merges.near_duplicates(session) == []


def test_a_milestone_list_and_a_page_of_duplicates_hold_no_number_for_liaisons(api: Api) -> None:
    api.registered(resident_number=resident_number("19520315"))
    api.registered(resident_number=resident_number("19520315", 2))
    assert api("GET", "/cadres/duplicates", role="liaison").status_code == 403
    text = api("GET", "/milestones?year=2022", role="liaison").get_data(as_text=True)
    assert "19520315" not in text and date(1952, 3, 15).isoformat() not in text
