"""Migrations: they make what the models say, and stand alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import Column, String, Table

from hongxia import services
from hongxia.database import migrate
from hongxia.migrations.revising import differences, write_revision

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", services.names())
def test_the_migrations_of_a_service_make_its_models(name: str, tmp_path: Path) -> None:
    definition = services.load(name).definition
    url = f"sqlite:///{tmp_path}/{name}.sqlite3"
    migrate(url, definition.migrations)
    assert differences(url, definition.metadata) == []


def test_a_difference_between_models_and_migrations_is_noticed(tmp_path: Path) -> None:
    definition = services.load("finance").definition
    url = f"sqlite:///{tmp_path}/finance.sqlite3"
    migrate(url, definition.migrations)
    extra = Table("extra", definition.metadata, Column("id", String(36), primary_key=True))
    try:
        assert any("extra" in line for line in differences(url, definition.metadata))
    finally:
        definition.metadata.remove(extra)


def test_a_new_revision_takes_a_database_to_the_models(tmp_path: Path) -> None:
    definition = services.load("finance").definition
    extra = Table("extra", definition.metadata, Column("id", String(36), primary_key=True))
    path = None
    try:
        path = write_revision(definition.metadata, definition.migrations, "Add an extra table")
        assert path is not None
        assert path.name == "0002_add_an_extra_table.py"
        url = f"sqlite:///{tmp_path}/finance.sqlite3"
        migrate(url, definition.migrations)
        assert differences(url, definition.metadata) == []
    finally:
        definition.metadata.remove(extra)
        if path is not None:
            path.unlink()


def test_no_revision_is_written_where_there_is_nothing_to_change() -> None:
    definition = services.load("finance").definition
    assert write_revision(definition.metadata, definition.migrations, "Nothing") is None


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "services").glob("*/migrations/versions/*.py")), ROOT / "hongxia" / "migrations" / "v1.py"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_migration_imports_no_live_code(path: Path) -> None:
    """What a migration does must not change when models and functions do."""
    live = {name for name in imported(path) if name.startswith(("hongxia", "services"))}
    assert live <= {"hongxia.migrations", "hongxia.migrations.v1"}
