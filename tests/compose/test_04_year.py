"""The year 2022 through the deployment: every figure, and one record followed to the figure that it makes."""

from __future__ import annotations

import csv
import json
import os
import uuid
from pathlib import Path

from .conftest import YEAR
from .installation import SERVICES, SOURCE, Installation, until
from .writing import FIGURE, Gateway, figure


def test_every_figure_of_the_year_is_exact(imported: Installation, tmp_path: Path) -> None:
    written = tmp_path / "figures.csv"
    imported.hongxia("figures", YEAR, "--csv", str(written), "--check", str(SOURCE / "demo/indicators-2022.csv"))
    with written.open() as table:
        rows = {row["code"]: row for row in csv.DictReader(table)}
    with (SOURCE / "demo/indicators-2022.csv").open() as table:
        wanted = list(csv.DictReader(table))
    assert len(wanted) == 30
    for row in wanted:
        found = rows[row["code"]]
        assert float(row["low"]) <= float(found["value"]) <= float(row["high"]), row["code"]
        assert found["state"] == "complete", row["code"]


def test_a_machine_without_the_command_line_has_it_in_a_container(imported: Installation, tmp_path: Path) -> None:
    imported.hongxia("figures", YEAR, "--csv", str(tmp_path / "figures.csv"))
    imported.deploy("hongxia", "figures", YEAR, "--csv", "build/figures.csv")
    assert (imported.root / "build/figures.csv").read_text() == (tmp_path / "figures.csv").read_text()
    imported.hongxia("templates", str(tmp_path / "templates"))
    imported.deploy("hongxia", "templates", "build/templates")
    made = {path.name: path.stat().st_uid for path in (imported.root / "build/templates").iterdir()}
    assert made == {path.name: os.getuid() for path in (tmp_path / "templates").iterdir()}
    assert "build/nothing" in imported.deploy("hongxia", "import", "build/nothing", expect=2).said


def test_the_history_behind_it_verifies(imported: Installation) -> None:
    imported.hongxia("verify", YEAR)


def test_the_same_workbooks_again_change_nothing(imported: Installation, workbooks: Path) -> None:
    before = imported.heads()
    with imported.timed("import again"):
        imported.hongxia("import", str(workbooks))
    assert imported.heads() == before


def test_one_visit_is_followed_from_request_to_figure_by_one_id(imported: Installation) -> None:
    correlation = f"test.{uuid.uuid4()}"
    gateway = Gateway(imported)
    before = figure(imported)
    visit = gateway.record_visit(correlation)
    until(lambda: figure(imported) == before + 1, 30, lambda: str(figure(imported)))

    said: list[tuple[str, str]] = []

    taken_by = {("finance", "events taken"), ("reporting", "events taken")}

    def logged() -> bool:
        said[:] = [(line["service"], line["event"]) for line in map(json.loads, _naming(imported, correlation))]
        return set(said) == {("gateway", "request"), ("outreach", "request"), *taken_by}

    until(logged, 30, lambda: str(said))

    recorded = f"type LIKE '%.visit.recorded.%' AND {_has('body', correlation)}"
    (raised,) = imported.psql("outreach", f"SELECT id FROM outbox WHERE {recorded}").split()
    (read,) = imported.psql("reporting", f"SELECT id || ' ' || subject FROM log WHERE {recorded}").splitlines()
    assert read == f"{raised} {visit}"
    behind = gateway.pages("reporting", f"/years/{YEAR}/indicators/{FIGURE}/events")
    assert read in {f"{event['id']} {event['subject']}" for event in behind}


def _naming(installation: Installation, correlation: str) -> list[str]:
    return [line for line in installation.logs() if correlation in line]


def _has(column: str, correlation: str) -> str:
    """An SQL condition: an event as it is stored, in bytes, has this correlation id."""
    return f"""position('"correlationid":"{correlation}"'::bytea IN {column}) > 0"""


def test_services_log_nothing_but_json_with_service_level_and_time(imported: Installation) -> None:
    for service in SERVICES:
        for line in imported.logs(service):
            logged = json.loads(line)
            assert {"service", "event", "level", "timestamp"} <= logged.keys(), line


def test_logs_hold_no_query_and_no_name(imported: Installation) -> None:
    named = Gateway(imported).get("registry", "/cadres?limit=100")["items"]
    persons = {cadre["name"] for cadre in named} | {cadre["resident_number"] for cadre in named}
    assert len(persons) > 100
    for line in imported.logs(*SERVICES, "gateway"):
        assert "limit=100" not in line
        assert not [person for person in persons if person in line], line
