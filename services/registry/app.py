"""The registry's endpoints: cadre records, their history, liaisons, duplicates, milestones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from hongxia.definition import Definition, Importable
from hongxia.http.endpoint import Call, Page, Reply
from hongxia.paging import paginate
from hongxia.roles import ADMIN, OFFICE
from hongxia.runtime.http import route
from hongxia.runtime.service import Service
from hongxia.schema.derive import PageQuery, VoidIn
from services.registry import (
    amendments,
    cadres,
    care,
    deaths,
    history,
    liaisons,
    loading,
    merging,
    milestones,
    registration,
    schemas,
)
from services.registry.events import EVENTS
from services.registry.history import Change
from services.registry.models import Aspect, Base, Cadre
from services.registry.workbook import CADRES

RECORDS = "records"
LIAISON = "liaison"
READERS = (RECORDS, LIAISON, OFFICE)


class RegistryService(Service):
    """干部名册。"""

    name = "registry"
    definition = Definition(
        title="干部名册",
        metadata=Base.metadata,
        migrations="services.registry:migrations",
        events=EVENTS,
        workbooks=(Importable(CADRES, loading.load, (RECORDS,)),),
    )

    @route(
        "POST",
        "/cadres",
        summary="登记干部",
        roles=(RECORDS,),
        body=schemas.CadreIn,
        returns=schemas.CadreOut,
        status=201,
    )
    def register(self, call: Call) -> Reply:
        """A new cadre."""
        body = call.body
        documents = {aspect: body.pop(f"{aspect}_document_no") for aspect in (Aspect.RANK, Aspect.TREATMENT)}
        cadre = registration.register(call.session, body.pop("cadre_no"), body, documents, call.today)
        return Reply(_shown(call, cadre), headers={"Location": f"cadres/{cadre.id}"})

    @route(
        "GET",
        "/cadres",
        summary="干部列表",
        roles=READERS,
        query=schemas.CadresQuery,
        returns=schemas.CadreOut,
        many=True,
    )
    def list_cadres(self, call: Call) -> Page:
        """Cadres by number."""
        filters = {name: value for name, value in call.query.items() if name not in PageQuery().fields}
        return _page(call, paginate(call.session, cadres.listed(filters), [Cadre.cadre_no], call.query))

    @route(
        "POST",
        "/cadres/search",
        summary="按姓名、身份证号或出生日期查找",
        roles=(RECORDS,),
        body=schemas.SearchIn,
        query=PageQuery,
        returns=schemas.CadreOut,
        many=True,
        writes=False,
    )
    def search(self, call: Call) -> Page:
        """Like the list, by what names a person; in the body, because addresses end up in logs."""
        return _page(call, paginate(call.session, cadres.listed(call.body), [Cadre.cadre_no], call.query))

    @route(
        "GET",
        "/cadres/duplicates",
        summary="疑似重复的记录",
        roles=(RECORDS,),
        returns=schemas.DuplicatesOut,
        many=True,
    )
    def duplicates(self, call: Call) -> Page:
        """Groups of records with the same name and birth date."""
        found = merging.duplicates(call.session)
        return Page(
            [
                {"name": group.name, "birth_date": group.birth_date, "cadres": _all_shown(call, group.cadres)}
                for group in found
            ]
        )

    @route("GET", "/cadres/<uuid:cadre_id>", summary="干部", roles=READERS, returns=schemas.CadreWithHistoryOut)
    def get_cadre(self, call: Call, cadre_id: UUID) -> dict[str, Any]:
        """One cadre with the history."""
        cadre = cadres.get(call.session, str(cadre_id))
        return {**_shown(call, cadre), "history": history.of(call.session, cadre.id)}

    @route(
        "PATCH",
        "/cadres/<uuid:cadre_id>",
        summary="更正干部信息",
        roles=(RECORDS,),
        body=schemas.CadreChanges,
        returns=schemas.CadreOut,
    )
    def amend(self, call: Call, cadre_id: UUID) -> dict[str, Any]:
        """Particulars changed or corrected."""
        cadre, changes = _locked(call, cadre_id), call.body
        on = changes.pop("on", call.today)
        return _shown(call, amendments.amend(call.session, cadre, changes, on, call.today))

    @route(
        "POST",
        "/cadres/<uuid:cadre_id>/treatment",
        summary="变动享受待遇",
        roles=(RECORDS,),
        body=schemas.TreatmentIn,
        returns=schemas.CadreOut,
    )
    def change_treatment(self, call: Call, cadre_id: UUID) -> dict[str, Any]:
        """Another treatment from a date on."""
        body = call.body
        return _change(call, cadre_id, Aspect.TREATMENT, body["treatment"], body["on"], body["document_no"])

    @route(
        "POST",
        "/cadres/<uuid:cadre_id>/rank",
        summary="变动职级",
        roles=(RECORDS,),
        body=schemas.RankIn,
        returns=schemas.CadreOut,
    )
    def change_rank(self, call: Call, cadre_id: UUID) -> dict[str, Any]:
        """Another rank from a date on."""
        body = call.body
        return _change(call, cadre_id, Aspect.RANK, body["rank"], body["on"], body["document_no"])

    @route(
        "POST",
        "/cadres/<uuid:cadre_id>/liaison",
        summary="指定联络员",
        roles=(RECORDS,),
        body=schemas.LiaisonIn,
        returns=schemas.CadreOut,
    )
    def assign_liaison(self, call: Call, cadre_id: UUID) -> dict[str, Any]:
        """Another liaison from a date on."""
        return _change(call, cadre_id, Aspect.LIAISON, call.body["liaison"], call.body["on"])

    @route(
        "POST",
        "/cadres/<uuid:cadre_id>/care",
        summary="变动关怀情况",
        roles=(RECORDS,),
        body=schemas.CareIn,
        returns=schemas.CadreOut,
    )
    def change_care(self, call: Call, cadre_id: UUID) -> dict[str, Any]:
        """Other flags from a date on."""
        on = call.body.pop("on")
        flags = care.flags_text(cadres.locked(call.session, str(cadre_id)), call.body)
        return _change(call, cadre_id, Aspect.CARE, flags, on)

    @route(
        "POST",
        "/cadres/<uuid:cadre_id>/history/<int:version>/void",
        summary="撤销一条变动记录",
        roles=(RECORDS,),
        body=VoidIn,
        returns=schemas.CadreOut,
    )
    def void_entry(self, call: Call, cadre_id: UUID, version: int) -> dict[str, Any]:
        """The last change of rank, treatment, liaison or care withdrawn."""
        cadre = _locked(call, cadre_id)
        return _shown(call, history.void(call.session, cadre, version, call.body["reason"]))

    @route(
        "POST",
        "/cadres/<uuid:cadre_id>/death",
        summary="登记去世",
        roles=(RECORDS,),
        body=schemas.DeathIn,
        returns=schemas.CadreOut,
    )
    def record_death(self, call: Call, cadre_id: UUID) -> dict[str, Any]:
        """The cadre died."""
        cadre = _locked(call, cadre_id)
        return _shown(call, deaths.record(call.session, cadre, call.body["deceased_on"], call.today))

    @route(
        "POST",
        "/cadres/<uuid:cadre_id>/merge",
        summary="并入另一记录",
        roles=(RECORDS,),
        body=schemas.MergeIn,
        returns=schemas.CadreOut,
    )
    def merge(self, call: Call, cadre_id: UUID) -> dict[str, Any]:
        """This record disappears, another stands for the person."""
        cadre, into = merging.locked_pair(call.session, str(cadre_id), call.body["into"])
        call.must_match(cadre.version)
        return _shown(call, merging.merge(call.session, cadre, into, call.today))

    @route(
        "GET",
        "/milestones",
        summary="当年整岁寿辰与光荣在党50年",
        roles=READERS,
        query=schemas.MilestonesQuery,
        returns=schemas.MilestoneOut,
        many=True,
    )
    def milestones(self, call: Call) -> Page:
        """The milestones of a year, by date."""
        asked = call.query
        due = [
            milestone
            for milestone in milestones.due(call.session, asked["year"])
            if asked["kind"] in (None, milestone.kind) and asked["liaison"] in (None, milestone.cadre.liaison)
        ]
        start = int(asked["cursor"] or 0)
        end = start + asked["limit"]
        return Page(due[start:end], str(end) if end < len(due) else None)

    @route("GET", "/liaisons", summary="联络员负责人数", roles=READERS, returns=schemas.LiaisonOut, many=True)
    def list_liaisons(self, call: Call) -> Page:
        """The load of each liaison."""
        return Page(liaisons.loads(call.session))

    @route(
        "POST",
        "/liaisons/reassign",
        summary="联络员整体交接",
        roles=(RECORDS,),
        body=schemas.ReassignIn,
        returns=schemas.ReassignedOut,
    )
    def reassign(self, call: Call) -> dict[str, int]:
        """All cadres of one liaison go to another."""
        return {"moved": liaisons.reassign(call.session, **call.body, today=call.today)}


def _locked(call: Call, cadre_id: UUID) -> Cadre:
    cadre = cadres.locked(call.session, str(cadre_id))
    call.must_match(cadre.version)
    return cadre


def _change(
    call: Call, cadre_id: UUID, aspect: Aspect, value: str | None, on: date, document_no: str | None = None
) -> dict[str, Any]:
    change = Change(aspect, value, on, document_no)
    return _shown(call, history.change(call.session, _locked(call, cadre_id), change, call.today))


def _shown(call: Call, cadre: Cadre) -> dict[str, Any]:
    return cadres.shown(cadre, in_full=bool(call.actor.roles & {RECORDS, ADMIN}))


def _all_shown(call: Call, found: Iterable[Cadre]) -> list[dict[str, Any]]:
    return [_shown(call, cadre) for cadre in found]


def _page(call: Call, page: Page) -> Page:
    return Page(_all_shown(call, page.items), page.next_cursor)
