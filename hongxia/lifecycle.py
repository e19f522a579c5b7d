"""Life cycles: which states a record can be in, and which verbs lead from one to the next.

They are data: the code uses them, and docs/states.md draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hongxia.codes import Codes
from hongxia.rules import Conflicting, Violation

NEW = ""
"""The state of a record that does not exist yet."""


@dataclass(frozen=True)
class Lifecycle:
    """The life cycle of one kind of record.

    `thing` is its English name ("visit"), `label` its Chinese one, `states` the labels of its states by code,
    `moves` the state that follows, by (state, verb). A record begins with a move from NEW.
    """

    thing: str
    label: str
    states: Codes
    moves: Mapping[tuple[str, str], str]

    def __post_init__(self) -> None:
        for (before, verb), after in self.moves.items():
            if {before, after} - {NEW, *self.states}:
                raise ValueError(f"{self.thing}: {verb} leads from {before!r} to {after!r}, which is not a state")

    def after(self, state: str, verb: str) -> str:
        """Return the state that follows. Raises Conflicting (wrong-state) if the verb does not fit the state."""
        if (state, verb) not in self.moves:
            shown = self.states.get(state, "未登记")
            message = f"这条{self.label}的状态是“{shown}”，不能这样办理"
            raise Conflicting(Violation("", "wrong-state", message), extra={"state": state})
        return self.moves[state, verb]

    def allows(self, state: str, verb: str) -> bool:
        """Return whether the verb fits the state."""
        return (state, verb) in self.moves


def draw(service: str, lifecycles: Iterable[Lifecycle]) -> Iterator[str]:
    """Yield the lines of docs/states.md for the life cycles of a service: a Mermaid diagram each."""
    for lifecycle in lifecycles:
        yield f"### {lifecycle.label} (`{service}.{lifecycle.thing}`)"
        yield ""
        yield "```mermaid"
        yield "stateDiagram-v2"
        for code, label in lifecycle.states.items():
            yield f"    {_name(code)}: {label} ({code})"
        for (before, verb), after in lifecycle.moves.items():
            yield f"    {_name(before) if before else '[*]'} --> {_name(after)}: {verb}"
        yield "```"
        yield ""


def _name(code: str) -> str:
    return code.replace("-", "_")
