"""Why a record may be voided: one list, whichever service keeps the record."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

VOID_REASONS = {
    "entered-in-error": "录入错误",
    "duplicate": "重复登记",
    "wrong-subject": "记错了对象",
    "other": "其他",
}


class VoidIn(Schema):
    """Why a record is voided; its answer says so in `void_reason`."""

    reason = fields.String(
        required=True,
        validate=validate.OneOf(list(VOID_REASONS)),
        metadata={"description": "，".join(f"{code} {label}" for code, label in VOID_REASONS.items())},
    )
