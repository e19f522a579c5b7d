"""Alembic's environment of reporting."""

from hongxia.migrations.environment import run
from services.reporting.models import Base

run(Base.metadata)
