"""The import of a workbook as the API answers it: what was sent, what came of it, and what can be wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser

from hongxia.definition import Importable
from hongxia.events import preview
from hongxia.events.cursor import Handle
from hongxia.events.envelope import Event, NotAnEvent
from hongxia.http.endpoint import Call
from hongxia.http.problems import BadRequest, Conflict, FieldError, Invalid, Unavailable
from hongxia.http.schemas import ImportedOut
from hongxia.runtime import green
from hongxia.runtime.host import Host
from hongxia.workbook.errors import NotAWorkbook, WorkbookErrors
from hongxia.workbook.importing import DryRun, Import, parse
from hongxia.workbook.layout import same_title
from hongxia.workbook.plan import Plan
from hongxia.workbook.process import NoReader
from hongxia.workbook.read import identify
from hongxia.workbook.reconcile import CONFIRM_CHANGES, Unconfirmed, rows_as_text

FORM = "multipart/form-data"
"""How a workbook is sent with what is to be thought of as done before it: the parts `file` (the workbook to check),
`earlier` (workbooks of this service, in order) and `events` (CloudEvents that earlier checks answered), each with a
file name.
"""
MOST_PARTS = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """A request's content: the workbook, earlier ones of the same service, and events of others."""

    data: bytes
    earlier: Sequence[bytes] = ()
    events: Sequence[Event] = ()


def answer(
    host: Host, call: Call, importable: Importable, importables: Sequence[Importable], handlers: Mapping[str, Handle]
) -> dict[str, Any]:
    """Import a workbook, or only check it. Reading takes a while, so it is done before the transaction is opened.

    Whoever calls has been asked for the role already: see hongxia.runtime.service. Raises Problem.
    """
    asked, sent = call.query, _sent(call)
    parsed = _parsed(sent.data, importable, call)
    earlier = [_earlier(data, importables, call) for data in sent.earlier]
    try:
        with host.database.begin(call.context) as session:
            refused = preview.apply(session, handlers, sent.events, green.sleep)
            _put_earlier(session, call, earlier)
            plan = parsed.load(session, call.today, dry_run=asked["dry_run"], confirmed=asked["apply_changes"])
    except WorkbookErrors as error:
        raise _cells_at_fault(error) from None
    except Unconfirmed as error:
        raise _not_confirmed(error.plan) from None
    except DryRun as run:
        plan = run.plan
        events = {"events": run.events} if asked["preview"] else {}
    else:
        events = {}
    return {
        "workbook": importable.workbook.name,
        "year": parsed.parsed.year,
        "dry_run": asked["dry_run"],
        "notes": [*_notes(parsed), *_passed_over(refused)],
        **_shown(plan),
        **events,
    }


def _sent(call: Call) -> Sent:
    """Read the request's content. Raises BadRequest, Invalid."""
    request, body = call.request, call.body
    if request.mimetype != FORM:
        return Sent(body)
    if not call.query["dry_run"]:
        problem = FieldError("附带前面的文件或事件时，只能检查：dry_run 应为 true", parameter="dry_run")
        raise Invalid("附带前面的文件或事件的，只能检查，不能导入", errors=[problem])
    parser = FormDataParser(silent=False, max_form_parts=MOST_PARTS)
    try:
        _, _, files = parser.parse(BytesIO(body), FORM, len(body), request.mimetype_params)
    except (ValueError, HTTPException):
        raise BadRequest("请求内容不是有效的 multipart/form-data") from None
    unknown = files.keys() - {"file", "earlier", "events"}
    if unknown or len(files.getlist("file")) != 1:
        raise Invalid("multipart/form-data 应有一个 file，可有若干 earlier 和 events，均以文件形式上传")
    events = [event for part in files.getlist("events") for event in _events(part)]
    return Sent(files["file"].read(), [part.read() for part in files.getlist("earlier")], events)


def _events(part: FileStorage) -> list[Event]:
    try:
        return preview.read(json.loads(part.read()))
    except (ValueError, RecursionError, NotAnEvent):
        raise Invalid("events 应为检查答复中的 events 原样", slug="not-events") from None


def _parsed(data: bytes, importable: Importable, call: Call) -> Import:
    try:
        return parse(data, importable, call.today, green.sleep)
    except NotAWorkbook as error:
        raise Invalid(error.message_zh, slug="not-a-workbook") from None
    except WorkbookErrors as error:
        raise _cells_at_fault(error) from None
    except NoReader as error:
        raise Unavailable(str(error)) from None


def _earlier(data: bytes, importables: Sequence[Importable], call: Call) -> Import:
    """Read a workbook that comes before the one to check. Raises Invalid, Forbidden."""
    try:
        title = identify(data).title
        found = next((known for known in importables if same_title(known.workbook.title_zh, title)), None)
        if found is None:
            raise _earlier_at_fault(f"本服务没有名为“{title}”的工作簿")
        call.actor.must_have(found.roles)
        return parse(data, found, call.today, green.sleep)
    except (NotAWorkbook, WorkbookErrors) as error:
        raise _earlier_at_fault(str(error)) from None
    except NoReader as error:
        raise Unavailable(str(error)) from None


def _put_earlier(session: Session, call: Call, earlier: Sequence[Import]) -> None:
    """Put the earlier workbooks in, whatever they change or ask: they were checked by themselves. Raises Invalid."""
    for one in earlier:
        try:
            one.put(session, call.today)
        except WorkbookErrors as error:
            raise _earlier_at_fault(str(error)) from None


def _earlier_at_fault(why: str) -> Invalid:
    return Invalid(f"附带的前面的文件有误：{why}", slug="earlier-workbook")


def _notes(parsed: Import) -> list[dict[str, str]]:
    return [{"sheet": note.sheet_zh, "text": note.text_zh} for note in parsed.parsed.notes]


def _passed_over(refused: int) -> list[dict[str, str]]:
    text = f"附带的事件有 {refused} 个未能应用，检查结果可能与正式导入不同"
    return [{"sheet": "", "text": text}] if refused else []


def _cells_at_fault(error: WorkbookErrors) -> Invalid:
    errors = [
        FieldError(
            str(cell),
            pointer=f"#{cell.pointer}",
            extra={"sheet": cell.sheet, "row": cell.row, "column": cell.column_title},
        )
        for cell in error.errors
    ]
    return Invalid(str(error), slug="workbook-errors", errors=errors, extra={"truncated": error.truncated})


def _shown(plan: Plan) -> dict[str, Any]:
    return {
        "digest": plan.digest,
        "sheets": plan.sheets,
        "changes": plan.changes,
        "questions": plan.questions,
        "missing": [{"sheet": sheet, "key": key} for sheet, key in plan.missing],
        "labels": [{"list": title, "label": label} for title, label in plan.labels],
    }


def _not_confirmed(plan: Plan) -> Conflict:
    """The problem that lists what has to be confirmed, with the digest that confirms it."""
    shown = ImportedOut(exclude=("workbook", "year", "dry_run", "notes", "events")).dump(_shown(plan))
    lines = list(rows_as_text(plan))
    detail = "；".join(lines[:5]) + (f"……共 {len(lines)} 处" if len(lines) > 5 else "")
    return Conflict(f"{detail}。{CONFIRM_CHANGES}", slug="changes-not-confirmed", extra=shown)
