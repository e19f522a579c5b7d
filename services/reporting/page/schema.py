"""What the routes of the dashboard take and give."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class FileQuery(Schema):
    """What the page adds to the address of its files."""

    v = fields.String(
        load_default="",
        metadata={"description": "文件的版本，随文件变化，浏览器因此可长久保存文件"},
    )


class SessionOut(Schema):
    """Whose token it is."""

    subject = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)


class CodeIn(Schema):
    """The code of a link that logs in."""

    code = fields.String(required=True, validate=validate.Length(1, 100))


class CodeOut(Schema):
    """A code that works once."""

    code = fields.String(required=True)
