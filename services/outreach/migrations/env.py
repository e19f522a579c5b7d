"""Alembic's environment of outreach."""

from hongxia.migrations.environment import run
from services.outreach.app import OutreachService

run(OutreachService.definition.metadata)
