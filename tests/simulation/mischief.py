"""What nobody does on purpose: messages tampered with, the broker gone, logs altered, backups put back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING

from hongxia.events import feed
from hongxia.events.canonical import canonical

from .faults import DAMAGE, MISCHIEF
from .services import SOURCES

if TYPE_CHECKING:
    from .history import History


@dataclass(frozen=True, slots=True)
class Backup:
    """A service's database, and where its own log stood."""

    database: Connection
    tip: str


def play_with_messages(history: History) -> bool:
    """Something happens to messages in a queue."""
    full = [queue for queue in history.broker.queues.values() if queue]
    kind = history.faults.one_of(MISCHIEF)
    if not full or not kind:
        return False
    history.faults.note(kind)
    history.broker.play(kind, history.rng.choice(full))
    return True


def cut_a_connection(history: History) -> bool:
    """A consumer's connection breaks; it goes on with what it has in hand while that is delivered to another. Or a
    firewall drops it, so that the broker gives nothing to another either, until it notices.
    """
    in_hand = list(history.broker.in_hand.values())
    kind = history.faults.one_of(("connection lost with messages in hand", "consumer cut without notice"))
    if not in_hand or not kind:
        return False
    delivery = history.rng.choice(in_hand)
    if delivery.cut:
        history.broker.notice_cuts()
        return True
    history.faults.note(kind)
    if kind == "consumer cut without notice":
        delivery.cut = True
    else:
        history.broker.take_back(delivery)
    return True


def shake_the_broker(history: History) -> bool:
    """The broker goes, comes back, loses its disk, falls silent or has an alarm."""
    broker = history.broker
    strike = {
        "broker away": broker.go_away,
        "broker wiped": broker.wipe,
        "broker silent": broker.fall_silent,
        "broker alarm": broker.raise_an_alarm,
    }
    kind = history.faults.one_of(tuple(strike))
    if broker.away:
        broker.away = False
        return True
    if broker.silent or broker.alarm:
        broker.wake_up()
        return True
    if not kind:
        return False
    history.faults.note(kind)
    strike[kind]()
    return True


def keep_a_backup(history: History) -> bool:
    """Of one service whose log nobody has touched."""
    name = history.rng.choice(list(history.nodes))
    if name in history.damaged:
        return False
    log = history.safety.logs.get(name)
    history.backups[name] = Backup(history.nodes[name].snapshot(), log.tip if log else "")
    return True


def restore_the_consumer(history: History) -> bool:
    """The ledger's database is put back to an older state; whatever it has lost the feeds still have."""
    backup = history.backups.get("ledger")
    if not backup or not _stopped(history, "ledger") or not history.faults.strikes("consumer restored from a backup"):
        return False
    _put_back(history, "ledger", backup)
    return True


def damage_a_source(history: History) -> bool:
    """A source's log becomes another one; once in a history for each."""
    source, kind = history.rng.choice(SOURCES), history.faults.one_of(DAMAGE)
    history.safety.logs[source].read(history.nodes[source])
    if not kind or source in history.damaged or not _damages[kind](history, source):
        return False
    history.damaged.add(source)
    history.faults.note(kind)
    history.say(f"{source} is damaged")
    return True


def _restore(history: History, source: str) -> bool:
    backup = history.backups.get(source)
    if backup is None or not _stopped(history, source):
        return False
    _put_back(history, source, backup)
    log = history.safety.logs[source]
    log.tip = backup.tip
    for settled in (history.broker.taken, history.broker.named):
        settled[source] = {position for position in settled[source] if position <= len(log.path)}
    for line in history.broker.lines:
        if line.wire.source == source:
            line.unread.clear()
    return True


def _stopped(history: History, service: str) -> bool:
    """Whether nobody of the service is at work: a database is put back only then."""
    return not any(actor.busy for actor in history.actors if actor.service == service)


def _put_back(history: History, service: str, backup: Backup) -> None:
    for actor in history.actors:
        if actor.service == service:
            history.end(actor)
    history.safety.marks.pop(service, None)
    history.nodes[service].restore(backup.database)
    for key in [key for key in history.safety.stopped if key[0] == service]:
        del history.safety.stopped[key]


def _alter(history: History, source: str) -> bool:
    raw = history.nodes[source].raw
    rows = raw.execute("SELECT position, body FROM outbox WHERE position IS NOT NULL").fetchall()[-4:]
    if not rows:
        return False
    position, body = history.rng.choice(rows)
    if history.rng.random() < 0.5:
        said = json.loads(body)
        said["data"] = {"amount": 1_000_000}
        raw.execute("UPDATE outbox SET body = ? WHERE position = ?", (canonical(said), position))
    else:
        raw.execute("UPDATE outbox SET chain = ? WHERE position = ?", ("f" * 64, position))
    history.safety.logs[source].damaged.add(position)
    return True


def _remove(history: History, source: str) -> bool:
    raw = history.nodes[source].raw
    (published,) = raw.execute("SELECT published FROM outbox_head").fetchone()
    if not published:
        return False
    position = history.rng.randint(max(1, published - 3), published)
    raw.execute("DELETE FROM outbox WHERE position = ?", (position,))
    history.safety.logs[source].damaged.add(position)
    history.safety.logs[source].removed += 1
    return True


def _forget(history: History, source: str) -> bool:
    context = history.context(source)
    raw = history.nodes[source].raw
    rows = raw.execute("SELECT recorded FROM outbox").fetchall()
    if not rows:
        return False
    before = type(context.now).fromisoformat(history.rng.choice(rows)[0]).replace(tzinfo=context.now.tzinfo)
    return feed.forget(history.nodes[source].database, context, before) > 0


_damages = dict(zip(DAMAGE, (_restore, _alter, _remove, _forget), strict=True))
