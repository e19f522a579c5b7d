"""The routes of obligations, their kinds, and festivals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongxia.http.endpoint import Call
from hongxia.http.problems import PreconditionRequired
from hongxia.roles import OFFICE
from hongxia.runtime.http import route
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import answer_of, body_of
from hongxia.schema.fields import Text
from services.outreach.base import READERS
from services.outreach.cadres.mirror import CADRES
from services.outreach.cadres.model import Cadre
from services.outreach.obligations import rules
from services.outreach.obligations.model import Festival, Obligation, ObligationKind
from services.outreach.obligations.rules import SAME_YEAR
from services.outreach.obligations.schema import FestivalSchema, ObligationKindSchema, ObligationSchema

LIAISON_OF = {"liaison": Text(label="联络员", help="联络员的代码：只列其联系的干部。", longest=50, required=False)}


def of_liaison(session: Session, asked: dict[str, Any]) -> Callable[[Select[Any]], Select[Any]]:
    """Narrow the list to the cadres of a liaison and to one person, whatever numbers were merged into theirs."""
    of_person = CADRES.of_entity(session, asked)
    liaison = asked.pop("liaison")
    if liaison is None:
        return of_person
    theirs = set(session.scalars(select(Cadre.id).where(Cadre.liaison == liaison, Cadre.merged_into.is_(None))))
    same = CADRES.same_entities(session, theirs)
    return lambda query: of_person(query).where(Obligation.cadre_id.in_(same))


class ObligationRoutes:
    """五必访: the kinds, the festivals, and what is owed."""

    list_obligations = listing(
        "/obligations",
        "五必访任务",
        READERS,
        ObligationSchema,
        Obligation,
        by="due_on",
        equal=("cadre_id", "kind"),
        also=LIAISON_OF,
        narrow=of_liaison,
    )
    get_obligation = read("/obligations/<id>", "一项五必访任务", READERS, ObligationSchema, Obligation)
    list_obligation_kinds = listing(
        "/obligation-kinds", "五必访种类", READERS, ObligationKindSchema, ObligationKind, by="code"
    )
    list_festivals = listing("/festivals", "重大节日名单", READERS, FestivalSchema, Festival, by="held_on")
    get_festival = read("/festivals/<id>", "重大节日", READERS, FestivalSchema, Festival)

    @route(
        "PUT",
        "/obligation-kinds/<code>",
        summary="新增或修改五必访种类",
        roles=(OFFICE,),
        body=body_of(ObligationKindSchema),
        returns=answer_of(ObligationKindSchema),
    )
    def put_obligation_kind(self, call: Call, code: str) -> ObligationKind:
        """A new one, or, with If-Match, another limit for one that is there."""
        kind = rules.find_kind(call.session, code)
        if kind is None:
            return rules.add_kind(call.session, code, call.body, call.today)
        if call.if_match is None:
            raise PreconditionRequired
        call.must_match(kind.version)
        return rules.change_kind(call.session, kind, call.body, call.today)

    @create("/festivals", "登记重大节日", OFFICE, FestivalSchema, asks=(SAME_YEAR,))
    def list_festival(self, call: Call) -> Festival:
        """It raises what its kinds ask for when it comes near."""
        return rules.list_festival(call.session, call.body, call.today, call.confirmed)

    @amend("/festivals/<id>", "修改重大节日", OFFICE, FestivalSchema, Festival, asks=(SAME_YEAR,))
    def amend_festival(self, call: Call, festival: Festival, reason: str) -> Festival:
        """Another name or date."""
        return rules.amend_festival(call.session, festival, call.body, reason, call.today, call.confirmed)

    @act("/festivals/<id>/retire", "撤下重大节日", OFFICE, FestivalSchema, Festival)
    def retire_festival(self, call: Call, festival: Festival) -> Festival:
        """What it raised is cancelled."""
        return rules.retire_festival(call.session, festival, call.today)

    @act("/festivals/<id>/relist", "恢复重大节日", OFFICE, FestivalSchema, Festival, asks=(SAME_YEAR,))
    def relist_festival(self, call: Call, festival: Festival) -> Festival:
        """It is on the list again."""
        return rules.relist_festival(call.session, festival, call.today, call.confirmed)
