"""What the routes of the dashboard give."""

from __future__ import annotations

from marshmallow import Schema, fields


class SessionOut(Schema):
    """Whose token it is."""

    subject = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
