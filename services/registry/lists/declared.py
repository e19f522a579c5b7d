"""The three lists, by the attribute of a cadre that holds a code of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongxia import lists
from hongxia.rules import Violation
from services.registry.lists.model import Liaison, Street, Unit

STREETS = lists.declare("registry", Street, labels_published=True)
UNITS = lists.declare("registry", Unit, labels_published=True)
LIAISONS = lists.declare("registry", Liaison, labels_published=False)

LISTS: Mapping[str, lists.List] = {"unit": UNITS, "street": STREETS, "liaison": LIAISONS}

EVENTS = (*STREETS.events, *UNITS.events, *LIAISONS.events)
LIFECYCLES = (Street.lifecycle, Unit.lifecycle, Liaison.lifecycle)


def violations(session: Session, values: Mapping[str, Any]) -> Iterator[Violation]:
    """Check that the codes of unit, street and liaison among some values are of entries in use; null passes."""
    for name, kept in LISTS.items():
        code = values.get(name)
        if code is None:
            continue
        state = session.scalar(select(kept.model.state).where(kept.model.code == code))
        if state != "listed":
            what = kept.model.lifecycle.label
            why = "已停用，请改用在用的代码或恢复使用" if state else f"不在{what}名单中，请先登记，或填写名单给出的代码"
            yield Violation(name, f"unknown-{name}", f"{what}代码“{code}”{why}")


def labels(session: Session) -> dict[str, dict[str, str]]:
    """Return the labels of the three lists, by attribute and code."""
    return {name: kept.labels(session) for name, kept in LISTS.items()}
