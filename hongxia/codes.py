"""Lists of codes with their Chinese labels: declared once for API, workbook, events and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Codes(Mapping[str, str]):
    """An ordered, read-only mapping of codes to Chinese labels.

    >>> VISIT_FORMS = Codes(home="家访", hospital="医院探视")
    >>> VISIT_FORMS["home"]
    '家访'
    """

    def __init__(self, labels: Mapping[str, str] | None = None, /, **more: str) -> None:
        self._labels = {**(labels or {}), **more}
        if len(set(self._labels.values())) != len(self._labels):
            raise ValueError("two codes share a label")

    def __getitem__(self, code: str) -> str:
        return self._labels[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def __repr__(self) -> str:
        return f"Codes({self._labels!r})"

    @property
    def by_label(self) -> dict[str, str]:
        """The codes by their labels: a workbook's cells hold labels."""
        return {label: code for code, label in self._labels.items()}


def with_labels(codes: Mapping[str, str]) -> str:
    """Return codes with their labels in one text, for a message: "home（家访）、hospital（医院探视）"."""
    return "、".join(f"{code}（{label}）" if label != code else code for code, label in codes.items())


VOID_REASONS = Codes(
    {
        "entered-in-error": "录入错误",
        "duplicate": "重复登记",
        "wrong-subject": "记错了对象",
        "other": "其他",
    }
)
"""Why a record may be voided, whichever service keeps it."""

AMEND_REASONS = Codes(
    {
        "correction": "更正差错",
        "late-information": "补充后来得知的情况",
        "workbook": "按工作簿更正",
        "followed": "随相关记录更正",
        "other": "其他",
    }
)
"""Why a record may be amended."""
