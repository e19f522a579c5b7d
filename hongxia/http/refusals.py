"""From the refusal of a rule to the problem document that the caller gets; the one place that knows both."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import Schema

from hongxia.http.problems import Conflict, FieldError, NotFound, Problem, Rule
from hongxia.rules import Conflicting, Missing, Refusal, Violation


def problem_of(refusal: Refusal, body: type[Schema] | None = None) -> Problem:
    """Return the problem that says the same. A violation's field becomes a JSON pointer into the request's body, by
    the name that the body's schema gives it; one that begins with "?" becomes the name of a query parameter.
    """
    names = _names(body)
    errors = [_error(violation, names) for violation in refusal.violations if _is_named(violation, names)]
    kind = NotFound if isinstance(refusal, Missing) else Conflict if isinstance(refusal, Conflicting) else Rule
    return kind(refusal.message, slug=refusal.code, errors=errors, extra=refusal.extra)


def _is_named(violation: Violation, names: Mapping[str, str]) -> bool:
    """Whether the violation is about a field of this request; a column of a workbook, say, is not."""
    return violation.field.startswith("?") or violation.field.partition("/")[0] in names


def _error(violation: Violation, names: Mapping[str, str]) -> FieldError:
    if violation.field.startswith("?"):
        return FieldError(violation.message, parameter=violation.field[1:])
    first, slash, rest = violation.field.partition("/")
    return FieldError(violation.message, pointer=f"#/{names.get(first, first)}{slash}{rest}")


def _names(body: type[Schema] | None) -> dict[str, str]:
    """The names in a body by the attributes that they are loaded into ("amount_fen" stands as "amount")."""
    if body is None:
        return {}
    return {field.attribute or name: field.data_key or name for name, field in body._declared_fields.items()}
