"""The routes of deaths; those of a merged record are done for the surviving one."""

from __future__ import annotations

from types import SimpleNamespace

from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act
from hongxia.schema.derive import VoidIn
from services.registry.base import RECORDS
from services.registry.cadres.find import lock_standing, standing
from services.registry.cadres.model import Cadre
from services.registry.cadres.routes import one_shown
from services.registry.cadres.schema import CadreSchema
from services.registry.deaths import rules
from services.registry.deaths.schema import DeathCorrectionIn, DeathIn


class DeathRoutes:
    """A death: recorded, corrected, withdrawn."""

    @act(
        "/cadres/<id>/death",
        "登记去世",
        RECORDS,
        CadreSchema,
        Cadre,
        body=DeathIn,
        first=lock_standing,
        shown=one_shown,
    )
    def record_death(self, call: Call, cadre: Cadre) -> SimpleNamespace:
        """The cadre died."""
        on = call.body["deceased_on"]
        return one_shown(call, rules.record(call.session, standing(call.session, cadre), on, call.today))

    @act(
        "/cadres/<id>/death/correct",
        "更正去世日期",
        RECORDS,
        CadreSchema,
        Cadre,
        body=DeathCorrectionIn,
        first=lock_standing,
        shown=one_shown,
    )
    def correct_death(self, call: Call, cadre: Cadre) -> SimpleNamespace:
        """The cadre died on another day."""
        on, reason = call.body["deceased_on"], call.body["reason"]
        return one_shown(call, rules.correct(call.session, standing(call.session, cadre), on, reason, call.today))

    @act(
        "/cadres/<id>/death/withdraw",
        "撤销去世登记",
        RECORDS,
        CadreSchema,
        Cadre,
        body=VoidIn,
        first=lock_standing,
        shown=one_shown,
    )
    def withdraw_death(self, call: Call, cadre: Cadre) -> SimpleNamespace:
        """The cadre lives."""
        reason = call.body["reason"]
        return one_shown(call, rules.withdraw(call.session, standing(call.session, cadre), reason, call.today))
