"""Which generation of facts is shown, and one moment for all that is read of it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reporting.facts.model import Generation


def live(session: Session) -> int:
    """Return the number of the generation of facts that is shown."""
    return session.scalars(select(Generation.live)).one()


def snapshot(session: Session) -> None:
    """Let the whole session see one moment. SQLite does so by itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
