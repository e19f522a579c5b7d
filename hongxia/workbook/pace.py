"""Going through many rows without keeping the rest of the process waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from hongxia.workbook.declare import Row

ROWS_AT_ONCE = 200


class Paced(Sequence[Row]):
    """Rows that let the process do other things every few hundred of them, however a loader goes through them."""

    def __init__(self, rows: Sequence[Row], pause: Callable[[], None]) -> None:
        self._rows = rows
        self._pause = pause

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        for number, row in enumerate(self._rows):
            if number % ROWS_AT_ONCE == 0:
                self._pause()
            yield row
