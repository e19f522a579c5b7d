"""Which files of a directory calls enter, in their order."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from inspect import CO_GENERATOR
from pathlib import Path
from types import FrameType
from typing import Any, Self


class Entries:
    """Notes the files under a directory that are entered while the block runs.

    A file is entered by the call of a named function in it, when the nearest caller in the same directory stands in
    another file, or when there is none. So calls within a file are no entry, and neither is the end of a call, which
    takes the reader back to the line where it was made. A generator runs where its values are used, not where it was
    called: it enters its file only if no function of that file is at work, and once. Lambdas and comprehensions belong
    to the function that wrote them. Entries of one file that follow each other count once.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = str(directory)
        self.files: list[str] = []
        self._known: dict[int, FrameType] = {}

    def __enter__(self) -> Self:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        sys.setprofile(None)
        self._known.clear()

    def _note(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or not self._is_ours(frame) or id(frame) in self._known:
            return
        self._known[id(frame)] = frame  # kept, so that no other frame gets the same id
        file = frame.f_code.co_filename
        callers = self._callers(frame)
        within = callers if frame.f_code.co_flags & CO_GENERATOR else callers[:1]
        name = file.removeprefix(self.directory).lstrip("/")
        if file not in within and (not self.files or self.files[-1] != name):
            self.files.append(name)

    def _is_ours(self, frame: FrameType) -> bool:
        return frame.f_code.co_filename.startswith(self.directory + "/") and not frame.f_code.co_name.startswith("<")

    def _callers(self, frame: FrameType) -> list[str]:
        """The files of the calls that are under way, the nearest first."""
        files = []
        caller = frame.f_back
        while caller is not None:
            if self._is_ours(caller):
                files.append(caller.f_code.co_filename)
            caller = caller.f_back
        return files


def returns(files: Sequence[str]) -> list[str]:
    """Return the files that are entered again after another one was entered, once for each time."""
    return [file for index, file in enumerate(files) if file in files[:index]]
