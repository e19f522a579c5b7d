"""What may be recorded of transfers, amended and voided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import ids, records
from hongxia.dates import lived_on
from hongxia.events.publish import publish
from hongxia.rules import Conflicting, Violation, not_before, refuse
from services.registry import review
from services.registry.cadres.events import CADRE_AMENDED
from services.registry.cadres.model import Cadre
from services.registry.transfers.events import CADRE_TRANSFERRED, IN, OUT
from services.registry.transfers.model import Transfer


def of(session: Session, cadre_id: str) -> list[Transfer]:
    """Return the transfers of a cadre by date, without the voided ones."""
    query = select(Transfer).where(Transfer.cadre_id == cadre_id, Transfer.state != "voided")
    return list(session.scalars(query.order_by(Transfer.left_on, Transfer.id)))


def leave(session: Session, cadre: Cadre, values: Mapping[str, Any], today: date) -> Transfer:
    """Record that a locked cadre went to another bureau, and back if `returned_on` is given. Raises Refused."""
    cadre.lifecycle.after(cadre.state, "amend")
    returned_on = values.get("returned_on")
    transfer = Transfer(id=ids.new_id(), cadre_id=cadre.id, **{**values, "returned_on": returned_on})
    refuse(_violations(session, cadre, _values(transfer), today))
    records.begin(session, transfer, "leave")
    _settle(session, cadre)
    records.touch(session, cadre)
    publish(session, CADRE_TRANSFERRED, cadre, on=transfer.left_on, direction=OUT)
    if returned_on is not None:
        come_back(session, cadre, transfer, returned_on, today)
    review.review(session, [cadre.id], today)
    return transfer


def come_back(session: Session, cadre: Cadre, transfer: Transfer, returned_on: date, today: date) -> Transfer:
    """Record that a locked cadre came back from a transfer. Raises Refused, Conflicting."""
    transfer.returned_on = returned_on
    records.move(session, transfer, "return")
    refuse(_violations(session, cadre, _values(transfer), today))
    _settle(session, cadre)
    records.touch(session, cadre)
    publish(session, CADRE_TRANSFERRED, cadre, on=returned_on, direction=IN)
    review.review(session, [cadre.id], today)
    return transfer


def away(session: Session, cadre: Cadre) -> Transfer:
    """Return the transfer from which a cadre has not come back. Raises Conflicting."""
    for transfer in of(session, cadre.id):
        if transfer.state == "away":
            return transfer
    message = f"编号 {cadre.cadre_no} 的记录没有未转回的调转记录；日期有误的请更正调转记录"
    raise Conflicting(Violation("", "not-away", message), extra={"cadre_id": cadre.id})


def amend(
    session: Session, cadre: Cadre, transfer: Transfer, changes: Mapping[str, Any], reason: str, today: date
) -> Transfer:
    """Correct dates or destination of a transfer of a locked cadre. Raises Refused, Conflicting."""
    changed = records.change(session, transfer, changes)
    if not changed:
        return transfer
    refuse(_return_violations(transfer))
    if not {"left_on", "returned_on"}.isdisjoint(changed):
        refuse(_violations(session, cadre, _values(transfer), today))
    _publish_correction(session, cadre, transfer, changed, reason, today)
    return transfer


def void(session: Session, cadre: Cadre, transfer: Transfer, reason: str, today: date) -> Transfer:
    """Void a transfer that did not happen. Raises Conflicting."""
    records.move(session, transfer, "void", reason=reason)
    _publish_correction(session, cadre, transfer, ["left_on"], "correction", today)
    return transfer


def _publish_correction(
    session: Session, cadre: Cadre, transfer: Transfer, changed: list[str], reason: str, today: date
) -> None:
    _settle(session, cadre)
    records.touch(session, cadre)
    # The record of the cadre holds the dates of all transfers in one field.
    names = sorted({"away" if name in ("left_on", "returned_on") else name for name in changed})
    publish(session, CADRE_AMENDED, cadre, on=transfer.left_on, changed=names, reason=reason)
    review.review(session, [cadre.id], today)


def _settle(session: Session, cadre: Cadre) -> None:
    """Let the cadre's record say when another bureau served the cadre."""
    session.flush()
    cadre.away = tuple(transfer.time for transfer in of(session, cadre.id))


def _values(transfer: Transfer) -> dict[str, Any]:
    return {name: getattr(transfer, name) for name in ("id", "left_on", "returned_on")}


def _return_violations(transfer: Transfer) -> Iterator[Violation]:
    if transfer.state == "away" and transfer.returned_on is not None:
        yield Violation("returned_on", "not-returned", "尚未登记转回，请登记转回")
    if transfer.state == "returned" and transfer.returned_on is None:
        yield Violation("returned_on", "returned", "已登记转回，转回日期不能为空；误登的请作废后重新登记")


def _violations(session: Session, cadre: Cadre, values: Mapping[str, Any], today: date) -> Iterator[Violation]:
    left, back = values["left_on"], values["returned_on"]
    yield from _day_violations(cadre, "left_on", left, "转出日期", today)
    if back is not None:
        yield from _day_violations(cadre, "returned_on", back, "转回日期", today)
        yield from not_before("returned_on", back, left, "returned-before-leaving", "转回日期", "转出日期")
    with session.no_autoflush:
        others = [other for other in of(session, cadre.id) if other.id != values["id"]]
    for other in others:
        if left < (other.returned_on or date.max) and other.left_on < (back or date.max):
            until = f"至 {other.returned_on}" if other.returned_on else "起尚未转回"
            message = f"转出日期 {left} 与已登记的调转（{other.left_on} {until}）重叠，请更正其中一个，或先登记转回"
            yield Violation("left_on", "transfers-overlap", message)


def _day_violations(cadre: Cadre, field: str, day: date, what: str, today: date) -> Iterator[Violation]:
    if day > today:
        yield Violation(field, "date-in-future", f"{what} {day} 在今天（{today}）之后")
    yield from not_before(field, day, cadre.registered_on, "before-registration", what, "登记日期")
    if not lived_on(cadre.deceased_on, day):
        yield Violation(field, "cadre-deceased", f"该干部已于 {cadre.deceased_on} 去世，{what} {day} 在其后")
