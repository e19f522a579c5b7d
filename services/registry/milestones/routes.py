"""The route of a year's milestones."""

from __future__ import annotations

from types import SimpleNamespace

from hongxia.http.endpoint import Call
from hongxia.paging import Page
from hongxia.runtime.http import route
from services.registry.base import READERS
from services.registry.lists import declared
from services.registry.milestones import rules
from services.registry.milestones.schema import MilestoneOut, MilestonesQuery


class MilestoneRoutes:
    """Milestones, by date."""

    @route(
        "GET",
        "/milestones",
        summary="当年整岁寿辰与光荣在党50年",
        roles=READERS,
        query=MilestonesQuery,
        returns=MilestoneOut,
        many=True,
    )
    def list_milestones(self, call: Call) -> Page:
        """Of a year."""
        asked = call.query
        found = [
            each
            for each in rules.due(call.session, asked["year"])
            if asked["kind"] in (None, each.kind) and asked["liaison"] in (None, each.cadre.liaison)
        ]
        start = int(asked["cursor"] or 0)
        end = start + asked["limit"]
        labels = declared.labels(call.session)
        shown = [_shown(each, labels) for each in found[start:end]]
        return Page(shown, str(end) if end < len(found) else None)


def _shown(each: rules.Due, labels: dict[str, dict[str, str]]) -> SimpleNamespace:
    cadre = each.cadre
    return SimpleNamespace(
        on=each.on,
        kind=each.kind,
        title=each.title,
        cadre_id=cadre.id,
        cadre_no=cadre.cadre_no,
        name=cadre.name,
        street=cadre.street,
        street_label=labels["street"].get(cadre.street),
        liaison=cadre.liaison,
        liaison_label=labels["liaison"].get(cadre.liaison or ""),
    )
