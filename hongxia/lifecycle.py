"""Life cycles: which states a record can be in, and which verbs lead from one to the next.

They are data: the code uses them, and docs/states.md draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hongxia.codes import Codes
from hongxia.rules import Conflicting, Violation

NEW = ""
"""The state of a record that does not exist yet."""

ACTS = Codes(amend="修改", void="作废")
"""What people do to records of every kind, by verb."""


@dataclass(frozen=True)
class Lifecycle:
    """The life cycle of one kind of record.

    `thing` is its English name ("visit"), `label` its Chinese one, `states` the labels of its states by code,
    `moves` the state that follows, by (state, verb). A record begins with a move from NEW. `acts` has the Chinese words
    of the verbs that people do by a route, besides ACTS; other verbs follow from something else. `remedies` says in
    Chinese, by state, what to do instead where that is none of these.
    """

    thing: str
    label: str
    states: Codes
    moves: Mapping[tuple[str, str], str]
    acts: Mapping[str, str] = field(default_factory=dict)
    remedies: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for (before, verb), after in self.moves.items():
            if {before, after} - {NEW, *self.states}:
                raise ValueError(f"{self.thing}: {verb} leads from {before!r} to {after!r}, which is not a state")

    def after(self, state: str, verb: str) -> str:
        """Return the state that follows. Raises Conflicting (wrong-state) if the verb does not fit the state."""
        if (state, verb) not in self.moves:
            shown = self.states.get(state, "未登记")
            message = f"这条{self.label}的状态是“{shown}”，不能{self._word(verb) or '这样办理'}；{self.ways_on(state)}"
            raise Conflicting(Violation("", "wrong-state", message), extra={"state": state})
        return self.moves[state, verb]

    def ways_on(self, state: str) -> str:
        """Return what people can do in a state, in Chinese: the remedy that refusals name."""
        if state in self.remedies:
            return self.remedies[state]
        words = dict.fromkeys(word for (before, verb) in self.moves if before == state and (word := self._word(verb)))
        return f"现在可以{'、'.join(words)}" if words else "确有需要的请另行登记"

    def _word(self, verb: str) -> str | None:
        return {**ACTS, **self.acts}.get(verb)

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
