"""The faults that are put into the code: each operator turns one place of a source into a mutant.

A mutant is an edit of the source's text, so that everything else in the file stays as it is. Annotations, texts,
docstrings and calls that write a log are left alone: no test has to notice those. A lock that is taken away is a mutant
of `locks_of` alone, because only a race can notice it.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

Change = tuple[str, ast.AST, str]
"""An operator's name, the node whose text is replaced, and the new text."""

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
DATACLASS_OPTIONS = ("frozen", "slots")
LOGGING = ("log", "logger", "logging")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: where it is, what was done, and the edit as a range of bytes and its replacement.

    `lines` are the first and the last line of the statement, or of the head of a compound one, as coverage counts them.
    """

    path: str
    qualname: str
    operator: str
    ordinal: int
    line: int
    lines: tuple[int, int]
    start: int
    end: int
    replacement: str
    before: str
    after: str

    @property
    def key(self) -> str:
        """The name of the mutant: it stays the same while nothing of its kind is put before it in its function."""
        module = self.path.removesuffix(".py").replace("/", ".")
        return f"{module}:{self.qualname}:{self.operator}:{self.ordinal}"

    @property
    def digest(self) -> str:
        """Eight digits that change when the mutated line or its replacement does."""
        return hashlib.sha256(f"{self.before}\n{self.after}".encode()).hexdigest()[:8]

    def applied(self, source: bytes) -> bytes:
        """Return the source with the fault in it."""
        return source[: self.start] + self.replacement.encode() + source[self.end :]


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Return every mutant of a file, in the order of the source."""
    return _made(path, source, _changes)


def locks_of(path: str, source: str) -> list[Mutant]:
    """Return a mutant for each row lock and each advisory lock of a file: the file without that one lock."""
    return _made(path, source, _unlocked)


def _made(path: str, source: str, changes_of: Callable[[ast.AST], Iterator[Change]]) -> list[Mutant]:
    tree = ast.parse(source)
    text = _Text(source)
    counted: Counter[tuple[str, str]] = Counter()
    made = []
    for node, qualname, statement in _Places().of(tree, None):
        for operator, replaced, new in changes_of(node):
            counted[qualname, operator] += 1
            edit = text.edit(replaced, new)
            place = (path, qualname, operator, counted[qualname, operator], edit.line, _lines(statement, replaced))
            made.append(Mutant(*place, edit.start, edit.end, new, edit.before, edit.after))
    return made


def _lines(statement: ast.stmt, node: ast.AST) -> tuple[int, int]:
    at: ast.stmt = node  # type: ignore[assignment]
    end = at if hasattr(statement, "body") else statement
    return min(statement.lineno, at.lineno), end.end_lineno or end.lineno


class _Edit(NamedTuple):
    line: int
    start: int
    end: int
    before: str
    after: str


class _Text:
    """A source as bytes, because the columns of ast are counted in UTF-8."""

    def __init__(self, source: str) -> None:
        self.data = source.encode()
        self.lines = self.data.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def edit(self, node: ast.AST, new: str) -> _Edit:
        at: ast.expr = node  # type: ignore[assignment]
        end_line, end_column = at.end_lineno or at.lineno, at.end_col_offset or 0
        head, tail = self.lines[at.lineno - 1][: at.col_offset], self.lines[end_line - 1][end_column:]
        before = b"".join(self.lines[at.lineno - 1 : end_line]).decode()
        after = (head + new.encode() + tail).decode()
        start, end = self.starts[at.lineno - 1] + at.col_offset, self.starts[end_line - 1] + end_column
        return _Edit(at.lineno, start, end, " ".join(before.split()), " ".join(after.split()))


@dataclass
class _Places:
    """All nodes that may be mutated, each with the function or class and the statement that it stands in."""

    names: list[str] = field(default_factory=list)

    def of(self, node: ast.AST, statement: ast.stmt | None) -> Iterator[tuple[ast.AST, str, ast.stmt]]:
        for child in _mutable_children(node):
            within = child if isinstance(child, ast.stmt) else statement
            if within is not None:
                yield child, ".".join(self.names) or "<module>", within
            if isinstance(child, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                self.names.append(child.name)
                yield from self.of(child, within)
                self.names.pop()
            else:
                yield from self.of(child, within)


def _mutable_children(node: ast.AST) -> Iterator[ast.AST]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _left_alone(child):
                yield child


def _left_alone(node: ast.AST) -> bool:
    """Texts, imports, logging, `__all__`, options of dataclasses, arguments that ask for a lock and `if TYPE_CHECKING`.

    What stands in f-strings is left alone too, because Python 3.11 gives wrong places for it.
    """
    if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.keyword):
        return node.arg in DATACLASS_OPTIONS or (node.arg in LOCK_ARGUMENTS and isinstance(node.value, ast.Constant))
    if isinstance(node, ast.Expr):
        return _is_text(node.value) or _logs(node.value)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        alias = isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.BinOp) and _is_type(target)
        return alias or (isinstance(target, ast.Name) and target.id in ("__all__", "__slots__"))
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_type(target: ast.AST) -> bool:
    """Whether a name is written as that of a type (`Session = ...`): an alias is an annotation too."""
    return isinstance(target, ast.Name) and target.id[:1].isupper() and not target.id.isupper()


def _logs(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    receiver = ast.unparse(node.func.value).rsplit(".", 1)[-1]
    return receiver in LOGGING or receiver.endswith(("_log", "_logger"))


def _changes(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Expr) and any(_unlocked(node)):
        return
    for operator in OPERATORS:
        yield from operator(node)


def _expression(node: ast.expr) -> str:
    return f"({ast.unparse(node)})"


def turn_comparison(node: ast.AST) -> Iterator[Change]:
    """`<` becomes `<=`, `==` becomes `!=`, `in` becomes `not in`, and so on."""
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            turned = copy.deepcopy(node)
            turned.ops[index] = COMPARISONS[type(operator)]()
            yield "comparison", node, _expression(turned)


def turn_boolean(node: ast.AST) -> Iterator[Change]:
    """`True` becomes `False` and the other way round."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "boolean", node, str(not node.value)


def shift_constant(node: ast.AST) -> Iterator[Change]:
    """A number becomes one larger; one that is not 0 becomes one smaller in a second mutant."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield "constant", node, repr(node.value + 1)
        if node.value != 0:
            yield "constant", node, repr(node.value - 1)


def turn_not(node: ast.AST) -> Iterator[Change]:
    """`not` is removed, or put before a condition that has none."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", node, _expression(node.operand)
    if isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.UnaryOp | ast.Compare):
        yield "not", node.test, f"(not {_expression(node.test)})"


def force_condition(node: ast.AST) -> Iterator[Change]:
    """A condition becomes `True` and, in a second mutant, `False`; that of a loop only `False`."""
    tests: list[ast.expr] = []
    if isinstance(node, ast.If | ast.IfExp):
        tests = [node.test]
    elif isinstance(node, ast.comprehension):
        tests = node.ifs
    elif isinstance(node, ast.While) and not isinstance(node.test, ast.Constant):
        yield "condition", node.test, "False"
    for test in tests:
        yield from (("condition", test, value) for value in ("True", "False"))


def return_none(node: ast.AST) -> Iterator[Change]:
    """A value that is returned becomes `None`."""
    if isinstance(node, ast.Return) and node.value is not None and not _is_constant(node.value, None):
        yield "return", node, "return None"


def delete_statement(node: ast.AST) -> Iterator[Change]:
    """A call whose value nobody uses, a change of an attribute or item, and a `raise` become `pass`."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "call", node, "pass"
    if isinstance(node, ast.AugAssign | ast.Delete):
        yield "statement", node, "pass"
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        yield "statement", node, "pass"
    if isinstance(node, ast.Raise):
        yield "raise", node, "pass"


def turn_arithmetic(node: ast.AST) -> Iterator[Change]:
    """`+` becomes `-`, `*` becomes `//`, `&` becomes `|`, and so on, also in `+=`."""
    if not isinstance(node, ast.BinOp | ast.AugAssign) or type(node.op) not in ARITHMETIC:
        return
    sides = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.value]
    if any(_is_text(side) or isinstance(side, ast.List | ast.Tuple) for side in sides):
        return
    turned = copy.deepcopy(node)
    turned.op = ARITHMETIC[type(node.op)]()
    yield "arithmetic", node, _expression(turned) if isinstance(turned, ast.BinOp) else ast.unparse(turned)


def swap_and_or(node: ast.AST) -> Iterator[Change]:
    """`and` becomes `or` and the other way round."""
    if isinstance(node, ast.BoolOp):
        swapped = copy.deepcopy(node)
        swapped.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and-or", node, _expression(swapped)


def change_default(node: ast.AST) -> Iterator[Change]:
    """A text that is the default of an argument becomes another. (Numbers and booleans are mutated anyhow.)"""
    if isinstance(node, ast.arguments):
        for default in (*node.defaults, *node.kw_defaults):
            if isinstance(default, ast.Constant) and isinstance(default.value, str):
                yield "default", default, repr(default.value + "X")


def _is_constant(node: ast.AST, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


OPERATORS: tuple[Callable[[ast.AST], Iterator[Change]], ...] = (
    turn_comparison,
    turn_boolean,
    shift_constant,
    turn_not,
    force_condition,
    return_none,
    delete_statement,
    turn_arithmetic,
    swap_and_or,
    change_default,
)

LOCK_ARGUMENTS = ("with_for_update", "lock", "locked")
LOCK_CALLS = ("lock", "locked", "locked_pair")


def _unlocked(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Call):
        yield from _unlocked_call(node)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = ast.unparse(node.value.func).rsplit(".", 1)[-1]
        if called in LOCK_CALLS or "pg_advisory_xact_lock" in ast.unparse(node):
            yield "lock", node, "pass"


def _unlocked_call(node: ast.Call) -> Iterator[Change]:
    if isinstance(node.func, ast.Attribute) and node.func.attr == "with_for_update":
        yield "lock", node, ast.unparse(node.func.value)
    if ast.unparse(node.func) == "records.lock":
        yield "lock", node.func, "records.get"
    for keyword in node.keywords:
        if keyword.arg in LOCK_ARGUMENTS and not _is_constant(keyword.value, False):
            yield "lock", keyword.value, "False"
    if any("pg_try_advisory_lock" in ast.unparse(argument) for argument in node.args) and _calls_bool(node):
        yield "lock", node, "True"


def _calls_bool(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == "bool"
