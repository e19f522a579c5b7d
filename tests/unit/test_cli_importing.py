from __future__ import annotations

from pathlib import Path

import pytest

from hongxia.cli.importing import Kind, sorted_files
from hongxia.client import ClientError
from hongxia.workbook.write import write
from services.finance.workbook import BUDGET
from services.registry.workbook import CADRES

KNOWN = {book.title_zh: Kind(book.service, book.name, book.title_zh, book.order) for book in (CADRES, BUDGET)}


def test_files_are_known_by_their_cover_and_sorted_by_what_refers_to_what(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(write(BUDGET, 2022, "某局"))
    (tmp_path / "b.XLSX").write_bytes(write(CADRES, 2022, "某局"))
    (tmp_path / "~$a.xlsx").write_bytes(b"Excel's own lock")
    (tmp_path / ".hidden.xlsx").write_bytes(b"somebody's own")
    assert [file.path.name for file in sorted_files(tmp_path, KNOWN)] == ["b.XLSX", "a.xlsx"]


def test_an_empty_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=r"没有 \.xlsx 工作簿"):
        sorted_files(tmp_path, KNOWN)
