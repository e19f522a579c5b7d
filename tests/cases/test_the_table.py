"""The table of cases (README.md) names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_every_test_that_the_table_names_exists() -> None:
    named = re.findall(r"`([\w./]+\.py)::(\w+)`", (HERE / "README.md").read_text(encoding="utf-8"))
    assert len(named) > 60
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (HERE / file).exists() or f"def {test}(" not in (HERE / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_group_of_cases_has_a_file_with_more_than_three_tests_of_its_own() -> None:
    for kind in ("merges", "when_the_other_record_changes", "across_the_years_end", "dates_and_money", "life"):
        text = (HERE / f"test_bureau_{kind}.py").read_text(encoding="utf-8")
        assert len(re.findall(r"^def test_", text, re.MULTILINE)) > 3, kind
