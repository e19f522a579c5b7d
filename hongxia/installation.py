"""Which installation this process belongs to: the bureau's name, and the secret that its ids derive from.

All five services of an installation have the same; two installations never do. Backups carry the secret, and rotating
secrets leaves it alone, because every id depends on it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

BUREAU = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
"""The name of a bureau, part of the source of its events: lower-case letters, digits and hyphens, at most 40."""

SECRET_LENGTH = 32
"""The least length of an installation's secret, in characters."""


class NoInstallation(RuntimeError):
    """An id or a source was asked for in a process that has not said which installation it belongs to."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One bureau's Hongxia."""

    bureau: str
    secret: str = field(repr=False)

    def id_of(self, text: str) -> str:
        """Return the UUID (version 8: made by a rule of our own) that a text stands for in this installation: the first
        128 bits of HMAC-SHA-256. Nobody computes it without the secret.
        """
        digest = bytearray(hmac.digest(self.secret.encode(), text.encode(), sha256)[:16])
        digest[6] = digest[6] & 0x0F | 0x80
        digest[8] = digest[8] & 0x3F | 0x80
        return str(UUID(bytes=bytes(digest)))

    def source(self, service: str) -> str:
        """Return CloudEvents' `source` of a service's events."""
        return f"urn:hongxia:{self.bureau}:{service}"

    @property
    def fingerprint(self) -> str:
        """What a database keeps to recognise the secret, from which nobody finds the secret."""
        return hmac.digest(self.secret.encode(), b"fingerprint of an installation", sha256).hex()


_current: list[Installation] = []


def use(installation: Installation) -> None:
    """Say which installation this process belongs to."""
    _current[:] = [installation]


@contextmanager
def used(installation: Installation) -> Iterator[None]:
    """Belong to an installation for a while; for tests of two of them."""
    before = list(_current)
    use(installation)
    try:
        yield
    finally:
        _current[:] = before


def current() -> Installation:
    """Return the installation of this process. Raises NoInstallation."""
    if not _current:
        raise NoInstallation("installation.use was not called")
    return _current[0]
