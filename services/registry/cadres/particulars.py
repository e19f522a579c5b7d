"""What must hold of a cadre's particulars: the resident number, and dates that fit one another.

Messages never repeat a resident number, a name or a birth date, so that no personal data leaves in a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from stdnum.cn import ric

from hongxia.dates import lived_on
from hongxia.rules import Violation, not_before, not_future

if TYPE_CHECKING:  # the model imports this module, through its schema
    from services.registry.cadres.model import Cadre

FOUNDED = date(1949, 10, 1)
"""No bureau served anyone before the Republic was founded; an earlier registration is taken for a typing error."""

_DATES = (("joined_party_on", "入党日期"), ("registered_on", "登记日期"), ("deceased_on", "去世日期"))


def compact(number: str) -> str:
    """Return a resident number as it is kept: no blanks around it, the check letter in upper case."""
    text: str = ric.compact(number)
    return text


def resident_number_problem(number: str) -> str | None:
    """Return what is wrong with a resident number (GB 11643), in Chinese, or None.

    Length, digits, birth date and check digit, by stdnum. Its look-up of the region is left out on purpose: it asks
    which county existed in the year of birth, but numbers were first given out in 1984, so it refuses everyone born
    before that in a county that was coded later, as most cadres of a bureau were.
    """
    digits = compact(number)
    if len(digits) != 18:
        return "身份证号应为18位"
    if not (digits[:17].isascii() and digits[:17].isdigit()):
        return "身份证号前17位应为数字"
    try:
        born = birth_date(digits)
    except ValueError:
        return "身份证号中的出生日期不存在"
    if born.year < 1900:
        return "身份证号中的出生日期早于1900年"
    if digits[-1] != ric.calc_check_digit(digits):
        return "身份证号校验码不符，请核对"
    return None


def birth_date(number: str) -> date:
    """Return the birth date in a compact resident number. Raises ValueError if there is no such day."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def masked(number: str) -> str:
    """Return a resident number with all but the first and the last character hidden.

    More would give it away, because the birth date is shown beside it.
    """
    return f"{number[0]}{'*' * (len(number) - 2)}{number[-1]}"


def violations(values: Mapping[str, Any], today: date) -> Iterator[Violation]:
    """Yield everything that is wrong with particulars on their own; `deceased_on` may be left out."""
    problem = resident_number_problem(values["resident_number"])
    if problem:
        yield Violation("resident_number", "resident-number-invalid", problem)
        return
    born = birth_date(values["resident_number"])
    for name, what in _DATES:
        day = values.get(name)
        if day:
            yield from not_future(name, day, today, what)
        if day and day < born:
            yield Violation(name, "date-before-birth", f"{what} {day} 早于身份证号中的出生日期，请更正其中一个")
    registered, deceased = values["registered_on"], values.get("deceased_on")
    if registered < FOUNDED:
        yield Violation("registered_on", "date-too-early", f"登记日期 {registered} 早于 {FOUNDED}")
    if deceased and born <= deceased < registered:
        message = f"去世日期 {deceased} 早于登记日期 {registered}，请更正其中一个"
        yield Violation("deceased_on", "deceased-before-registration", message)


def day_violations(cadre: Cadre, field: str, day: date, what: str, today: date) -> Iterator[Violation]:
    """Check a day on which something happened to a cadre: not in the future, not before the registration, and not after
    the death. `what` names it in messages.
    """
    yield from not_future(field, day, today, what)
    yield from not_before(field, day, cadre.registered_on, "before-registration", what, "登记日期")
    if not lived_on(cadre.deceased_on, day):
        yield Violation(field, "cadre-deceased", f"该干部已于 {cadre.deceased_on} 去世，{what} {day} 在其后")
