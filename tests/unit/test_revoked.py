"""The list of revoked tokens: what its lines mean, and how the file is read while it is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hongxia.revoked import KEPT, BadList, Entry, Revoked, append

NOW = datetime.now(UTC)


def line(act: str, kind: str, value: str, ago: timedelta = timedelta(0)) -> str:
    """A line of the list."""
    return f"{(NOW - ago).isoformat()} {act} {kind} {value}\n"


def test_a_token_is_held_by_its_number_or_its_subject_and_by_nothing_else() -> None:
    revoked = Revoked.read(line("revoke", "jti", "j-1") + line("revoke", "subject", "zhang"))
    assert revoked.holds("j-1", "li")
    assert revoked.holds("j-9", "zhang")
    assert not revoked.holds("zhang", "j-1")
    assert not revoked.holds("j-9", "li")


def test_the_later_of_two_lines_about_the_same_counts() -> None:
    both = line("revoke", "jti", "j") + line("restore", "jti", "j")
    assert not Revoked.read(both).holds("j", "x")
    assert Revoked.read(both + line("revoke", "jti", "j")).holds("j", "x")
    assert Revoked.read(line("revoke", "jti", "j") + line("restore", "subject", "j")).holds("j", "x")


def test_an_entry_counts_until_the_last_token_that_it_can_be_about_has_ended() -> None:
    assert Revoked.read(line("revoke", "jti", "j", KEPT - timedelta(hours=1))).holds("j", "x")
    old = Revoked.read(line("revoke", "jti", "j", KEPT + timedelta(hours=1)))
    assert not old.holds("j", "x")
    assert old.entries() == []


def test_what_was_added_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("# 吊销的令牌\n\n" + line("revoke", "jti", "first").rstrip())
    append(path, [Entry(NOW, "revoke", "subject", "zhang"), Entry(NOW, "revoke", "jti", "j")])
    found = Revoked.read(path.read_text())
    assert [entry.value for entry in found.entries()] == ["first", "zhang", "j"]


def test_adding_keeps_the_file_so_that_a_container_sees_it(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.touch()
    before = path.stat().st_ino
    append(path, [Entry(NOW, "revoke", "jti", "j")])
    assert path.stat().st_ino == before
    with pytest.raises(FileNotFoundError):
        append(tmp_path / "none", [])


def test_each_beginning_of_a_line_that_is_being_written_is_read_without_complaint() -> None:
    whole = line("revoke", "subject", "wang")
    added = line("revoke", "jti", "j-1")
    for end in range(len(added) + 1):
        assert Revoked.read(whole + added[:end]).holds("any", "wang")


@pytest.mark.parametrize("text", ["nonsense", "2026-01-01T00:00:00 revoke jti j", f"{NOW.isoformat()} delete jti j"])
def test_a_line_in_the_middle_that_makes_no_sense_is_named(text: str) -> None:
    with pytest.raises(BadList, match="第 2 行"):
        Revoked.read(line("revoke", "jti", "j") + text + "\n" + line("revoke", "jti", "k"))
