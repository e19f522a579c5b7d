"""Alembic's environment of the registry."""

from hongxia.migrations.environment import run
from services.registry.tables import METADATA

run(METADATA)
