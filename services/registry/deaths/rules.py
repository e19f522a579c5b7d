"""What may be recorded of a death, corrected and withdrawn."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from hongxia import records
from hongxia.events.publish import publish
from hongxia.rules import Conflicting, Violation, refuse
from services.registry import review
from services.registry.cadres import particulars
from services.registry.cadres.events import CADRE_AMENDED
from services.registry.cadres.model import Cadre
from services.registry.deaths.events import CADRE_DECEASED, DEATH_WITHDRAWN


def record(session: Session, cadre: Cadre, on: date, today: date) -> Cadre:
    """Record the death of a locked cadre. Whatever is dated after it is listed as a contradiction.

    Raises Refused for a date in the future, before birth or registration, Conflicting for a second death.
    """
    if cadre.state == "deceased":
        message = f"该干部已登记去世，日期为 {cadre.deceased_on}；日期有误的请更正去世日期，误登的请撤销去世登记"
        raise Conflicting(Violation("deceased_on", "already-deceased", message))
    refuse(_violations(cadre, on, today))
    cadre.deceased_on = on
    records.move(session, cadre, "die")
    publish(session, CADRE_DECEASED, cadre, on=on)
    review.review(session, [cadre.id], today)
    return cadre


def correct(session: Session, cadre: Cadre, on: date, reason: str, today: date) -> Cadre:
    """Correct the date of death of a locked cadre. Raises Refused, Conflicting for a cadre who lives."""
    _must_be_deceased(cadre)
    changed = records.change(session, cadre, {"deceased_on": on})
    if changed:
        refuse(_violations(cadre, on, today))
        publish(session, CADRE_AMENDED, cadre, on=on, changed=changed, reason=reason)
        review.review(session, [cadre.id], today)
    return cadre


def withdraw(session: Session, cadre: Cadre, reason: str, today: date) -> Cadre:
    """Withdraw the death of a locked cadre, who lives after all. Raises Conflicting for a cadre who lives."""
    _must_be_deceased(cadre)
    cadre.deceased_on = None
    records.move(session, cadre, "withdraw-death")
    publish(session, DEATH_WITHDRAWN, cadre, on=today, reason=reason)
    review.review(session, [cadre.id], today)
    return cadre


def _must_be_deceased(cadre: Cadre) -> None:
    if cadre.state == "living":
        message = "该干部登记为健在，没有去世登记可更正或撤销；确已去世的请登记去世"
        raise Conflicting(Violation("deceased_on", "not-deceased", message))


def _violations(cadre: Cadre, on: date, today: date) -> list[Violation]:
    dates = {name: getattr(cadre, name) for name in ("resident_number", "registered_on")}
    return list(particulars.violations({**dates, "deceased_on": on}, today))
