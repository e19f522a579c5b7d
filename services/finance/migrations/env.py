"""Alembic's environment of finance."""

from hongxia.migrations.environment import run
from services.finance.app import FinanceService

run(FinanceService.definition.metadata)
