"""What the routes of proof take and give."""

from __future__ import annotations

from marshmallow import Schema, fields

from hongxia.schema.derive import PageQuery


class FactOut(Schema):
    """A fact; the digest covers all of it but the place of its event."""

    kind = fields.String(required=True)
    entity = fields.String(required=True)
    version = fields.Integer(required=True)
    on = fields.Date(required=True)
    year = fields.Integer(required=True, allow_none=True)
    amount = fields.Integer(required=True, allow_none=True)
    person = fields.String(required=True, allow_none=True)
    parent = fields.String(required=True, allow_none=True)
    attrs = fields.Dict(keys=fields.String(), required=True)
    voided = fields.Boolean(required=True)
    source = fields.String(required=True)
    position = fields.Integer(required=True)


class FactsQuery(PageQuery):
    """A page of facts, of one kind if asked."""

    kind = fields.String(load_default=None)


class CursorOut(Schema):
    """A cursor at the moment of a digest."""

    source = fields.String(required=True)
    position = fields.Integer(required=True)
    chain = fields.String(required=True)


class DigestOut(Schema):
    """SHA-256 over a year's facts in canonical order, and how far each source had been read."""

    year = fields.Integer(required=True)
    digest = fields.String(required=True)
    facts = fields.Integer(required=True)
    cursors = fields.List(fields.Nested(CursorOut), required=True)


class ComparedOut(Schema):
    """A year's digest before and after a rebuild."""

    year = fields.Integer(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class RebuiltOut(Schema):
    """What a rebuild did."""

    events = fields.Integer(required=True)
    years = fields.List(fields.Nested(ComparedOut), required=True)


class SourceCheckedOut(Schema):
    """The stored log of a source beside its cursor; `fault` says in Chinese where it breaks."""

    source = fields.String(required=True)
    position = fields.Integer(required=True)
    chain = fields.String(required=True)
    recomputed = fields.String(required=True)
    events = fields.Integer(required=True)
    fault = fields.String(required=True, allow_none=True)


class VerifiedOut(Schema):
    """A year held against the log: its digest as shown, and as derived anew."""

    year = fields.Integer(required=True)
    equal = fields.Boolean(required=True)
    digest = fields.String(required=True)
    derived = fields.String(required=True)
    facts = fields.Integer(required=True)
    sources = fields.List(fields.Nested(SourceCheckedOut), required=True)
