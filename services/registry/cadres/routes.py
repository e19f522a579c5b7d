"""The routes of cadres. Who keeps the register sees resident numbers, everybody else sees them masked."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.paging import Page, paginate
from hongxia.roles import ADMIN
from hongxia.rules import ENTERED_TWICE
from hongxia.runtime.http import route
from hongxia.runtime.routes import amend, create
from hongxia.schema.derive import PageQuery
from services.registry.base import READERS, RECORDS
from services.registry.cadres import find, numbers, rules
from services.registry.cadres.model import Cadre
from services.registry.cadres.schema import CadreOut, CadreSchema, CadresQuery, RegistrationIn, SearchIn
from services.registry.changes.history import all_of
from services.registry.changes.schema import ASPECTS, CadreWithHistoryOut
from services.registry.transfers import rules as transfers


def all_shown(call: Call, cadres: Iterable[Cadre]) -> list[SimpleNamespace]:
    """Return cadres as the caller may see them."""
    return find.shown(call.session, cadres, in_full=bool(call.actor.roles & {RECORDS, ADMIN}))


def one_shown(call: Call, cadre: Cadre) -> SimpleNamespace:
    """Return a cadre as the caller may see it."""
    return all_shown(call, [cadre])[0]


def lock_for_amendment(session: Session, cadre: Any, body: Any) -> None:
    """Lock the register before the cadre if a resident number changes."""
    if "resident_number" in body:
        numbers.lock(session)
    find.lock_standing(session, cadre)


class CadreRoutes:
    """Cadres: registered, listed, searched, read, corrected."""

    @create("/cadres", "登记干部", RECORDS, CadreSchema, body=RegistrationIn, asks=(ENTERED_TWICE,), shown=one_shown)
    def register_cadre(self, call: Call) -> SimpleNamespace:
        """A new cadre."""
        body = dict(call.body)
        documents = {aspect: body.pop(f"{aspect}_document_no", None) for aspect in ASPECTS}
        number = body.pop("cadre_no")
        return one_shown(call, rules.register(call.session, number, body, documents, call.today, call.confirmed))

    @route("GET", "/cadres", summary="干部列表", roles=READERS, query=CadresQuery, returns=CadreOut, many=True)
    def list_cadres(self, call: Call) -> Page:
        """By number; without those that were merged, unless `state` asks for them."""
        page = paginate(call.session, find.listed(call.session, call.query), [Cadre.cadre_no], call.query)
        return Page(all_shown(call, page.items), page.next_cursor)

    @route(
        "POST",
        "/cadres/search",
        summary="按姓名（部分或拼音首字母）、身份证号或出生日期查找",
        roles=(RECORDS,),
        body=SearchIn,
        query=PageQuery,
        returns=CadreOut,
        many=True,
        writes=False,
    )
    def search_cadres(self, call: Call) -> Page:
        """Like the list, by what names a person; in the body, because addresses end up in logs."""
        page = paginate(call.session, find.searched(call.session, call.body), [Cadre.cadre_no], call.query)
        return Page(all_shown(call, page.items), page.next_cursor)

    @route("GET", "/cadres/<uuid:record_id>", summary="干部", roles=READERS, returns=CadreWithHistoryOut)
    def get_cadre(self, call: Call, record_id: UUID) -> SimpleNamespace:
        """One cadre with the history. A merged record is answered as it is, with the one that stands for it."""
        cadre = records.get(call.session, Cadre, str(record_id))
        shown = one_shown(call, cadre)
        shown.history = all_of(call.session, [cadre.id])[cadre.id]
        shown.transfers = transfers.of(call.session, cadre.id)
        return shown

    @amend("/cadres/<id>", "更正干部信息", RECORDS, CadreSchema, Cadre, first=lock_for_amendment)
    def amend_cadre(self, call: Call, cadre: Cadre, reason: str) -> SimpleNamespace:
        """Particulars, and what holds now of rank, treatment, unit and the like."""
        return one_shown(call, rules.amend(call.session, cadre, call.body, reason, call.today))
