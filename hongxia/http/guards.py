"""The headers that every answer bears, so that no browser keeps, frames, runs or guesses at what holds records."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.wrappers import Response

GUARDS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
"""A route that needs other values, such as a page with scripts, sets them itself."""


def guard(response: Response) -> Response:
    """Add to a response those of the headers that it does not have, and return it."""
    for name, value in GUARDS.items():
        response.headers.setdefault(name, value)
    return response
