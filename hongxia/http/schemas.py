"""What the routes that every service has take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from hongxia.events import feed

LONGEST_POLL_MS = 30_000
CHAIN = r"[0-9a-f]{64}\Z"
HOLDS = "读者所持的最后位置与链值；与本来源的历史不符时答复 409"


def _chain() -> fields.String:
    """The chain of the last event that a reader holds."""
    right = validate.Regexp(CHAIN, error="应为 64 位小写十六进制数")
    return fields.String(load_default=None, validate=right, metadata={"description": HOLDS})


class FeedQuery(Schema):
    """The HTTP Feeds parameters, and our own `after`, `type` and `limit`. `timeout` is in milliseconds;
    no longer than LONGEST_POLL_MS is waited.
    """

    lastEventId = fields.UUID(load_default=None)
    after = fields.Integer(load_default=None, validate=validate.Range(0, 2**62))
    chain = _chain()
    type = fields.String(load_default=None)
    digests = fields.Boolean(
        load_default=False, metadata={"description": "与 type 同用：其他类型的事件只给摘要，以便验证整条链"}
    )
    without = fields.String(
        load_default="", metadata={"description": "不要的字段，用逗号分隔（可含 subject）；只给其摘要，链仍可验证"}
    )
    limit = fields.Integer(load_default=feed.PAGE, validate=validate.Range(1, 2000))
    timeout = fields.Integer(
        load_default=0, validate=validate.Range(0), metadata={"description": f"毫秒，至多等待 {LONGEST_POLL_MS}"}
    )

    @validates_schema
    def _one_beginning(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["after"] is not None and data["lastEventId"] is not None:
            raise ValidationError("不能与 lastEventId 同时使用", "after")
        if data["chain"] is not None and data["after"] is None:
            raise ValidationError("须与 after 同时使用", "chain")
        if data["digests"] and not data["type"]:
            raise ValidationError("须与 type 同时使用", "digests")


class HeadQuery(Schema):
    """What the reader holds, if it says so."""

    after = fields.Integer(load_default=None, validate=validate.Range(0, 2**62), metadata={"description": HOLDS})
    chain = _chain()

    @validates_schema
    def _both(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if (data["after"] is None) != (data["chain"] is None):
            raise ValidationError("after 与 chain 须同时使用", "chain")


class HealthOut(Schema):
    """A process that answers."""

    status = fields.String(required=True)
    service = fields.String(required=True)
    version = fields.String(required=True)


class ReadyOut(Schema):
    """Whether a service can do its work: "ok" or what is wrong, by what it needs."""

    status = fields.String(required=True)
    database = fields.String(required=True)
    broker = fields.String(required=True)


class HeadOut(Schema):
    """The end of a service's own log."""

    position = fields.Integer(required=True)
    chain = fields.String(required=True)
    unnumbered = fields.Integer(required=True)
    first = fields.Integer(required=True)
    source = fields.String(required=True)
    time = fields.String(required=True)
    alg = fields.String(required=True)
    kid = fields.String(required=True)
    signature = fields.String(required=True)


class ReaderOut(Schema):
    """What a reader stated last about this log."""

    subject = fields.String(required=True)
    position = fields.Integer(required=True)
    chain = fields.String(required=True)
    seen = fields.AwareDateTime(required=True)
    lag = fields.Integer(required=True)


class OwnCursorOut(Schema):
    """How far a consumer has read a source."""

    source = fields.String(required=True)
    position = fields.Integer(required=True)
    chain = fields.String(required=True)
    diverged = fields.String(required=True, allow_none=True)
    last_event = fields.AwareDateTime(required=True, allow_none=True)
    head_position = fields.Integer(required=True)
    head_chain = fields.String(required=True)
    head_seen = fields.AwareDateTime(required=True, allow_none=True)
    parked = fields.Integer(required=True)


class ParkedOut(Schema):
    """An event that could not be applied."""

    source = fields.String(required=True)
    position = fields.Integer(required=True)
    type = fields.String(required=True)
    subject = fields.String(required=True)
    occurredon = fields.String(required=True)
    reason = fields.String(required=True)
    detail = fields.String(required=True)
    parked_at = fields.AwareDateTime(required=True)
    attempts = fields.Integer(required=True)


class ResetOut(Schema):
    """A source that is read anew."""

    source = fields.String(required=True)
    status = fields.String(required=True)


class ReplayedOut(Schema):
    """What a replay did."""

    applied = fields.Integer(required=True)
    still_parked = fields.Integer(required=True)


class ImportQuery(Schema):
    """`dry_run` checks everything and keeps nothing; `preview` answers the events that the import would publish, for
    the dry run of the next file; `apply_changes` is the digest of a dry run whose changes and questions somebody has
    confirmed.
    """

    dry_run = fields.Boolean(load_default=False, metadata={"description": "只检查，不保存"})
    preview = fields.Boolean(load_default=False, metadata={"description": "检查时同时答复将产生的事件"})
    apply_changes = fields.String(load_default="", metadata={"description": "核对结果的 digest，确认其中的更改"})


class WorkbookOut(Schema):
    """A workbook that can be imported."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    order = fields.Integer(required=True)


class SheetOut(Schema):
    """What an import did with the rows of a sheet."""

    created = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    continued = fields.Integer(required=True)
    changed = fields.Integer(required=True)


class ChangedCellOut(Schema):
    """A cell that says something else than when it was imported before."""

    sheet = fields.String(required=True)
    row = fields.Integer(required=True)
    key = fields.String(required=True)
    column = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class QuestionOut(Schema):
    """A row that may be a mistake."""

    sheet = fields.String(required=True)
    row = fields.Integer(required=True)
    key = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)


class MissingRowOut(Schema):
    """A row that came with the same file before and is not in it now; its record was left as it is."""

    sheet = fields.String(required=True)
    key = fields.String(required=True)


class NewLabelOut(Schema):
    """A label that a list of the bureau lacks and that the import adds."""

    list = fields.String(required=True)
    label = fields.String(required=True)


class NoteOut(Schema):
    """Something about a sheet that is no error, but that nobody should overlook, in Chinese."""

    sheet = fields.String(required=True)
    text = fields.String(required=True)


class ImportedOut(Schema):
    """What an import did, or would do. `digest` names its changes, questions and new labels, and is empty without any;
    `notes` say what was read although a person may not have seen it; `events` are those that a dry run with `preview`
    would publish, without a place in the log.
    """

    workbook = fields.String(required=True)
    year = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
    digest = fields.String(required=True)
    sheets = fields.Dict(keys=fields.String(), values=fields.Nested(SheetOut), required=True)
    changes = fields.List(fields.Nested(ChangedCellOut), required=True)
    questions = fields.List(fields.Nested(QuestionOut), required=True)
    missing = fields.List(fields.Nested(MissingRowOut), required=True)
    labels = fields.List(fields.Nested(NewLabelOut), required=True)
    notes = fields.List(fields.Nested(NoteOut), required=True)
    events = fields.List(fields.Dict(keys=fields.String()))
