"""What is written by hand: lines of decorators and bodies of routes, lines of a directory, places of a field."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROUTES = ("route", "create", "listing", "read", "amend", "act", "replace", "remove", "document", "page")
ENTRYPOINTS = (*ROUTES, "consume", "timer")
"""The decorators that make a method an entrypoint: a route, a reader of events, a timer."""

GENERATED = ("contracts/", "docs/workbooks", "docs/states.md", "services/reporting/labels.yaml")
"""What a command writes, so that nobody edits it by hand."""


@dataclass(frozen=True, slots=True)
class Routes:
    """How many entrypoints there are, and the lines of their decorators and of their bodies with docstrings."""

    routes: int
    decorators: int
    bodies: int

    def __add__(self, other: Routes) -> Routes:
        return Routes(self.routes + other.routes, self.decorators + other.decorators, self.bodies + other.bodies)


def routes_of(source: str) -> Routes:
    """Count the entrypoints of a source."""
    counted = Routes(0, 0, 0)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            decorators = [item for item in node.decorator_list if _name(item) in ENTRYPOINTS]
            if decorators:
                lines = sum((item.end_lineno or item.lineno) - item.lineno + 1 for item in decorators)
                counted += Routes(1, lines, _body_lines(node))
    return counted


def _name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _body_lines(function: ast.FunctionDef) -> int:
    return (function.body[-1].end_lineno or function.body[-1].lineno) - function.body[0].lineno + 1


def routes_under(directory: Path) -> Routes:
    """Count the entrypoints of all files under a directory."""
    found = Routes(0, 0, 0)
    for file in sorted(directory.rglob("*.py")):
        found += routes_of(file.read_text(encoding="utf-8"))
    return found


def lines_under(directory: Path) -> int:
    """Count the lines of all Python files under a directory, migrations included."""
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in directory.rglob("*.py"))


@dataclass(frozen=True, slots=True)
class Place:
    """One line where a field is written by hand."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a thing: its name, a word that files about the thing contain, and where it is looked for.

    The name is taken as a word of its own, and not as an argument of a period of time (`timedelta(minutes=1)`).
    """

    name: str
    thing: str
    directories: tuple[str, ...] = ("services", "tests")
    passed_over: tuple[str, ...] = ("tests/walk/", "tests/mutants/", "tests/unit/test_walk.py", *GENERATED)

    def places(self, root: Path) -> list[Place]:
        """Return every line that names the field."""
        return [place for directory in self.directories for place in self._under(root, root / directory)]

    def _under(self, root: Path, directory: Path) -> Iterator[Place]:
        for file in sorted(file for ending in ("py", "yaml") for file in directory.rglob(f"*.{ending}")):
            path = file.relative_to(root).as_posix()
            if path.startswith(self.passed_over):
                continue
            text = file.read_text(encoding="utf-8")
            if self.thing in text.lower():
                yield from (Place(path, number, line) for number, line in self._lines(text))

    def _lines(self, text: str) -> Iterator[tuple[int, str]]:
        named = re.compile(rf"(?<![\w.]){self.name}(?!\w)")
        for number, line in enumerate(text.splitlines(), 1):
            if named.search(line) and "timedelta(" not in line:
                yield number, line.strip()


def files_of(places: Iterable[Place]) -> list[str]:
    """Return the files of places, each once."""
    return sorted({place.path for place in places})
