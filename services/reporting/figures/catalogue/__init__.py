"""The indicator catalogue: YAML files, each named by the year that it holds from, checked when they are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from hongxia.patterns import FullMatch
from services.reporting.facts.rules import KINDS
from services.reporting.figures.measures import (
    Beside,
    Count,
    Coverage,
    Distinct,
    Indicator,
    Ratio,
    Selection,
    Sum,
    Total,
    Undeclared,
    Unit,
)

FOLDER = Path(__file__).parent

CATEGORIES = {
    "资金": ("预算", "执行"),
    "产出": ("数量", "质量", "时效", "成本"),
    "效益": ("经济效益", "社会效益", "生态效益", "可持续影响"),
    "满意度": ("服务对象满意度",),
}
"""The form's first two levels (财政部《项目支出绩效评价管理办法》, 绩效自评表)."""

FULL_MARKS = 100


@dataclass(frozen=True)
class Catalogue:
    """The indicators that hold from a year on, in the order in which they are shown: those of the report, and those
    beyond it, which are answered but stand in no report.
    """

    year: int
    indicators: tuple[Indicator, ...]
    beyond: tuple[Indicator, ...] = ()

    def find(self, code: str) -> Indicator | None:
        """Return the indicator with a code, or None."""
        return next((indicator for indicator in (*self.indicators, *self.beyond) if indicator.code == code), None)


class KindField(fields.String):
    """The name of a kind of fact, loaded as the kind."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if value not in KINDS:
            raise ValidationError(f"no kind of fact: {value}")
        return KINDS[value]


class SelectionIn(Schema):
    """Which facts."""

    of = KindField(required=True, attribute="kind")
    where = fields.Dict(keys=fields.String(), values=fields.Raw(), load_default=dict)
    filled = fields.List(fields.String(), load_default=list)
    empty = fields.List(fields.String(), load_default=list)
    by = fields.String(load_default=None)
    on = fields.String(load_default=None)
    parent = fields.Nested(lambda: SelectionIn(), load_default=None)
    also = fields.Nested(lambda: SelectionIn(), load_default=None)
    unless = fields.Nested(lambda: SelectionIn(), load_default=None)

    @post_load
    def _loaded(self, data: dict[str, Any], **_: Any) -> Any:
        where = {name: tuple(v) if isinstance(v, list) else (v,) for name, v in data.pop("where").items()}
        more = {name: data.pop(name) for name in ("field", "fields") if name in data}
        data |= {"where": where, "filled": tuple(data["filled"]), "empty": tuple(data["empty"])}
        try:
            return self._measure(Selection(**data), **more)
        except Undeclared as error:
            raise ValidationError(str(error)) from None

    def _measure(self, selection: Selection) -> Any:
        return selection


class CountIn(SelectionIn):
    """A count."""

    def _measure(self, selection: Selection) -> Any:
        return Count(selection)


class SumIn(SelectionIn):
    """A sum of one number."""

    field = fields.String(required=True)

    def _measure(self, selection: Selection, field: str = "") -> Any:
        return Sum(selection, field)


class DistinctIn(SelectionIn):
    """A count of different values. The field is called `fields`, which marshmallow keeps for itself."""

    class Meta:
        include = {"fields": fields.List(fields.String(), required=True, validate=validate.Length(1))}

    def _measure(self, selection: Selection, fields: list[str] | None = None) -> Any:
        return Distinct(selection, tuple(fields or ()))


class SimpleIn(Schema):
    """One measure that is no rate."""

    MEASURES: ClassVar[tuple[str, ...]] = ("count", "sum", "distinct", "total")

    count = fields.Nested(CountIn)
    sum = fields.Nested(SumIn)
    distinct = fields.Nested(DistinctIn)
    total = fields.List(fields.Nested(lambda: SimpleIn()), validate=validate.Length(1))

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if len(data.keys() & set(self.MEASURES)) != 1:
            raise ValidationError(f"exactly one of {', '.join(self.MEASURES)}")

    @post_load
    def _loaded(self, data: dict[str, Any], **_: Any) -> Any:
        return self._measure(data)

    def _measure(self, data: dict[str, Any]) -> Any:
        found = next(data.pop(name) for name in self.MEASURES if name in data)
        return Total(tuple(found)) if isinstance(found, list) else found


class RatioIn(Schema):
    """One measure by another."""

    numerator = fields.Nested(SimpleIn, required=True)
    denominator = fields.Nested(SimpleIn, required=True)

    @post_load
    def _loaded(self, data: dict[str, Any], **_: Any) -> Ratio:
        return Ratio(**data)


class CoverageIn(Schema):
    """Person-months."""

    due = KindField(required=True)
    until = fields.String(required=True)
    by = KindField(required=True)
    away = fields.String(load_default="")

    @post_load
    def _loaded(self, data: dict[str, Any], **_: Any) -> Coverage:
        try:
            return Coverage(**data)
        except Undeclared as error:
            raise ValidationError(str(error)) from None


class BesideIn(SimpleIn):
    """A remark with a number."""

    say = fields.String(required=True)

    def _measure(self, data: dict[str, Any]) -> Any:
        try:
            return Beside(data.pop("say"), super()._measure(data))
        except Undeclared as error:
            raise ValidationError(str(error)) from None


class IndicatorIn(SimpleIn):
    """One entry."""

    MEASURES = (*SimpleIn.MEASURES, "ratio", "coverage")

    code = fields.String(required=True, validate=FullMatch(r"^[a-z]+(\.[a-z_]+)+$"))
    name = fields.String(required=True, validate=validate.Length(1, 60))
    unit = fields.String(required=True, validate=validate.Length(1, 10))
    category = fields.Tuple((fields.String(), fields.String()), required=True)
    weight = fields.Decimal(required=True, validate=validate.Range(0, FULL_MARKS))
    target = fields.Decimal(load_default=None, validate=validate.Range(0, min_inclusive=False))
    printed_as = fields.String(load_default=None)
    pending = fields.Nested(SelectionIn, load_default=None)
    beside = fields.List(fields.Nested(BesideIn), load_default=list)
    ratio = fields.Nested(RatioIn)
    coverage = fields.Nested(CoverageIn)

    @validates_schema
    def _category_is_known(self, data: dict[str, Any], **_: Any) -> None:
        first, second = data["category"]
        if second not in CATEGORIES.get(first, ()):
            raise ValidationError(f"no category {first} / {second}", "category")

    def _measure(self, data: dict[str, Any]) -> Any:
        data["measure"] = super()._measure(data)
        data["beside"] = tuple(data["beside"])
        return data


class UnitIn(Schema):
    """How figures in a unit are shown."""

    multiply_by = fields.Integer(load_default=1, validate=validate.Range(1))
    divide_by = fields.Integer(load_default=1, validate=validate.Range(1))
    decimals = fields.Tuple((fields.Integer(), fields.Integer()), load_default=(0, 0))
    printed = fields.Integer(load_default=None, validate=validate.Range(0, 6))


class CatalogueIn(Schema):
    """A catalogue file."""

    year = fields.Integer(required=True)
    units = fields.Dict(keys=fields.String(), values=fields.Nested(UnitIn), load_default=dict)
    indicators = fields.List(fields.Nested(IndicatorIn), required=True, validate=validate.Length(1))
    beyond = fields.List(fields.Nested(IndicatorIn), load_default=list)

    @validates_schema(skip_on_field_errors=True)
    def _codes_and_weights(self, data: dict[str, Any], **_: Any) -> None:
        codes = [entry["code"] for entry in (*data["indicators"], *data["beyond"])]
        if len(set(codes)) < len(codes):
            raise ValidationError("a code stands twice")
        if sum(entry["weight"] for entry in data["indicators"]) > FULL_MARKS:
            raise ValidationError(f"the weights are more than {FULL_MARKS} together")


def parse(text: str) -> Catalogue:
    """A catalogue from its YAML. Raises Undeclared with everything that is wrong."""
    try:
        data = CatalogueIn().load(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as error:
        raise Undeclared(str(error)) from None
    units = {name: _unit(name, declared) for name, declared in data["units"].items()}
    report, beyond = (_indicators(data[part], units) for part in ("indicators", "beyond"))
    return Catalogue(data["year"], report, beyond)


def _indicators(entries: Iterable[Mapping[str, Any]], units: Mapping[str, Unit]) -> tuple[Indicator, ...]:
    return tuple(Indicator(**{**entry, "unit": units.get(entry["unit"], Unit(entry["unit"]))}) for entry in entries)


def _unit(name: str, declared: Mapping[str, Any]) -> Unit:
    least, most = declared["decimals"]
    return Unit(name, declared["multiply_by"], declared["divide_by"], least, most, declared["printed"])


@cache
def catalogues() -> tuple[Catalogue, ...]:
    """All catalogues, the oldest first. Raises Undeclared."""
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        try:
            found.append(parse(path.read_text(encoding="utf-8")))
        except Undeclared as error:
            raise Undeclared(f"{path.name}: {error}") from None
    return tuple(sorted(found, key=lambda catalogue: catalogue.year))


def for_year(year: int) -> Catalogue:
    """The newest catalogue that is not after a year, or else the earliest. What was printed, and the targets that a
    bureau set itself, belong to the catalogue's own year alone.
    """
    known = catalogues()
    found = next((catalogue for catalogue in reversed(known) if catalogue.year <= year), known[0])
    if found.year == year:
        return found
    report, beyond = (
        tuple(replace(indicator, printed_as=None, target=None) for indicator in part)
        for part in (found.indicators, found.beyond)
    )
    return replace(found, indicators=report, beyond=beyond)


__all__ = ["CATEGORIES", "Catalogue", "Undeclared", "catalogues", "for_year", "parse"]
