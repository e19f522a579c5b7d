"""Usage errors in one Chinese line; the library writes them in English."""

from __future__ import annotations

import re

from typer import TyperException, rich_utils

MESSAGES = tuple(
    (re.compile(theirs), ours)
    for theirs, ours in (
        (r"Missing command\.", "请写明命令"),
        (r"Missing argument '(.+?)'\.", "缺少参数 {0}"),
        (r"Missing option '(.+?)'\.", "缺少选项 {0}"),
        (r"No such command '(.+?)'\. Did you mean (.+)\?", "没有命令 {0}，是不是 {1}"),
        (r"No such command '(.+?)'\.", "没有命令 {0}"),
        (r"No such option: (\S+) \(Possible options: (.+)\)", "没有选项 {0}，是不是 {1}"),
        (r"No such option: (\S+)", "没有选项 {0}"),
        (r"Got unexpected extra argument\(s\) \((.+)\)", "多余的参数：{0}"),
        (r"Option '(.+?)' requires an argument\.", "选项 {0} 缺少值"),
        (r"Option '(.+?)' does not take a value\.", "选项 {0} 不带值"),
        (r"Invalid value for '(.+?)': \w+ '(.+)' does not exist\.", "{0}：{1} 不存在"),
        (r"Invalid value for '(.+?)': \w+ '(.+)' is a file\.", "{0}：{1} 是文件，不是目录"),
        (r"Invalid value for '(.+?)': \w+ '(.+)' is not (?:read|writ)able\.", "{0}：无权读写 {1}"),
        (r"Invalid value for '(.+?)': .*\bvalid integer\b.*", "{0} 须为整数"),
        (r"Invalid value for '(.+?)': .*\bgreater than or equal to (\d+)\b.*", "{0} 不得小于 {1}"),
        (r"Invalid value for '(.+?)': .*\bless than or equal to (\d+)\b.*", "{0} 不得大于 {1}"),
    )
)
"""What the library says, and how we say it."""


def in_chinese(error: TyperException) -> str:
    """What is wrong with the command line, and where to read more; in the library's words where we have none."""
    said = error.format_message()
    matches = ((theirs.fullmatch(said), ours) for theirs, ours in MESSAGES)
    line = next((ours.format(*match.groups()) for match, ours in matches if match), said)
    context = getattr(error, "ctx", None)
    return line if context is None else f"{line}；用法：{context.command_path} --help"


def head_help_in_chinese() -> None:
    """Give the parts of a help page their Chinese headings."""
    rich_utils.ARGUMENTS_PANEL_TITLE = "参数"
    rich_utils.OPTIONS_PANEL_TITLE = "选项"
    rich_utils.COMMANDS_PANEL_TITLE = "命令"
    rich_utils.REQUIRED_LONG_STRING = "[必填]"
    rich_utils.DEFAULT_STRING = "[默认：{}]"
    rich_utils.ENVVAR_STRING = "[环境变量：{}]"
