"""Alembic's environment of outreach."""

from hongxia.migrations.environment import run
from services.outreach.app import Base

run(Base.metadata)
