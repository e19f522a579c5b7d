"""How a number is written as a decimal: exactly where its unit allows it, else rounded."""

from __future__ import annotations

from fractions import Fraction

from services.reporting.figures.measures import Unit


def exact(value: Fraction, unit: Unit) -> str:
    """Return a value in a unit: exact where the unit's decimals allow it, else rounded half up. A rate that is short
    of the whole is never rounded up to it.
    """
    scaled = value * unit.multiply_by / unit.divide_by
    for decimals in range(unit.least, unit.most + 1):
        if (scaled * 10**decimals).denominator == 1:
            return decimal(int(scaled * 10**decimals), decimals)
    step = 10**unit.most
    rounded = _half_up(scaled * step)
    whole = unit.multiply_by * step
    if unit.multiply_by > 1 and scaled * step < whole <= rounded:
        rounded = whole - 1
    decimals = unit.most
    while decimals > unit.least and rounded % 10 == 0:
        rounded, decimals = rounded // 10, decimals - 1
    return decimal(rounded, decimals)


def printed(value: str, unit: Unit) -> str:
    """Return an exact value as the office prints it: 11.199999 万元 as 11.20."""
    if unit.printed is None:
        return value
    return decimal(_half_up(Fraction(value) * 10**unit.printed), unit.printed)


def decimal(scaled: int, decimals: int) -> str:
    """Return an integer as the decimal with so many of its digits after the point: 1120 and 2 as 11.20."""
    sign, digits = "-" if scaled < 0 else "", f"{abs(scaled):0{decimals + 1}d}"
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


def _half_up(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + Fraction(1, 2))
