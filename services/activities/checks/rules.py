"""Checks in the words of services.activities.presence, where their rules are."""

from __future__ import annotations

from services.activities.checks.events import CHECK_AMENDED, CHECK_RECORDED, CHECK_VOIDED
from services.activities.checks.model import Check
from services.activities.checks.schema import BATCH_VOIDED
from services.activities.health_checks.model import HealthCheck
from services.activities.presence.rules import Kind

CHECK = Kind(
    model=Check,
    owner=HealthCheck,
    day="checked_on",
    day_label="体检日期",
    too_early="check-before-batch",
    fell=BATCH_VOIDED,
    recorded=CHECK_RECORDED,
    amended=CHECK_AMENDED,
    voided=CHECK_VOIDED,
    carries=lambda batch: {},
)
