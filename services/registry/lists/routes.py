"""The routes of the lists, and how many cadres each liaison keeps in touch with."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from hongxia.http.endpoint import Call
from hongxia.paging import Page
from hongxia.runtime.http import route
from hongxia.runtime.lists import routes_of_list
from services.registry.base import READERS, RECORDS
from services.registry.cadres.model import Cadre
from services.registry.cadres.schema import FLAGS
from services.registry.lists.declared import LIAISONS, STREETS, UNITS

StreetRoutes = routes_of_list(STREETS, "/streets", "街道", READERS, RECORDS)
UnitRoutes = routes_of_list(UNITS, "/units", "原单位", READERS, RECORDS)
LiaisonRoutes = routes_of_list(LIAISONS, "/liaisons", "联络员", READERS, RECORDS)


class LoadOut(Schema):
    """The load of a liaison; null stands for the cadres who have none."""

    liaison = fields.String(required=True, allow_none=True)
    liaison_label = fields.String(required=True, allow_none=True)
    cadres = fields.Integer(required=True)
    advanced_age = fields.Integer(required=True)
    hardship = fields.Integer(required=True)
    living_alone = fields.Integer(required=True)
    resettled = fields.Integer(required=True)


class LoadRoutes:
    """How much each liaison has to do."""

    @route("GET", "/liaison-loads", summary="联络员负责人数", roles=READERS, returns=LoadOut, many=True)
    def list_loads(self, call: Call) -> Page:
        """By liaison; the cadres without one come last."""
        return Page(loads(call.session))


def loads(session: Session) -> list[dict[str, Any]]:
    """Return each liaison with the number of living cadres in their care, and how many of these have which flag."""
    sums = [func.sum(cast(getattr(Cadre, flag), Integer)).label(flag) for flag in FLAGS]
    query = select(Cadre.liaison, func.count().label("cadres"), *sums)
    found = session.execute(query.where(Cadre.state == "living").group_by(Cadre.liaison))
    labels = LIAISONS.labels(session)
    counted = [{**row._mapping, "liaison_label": labels.get(row.liaison or "")} for row in found]
    return sorted(counted, key=lambda load: (load["liaison"] is None, load["liaison_label"] or ""))
