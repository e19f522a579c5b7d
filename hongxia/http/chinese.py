"""marshmallow's own messages in Chinese; a test holds this list against the library's."""

from __future__ import annotations

import re

_MESSAGES = [
    (r"Missing data for required field\.", "必须填写"),
    (r"Field may not be null\.", "不能为空"),
    (r"Unknown field\.", "没有这个字段"),
    (r"Invalid input type\.", "类型不对"),
    (r"Invalid type\.", "类型不对"),
    (r"Invalid value\.", "取值不对"),
    (r"Not a valid string\.", "应为文字"),
    (r"Not a valid integer\.", "应为整数"),
    (r"Not a valid number\.", "应为数字"),
    (r"Not a valid boolean\.", "应为是或否（true/false）"),
    (r"Not a valid (date|datetime|time)\.", "应为日期，例如 2022-03-01"),
    (r"Not a valid list\.", "应为列表"),
    (r"Not a valid mapping type\.", "应为对象"),
    (r"Not a valid UUID\.", "应为有效的编号（UUID）"),
    (r"Not a valid (utf-8|url|URL|email address|email)\.?.*", "格式不对"),
    (r"Number too large\.", "数值过大"),
    (r"Must be one of: (?P<a>.*)\.", "只能是以下之一：{a}"),
    (r"Must be equal to (?P<a>.*)\.", "应等于{a}"),
    (
        r"Must be greater than or equal to (?P<a>.*?)( and less than or equal to (?P<b>.*))?\.",
        "应不小于{a}|且不大于{b}",
    ),
    (r"Must be greater than or equal to (?P<a>.*?) and less than (?P<b>[^o].*)\.", "应不小于{a}且小于{b}"),
    (r"Must be greater than (?P<a>.*)\.", "应大于{a}"),
    (r"Must be less than or equal to (?P<a>.*)\.", "应不大于{a}"),
    (r"Must be less than (?P<a>.*)\.", "应小于{a}"),
    (r"Shorter than minimum length (?P<a>\d+)\.", "不能少于{a}个字"),
    (r"Longer than maximum length (?P<a>\d+)\.", "不能多于{a}个字"),
    (r"Length must be between (?P<a>\d+) and (?P<b>\d+)\.", "长度应在{a}到{b}之间"),
    (r"Length must be (?P<a>\d+)\.", "长度应为{a}"),
    (r"String does not match expected pattern\.", "格式不对"),
]


def in_chinese(message: str) -> str:
    """The message in Chinese; one that is not marshmallow's own (our rules speak Chinese already) stays as it is."""
    for pattern, chinese in _MESSAGES:
        match = re.fullmatch(pattern, message)
        if match:
            groups = match.groupdict()
            head, _, tail = chinese.partition("|")
            return (head + (tail if groups.get("b") else "")).format(**groups)
    return message
