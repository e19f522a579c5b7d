"""What may happen next, and how often compared with the rest: the scheduler draws from this table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import mischief, steps
from .actors import Actor
from .services import READS, backlog, has_parked

if TYPE_CHECKING:
    from .history import History


TWIN = 0.4
"""The chance of that."""


def act(history: History) -> None:
    """Somebody does something. In the midst of another's step it is often the twin's turn: that is where races are."""
    twins = _idle_twins(history)
    if twins and history.rng.random() < TWIN:
        twin = history.rng.choice(twins)
        history.rng.choice(steps.OF[twin.kind])(history, twin)
    else:
        while not history.rng.choices(*ACTS)[0](history):
            pass


def _idle_twins(history: History) -> list[Actor]:
    busy = [actor for actor in history.actors if actor.busy]
    return [actor for actor in history.actors if not actor.busy and any(map(actor.is_twin_of, busy))]


def _commit(history: History) -> bool:
    steps.commit(history)
    return True


def _idle(history: History, kind: str) -> list[Actor]:
    return [actor for actor in history.actors if actor.kind == kind and not actor.busy]


def _relay(history: History) -> bool:
    actors = _idle(history, "relay")
    due = [actor for actor in actors if any(backlog(history.nodes[actor.service]))]
    if actors:
        actor = history.rng.choice(due or actors)
        waiting, unpublished = backlog(history.nodes[actor.service])
        step = history.rng.choice([*steps.OF["relay"], steps.number if waiting > unpublished else steps.publish])
        step(history, actor, history.rng.choice((1, 2, steps.EVERYTHING)))
    return bool(actors)


def _receive(history: History) -> bool:
    queues = history.broker.queues
    actors = [actor for actor in _idle(history, "replica") if actor.held or queues[actor.service, actor.source]]
    if actors:
        steps.receive(history, history.rng.choice(actors), history.rng.choice((1, 3, steps.EVERYTHING)))
    return bool(actors)


def _look(history: History) -> bool:
    actors = _idle(history, "replica")
    due = [actor for actor in actors if actor.source in history.damaged]
    if actors:
        steps.look(history, history.rng.choice(due or actors))
    return bool(actors)


def _replay(history: History) -> bool:
    waiting = [consumer for consumer in READS if has_parked(history.nodes[consumer])]
    if waiting:
        steps.replay(history, history.rng.choice(waiting))
    return bool(waiting)


def _reread(history: History) -> bool:
    stopped = sorted(history.safety.stopped)
    if not stopped or not history.faults.strikes("stopped source read anew"):
        return False
    steps.reread(history, *history.rng.choice(stopped))
    return True


ACTS = (
    (
        _commit,
        _relay,
        _receive,
        _look,
        _replay,
        mischief.play_with_messages,
        mischief.cut_a_connection,
        mischief.shake_the_broker,
        mischief.keep_a_backup,
        mischief.damage_a_source,
        mischief.restore_the_consumer,
        _reread,
    ),
    (14, 24, 24, 14, 5, 10, 8, 2, 4, 8, 4, 5),
)
"""Who may act, and how often compared with the others; who has nothing to do says so, and another is drawn."""
