"""A bureau's year from its workbooks to its figures, through five services, RabbitMQ and PostgreSQL."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from demo import oracle
from demo.generate import main as generate
from tests.e2e.bureau import Bureau, running_bureau
from tests.servers import PostgreSQL, RabbitMQ

BOUNDS = Path("demo/indicators-2022.csv")
OTHER_YEAR = 2021


@pytest.fixture(scope="module")
def year(bureau: Bureau, workbooks: Path) -> Bureau:
    """The deployment with the year 2022 imported."""
    bureau.run("import", str(workbooks))
    return bureau


def test_every_figure_of_2022_lies_within_the_bounds_of_the_printed_report(year: Bureau) -> None:
    figures = year.figures(2022)
    with BOUNDS.open(encoding="utf-8") as file:
        bounds = list(csv.DictReader(file))
    assert len(bounds) == 30
    outside = {
        row["code"]: figures[row["code"]]["value"]
        for row in bounds
        if not Decimal(row["low"]) <= Decimal(figures[row["code"]]["value"]) <= Decimal(row["high"])
    }
    assert outside == {}


def test_every_figure_is_the_one_counted_from_the_workbooks_by_other_code(year: Bureau, workbooks: Path) -> None:
    assert_counted(year, workbooks, 2022)


def test_every_figure_is_complete_and_says_which_history_proves_it(year: Bureau) -> None:
    heads = year.heads()
    for figure in year.figures(2022).values():
        assert figure["state"] == "complete"
        for source in figure["sources"]:
            assert (source["position"], source["chain"]) == (
                heads[source["source"]]["position"],
                heads[source["source"]]["chain"],
            )


def test_verify_passes_and_figures_writes_the_csv(year: Bureau, tmp_path: Path) -> None:
    year.run("verify", "2022")
    written = tmp_path / "figures.csv"
    year.run("figures", "2022", "--csv", str(written), "--check", str(BOUNDS))
    with written.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["code", "value", "unit", "state"]
    assert len(rows) == 30
    assert {row["state"] for row in rows} == {"complete"}


def test_a_figure_opens_to_its_events_and_an_event_to_its_record(year: Bureau) -> None:
    events = list(year.client.pages("reporting", "/years/2022/indicators/activities.college.sessions/events"))
    assert len(events) == 4
    session = year.client.get("activities", f"/sessions/{events[0]['subject']}")
    assert session["programme"] == events[0]["data"]["programme"]


def test_a_second_import_of_the_same_files_changes_nothing(year: Bureau, workbooks: Path) -> None:
    before = year.heads(), year.digest(2022)
    year.run("import", str(workbooks))
    assert (year.heads(), year.digest(2022)) == before


def test_a_rebuild_from_the_log_gives_the_same_digest(year: Bureau) -> None:
    before = year.digest(2022)
    year.run("rebuild")
    assert year.digest(2022) == before


def test_no_personal_data_is_in_any_event(year: Bureau, workbooks: Path) -> None:
    names, numbers = personal_data(workbooks)
    for service in year.addresses:
        after = 0
        while page := year.client.request("GET", service, "/events", params={"after": after, "limit": 2000}):
            events = page.json()
            if not events:
                break
            text = page.text
            assert not [number for number in numbers if number in text]
            assert not [event for event in events if set(map(str, event["data"].values())) & names]
            after = events[-1]["position"]


def personal_data(workbooks: Path) -> tuple[set[str], set[str]]:
    """Names and resident numbers of the workbooks' cadres."""
    rows = oracle.read_folder(workbooks)["干部"]
    return {str(row["姓名"]) for row in rows}, {str(row["身份证号"]) for row in rows}


def assert_counted(bureau: Bureau, workbooks: Path, year: int) -> None:
    """Every figure that the workbooks make is the one that other code counts from the files."""
    expected = oracle.figures(workbooks, year)
    figures = bureau.figures(year)
    wrong = {
        code: (figures[code]["value"], float(value))
        for code, value in expected.items()
        if figures[code]["value"] is None or abs(Fraction(figures[code]["value"]) - value) > Fraction(1, 200)
    }
    assert wrong == {}
    assert expected.keys() == figures.keys()


@pytest.fixture(scope="module")
def other_bureau(
    rabbitmq: RabbitMQ, postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory, year: Bureau
) -> Iterator[tuple[Bureau, Path]]:
    """Another bureau's other year, drawn from a seed; after the first, since both share the broker."""
    directory = tmp_path_factory.mktemp("other-year")
    generate(["--year", str(OTHER_YEAR), "--seed", "77", "--unit", "某市某区委老干部局", "--out", str(directory)])
    for name in list(year.processes):
        year.processes[name].kill()
    with running_bureau(rabbitmq, postgres, tmp_path_factory.mktemp("other-logs")) as running:
        running.run("import", str(directory))
        yield running, directory


def test_another_bureaus_other_year_gives_the_totals_of_its_workbooks(other_bureau: tuple[Bureau, Path]) -> None:
    bureau, directory = other_bureau
    assert_counted(bureau, directory, OTHER_YEAR)
    bureau.run("verify", str(OTHER_YEAR))
