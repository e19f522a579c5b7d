"""`$` in a regular expression matches before a line feed at the end: no pattern of ours may let one pass."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from marshmallow import Schema, ValidationError, fields, validate

import hongxia
from hongxia.patterns import FullMatch

ROOT = Path(hongxia.__file__).parents[1]
SOURCES = sorted(path for folder in ("hongxia", "services") for path in (ROOT / folder).rglob("*.py"))
GATEWAY = ROOT / "deploy/images/gateway/nginx.conf"

WHOLE = {"fullmatch", "FullMatch"}
"""With these a `$` at the end does no harm: a line feed behind it would be left over."""
TAKERS = {"compile", "match", "search", "sub", "split", "findall", "finditer", "Regexp"}


def loose_ends(source: str) -> Iterator[str]:
    """The patterns in Python source that end with `$` and are handed to what does not look at the whole text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and name_of(node.func) in TAKERS - WHOLE:
            first = node.args[0]
            literal = first.values[-1] if isinstance(first, ast.JoinedStr) else first
            if isinstance(literal, ast.Constant) and isinstance(literal.value, str) and ends_loosely(literal.value):
                yield literal.value


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def ends_loosely(pattern: str) -> bool:
    return bool(re.search(r"(?<!\\)(\\\\)*\$\)*\Z", pattern))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('re.compile(r"^a$")', ["^a$"]),
        ('re.match("(a|b$)", x)', ["(a|b$)"]),
        ('validate.Regexp(r"^a$")', ["^a$"]),
        ('re.compile(rf"{x}$")', ["$"]),
        (r're.compile(r"a\$")', []),
        (r're.compile(r"a\Z")', []),
        ('re.fullmatch("a$", x)', []),
        ('FullMatch(r"^a$")', []),
        ('print("a$")', []),
    ],
)
def test_loose_ends_are_recognised(source: str, found: list[str]) -> None:
    assert list(loose_ends(source)) == found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_pattern_lets_a_line_feed_pass(path: Path) -> None:
    assert list(loose_ends(path.read_text(encoding="utf-8"))) == []


def test_no_address_at_the_gateway_lets_a_line_feed_pass() -> None:
    directives = re.findall(r'^\s*(?:location ~\*? |rewrite |"~\*?)\S+', GATEWAY.read_text(encoding="utf-8"), re.M)
    assert len(directives) >= 5
    assert [line for line in directives if line.rstrip('"').endswith("$") or re.search(r"\$\s", line)] == []
    rewrites = re.findall(r"rewrite (\S+) ", GATEWAY.read_text(encoding="utf-8"))
    rewrites += re.findall(r"rewrite \S+ (\S+) ", GATEWAY.read_text(encoding="utf-8"))
    assert not [pattern for pattern in rewrites if ends_loosely(pattern)]


@pytest.mark.parametrize("pattern", [r"^[a-z]{1,5}$", r"[a-z]{1,5}", r"^[a-z]{1,5}\Z"])
@pytest.mark.parametrize("text", ["ab\n", "\nab", "ab\r", "ab ", "abcdef", "", "ab\u2028"])
def test_a_full_match_is_one_of_the_whole_text(pattern: str, text: str) -> None:
    schema = Schema.from_dict({"code": fields.String(validate=FullMatch(pattern))})
    assert schema().load({"code": "ab"}) == {"code": "ab"}
    with pytest.raises(ValidationError):
        schema().load({"code": text})


def test_a_full_match_is_described_as_any_pattern() -> None:
    assert isinstance(FullMatch("a"), validate.Regexp)
    assert FullMatch("a").regex.pattern == "a"
