"""Two records of one person: candidates found by name and birth date, and one record merged into the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from hongxia.http.problems import NotFound, Rule
from services.registry.cadres import refuse, step, tell
from services.registry.events import CADRE_MERGED
from services.registry.models import Cadre, Status
from services.registry.particulars import Fault


@dataclass(frozen=True, slots=True)
class Candidates:
    """Records that may be one person's: the same name and birth date."""

    name: str
    birth_date: date
    cadres: list[Cadre]


def duplicates(session: Session) -> list[Candidates]:
    """All groups of records that share name and birth date and were not merged."""
    key = (Cadre.name, Cadre.birth_date)
    kept = Cadre.merged_into.is_(None)
    shared = select(*key).where(kept).group_by(*key).having(func.count() > 1)
    query = select(Cadre).where(kept, tuple_(*key).in_(shared)).order_by(*key, Cadre.cadre_no)
    groups = groupby(session.scalars(query), key=lambda cadre: (cadre.name, cadre.birth_date))
    return [Candidates(name, born, list(found)) for (name, born), found in groups]


def locked_pair(session: Session, cadre_id: str, into_id: str) -> tuple[Cadre, Cadre]:
    """The record to merge and the one that remains, locked in an order that two merges at once can't cross.

    Raises NotFound for the former, Rule for the latter.
    """
    query = select(Cadre).where(Cadre.id.in_((cadre_id, into_id))).order_by(Cadre.id).with_for_update()
    found = {cadre.id: cadre for cadre in session.scalars(query.execution_options(populate_existing=True))}
    if cadre_id not in found:
        raise NotFound("没有这名干部", slug="unknown-cadre")
    if into_id not in found:
        raise Rule("没有这名干部", slug="unknown-cadre", pointer="#/into")
    return found[cadre_id], found[into_id]


def merge(session: Session, cadre: Cadre, into: Cadre, today: date) -> Cadre:
    """Let `into` stand for the person of both records; the other one disappears from lists and figures.

    Nothing is copied: what the remaining record lacks is amended there. Raises Rule.
    """
    status = step(cadre, "merge")
    refuse(_faults(cadre, into))
    cadre.merged_into, cadre.status = into.id, status
    cadre.version += 1
    tell(session, CADRE_MERGED, cadre, today, into=into.id)
    return cadre


def _faults(cadre: Cadre, into: Cadre) -> Iterator[Fault]:
    if into is cadre:
        yield Fault("into", "merged-into-itself", "不能并入自身")
    elif into.status == Status.MERGED:
        yield Fault("into", "into-merged", "目标记录已并入其他记录")
    elif into.name != cadre.name and into.birth_date != cadre.birth_date:
        yield Fault("into", "not-the-same-person", "两条记录的姓名和出生日期都不同，不能合并")
    elif cadre.deceased_on and not into.deceased_on:
        yield Fault("into", "into-living", "目标记录登记为健在，请先登记去世")
