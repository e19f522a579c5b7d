"""What the routes of figures take and give."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.reporting.proof.completeness import STATES


class NoQuery(Schema):
    """No query parameter: one that is sent is refused, so that nobody takes a figure for narrowed down."""


class SourceOut(Schema):
    """A source: how far it was read, beside its own head (null if it could not be asked)."""

    source = fields.String(required=True)
    position = fields.Integer(required=True)
    chain = fields.String(required=True)
    head_position = fields.Integer(required=True, allow_none=True)
    head_chain = fields.String(required=True, allow_none=True)
    parked = fields.Integer(required=True)
    last_event = fields.AwareDateTime(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(list(STATES)))
    reason = fields.String(required=True, allow_none=True)


class CorrectedOut(Schema):
    """What a later year took back of a figure; the amount is in yuan, and counts in `year`."""

    year = fields.Integer(required=True)
    amount = fields.String(required=True)
    count = fields.Integer(required=True)


class IndicatorOut(Schema):
    """A figure. `value`, `target` and `weight` are decimals as text, in `unit`: `value` is exact (or a rate's two
    decimals), `printed` is as the office prints it; a rate keeps what it was divided from. `value` is null where there
    is nothing to divide by or no data, `value_reason` then says so. `remark` says what stands beside the figure,
    `contradictory` how many of the records counted are contradicted by others, `corrected` what later years took back.
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
    printed = fields.String(required=True, allow_none=True)
    value_reason = fields.String(required=True, allow_none=True)
    remark = fields.String(required=True, allow_none=True)
    contradictory = fields.Integer(required=True)
    corrected = fields.List(fields.Nested(CorrectedOut), required=True)
    numerator = fields.Integer(required=True, allow_none=True)
    denominator = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(list(STATES)))
    reason = fields.String(required=True, allow_none=True)
    sources = fields.List(fields.Nested(SourceOut), required=True)


class ContradictionsOut(Schema):
    """How many contradictions between records of the year a source has, and where they are listed and explained."""

    source = fields.String(required=True)
    open = fields.Integer(required=True)
    explained = fields.Integer(required=True)
    path = fields.String(required=True)


class IndicatorsOut(Schema):
    """A year's figures, and every source that stands behind them. `catalogue` is the year of the catalogue used."""

    year = fields.Integer(required=True)
    catalogue = fields.Integer(required=True)
    items = fields.List(fields.Nested(IndicatorOut), required=True)
    sources = fields.List(fields.Nested(SourceOut), required=True)
    contradictions = fields.List(fields.Nested(ContradictionsOut), required=True)


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


class RecordOut(Schema):
    """Where a record is: at which service, under which path of its API."""

    service = fields.String(required=True)
    path = fields.String(required=True)


class LabelledOut(Schema):
    """A field of an event in Chinese: what it is called, and its value as people read it."""

    label = fields.String(required=True)
    value = fields.String(required=True)


class EventOut(Schema):
    """An event of the log that stands behind a figure; `title` and `labelled` are Chinese."""

    source = fields.String(required=True)
    position = fields.Integer(required=True)
    id = fields.String(required=True)
    type = fields.String(required=True)
    title = fields.String(required=True)
    subject = fields.String(required=True)
    occurredon = fields.Date(required=True)
    entityversion = fields.Integer(required=True)
    data = fields.Dict(keys=fields.String(), required=True)
    labelled = fields.List(fields.Nested(LabelledOut), required=True)
    record = fields.Nested(RecordOut, required=True)
