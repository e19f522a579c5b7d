"""What reporting's API takes and gives."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hongxia.schema.derive import PageQuery
from services.reporting.completeness import WORSE


class SourceOut(Schema):
    """A source: how far it was read, beside its own head (null if it could not be asked)."""

    source = fields.String(required=True)
    position = fields.Integer(required=True)
    chain = fields.String(required=True)
    head_position = fields.Integer(required=True, allow_none=True)
    head_chain = fields.String(required=True, allow_none=True)
    parked = fields.Integer(required=True)
    last_event = fields.AwareDateTime(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(WORSE))
    reason = fields.String(required=True, allow_none=True)


class IndicatorOut(Schema):
    """A figure. `value`, `target` and `weight` are decimals as text, in `unit`; a rate keeps what it was divided from.
    `value` is null where there is nothing to divide by, `value_reason` then says so. `remark` tells what was left out.
    """

    code = fields.String(required=True)
    name = fields.String(required=True)
    unit = fields.String(required=True)
    service = fields.String(required=True)
    category = fields.List(fields.String(), required=True)
    weight = fields.String(required=True)
    target = fields.String(required=True, allow_none=True)
    printed_as = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True)
    value_reason = fields.String(required=True, allow_none=True)
    remark = fields.String(required=True, allow_none=True)
    numerator = fields.Integer(required=True, allow_none=True)
    denominator = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(WORSE))
    reason = fields.String(required=True, allow_none=True)
    sources = fields.List(fields.Nested(SourceOut), required=True)


class IndicatorsOut(Schema):
    """A year's figures, and every source that stands behind them. `catalogue` is the year of the catalogue used."""

    year = fields.Integer(required=True)
    catalogue = fields.Integer(required=True)
    items = fields.List(fields.Nested(IndicatorOut), required=True)
    sources = fields.List(fields.Nested(SourceOut), required=True)


class MonthOut(Schema):
    """A figure at the end of a month; null where there was nothing to divide by."""

    month = fields.String(required=True)
    value = fields.String(required=True, allow_none=True)


class GrowthOut(Schema):
    """A figure by month."""

    code = fields.String(required=True)
    months = fields.List(fields.Nested(MonthOut), required=True)


class YearsOut(Schema):
    """The years that have facts."""

    years = fields.List(fields.Integer(), required=True)


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


class RecordOut(Schema):
    """Where a record is: at which service, under which path of its API."""

    service = fields.String(required=True)
    path = fields.String(required=True)


class EventOut(Schema):
    """An event of the log that stands behind a figure; `title` is Chinese."""

    source = fields.String(required=True)
    position = fields.Integer(required=True)
    id = fields.String(required=True)
    type = fields.String(required=True)
    title = fields.String(required=True)
    subject = fields.String(required=True)
    occurredon = fields.Date(required=True)
    entityversion = fields.Integer(required=True)
    data = fields.Dict(keys=fields.String(), required=True)
    record = fields.Nested(RecordOut, required=True)


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


class SessionOut(Schema):
    """Whose token it is."""

    subject = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
