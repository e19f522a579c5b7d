"""How a rule refuses: named errors with the field, a code for machines, and a Chinese message for people.

Rules know no HTTP and no Excel. What they raise is translated in two places: hongxia.http.refusals turns it into a
problem document, hongxia.workbook.reconcile into errors of cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

EARLIEST = date(1990, 1, 1)
"""Offices keep no older records; an earlier date is taken for a typing error."""


ENTERED_TWICE = "entered-twice"
"""The question whether a record that equals another one is a second one; and the contradiction of two that are one."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field. `field` is the name that the record's schema gives it ("" means the whole record,
    "units/2/attended" a field within a list), `code` a stable name of the rule, `message` Chinese.
    """

    field: str
    code: str
    message: str


class Refusal(Exception):
    """A rule refused something. `extra` holds plain values that help a program to go on, never personal data."""

    def __init__(self, *violations: Violation, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(violations[0].code)
        self.violations = violations
        self.extra = dict(extra or {})

    @property
    def code(self) -> str:
        """The code of the first violation."""
        return self.violations[0].code

    @property
    def message(self) -> str:
        """All messages in one text, each once."""
        return "；".join(dict.fromkeys(violation.message for violation in self.violations))


class Refused(Refusal):
    """A rule forbids it."""


class Conflicting(Refusal):
    """It conflicts with what is recorded already."""


class Missing(Refusal):
    """The record does not exist."""


class Question(Conflicting):
    """It may be a mistake. It is done once the caller confirms it with the question's code."""


def refuse(violations: Iterable[Violation], *, extra: Mapping[str, Any] | None = None) -> None:
    """Raise Refused with all violations, if there are any."""
    found = tuple(violations)
    if found:
        raise Refused(*found, extra=extra)


def ask(question: Violation, confirmed: Iterable[str], *, extra: Mapping[str, Any] | None = None) -> None:
    """Raise Question unless its code is among those that the caller has confirmed."""
    if question.code not in confirmed:
        raise Question(question, extra=extra)


def not_future(field: str, day: date, today: date, what: str = "日期") -> Iterator[Violation]:
    """Yield a violation if a day is after today; `what` names it in the message."""
    if day > today:
        yield Violation(field, "date-in-future", f"{what} {day} 在今天（{today}）之后")


def past_day(field: str, day: date, today: date, earliest: date = EARLIEST) -> Iterator[Violation]:
    """Yield what is wrong with a day on which something happened: after today, or before `earliest`."""
    yield from not_future(field, day, today)
    if day < earliest:
        yield Violation(field, "date-too-early", f"日期 {day} 早于 {earliest}")


def not_before(field: str, day: date, other: date, code: str, what: str, other_what: str) -> Iterator[Violation]:
    """Yield a violation if a day is before another one; the message names both days."""
    if day < other:
        yield Violation(field, code, f"{what} {day} 早于{other_what} {other}")
