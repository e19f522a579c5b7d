"""The keys of personal data in the databases that the tests make."""

from __future__ import annotations

from hongxia.datakeys import KeyRing

DATA_KEYS = KeyRing.made()
