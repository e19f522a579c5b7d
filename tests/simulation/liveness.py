"""What must be reached once nothing goes wrong any more: every cursor at its source's head, or stopped.

That a source was stopped with reason is a matter of safety, judged when it was stopped.
"""

from __future__ import annotations

from collections.abc import Iterator

from .history import History
from .safety import cursor_of
from .services import READS, SOURCES, backlog
from .steps import reread
from .truth import Violation

ROUNDS = 6


def come_to_rest(history: History) -> None:
    """End all faults and let everyone work until everything is done; then once more, with all that was stopped read
    anew. Raises Violation if it never is.
    """
    history.mend()
    _work_until_done(history)
    stopped = sorted(history.safety.stopped)
    for consumer, source in stopped:
        reread(history, consumer, source)
    if stopped:
        _work_until_done(history)


def _work_until_done(history: History) -> None:
    for _ in range(ROUNDS):
        history.work_once()
        if not next(unfinished(history), None):
            return
    for complaint in unfinished(history):
        raise Violation(f"everything comes to rest: {complaint}")


def unfinished(history: History) -> Iterator[str]:
    """What is still to be done."""
    for source in SOURCES:
        waiting, unpublished = backlog(history.nodes[source])
        if waiting or unpublished:
            yield f"{source} has {waiting} events without a number, {unpublished} unpublished"
    for consumer, sources in READS.items():
        for source in sources:
            yield from _unread(history, consumer, source)


def _unread(history: History, consumer: str, source: str) -> Iterator[str]:
    node, log = history.nodes[consumer], history.safety.logs[source]
    position, chain, diverged = cursor_of(node, source)
    readable = history.safety.readable_on(source, position, chain)
    if not diverged and not readable:
        yield f"{consumer} at {position} of {source} should be stopped"
    elif not diverged and chain != log.tip:
        yield f"{consumer} at {position} of {source}, whose head is at {len(log.path)}"
    if history.broker.queues[consumer, source]:
        yield f"{consumer} has messages of {source} left"
    path = log.paths[chain]
    for (place,) in node.raw.execute("SELECT position FROM parked WHERE source = ?", (source,)):
        if isinstance(path[place - 1].amount, int):
            yield f"{consumer} still has position {place} of {source} parked"
