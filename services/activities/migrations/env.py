"""Alembic's environment of activities."""

from hongxia.migrations.environment import run
from services.activities.models import METADATA

run(METADATA)
