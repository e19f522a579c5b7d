"""The digest of an event, over salted digests of its fields: what is withheld or erased leaves the digest as it was.

`subject` and each member of `data` is a field. As in SD-JWT (RFC 9901), a field's digest covers a salt, its name and
its value, so that nobody finds a value by trying; the salt of a field derives from the event's, which is random.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

from hongxia.events.canonical import canonical

SUBJECT = "subject"
SALT = "salt"
"""The attribute that holds the event's salt, in hex. An event of which something is withheld does not have it."""

SALT_BYTES = 16

SALTS = "_salts"
"""The member of `data` with the salts of the fields that are left, where something is withheld."""

DIGESTS = "_digests"
"""The member of `data` with the digests of the fields that are withheld."""

LOG_ATTRIBUTES = ("position", "typeposition", "chain")
_NOT_COVERED = frozenset({*LOG_ATTRIBUTES, SALT, SUBJECT, "data"})


def digest_of(event: Mapping[str, Any]) -> bytes:
    """Return the digest of an event (its JSON as a mapping), whole or with fields withheld: 32 bytes.

    Raises TypeError, KeyError or ValueError for what is no event that a source could have written.
    """
    document = {name: value for name, value in event.items() if name not in _NOT_COVERED}
    document["fields"] = field_digests(event)
    return sha256(canonical(document)).digest()


def field_digests(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of each field of an event, in hex, whether the event says its value or not. Raises as above."""
    fields = _fields(event)
    salts = _salts(event, fields)
    digests = {name: field_digest(salts[name], name, value) for name, value in fields.items()}
    withheld: Mapping[str, str] = event["data"].get(DIGESTS, {})
    if not digests.keys().isdisjoint(withheld):
        raise ValueError("a field is said and withheld")
    return {**digests, **withheld}


def field_digest(salt: bytes, name: str, value: Any) -> str:
    """Return SHA-256 over a field's salt (16 bytes) and the canonical JSON of [name, value], in hex."""
    return sha256(salt + canonical([name, value])).hexdigest()


def field_salt(salt: bytes, name: str) -> bytes:
    """Return the salt of a field: the first 16 bytes of SHA-256 over the event's salt and the field's name."""
    return sha256(salt + name.encode()).digest()[:SALT_BYTES]


def withhold(event: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return an event that keeps some of its fields to itself: their digests take their place, and of the salts only
    those of the other fields are left. It verifies as before; names of fields that it does not have are passed over.
    Raises as `digest_of`.
    """
    fields = _fields(event)
    hidden = fields.keys() & set(names)
    if not hidden:
        return dict(event)
    salts, digests = _salts(event, fields), field_digests(event)
    left = {name: value for name, value in fields.items() if name not in hidden}
    rest = {name: value for name, value in event.items() if name not in (SALT, SUBJECT, "data")}
    subject = {SUBJECT: left.pop(SUBJECT)} if SUBJECT in left else {}
    data = {
        **left,
        SALTS: {name: salts[name].hex() for name in (*subject, *left)},
        DIGESTS: {name: digest for name, digest in digests.items() if name not in left and name not in subject},
    }
    return {**rest, **subject, "data": data}


def _fields(event: Mapping[str, Any]) -> dict[str, Any]:
    data: Mapping[str, Any] = event["data"]
    fields = {name: value for name, value in data.items() if name not in (SALTS, DIGESTS)}
    if SUBJECT in event:
        fields[SUBJECT] = event[SUBJECT]
    return fields


def _salts(event: Mapping[str, Any], fields: Collection[str]) -> Mapping[str, bytes]:
    salt = event.get(SALT)
    if salt is None:
        return {name: bytes.fromhex(value) for name, value in event["data"][SALTS].items()}
    secret = bytes.fromhex(salt)
    return {name: field_salt(secret, name) for name in fields}


def withheld_whole(position: int, digest: bytes, chain: str) -> dict[str, Any]:
    """Return what stands in a page in place of an event of which a reader may see nothing."""
    return {"position": position, "digest": digest.hex(), "chain": chain}
