"""Files that are read again when they change."""

from __future__ import annotations

from pathlib import Path

from hongxia.watched import CHECK_SECONDS, Watched


class Reading:
    """A number in a file, the clock by which it is looked at, and the failures."""

    def __init__(self, path: Path | None) -> None:
        self.now = 0.0
        self.failures: list[str] = []
        self.reads = 0
        self.watched = Watched(
            str(path) if path else None,
            0,
            self._parse,
            lambda _path, error: self.failures.append(type(error).__name__),
            lambda: self.now,
        )

    def _parse(self, text: str) -> int:
        self.reads += 1
        return int(text)

    def later(self) -> int:
        """What counts when the file may be looked at again."""
        self.now += CHECK_SECONDS
        return self.watched.current()


def test_a_change_counts_once_the_file_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "number"
    path.write_text("1")
    reading = Reading(path)
    assert reading.watched.current() == 1
    path.write_text("22")
    assert reading.watched.current() == 1
    assert reading.later() == 22
    assert (reading.later(), reading.reads) == (22, 2)


def test_a_file_that_is_replaced_is_read_too(tmp_path: Path) -> None:
    path, new = tmp_path / "number", tmp_path / "new"
    path.write_text("1")
    reading = Reading(path)
    assert reading.watched.current() == 1
    new.write_text("2")
    new.replace(path)
    assert reading.later() == 2


def test_what_was_read_last_counts_while_the_file_makes_no_sense_or_is_away(tmp_path: Path) -> None:
    path = tmp_path / "number"
    path.write_text("7")
    reading = Reading(path)
    assert reading.watched.current() == 7
    path.write_text("")
    assert (reading.later(), reading.later(), reading.failures) == (7, 7, ["ValueError"])
    path.unlink()
    assert (reading.later(), reading.later(), reading.failures) == (7, 7, ["ValueError", "FileNotFoundError"])
    path.write_bytes(b"\xff")
    assert (reading.later(), reading.failures[2:]) == (7, ["UnicodeDecodeError"])
    path.write_text("8")
    assert reading.later() == 8


def test_a_value_without_a_file_counts_for_ever() -> None:
    assert Reading(None).later() == 0
