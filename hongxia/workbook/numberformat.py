"""Number formats: what Excel shows for a value, where that is known exactly.

The grammar is that of ECMA-376 part 1, 18.8.30-31. What is not rendered here (fractions, exponents, Chinese numerals,
formats of unknown numbers) is None, so that the caller can refuse the cell instead of guessing.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache

from openpyxl.styles.numbers import BUILTIN_FORMATS, STRIP_RE, is_date_format

GENERAL = "General"
TEXT = "@"
UNKNOWN = "[?]"
"""Stands for a format that the file does not give: what it shows is unknown."""
EXACT_DIGITS = 15
"""Excel keeps 15 significant digits: a longer number typed as a number has lost its last digits already."""

_YEAR_MONTH, _MONTH_DAY = 'yyyy"年"m"月"', 'm"月"d"日"'
_TIME, _TIME_SECONDS = '上午/下午h"时"mm"分"', '上午/下午h"时"mm"分"ss"秒"'

# Built-in formats of Excel in Chinese (ECMA-376 part 1, 18.8.30, zh-cn), which openpyxl's table leaves out, and 44,
# which stands there without its semicolons.
BUILTIN = BUILTIN_FORMATS | {
    44: r'_("$"* #,##0.00_);_("$"* \(#,##0.00\);_("$"* "-"??_);_(@_)',
    27: _YEAR_MONTH,
    28: _MONTH_DAY,
    29: _MONTH_DAY,
    30: "m-d-yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    34: _TIME,
    35: _TIME_SECONDS,
    36: _YEAR_MONTH,
    50: _YEAR_MONTH,
    51: _MONTH_DAY,
    52: _YEAR_MONTH,
    53: _MONTH_DAY,
    54: _MONTH_DAY,
    55: _TIME,
    56: _TIME_SECONDS,
    57: _YEAR_MONTH,
    58: _MONTH_DAY,
}

_LARGEST = Decimal(10) ** 20
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General|G/通用格式)|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<text>@)"
    r"|(?P<end>;)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(
    r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d{1,2}|[黑蓝青绿红白黄]色?|洋红色?|颜色 ?\d+)", re.I
)
_CURRENCY = re.compile(r"\$([^-]*)(?:-[0-9A-Fa-f]*)?")
_CONDITION = re.compile(r"(<=|>=|<>|=|<|>)\s*(-?\d+(?:\.\d+)?)")
_COMPARE = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person sees: the text, the size of the number that its digits say (None without any), and whether that
    number is the whole of the stored one (in its own scale: 50 for 0.5 shown as 50%).
    """

    text: str
    number: Decimal | None
    exact: bool


@dataclass(frozen=True, slots=True)
class _Section:
    """One of the parts between semicolons: tokens as (kind, text), and the condition that selects it."""

    tokens: tuple[tuple[str, str], ...]
    condition: tuple[str, Decimal] | None

    def has(self, kind: str) -> bool:
        return any(token == kind for token, _ in self.tokens)


def builtin(number: int) -> str:
    """The format code of a built-in number, UNKNOWN for a number that is not built in."""
    return BUILTIN.get(number, UNKNOWN)


def is_date(code: str) -> bool:
    """Whether a number under that format is shown as a date or a time."""
    return bool(is_date_format(code)) or "aaa" in _bare(code)


def shows_whole_date(code: str) -> bool:
    """Whether a date format shows year, month and day."""
    return _bare(code).find("d") >= 0 and any(letter in _bare(code) for letter in "ye")


def _bare(code: str) -> str:
    """The first section of a format without quoted texts, brackets and escaped characters, in small letters."""
    return re.sub(r"[\\!_*].", "", STRIP_RE.sub("", code)).split(";")[0].lower()


def decimal_of(value: int | float) -> Decimal:
    """The number that Excel means: 15 significant digits of a stored double."""
    return Decimal(value) if isinstance(value, int) else Decimal(format(value, f".{EXACT_DIGITS}g"))


def plain(number: Decimal) -> str:
    """A number in digits, without exponent and without zeros at its end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown_text(text: str, code: str) -> str | None:
    """What is shown for a text under that format; None where it is unknown."""
    sections = _sections(code)
    section = sections[3] if len(sections) > 3 else sections[-1]
    if len(sections) <= 3 and not section.has("text"):
        return text
    if _unknown(section):
        return None
    return "".join(text if kind == "text" else literal for kind, literal in section.tokens)


@lru_cache(maxsize=4096)
def shown_number(value: int | float, code: str) -> Shown | None:
    """What is shown for a number under that format; None where it is unknown."""
    number = decimal_of(value)
    section = _chosen(_sections(code), number)
    if section is None or _unknown(section) or section.has("text") or abs(number) > _LARGEST:
        return None
    signed = number < 0 and section is _sections(code)[0]
    shown = _general(section, abs(number)) if section.has("general") else _digits(section, abs(number))
    return Shown("-" + shown.text, shown.number, shown.exact) if signed else shown


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    """The parts of a format between its semicolons."""
    parts: list[list[tuple[str, str]]] = [[]]
    conditions: dict[int, tuple[str, Decimal]] = {}
    for match in _TOKEN.finditer(code):
        kind, text = str(match.lastgroup), match[str(match.lastgroup)]
        if kind == "end":
            parts.append([])
        elif kind == "bracket" and (condition := _CONDITION.fullmatch(text)):
            conditions[len(parts) - 1] = (condition[1], Decimal(condition[2]))
        else:
            parts[-1].append(_token(kind, text))
    return tuple(_Section(tuple(part), conditions.get(index)) for index, part in enumerate(parts))


def _token(kind: str, text: str) -> tuple[str, str]:
    if kind in ("quoted", "escaped"):
        return "literal", text
    if kind in ("space", "fill"):
        return "literal", " " if kind == "space" else ""
    if kind == "bracket":
        currency = _CURRENCY.fullmatch(text)
        return ("literal", currency[1] if currency else "") if currency or _COLOUR.fullmatch(text) else ("unknown", "")
    if kind == "other":
        return ("unknown", "") if text.isascii() and (text.isalnum() or text == "/") else ("literal", text)
    return kind, text


def _unknown(section: _Section) -> bool:
    return section.has("unknown")


def _chosen(sections: tuple[_Section, ...], number: Decimal) -> _Section | None:
    """The section that shows the number, by its condition or else by its sign."""
    if any(section.condition for section in sections):
        return _by_condition(sections[:3], number)
    if len(sections) > 2 and number == 0:
        return sections[2]
    return sections[1] if len(sections) > 1 and number < 0 else sections[0]


def _by_condition(sections: tuple[_Section, ...], number: Decimal) -> _Section | None:
    for section in sections:
        if section.condition and _COMPARE[section.condition[0]](number, section.condition[1]):
            return section
    others = [section for section in sections if section.condition is None]
    return others[0] if len(others) == 1 else None


def _general(section: _Section, magnitude: Decimal) -> Shown:
    digits = plain(magnitude)
    return Shown("".join(digits if kind == "general" else text for kind, text in section.tokens), magnitude, True)


def _digits(section: _Section, magnitude: Decimal) -> Shown:
    """A number put into the section's places 0, # and ?, rounded half up to as many decimals as there are places."""
    kinds = [kind for kind, _ in section.tokens]
    places = [index for index, kind in enumerate(kinds) if kind == "digit"]
    if not places:
        return Shown("".join(text for _, text in section.tokens), None, True)
    point = kinds.index("point") if "point" in kinds else len(kinds)
    whole, decimals = [at for at in places if at < point], [at for at in places if at > point]
    commas = [index for index, kind in enumerate(kinds) if kind == "comma"]
    scaling = [at for at in commas if at > places[-1] or (whole and whole[-1] < at < point)]
    with localcontext(prec=80):
        factor = Decimal(100) ** kinds.count("percent") / Decimal(1000) ** len(scaling)
        number = (magnitude * factor).quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
        exact = number == magnitude * factor
    integer, _, fraction = format(number, "f").partition(".")
    filled = dict(enumerate(text if kind != "comma" else "" for kind, text in section.tokens))
    filled |= _fill_whole(section, whole, integer.lstrip("0"), grouped=len(commas) > len(scaling))
    filled |= _fill_decimals(section, decimals, fraction)
    return Shown("".join(filled.values()), number, exact)


def _fill_whole(section: _Section, places: list[int], digits: str, *, grouped: bool) -> dict[int, str]:
    """The digits before the point, from the right; what is left over stands in the first place."""
    filled: dict[int, str] = {}
    for count, at in enumerate(reversed(places)):
        first = count == len(places) - 1
        own = digits if first else digits[-1:]
        digits = "" if first else digits[:-1]
        own = own or {"0": "0", "#": "", "?": " "}[section.tokens[at][1]]
        filled[at] = _grouped(own, count) if grouped else own
    return filled


def _grouped(digits: str, to_the_right: int) -> str:
    """Digits with a comma after every one that has a multiple of three digits to its right."""
    size = len(digits)
    return "".join(
        digit + ("," if digit.isdigit() and (right := to_the_right + size - 1 - index) and right % 3 == 0 else "")
        for index, digit in enumerate(digits)
    )


def _fill_decimals(section: _Section, places: list[int], digits: str) -> dict[int, str]:
    significant = len(digits.rstrip("0"))
    return {
        at: digits[index]
        if index < significant or section.tokens[at][1] == "0"
        else ("", " ")[section.tokens[at][1] == "?"]
        for index, at in enumerate(places)
    }
