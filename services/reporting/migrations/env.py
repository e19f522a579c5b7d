"""Alembic's environment of reporting."""

from hongxia.migrations.environment import run
from services.reporting.facts.model import Base

run(Base.metadata)
