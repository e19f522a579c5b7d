from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from hongxia.http import problems
from hongxia.http.chinese import in_chinese
from hongxia.http.problems import FieldError, Problem, Rule, from_validation
from hongxia.schema.fields import Text, Yuan

FILLED = {
    "input": "张三",
    "obj_type": "datetime",
    "awareness": "aware",
    "choices": "1, 2",
    "values": "1",
    "min": 1,
    "max": 2,
    "equal": 3,
    "other": 4,
}


def field_messages() -> Iterator[str]:
    """The default messages of all of marshmallow's fields and of its schemas, filled in."""
    for _, field in inspect.getmembers(fields, inspect.isclass):
        if issubclass(field, fields.Field):
            for message in field.default_error_messages.values():
                yield message.format(**FILLED)
    yield from Schema._default_error_messages.values()


def refusals() -> Iterator[tuple[validate.Validator, Any]]:
    """Every validator of marshmallow's, in each of its forms, with a value that it refuses."""
    for inclusive in (True, False):
        for low, high in ((1, None), (None, 3), (1, 3)):
            bounds = {"min": low, "max": high, "min_inclusive": inclusive, "max_inclusive": not inclusive}
            yield validate.Range(**bounds), 9 if high else -9
            yield validate.Range(**{**bounds, "max_inclusive": inclusive}), 9 if high else -9
    yield validate.Range(min=date(2022, 1, 1)), date(2021, 1, 1)
    yield validate.Length(min=2), "x"
    yield validate.Length(max=2), "xxx"
    yield validate.Length(min=2, max=3), "x"
    yield validate.Length(equal=2), "x"
    yield validate.Equal(2), 3
    yield validate.OneOf(["a", "b"]), "c"
    yield validate.NoneOf(["a"]), "a"
    yield validate.ContainsOnly([1]), [2]
    yield validate.ContainsNoneOf([1]), [1]
    yield validate.Regexp("a"), "b"
    yield validate.URL(), "x"
    yield validate.Email(), "x"
    yield validate.Predicate("strip"), ""


def test_the_refusals_cover_every_validator() -> None:
    known = {cls for _, cls in inspect.getmembers(validate, inspect.isclass) if issubclass(cls, validate.Validator)}
    assert {type(validator) for validator, _ in refusals()} == known - {validate.Validator, validate.And}


def is_chinese(text: str) -> bool:
    """Whether no English word is left but the names of things."""
    without_names = re.sub(r"UUID|IP|true|false", "", text)
    return bool(re.search(r"[\u4e00-\u9fff]", text)) and not re.search(r"[A-Za-z]{2,}", without_names)


@pytest.mark.parametrize("message", sorted(set(field_messages())))
def test_every_default_message_of_a_field_is_told_in_chinese_and_without_the_value(message: str) -> None:
    assert is_chinese(in_chinese(message)), in_chinese(message)
    assert "张三" not in in_chinese(message)


@pytest.mark.parametrize(("validator", "value"), refusals())
def test_every_default_message_of_a_validator_is_told_in_chinese(validator: Any, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        validator(value)
    (message,) = refused.value.messages
    assert is_chinese(in_chinese(message)), in_chinese(message)


@pytest.mark.parametrize(
    ("validator", "text"),
    [
        (validate.Range(min=1), "应不小于1"),
        (validate.Range(min=1, min_inclusive=False), "应大于1"),
        (validate.Range(max=-1), "应不大于-1"),
        (validate.Range(max=-1, max_inclusive=False), "应小于-1"),
        (validate.Range(1, 3), "应不小于1且不大于3"),
        (validate.Range(1, 3, max_inclusive=False), "应不小于1且小于3"),
        (validate.Range(1, 3, min_inclusive=False), "应大于1且不大于3"),
        (validate.Range(1, 3, min_inclusive=False, max_inclusive=False), "应大于1且小于3"),
        (validate.Length(2, 3), "长度应在2到3之间"),
        (validate.OneOf(["a.b", "c"]), "只能是以下之一：a.b, c"),
    ],
)
def test_bounds_and_choices_are_named(validator: Any, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validator("" if isinstance(validator, validate.Length | validate.OneOf) else 0)
    assert in_chinese(refused.value.messages[0]) == text


def test_our_own_messages_stay_as_they_are() -> None:
    assert in_chinese("金额不能为负") == "金额不能为负"


class LineIn(Schema):
    """A line of something."""

    name = Text(required=True)
    amount = Yuan(required=True)


class OrderIn(Schema):
    """Something with lines."""

    on = fields.Date(required=True)
    lines = fields.List(fields.Nested(LineIn))


def problem_of(document: Any, *, query: bool = False) -> dict[str, Any]:
    with pytest.raises(ValidationError) as refused:
        OrderIn().load(document)
    return from_validation(refused.value, query=query).as_dict()


def test_each_error_points_to_its_field() -> None:
    found = problem_of(
        {"on": "x", "lines": [{"name": "a", "amount": "1.00"}, {"name": " ", "amount": "1.005"}], "y": 1}
    )
    assert {error["pointer"]: error["detail"] for error in found["errors"]} == {
        "#/on": "应为日期，例如 2022-03-01",
        "#/lines/1/name": "不能为空白",
        "#/lines/1/amount": "金额最多两位小数",
        "#/y": "没有这个字段",
    }
    assert (found["type"], found["status"], found["title"]) == ("urn:hongxia:problem:invalid", 422, "填写有误")


def test_a_body_that_is_no_object_is_pointed_at_as_a_whole() -> None:
    assert problem_of([1])["errors"] == [{"detail": "类型不对", "pointer": "#"}]


def test_an_error_in_the_query_names_its_parameter() -> None:
    found = problem_of({"on": "x"}, query=True)
    assert found["errors"] == [{"detail": "应为日期，例如 2022-03-01", "parameter": "on"}]


def test_no_problem_tells_the_value_that_it_is_about() -> None:
    assert "张三" not in str(problem_of({"on": "张三", "lines": [{"name": 7, "amount": "张三"}]}))


@pytest.mark.parametrize("value", ["1.005", "1.234", "-1.00", "0", "1,00", "", "x", True, 1.5, None, "1e3", "9" * 30])
def test_an_amount_is_yuan_with_two_decimals_or_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        LineIn().load({"name": "a", "amount": value})


def kinds() -> list[type[Problem]]:
    return [cls for _, cls in inspect.getmembers(problems, inspect.isclass) if issubclass(cls, Problem)]


@pytest.mark.parametrize("kind", kinds())
def test_every_problem_is_a_document_with_a_type_and_a_chinese_title(kind: type[Problem]) -> None:
    response = kind().response()
    document = response.json
    assert (response.status_code, response.content_type) == (int(kind.status), "application/problem+json")
    assert document["type"] == f"urn:hongxia:problem:{kind.slug}"
    assert document["status"] == response.status_code
    assert re.search(r"[\u4e00-\u9fff]", document["title"])
    assert document["detail"] == document["title"]


def test_the_types_of_problems_are_not_mixed_up() -> None:
    slugs = [kind.slug for kind in kinds()]
    assert len(slugs) == len(set(slugs))


def test_a_rule_names_itself_its_field_and_whatever_else_helps() -> None:
    found = Rule("余额不足", slug="no-money", pointer="#/amount", extra={"left": "3.00"}).as_dict()
    assert found == {
        "type": "urn:hongxia:problem:no-money",
        "title": "不符合业务规则",
        "status": 422,
        "detail": "余额不足",
        "errors": [{"detail": "余额不足", "pointer": "#/amount"}],
        "left": "3.00",
    }
    several = Rule("两处", errors=[FieldError("甲", "#/a"), FieldError("乙", parameter="b")]).as_dict()["errors"]
    assert several == [{"detail": "甲", "pointer": "#/a"}, {"detail": "乙", "parameter": "b"}]
