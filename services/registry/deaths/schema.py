"""What the routes of a death take."""

from __future__ import annotations

from marshmallow import Schema

from hongxia.codes import AMEND_REASONS
from hongxia.schema.derive import CORRECTION
from hongxia.schema.fields import Code, Day


class DeathIn(Schema):
    """The date of death."""

    deceased_on = Day(label="去世日期")


class DeathCorrectionIn(Schema):
    """The right date of death, and why it is corrected."""

    deceased_on = Day(label="去世日期")
    reason = Code(AMEND_REASONS, label="更正原因", required=False, load_default=CORRECTION)
