"""New revisions of a service's database: what its models have and its migrations do not make yet."""

from __future__ import annotations

import re
import tempfile
from importlib import import_module
from pathlib import Path
from string import Template
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine

from hongxia.database import migrate
from hongxia.events.tables import platform_metadata
from hongxia.http import idempotency  # noqa: F401 - one of the platform's tables
from hongxia.workbook import reconcile  # noqa: F401 - likewise

_TEMPLATE = Template('''"""$message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "$revision"
down_revision = "$down_revision"


def upgrade() -> None:
    """$message."""
    $upgrades
''')


def differences(url: str, metadata: MetaData) -> list[str]:
    """Return what a migrated database lacks of the models, as lines of a migration; empty if they are equal."""
    engine = create_engine(url)
    with engine.connect() as connection:
        options = {"compare_type": True, "render_as_batch": connection.dialect.name == "sqlite"}
        context = MigrationContext.configure(connection, opts=options)
        wanted: Any = [metadata, platform_metadata]  # alembic takes several, and its stubs say one
        changes: Any = produce_migrations(context, wanted).upgrade_ops
        code = "" if changes.is_empty() else render_python_code(changes, render_as_batch=True)
    engine.dispose()
    return [line for line in code.splitlines() if line.strip() and not line.strip().startswith("#")]


def write_revision(metadata: MetaData, migrations: str, message: str) -> Path | None:
    """Write the revision that takes a database from the newest one to the models, and return its path; None if there
    is nothing to change. `migrations` is "package:folder". Review it before it is committed: a rename looks like a drop
    and an addition, and data is never moved by itself.
    """
    package, folder = migrations.split(":")
    versions = Path(import_module(package).__path__[0]) / folder / "versions"
    newest = max(int(path.name[:4]) for path in versions.glob("[0-9][0-9][0-9][0-9]_*.py"))
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/scratch.sqlite3"
        migrate(url, migrations)
        lines = differences(url, metadata)
    if not lines:
        return None
    name = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40] or "changes"
    path = versions / f"{newest + 1:04d}_{name}.py"
    text = _TEMPLATE.substitute(
        message=message.rstrip("."),
        revision=f"{newest + 1:04d}",
        down_revision=f"{newest:04d}",
        upgrades="\n    ".join(line.removeprefix("    ") if line.startswith("    ") else line for line in lines),
    )
    path.write_text(text, encoding="utf-8")
    return path
