"""What must hold of a cadre's particulars: the resident number, and dates that fit one another.

Messages never repeat a value, so that no personal data leaves in an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

EARLIEST = date(1949, 10, 1)
"""No bureau served anyone before the Republic was founded; an earlier date of registration is a slip."""

_DATES = (("joined_party_on", "入党日期"), ("registered_on", "登记日期"), ("deceased_on", "去世日期"))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field (none: with the whole); a slug for machines, Chinese for people."""

    field: str
    slug: str
    message_zh: str


def compact(number: str) -> str:
    """A resident number as it is kept: no blanks around it, the check letter in upper case."""
    text: str = ric.compact(number)
    return text


def resident_number_problem(number: str) -> str | None:
    """What is wrong with a resident number (GB 11643), in Chinese, or None.

    Length, digits, birth date and check digit, by stdnum. Its look-up of the region is left out on purpose: it asks
    which county existed in the year of birth, but numbers were first given out in 1984, so it refuses everyone born
    before that in a county that was coded later, and most cadres of a bureau are such.
    """
    digits = compact(number)
    if len(digits) != 18:
        return "身份证号应为18位"
    if not (digits[:17].isascii() and digits[:17].isdigit()):
        return "身份证号前17位应为数字"
    try:
        born = ric.get_birth_date(digits)
    except ValidationError:
        return "身份证号中的出生日期不存在"
    if born.year < 1900:
        return "身份证号中的出生日期早于1900年"
    if digits[-1] != ric.calc_check_digit(digits):
        return "身份证号校验码不符，请核对"
    return None


def birth_date(number: str) -> date:
    """The birth date in a resident number that has no problem."""
    born: date = ric.get_birth_date(number)
    return born


def masked(number: str) -> str:
    """A resident number as those see it who need not know it: the first and the last character.

    More would give it away, because the birth date stands beside it.
    """
    return f"{number[0]}{'*' * (len(number) - 2)}{number[-1]}"


def age_band(born: date, on: date) -> str:
    """The decade of somebody's age on a day: "70-79", and "100+" from a hundred on."""
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    decade = age // 10 * 10
    return "100+" if age >= 100 else f"{decade}-{decade + 9}"


def faults(particulars: Mapping[str, Any], today: date) -> Iterator[Fault]:
    """Everything that is wrong with them, on their own; `deceased_on` may be left out."""
    problem = resident_number_problem(particulars["resident_number"])
    if problem:
        yield Fault("resident_number", "resident-number-invalid", problem)
        return
    for field, what in _DATES:
        on = particulars.get(field)
        if on and on > today:
            yield Fault(field, "date-in-future", f"{what}晚于今天")
    yield from order_faults(particulars)


def order_faults(particulars: Mapping[str, Any]) -> Iterator[Fault]:
    """Dates that contradict one another, where the resident number has no problem."""
    born = birth_date(particulars["resident_number"])
    for field, what in _DATES:
        on = particulars.get(field)
        if on and on < born:
            yield Fault(field, "date-before-birth", f"{what}早于身份证号中的出生日期")
    registered, deceased = particulars["registered_on"], particulars.get("deceased_on")
    if registered < EARLIEST:
        yield Fault("registered_on", "date-too-early", "登记日期早于1949年10月1日")
    if deceased and born <= deceased < registered:
        yield Fault("deceased_on", "deceased-before-registration", "去世日期早于登记日期")
