"""The routes of duplicates and merges."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.paging import Page
from hongxia.runtime.http import route
from hongxia.runtime.routes import act
from services.registry.base import RECORDS
from services.registry.cadres import numbers
from services.registry.cadres.find import lock_all, lock_standing
from services.registry.cadres.model import Cadre
from services.registry.cadres.routes import all_shown, one_shown
from services.registry.cadres.schema import CadreSchema, DuplicatesOut, DuplicatesQuery
from services.registry.merges import rules
from services.registry.merges.schema import MergeIn


def _lock_both(session: Session, cadre: Any, body: Any) -> None:
    """Lock both records and those that stand for them, in an order that two merges at once can't cross."""
    into = session.get(Cadre, body["into"])
    if into is None:
        raise rules.unknown("into")
    lock_all(session, (cadre.id, into.id))


def _lock_register(session: Session, cadre: Any, _body: Any) -> None:
    numbers.lock(session)
    lock_standing(session, cadre)


class MergeRoutes:
    """Records that may be one person's; merged; the merge undone."""

    @route(
        "GET",
        "/cadres/duplicates",
        summary="疑似重复的记录",
        roles=(RECORDS,),
        query=DuplicatesQuery,
        returns=DuplicatesOut,
        many=True,
    )
    def list_duplicates(self, call: Call) -> Page:
        """Pairs of records, with what differs."""
        pairs = rules.near_duplicates(call.session)
        start = int(call.query["cursor"] or 0)
        end = start + call.query["limit"]
        page = pairs[start:end]
        cadres = records.by_ids(call.session, Cadre, {cadre_id for pair in page for cadre_id in pair.cadres})
        shown = {each.id: each for each in all_shown(call, cadres.values())}
        items = [
            {
                "resemblance": pair.resemblance,
                "differing": rules.differing(*(cadres[cadre_id] for cadre_id in pair.cadres)),
                "cadres": [shown[cadre_id] for cadre_id in pair.cadres],
            }
            for pair in page
        ]
        return Page(items, str(end) if end < len(pairs) else None)

    @act(
        "/cadres/<id>/merge",
        "并入另一记录",
        RECORDS,
        CadreSchema,
        Cadre,
        body=MergeIn,
        first=_lock_both,
        shown=one_shown,
    )
    def merge(self, call: Call, cadre: Cadre) -> SimpleNamespace:
        """This record disappears, another stands for the person."""
        into = records.get(call.session, Cadre, call.body["into"])
        return one_shown(call, rules.merge(call.session, cadre, into, call.today))

    @act("/cadres/<id>/undo-merge", "撤销合并", RECORDS, CadreSchema, Cadre, first=_lock_register, shown=one_shown)
    def undo_merge(self, call: Call, cadre: Cadre) -> SimpleNamespace:
        """This record stands by itself again."""
        return one_shown(call, rules.undo(call.session, cadre, call.today))
