"""Alembic's environment of finance."""

from hongxia.migrations.environment import run
from services.finance.models import Base

run(Base.metadata)
