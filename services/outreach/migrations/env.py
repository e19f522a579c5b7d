"""Alembic's environment of outreach."""

from hongxia.migrations.environment import run
from services.outreach.models import Base

run(Base.metadata)
