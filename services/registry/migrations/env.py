"""Alembic's environment of the registry."""

from hongxia.migrations.environment import run
from services.registry.models import Base

run(Base.metadata)
