"""The routes of checks."""

from __future__ import annotations

from services.activities.checks.rules import CHECK
from services.activities.checks.schema import CheckSchema
from services.activities.presence.routes import body_of_presence, routes_of_presence

CheckIn = body_of_presence(CHECK, "CheckIn")
CheckRoutes = routes_of_presence(CHECK, "体检人员", CheckSchema, CheckIn, "/checks", "/health-checks", "batch_id")
