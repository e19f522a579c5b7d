"""What the rules of all things in outreach have in common: objections, dates, transitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from hongxia.http.problems import Conflict, Problem, Rule

EARLIEST = date(1990, 1, 1)
"""No record that offices still keep is older; a date before is a slip of the pen."""


def refuse(objections: Iterable[Problem]) -> None:
    """Raise the first objection, with the errors of all of them; nothing if there is none."""
    found = list(objections)
    if found:
        first = found[0]
        errors = [error for objection in found for error in objection.errors]
        raise type(first)(first.detail, slug=first.slug, errors=errors, extra=first.extra)


def day_objections(on: date, today: date, pointer: str) -> Iterator[Rule]:
    """Of a date on which something happened: not in the future, not before 1990."""
    if on > today:
        yield Rule("日期在今天之后", slug="date-in-future", pointer=pointer)
    if on < EARLIEST:
        yield Rule("日期早于1990年", slug="date-too-early", pointer=pointer)


def next_state(transitions: Mapping[tuple[str, str], str], state: str, verb: str) -> str:
    """The state after a verb, by a table of transitions. Raises Conflict where the table has none."""
    if (state, verb) not in transitions:
        raise Conflict("记录的当前状态不允许这样办理", slug="wrong-state", extra={"state": state})
    return transitions[state, verb]
