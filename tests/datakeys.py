"""The keys of personal data in the databases that the tests make."""

from __future__ import annotations

from hongxia.datakeys import KeyRing

OLD_KEYS = KeyRing.made()
"""The keys before they were rotated."""

DATA_KEYS = OLD_KEYS.with_new_key()
