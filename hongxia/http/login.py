"""Codes for links that log a browser in: each stands for a token, works once, and for a minute."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256
from time import monotonic

CODE_SECONDS = 60.0
MOST_CODES = 100
CODE_BYTES = 24


class LoginCodes:
    """The codes of one process, kept in memory alone; of each only the hash."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        """`now` gives seconds that never go back."""
        self._now = now
        self._tokens: dict[bytes, tuple[str, float]] = {}

    def issue(self, token: str) -> str:
        """Return a new code that stands for a token. Of too many codes the oldest one is dropped."""
        self._drop_expired()
        while len(self._tokens) >= MOST_CODES:
            del self._tokens[next(iter(self._tokens))]
        code = secrets.token_urlsafe(CODE_BYTES)
        self._tokens[_hash(code)] = (token, self._now() + CODE_SECONDS)
        return code

    def redeem(self, code: str) -> str | None:
        """Return the token that a code stands for, and forget the code; None if it is unknown, used or expired."""
        self._drop_expired()
        found = self._tokens.pop(_hash(code), None)
        return found[0] if found else None

    def _drop_expired(self) -> None:
        now = self._now()
        for key in [key for key, (_, until) in self._tokens.items() if until <= now]:
            del self._tokens[key]


def _hash(code: str) -> bytes:
    return sha256(code.encode("utf-8", "surrogatepass")).digest()
