"""Units as workbooks name them: by their labels."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia.records import in_parts
from hongxia.workbook.reconcile import Loading
from services.activities.units.model import UNITS, Unit

LIST = "单位名单"


def codes_of(loading: Loading, labels: Iterable[str]) -> dict[str, str]:
    """Return the codes of labels. Those that the list lacks are added to it and shown in the plan, to be confirmed;
    while the list is empty they are added without a word, since all of them are new.
    """
    wanted = list(dict.fromkeys(labels))
    known = known_codes(loading.session, wanted)
    is_fresh = loading.session.scalar(select(Unit.id).limit(1)) is None
    for label in wanted:
        if label not in known:
            known[label] = UNITS.add(loading.session, label, loading.today).code
            if not is_fresh:
                loading.plan.labels.append((LIST, label))
    return known


def known_codes(session: Session, labels: Iterable[str]) -> dict[str, str]:
    """Return the codes of those labels that the list has, or that an entry bore before it was renamed."""
    found = UNITS.codes(session, labels)
    first = {UNITS.code_of(label): label for label in labels if label not in found}
    for part in in_parts(sorted(first)):
        for code in session.scalars(select(Unit.code).where(Unit.code.in_(part))):
            found[first[code]] = code
    return found
