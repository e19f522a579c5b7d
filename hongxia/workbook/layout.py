"""The words on a workbook's own sheets, shared by reader, writer and documentation."""

from __future__ import annotations

import unicodedata

COVER = "封面"
HELP = "说明"
CHOICES = "选项"  # hidden: the labels behind the drop-down lists
OWN_SHEETS = (COVER, HELP, CHOICES)

TITLE = "表名"
YEAR = "年度"
UNIT = "单位名称"
NOTES = "填表说明"


def same_title(written: str, declared: str) -> bool:
    """Whether a sheet name or header means the declared one: width, blanks and a mark of duty (*) aside."""
    return _bare(written) == _bare(declared)


def _bare(title: str) -> str:
    return "".join(unicodedata.normalize("NFKC", title).split()).rstrip("*")
