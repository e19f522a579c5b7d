"""What a service says of itself, apart from its endpoints: events, life cycles, workbooks, tables, migrations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import MetaData
from sqlalchemy.orm import Session

from hongxia.events.declare import EventType
from hongxia.lifecycle import Lifecycle
from hongxia.workbook.declare import Workbook
from hongxia.workbook.reconcile import Finish, SheetRows

Clear = Callable[[Session, str], None]
"""(session, source): drop what was learnt from a source whose history is to be read from the beginning."""


@dataclass(frozen=True, slots=True)
class Importable:
    """A workbook, what its rows make (in the order in which the sheets are taken), and the roles that may import it.

    `finish` checks what can only be judged once all rows are in.
    """

    workbook: Workbook
    sheets: Sequence[SheetRows]
    roles: tuple[str, ...]
    finish: Finish | None = None


def reads_nothing(_session: Session, source: str) -> None:
    """For a service that reads no other; whoever reads one has to say how what it learnt is dropped."""
    raise NotImplementedError(f"nothing says what was learnt from {source}")


@dataclass(frozen=True, slots=True)
class Definition:
    """One service. `title` is Chinese; `migrations` is "package:folder"; the `front` service answers at `/`."""

    title: str
    metadata: MetaData
    migrations: str
    events: tuple[EventType, ...] = ()
    lifecycles: tuple[Lifecycle, ...] = ()
    workbooks: tuple[Importable, ...] = field(default=())
    clear: Clear = reads_nothing
    front: bool = False
