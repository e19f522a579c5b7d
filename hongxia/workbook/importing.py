"""One workbook put into a service's records: read, checked, and loaded whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongxia.definition import Importable
from hongxia.events.preview import collected
from hongxia.workbook.errors import WorkbookErrors
from hongxia.workbook.pace import Paced
from hongxia.workbook.read import Parsed, read
from hongxia.workbook.reconcile import NotLoadable, Plan, Unconfirmed, load


class DryRun(Exception):
    """Ends the transaction of a dry run, so that nothing stays; carries what would have been done, and the events that
    the transaction would have published.
    """

    def __init__(self, plan: Plan, events: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__("dry run")
        self.plan = plan
        self.events = events


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was read without errors."""

    importable: Importable
    parsed: Parsed
    pause: Callable[[], None]

    def load(self, session: Session, today: date, *, dry_run: bool, confirmed: str = "") -> Plan:
        """Put the rows in. `confirmed` is the digest of the plan that somebody has seen and agreed to.

        Raises WorkbookErrors for what the records do not allow, DryRun at the end of one, Unconfirmed if the plan
        changes or asks something and `confirmed` is not its digest.
        """
        plan = self.put(session, today)
        if dry_run:
            raise DryRun(plan, collected(session))
        if plan.digest and plan.digest != confirmed:
            raise Unconfirmed(plan)
        return plan

    def put(self, session: Session, today: date) -> Plan:
        """Put the rows in, whatever that changes or asks. Raises WorkbookErrors for what the records do not allow."""
        importable = self.importable
        _take_turns(session, importable.workbook.name)
        rows = {sheet: Paced(rows, self.pause) for sheet, rows in self.parsed.rows.items()}
        year, finish = self.parsed.year, importable.finish
        try:
            return load(session, importable.workbook, importable.sheets, year, rows, today, finish=finish)
        except NotLoadable as error:
            raise WorkbookErrors.of(importable.workbook, error.findings) from None


def _take_turns(session: Session, name: str) -> None:
    """Of two imports of a workbook at once the second waits, and then finds what the first has made."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(1, func.hashtext(name))))


def parse(data: bytes, importable: Importable, today: date, pause: Callable[[], None]) -> Import:
    """Read a file as this workbook. Raises NotAWorkbook, WorkbookErrors."""
    return Import(importable, read(data, importable.workbook, today=today, pause=pause), pause)
