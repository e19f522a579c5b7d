"""When two records may be merged, and how a merge is undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import names, records
from hongxia.dates import away_on, first_day_beyond
from hongxia.events.publish import publish
from hongxia.names import Person, folded
from hongxia.rules import Conflicting, Refused, Violation, refuse
from services.registry import review
from services.registry.cadres import numbers
from services.registry.cadres.find import must_stand, standing
from services.registry.cadres.model import Cadre
from services.registry.merges.events import CADRE_MERGED, MERGE_UNDONE

COMPARED = (
    *("name", "resident_number", "birth_date", "sex", "nationality", "political_status", "retirement_category"),
    *("rank", "treatment", "medical_treatment", "reimbursement", "unit", "street", "liaison", "joined_party_on"),
    *("registered_on", "advanced_age", "hardship", "living_alone", "resettled", "deceased_on"),
)
"""What a person looks at to judge whether two records are of one person."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be one person's, and how they resemble."""

    cadres: tuple[str, str]
    resemblance: str


def near_duplicates(session: Session) -> list[Pair]:
    """Return all pairs of records that may be one person's and were not merged, in the order of their numbers: the same
    or nearly the same name, birth date or resident number (hongxia.names.near).
    """
    query = select(Cadre.id, Cadre.name, Cadre.birth_date, Cadre.resident_number).where(Cadre.merged_into.is_(None))
    found = session.execute(query.order_by(Cadre.cadre_no))
    people = {row.id: Person(row.name, row.birth_date, row.resident_number) for row in found}
    return [Pair((one, other), what.what_zh) for one, other, what in names.near_pairs(people)]


def differing(one: Cadre, other: Cadre) -> list[str]:
    """Return the names of the fields in which two records differ."""
    return [name for name in COMPARED if getattr(one, name) != getattr(other, name)]


def merge(session: Session, cadre: Cadre, into: Cadre, today: date) -> Cadre:
    """Let the record that stands for `into` stand for a locked cadre, too, which disappears from lists and figures.

    Nothing is copied: what the remaining record lacks is amended there. Raises Conflicting for a record that was
    merged before, Refused for records that contradict each other.
    """
    must_stand(session, cadre)
    into = standing(session, into)
    refuse(_violations(cadre, into))
    cadre.merged_into = into.id
    records.move(session, cadre, "merge")
    publish(session, CADRE_MERGED, cadre, on=today, into=into.id)
    review.review(session, [cadre.id, into.id], today)
    return cadre


def undo(session: Session, cadre: Cadre, today: date) -> Cadre:
    """Let a locked record that was merged stand by itself again, as it was. What was recorded since stays with the
    record that stood for it. Raises Conflicting.
    """
    into = cadre.merged_into
    if into is None:
        raise Conflicting(Violation("", "not-merged", "该记录没有被合并，无须撤销"))
    owner = numbers.owner_of(session, cadre.resident_number)
    if owner is not None:
        message = "此记录的身份证号现登记在另一名干部名下，请先更正该干部的身份证号，再撤销合并"
        raise Conflicting(Violation("", "resident-number-taken", message), extra={"existing": owner})
    cadre.merged_into = None
    records.move(session, cadre, "undo-merge-of-deceased" if cadre.deceased_on else "undo-merge")
    publish(session, MERGE_UNDONE, cadre, on=today, into=into)
    review.review(session, [cadre.id, into], today)
    return cadre


def unknown(field: str) -> Refused:
    """Return the refusal for a record to merge into that is not there."""
    return Refused(Violation(field, "unknown-cadre", "没有这名干部，请填写干部名册中记录的标识"))


def _violations(cadre: Cadre, into: Cadre) -> Iterator[Violation]:
    if into.id == cadre.id:
        yield Violation("into", "merged-into-itself", "不能并入自身（或已并入本记录的记录）")
        return
    if folded(into.name) != folded(cadre.name) and into.birth_date != cadre.birth_date:
        message = "两条记录的姓名和出生日期都不同，不能合并；确为一人的，请先更正其中一条的姓名或身份证号"
        yield Violation("into", "not-the-same-person", message)
    if cadre.deceased_on and not into.deceased_on:
        message = (
            f"本记录登记于 {cadre.deceased_on} 去世，目标记录登记为健在，请先在目标记录登记去世，或撤销本记录的去世登记"
        )
        yield Violation("into", "into-living", message)
    beyond = first_day_beyond(cadre.away, into.away, into.registered_on, into.deceased_on)
    time = away_on(cadre.away, beyond) if beyond is not None else None
    if time is not None:
        back = f"{time.returned_on} 转回" if time.returned_on else "尚未转回"
        message = (
            f"本记录登记于 {time.left_on} 转出（{back}），目标记录在 {beyond} 没有转出，合并后这段时间会按在本局计算；"
            f"请先在目标记录登记转出（POST /cadres/{into.id}/leave），本记录已转回或误登的，请先登记转回或作废其调转"
        )
        yield Violation("into", "into-present", message)
    if cadre.deceased_on and into.deceased_on and cadre.deceased_on != into.deceased_on:
        message = f"两条记录的去世日期不同：{cadre.deceased_on} 与 {into.deceased_on}，请先更正去世日期"
        yield Violation("into", "deaths-differ", message)
