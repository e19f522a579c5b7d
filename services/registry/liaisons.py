"""Liaisons (联络员): how many cadres each keeps in touch with, and all of one liaison's handed to another."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from hongxia.http.problems import Rule
from services.registry import history
from services.registry.cadres import refuse
from services.registry.care import FLAGS
from services.registry.history import Change
from services.registry.models import Aspect, Cadre, Status
from services.registry.particulars import Fault


def loads(session: Session) -> list[dict[str, Any]]:
    """Each liaison with the living cadres in their care, and how many of these have which flag; the cadres without a
    liaison come last.
    """
    sums = [func.sum(cast(getattr(Cadre, flag), Integer)).label(flag) for flag in FLAGS]
    query = (
        select(Cadre.liaison, func.count().label("cadres"), *sums)
        .where(Cadre.status == Status.LIVING)
        .group_by(Cadre.liaison)
    )
    found = [dict(row._mapping) for row in session.execute(query)]
    return sorted(found, key=lambda load: (load["liaison"] is None, load["liaison"] or ""))


def reassign(session: Session, leaving: str, taking_over: str, on: date, today: date) -> int:
    """Hand all living cadres of one liaison to another from a date on; returns how many.

    Raises Rule if there is none, or if one of them came to that liaison only after the date.
    """
    if leaving == taking_over:
        refuse([Fault("to", "no-change", "接手的联络员与原联络员相同")])
    query = select(Cadre).where(Cadre.liaison == leaving, Cadre.status == Status.LIVING).order_by(Cadre.id)
    cadres = session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
    if not cadres:
        refuse([Fault("from", "unknown-liaison", "没有由该联络员联系的干部")])
    last = history.in_force(session, Aspect.LIAISON, [cadre.id for cadre in cadres])
    refuse(history.date_faults(on, date.min, today))
    later = [cadre.id for cadre in cadres if on < last[cadre.id].from_on]
    if later:
        raise Rule(
            f"其中{len(later)}名干部在该日期之后才由其联系，请先逐一调整",
            slug="before-last-change",
            pointer="#/on",
            extra={"cadre_ids": later[:100]},
        )
    for cadre in cadres:
        history.enter(session, cadre, Change(Aspect.LIAISON, taking_over, on))
    return len(cadres)
