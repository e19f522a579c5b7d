"""The list of revoked tokens: a text file of the operator's that every service reads again when it changes.

A line is `<moment> <revoke|restore> <jti|subject> <value>`, or a remark that begins with `#`; of two lines about the
same value the later one counts. The file is only appended to, so that a reader never finds half a list, and it lies
outside the databases, so that no restored backup brings a revoked token back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from hongxia.dates import system_clock

LONGEST_LIFE = timedelta(days=90)
"""The longest life of a token. What was revoked longer ago (with the allowances for clocks) has ended by itself."""

KEPT = LONGEST_LIFE + timedelta(days=2)

REVOKED_TOKENS_FILE = "revoked_tokens"
"""The name of the list, in a directory of keys."""

Kind = Literal["jti", "subject"]
Act = Literal["revoke", "restore"]

VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,199}")
"""What a jti and a subject are made of."""


class BadList(ValueError):
    """The list can't be read. The text is Chinese and names the line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    moment: datetime
    act: Act
    kind: Kind
    value: str

    def line(self) -> str:
        """As it stands in the file."""
        moment = self.moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{moment} {self.act} {self.kind} {self.value}\n"


class Revoked:
    """The jtis and subjects whose tokens open nothing."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            self._entries.pop((entry.kind, entry.value), None)
            if entry.act == "revoke":
                self._entries[entry.kind, entry.value] = entry

    @classmethod
    def read(cls, text: str) -> Revoked:
        """Read the file's text. Raises BadList.

        A last line without its end is being written; it counts if it is whole, and is otherwise left out until it is.
        """
        *lines, last = text.split("\n")
        numbered = [(number, line) for number, line in enumerate(lines, start=1) if _is_entry(line)]
        entries = [_entry(number, line) for number, line in numbered]
        with suppress(BadList):
            entries += [_entry(len(lines) + 1, last)] if _is_entry(last) else []
        return cls(entries)

    def holds(self, jti: str, subject: str) -> bool:
        """Say whether a token was revoked, by its own jti or by its subject."""
        found = (self._entries.get(("jti", jti)), self._entries.get(("subject", subject)))
        return any(entry is not None and _counts(entry) for entry in found)

    def entries(self) -> list[Entry]:
        """Return the entries that still count, in the order in which they were made."""
        return [entry for entry in self._entries.values() if _counts(entry)]


def append(path: Path, entries: Iterable[Entry]) -> None:
    """Add entries to the file, which stays the same file: a container sees it under the name it had. Raises OSError."""
    with path.open("r+b") as file:
        content = file.read()
        missing_end = b"\n" if content and not content.endswith(b"\n") else b""
        file.write(missing_end + "".join(entry.line() for entry in entries).encode())


def _is_entry(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _counts(entry: Entry) -> bool:
    """An entry counts until the last token that it can be about has ended."""
    return system_clock() < entry.moment + KEPT


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _entry(number: int, line: str) -> Entry:
    parts = line.split()
    if len(parts) != 4 or parts[1] not in get_args(Act) or parts[2] not in get_args(Kind):
        raise BadList(f"第 {number} 行应为：时刻 revoke|restore jti|subject 代号")
    moment = _moment(parts[0])
    if moment is None:
        raise BadList(f"第 {number} 行的时刻应带时区，例如 2026-01-31T08:00:00Z")
    if not VALUE.fullmatch(parts[3]):
        raise BadList(f"第 {number} 行的代号只能含字母、数字与 . _ @ : -")
    return Entry(moment, parts[1], parts[2], parts[3])  # type: ignore[arg-type]
