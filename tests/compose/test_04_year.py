"""The year 2022 through the deployment: every figure, and one record followed to the figure that it makes."""

from __future__ import annotations

import csv
import json
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

    logged = [
        json.loads(line) for line in imported.compose("logs", "--no-log-prefix").out.splitlines() if correlation in line
    ]
    assert {"gateway", "outreach", "reporting"} <= {line["service"] for line in logged}, logged
    body = imported.psql(
        "outreach",
        f"SELECT convert_from(body, 'UTF8') FROM outbox WHERE body::text LIKE '%' || encode('{visit}', 'hex') || '%'",
    )
    assert json.loads(body)["correlationid"] == correlation
    opened = gateway.get("reporting", f"/years/{YEAR}/indicators/{FIGURE}/events?limit=1000")
    assert visit in json.dumps(opened)


def test_no_log_line_of_a_service_is_anything_but_json(imported: Installation) -> None:
    for service in (*SERVICES, "gateway"):
        for line in imported.compose("logs", "--no-log-prefix", service).out.splitlines():
            json.loads(line)
