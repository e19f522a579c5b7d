"""Finds every place in the code that takes a lock in the database, and every race that names one.

A lock is named "module:function" or "module:Class.method", after the function that takes it.
`python -m tests.races.locks` lists all of them with the races that they have.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("hongxia", "services")

SHARED = ("hongxia.records",)
"""Modules that take locks for others. Not their own lines count but each call that asks them for a lock, since that is
what somebody may forget.
"""

LOCKING_CALLS = ("lock", "locked", "lock_all")
"""The functions of the shared modules that always lock; others do when they are called with `locked=True`."""

ADVISORY = ("pg_advisory_lock", "pg_advisory_xact_lock", "pg_try_advisory_lock", "pg_try_advisory_xact_lock")


@dataclass(frozen=True, order=True)
class Lock:
    """One place that takes a lock: the name by which a race refers to it, and where it is."""

    name: str
    path: str
    line: int


@functools.cache
def locks() -> list[Lock]:
    """All places in the code that take a lock."""
    return sorted(lock for folder in CODE for path in (ROOT / folder).rglob("*.py") for lock in locks_in(path))


def locks_in(path: Path, root: Path = ROOT) -> set[Lock]:
    """The places in one file that take a lock."""
    relative = path.relative_to(root)
    module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    if module in SHARED:
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    shared = _shared_names(tree)
    return {
        Lock(f"{module}:{function}", str(relative), node.lineno)
        for function, node in _nodes(tree)
        if _takes_a_lock(node, shared)
    }


@functools.cache
def raced() -> dict[str, list[str]]:
    """The locks that tests name by `@pytest.mark.lock("module:function")` → the tests, as "path::test"."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for name in _named_by(function):
                    found.setdefault(name, []).append(f"{path.relative_to(ROOT)}::{function.name}")
    return found


def _named_by(function: ast.FunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.lock":
            yield from (argument.value for argument in decorator.args if isinstance(argument, ast.Constant))


def _nodes(tree: ast.AST, function: str = "", inside: bool = False) -> Iterator[tuple[str, ast.expr]]:
    """Every expression with the function or method around it; a function within a function belongs to the outer one."""
    for child in ast.iter_child_nodes(tree):
        name, within = function, inside
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not inside:
            name = f"{function}.{child.name}" if function else child.name
            within = not isinstance(child, ast.ClassDef)
        if isinstance(child, ast.expr):
            yield name or "<module>", child
        yield from _nodes(child, name, within)


def _shared_names(tree: ast.AST) -> set[str]:
    """How this file calls the shared modules and the locking functions that it imports from them."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            for alias in node.names:
                full = f"{module}.{alias.name}" if module else alias.name
                of_shared = module in SHARED and alias.name in LOCKING_CALLS
                if full in SHARED or of_shared:
                    names.add(alias.asname or alias.name)
    return names


def _takes_a_lock(node: ast.expr, shared: set[str]) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and any(f"{name}(" in node.value for name in ADVISORY)
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Attribute):
        of_shared = ast.unparse(called.value) in shared and called.attr in LOCKING_CALLS
        if called.attr == "with_for_update" or called.attr in ADVISORY or of_shared:
            return True
    elif isinstance(called, ast.Name) and called.id in shared:
        return True
    return any(_asks(keyword) for keyword in node.keywords)


def _asks(keyword: ast.keyword) -> bool:
    """Whether a keyword of a call asks for a lock. What is handed on (`with_for_update=lock`) asks for one as well."""
    value = keyword.value
    off = isinstance(value, ast.Constant) and value.value in (None, False)
    if keyword.arg == "with_for_update":
        return not off
    return keyword.arg in ("lock", "locked") and isinstance(value, ast.Constant) and value.value is True


def main() -> None:
    """List every lock with its races."""
    races = raced()
    for lock in locks():
        print(f"{lock.path}:{lock.line}  {lock.name}  {', '.join(races.get(lock.name, ['no race yet']))}")


if __name__ == "__main__":
    main()
