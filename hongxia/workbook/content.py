"""What a cell of a file can hold besides a plain text, number, truth value or date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Formatted:
    """A value whose number format decides what a person sees: a number, a text, or a date that is shown in part."""

    value: int | float | str | date
    code: str  # the number format, as the file writes it


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that has content but no usable value; `reason_zh` says why. One that is `blank` makes no row by itself."""

    reason_zh: str
    blank: bool = False


NO_RESULT = Unreadable("公式没有计算结果，请用 Excel 打开并保存，或粘贴为数值")
EMPTY_RESULT = Unreadable("公式的结果为空，请填写内容或清除公式", blank=True)
ERROR_VALUE = Unreadable("单元格是公式错误值，请改为实际内容")
NO_DATE = Unreadable("单元格是日期格式，但数值不是日期，请重新填写日期")
PICTURE = Unreadable("单元格是嵌入的图片，请改为文字")
