"""marshmallow's own messages in Chinese; a test holds this list against the library's."""

from __future__ import annotations

import re

_MESSAGES = [
    (r"Missing data for required field\.", "必须填写"),
    (r"Field may not be null\.", "不能为空"),
    (r"Unknown field\.", "没有这个字段"),
    (r"Invalid (input )?type\.", "类型不对"),
    (r"Invalid (value|input)\.", "取值不对"),
    (r"Not a valid string\.", "应为文字"),
    (r"Not a valid integer\.", "应为整数"),
    (r"Not a valid number\.", "应为数字"),
    (r"Not a valid boolean\.", "应为是或否（true/false）"),
    (r"Not a valid date\.", "应为日期，例如 2022-03-01"),
    (r"Not a valid ((naive|aware) )?(datetime|time)\.", "应为时间，例如 2022-03-01T09:00:00+08:00"),
    (r"Not a valid period of time\.", "应为时长"),
    (r"Not a valid (list|tuple)\.", "应为列表"),
    (r"Not a valid mapping type\.", "应为对象"),
    (r"Not a valid UUID\.", "应为有效的编号（UUID）"),
    (r"Not a valid (utf-8 string|URL|email address)\.", "格式不对"),
    (r"Not a valid IP(v4|v6)? (address|interface)\.", "应为 IP 地址"),
    (r".* cannot be formatted as an? \w+\.", "格式不对"),
    (r"Number too large\.", "数值过大"),
    (r"Special numeric values \(nan or infinity\) are not permitted\.", "应为数字"),
    (r"Must be one of: (?P<a>.*)\.", "只能是以下之一：{a}"),
    (r"Must be equal to (?P<a>.*)\.", "应等于{a}"),
    (r"Shorter than minimum length (?P<a>\d+)\.", "不能少于{a}个字"),
    (r"Longer than maximum length (?P<a>\d+)\.", "不能多于{a}个字"),
    (r"Length must be between (?P<a>\d+) and (?P<b>\d+)\.", "长度应在{a}到{b}之间"),
    (r"Length must be (?P<a>\d+)\.", "长度应为{a}"),
    (r"String does not match expected pattern\.", "格式不对"),
    (r"One or more of the choices you made was in: (?P<a>.*)\.", "不能是：{a}"),
    (r"One or more of the choices you made was not in: (?P<a>.*)\.", "只能是以下之一：{a}"),
]

_BOUND = r"(?:greater|less) than(?: or equal to)?"
_RANGE = re.compile(rf"Must be ({_BOUND}) (.*?)(?: and ({_BOUND}) (.*))?\.")
_BOUNDS = {
    "greater than or equal to": "不小于",
    "greater than": "大于",
    "less than or equal to": "不大于",
    "less than": "小于",
}


def in_chinese(message: str) -> str:
    """The message in Chinese; one that is not marshmallow's own (our rules speak Chinese already) stays as it is."""
    bounds = _RANGE.fullmatch(message)
    if bounds:
        first, low, second, high = bounds.groups()
        return f"应{_BOUNDS[first]}{low}" + (f"且{_BOUNDS[second]}{high}" if second else "")
    for pattern, chinese in _MESSAGES:
        match = re.fullmatch(pattern, message, re.DOTALL)
        if match:
            return chinese.format(**match.groupdict())
    return message
