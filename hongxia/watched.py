"""Files that are read again when they change, so that keys and lists take effect without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

Value = TypeVar("Value")

CHECK_SECONDS = 1.0
"""How often a file is looked at, at most."""


class Watched(Generic[Value]):
    """What a file holds now. While it can't be read or makes no sense, what was read last counts."""

    def __init__(
        self,
        path: str | None,
        value: Value,
        parse: Callable[[str], Value],
        failed: Callable[[str, Exception], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`value` was read at the start; without a path it counts for ever. `parse` raises ValueError. `failed` is
        called with the path and the error, once for each version of the file that can't be used.
        """
        self._path = Path(path) if path else None
        self._value = value
        self._parse = parse
        self._failed = failed
        self._clock = clock
        self._checked = float("-inf")
        self._version: object = None

    def current(self) -> Value:
        """Return what counts now; the file is looked at again after CHECK_SECONDS."""
        now = self._clock()
        if self._path is not None and now - self._checked >= CHECK_SECONDS:
            self._checked = now
            self._look(self._path)
        return self._value

    def _look(self, path: Path) -> None:
        version: object = None
        try:
            stat = path.stat()
            version = (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
            if version == self._version:
                return
            self._value = self._parse(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            if self._version != (version, "failed"):
                self._failed(str(path), error)
            self._version = (version, "failed")
            return
        self._version = version
