"""What a source's log really was: every history that there ever was, by its last chain, as cursors name it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from .services import Node

START = "0" * 64


class Violation(AssertionError):
    """The platform broke a promise."""


def demand(holds: bool, promise: str, *details: object) -> None:
    """Raises Violation unless the promise holds."""
    if not holds:
        raise Violation(": ".join([promise, *map(str, details)]))


@dataclass(frozen=True, slots=True)
class Link:
    """One event at its place; `path` leads to it from the first one on."""

    position: int
    chain: str
    body: bytes
    type: str
    subject: str
    version: int
    amount: Any


class Log:
    """A source's log as it was seen to grow. Whoever alters it afterwards says so in `damaged`."""

    def __init__(self) -> None:
        self.paths: dict[str, tuple[Link, ...]] = {START: ()}
        self.tip = START
        self.damaged: set[int] = set()
        self.removed = 0

    @property
    def path(self) -> tuple[Link, ...]:
        """The current history."""
        return self.paths[self.tip]

    def read(self, node: Node) -> None:
        """Take in what was numbered since, and hold it against the rules of the log."""
        known = self.path
        rows = node.raw.execute(
            "SELECT position, typeposition, chain, body, type FROM outbox WHERE position > ? ORDER BY position",
            (len(known),),
        ).fetchall()
        for position, typeposition, chain, body, type_ in rows:
            demand(position == len(known) + 1, "positions have no gap", node.name, position)
            same = sum(link.type == type_ for link in known)
            demand(typeposition == same + 1, "positions by type have no gap", node.name, type_, typeposition)
            demand(chain == linked(self.tip, position, body), "the chain covers what was committed", position)
            said = json.loads(body)
            link = Link(
                position, chain, body, type_, said["subject"], said["entityversion"], said["data"].get("amount")
            )
            known = (*known, link)
            self.paths[chain], self.tip = known, chain
        head = node.raw.execute("SELECT position, chain FROM outbox_head").fetchone()
        demand(head == (len(known), self.tip), "the head is the log's last event", node.name, head)

    def whole_after(self, position: int, first: int) -> bool:
        """Whether a reader at this position can still read the current history on."""
        damaged = any(place > position for place in self.damaged)
        return not damaged and first <= position + 1


def linked(previous: str, position: int, body: bytes) -> str:
    """The chain after the design, written a second time."""
    said = json.loads(body)
    salt, fields = bytes.fromhex(said.pop("salt")), {**said.pop("data"), "subject": said.pop("subject")}
    said["fields"] = {
        name: sha256(sha256(salt + name.encode()).digest()[:16] + _json([name, value])).hexdigest()
        for name, value in fields.items()
    }
    return sha256(bytes.fromhex(previous) + position.to_bytes(8, "big") + sha256(_json(said)).digest()).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
