"""A validator for texts that have to match a pattern as a whole."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, validate


class FullMatch(validate.Regexp):
    """The whole text matches a pattern. marshmallow's own Regexp sees the beginning, and `$` lets a line feed pass."""

    def __call__(self, value: Any) -> Any:
        """Return the value. Raises ValidationError."""
        regex: Any = self.regex
        if regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value
