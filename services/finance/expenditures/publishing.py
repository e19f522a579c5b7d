"""How an amended voucher is published: the event of a reversal also names the voucher that it reverses."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hongxia.events.publish import publish
from services.finance.expenditures.events import EXPENDITURE_AMENDED, REVERSAL_AMENDED
from services.finance.expenditures.model import Expenditure


def publish_amended(session: Session, voucher: Expenditure, changed: Sequence[str], reason: str) -> None:
    """Publish that a voucher was amended."""
    if voucher.reverses_id is None:
        publish(session, EXPENDITURE_AMENDED, voucher, on=voucher.spent_on, changed=changed, reason=reason)
        return
    more = {"reverses": voucher.reverses_id, "changed": changed, "reason": reason}
    publish(session, REVERSAL_AMENDED, voucher, on=voucher.spent_on, **more)
