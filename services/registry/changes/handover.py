"""All cadres of one liaison handed to another."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.rules import Refused, Violation, not_future, refuse
from services.registry.cadres.model import Cadre
from services.registry.changes import rules
from services.registry.changes.history import History, all_of
from services.registry.changes.rules import New
from services.registry.lists import declared


def reassign(session: Session, leaving: str, taking_over: str, on: date, today: date) -> int:
    """Hand all living cadres of one liaison (a code of the list) to another from a date on; return how many. Those whom
    another bureau serves on the day stay as they are.

    Raises Refused if there is none, or if one of them came to that liaison only after the date.
    """
    if leaving == taking_over:
        raise Refused(Violation("taking_over", "no-change", "接手的联络员与原联络员相同"))
    refuse(not_future("on", on, today))
    for found in declared.violations(session, {"liaison": taking_over}):
        raise Refused(Violation("taking_over", found.code, found.message))
    theirs = session.scalars(select(Cadre.id).where(Cadre.liaison == leaving, Cadre.state == "living"))
    locked = records.by_ids(session, Cadre, theirs, locked=True).values()
    cadres = [cadre for cadre in locked if cadre.liaison == leaving and cadre.state == "living"]
    served = [cadre for cadre in cadres if not cadre.away_on(on)]
    if not served:
        raise Refused(Violation("leaving", "unknown-liaison", "没有由该联络员联系的健在干部"))
    histories = {cadre_id: History(found) for cadre_id, found in all_of(session, [c.id for c in served]).items()}
    _refuse_later(served, histories, on)
    for cadre in served:
        rules.enter(session, cadre, histories[cadre.id], New("liaison", taking_over, on))
    return len(served)


def _refuse_later(cadres: list[Cadre], histories: dict[str, History], on: date) -> None:
    def since(cadre: Cadre) -> date:
        latest = histories[cadre.id].latest("liaison")
        return latest.from_on if latest is not None else cadre.registered_on

    later = [cadre.id for cadre in cadres if on < since(cadre)]
    if later:
        message = f"其中{len(later)}名干部在 {on} 之后才由其联系，请先逐一指定联络员"
        refuse([Violation("on", "before-last-change", message)], extra={"cadre_ids": later[:100]})
