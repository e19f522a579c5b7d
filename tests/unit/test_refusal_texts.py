"""Every refusal names a field or column, both values where two differ, and a remedy where there is one.

Collected from the source are the texts with which rules, rows and cells refuse: what Violation, Finding and BadCell are
given, in place or by a name. A text that lacks one of the three stands here with the reason.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from marshmallow import ValidationError

from hongxia import services
from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.rules import Conflicting
from hongxia.schema.derive import body_of
from hongxia.workbook.cells import BadCell, Span, value_of
from hongxia.workbook.columns import columns_of
from services.registry.cadres.schema import CadreSchema
from tests.unit.test_refusals import ROOT, _called, _named, _texts_in, remedies_in

REFUSING = ("Violation", "Finding", "BadCell")

COMPARING = re.compile(r"早于|晚于|多于|少于|不同|不符|重叠|在其后|之后$|之前$|不在.*[内中]|不能改为")
"""Words that hold one value against another one."""

ONE_VALUE = {
    "… … 早于身份证号中的出生日期，请更正其中一个": "the birth date is personal",
    "此身份证号已登记在另一名干部名下；同一人请合并两条记录，不同的人请更正身份证号": "the number is personal",
    "两条记录的姓名和出生日期都不同，不能合并；确为一人的，请先更正其中一条的姓名或身份证号": "both are personal",
    "数字格式使显示的内容与存储的数值不同，请改为文本格式并重新填写": "Excel shows both",
    "交办日期不能改为空（现为 …）；请填写正确的日期": "the other value is empty",
}
"""Texts that compare and do not show both values, with the reason."""

REFUSALS = re.compile(r"不能|不应|不许|无法|已有|已由|已登记|已并入|已停用|已在|不必|只有")
"""Words that say that something is not possible; whoever reads them asks what is possible."""

NO_REMEDY = {
    "不能为空": "a value is",
    "…不能为空": "a value is",
    "不能超过…个字，现有…个字": "a shorter text is",
    "不能为负数": "another number is; the value may be a resident number in the wrong column, so it is not shown",
    "不能小于…": "as above",
    "不能大于…": "as above",
    "调整金额不能为零": "another amount is",
    "该干部 … 同一方式的联系已登记，不必再登记": "it says itself that nothing is to be done",
    "日志中 … 位置 … 的事件按现行规则无法取用：…": "a fault of the system, for its operators",
}
"""Texts that say what is impossible and nothing else, because only the opposite is possible."""


@cache
def refusals() -> tuple[tuple[str, str, str], ...]:
    """Return where each refusal stands, the field that it is given for ("…" if it is no constant), and its text."""
    found = []
    for file in sorted((*(ROOT / "services").rglob("*.py"), *(ROOT / "hongxia").rglob("*.py"))):
        if "migrations" not in file.parts:
            where = file.relative_to(ROOT).as_posix()
            found += [(f"{where}:{line}", field, text) for line, field, text in refusals_in(file)]
    return tuple(found)


def refusals_in(file: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line, field and text of the refusals in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        named = {**_named(tree), **_named(function)}
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and _called(call) in REFUSING and call.args:
                place = {"Violation": 0, "Finding": 2}.get(_called(call))
                for line, text in _texts_in(call.args[-1], named):
                    yield line, _constant(call.args[place]) if place is not None else "…", text


def _constant(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "…"


def test_there_are_refusals_of_every_kind() -> None:
    wheres = {where.split("/")[0] + "/" + where.split("/")[1] for where, _, _ in refusals()}
    assert {"services/registry", "services/outreach", "services/activities", "services/finance"} <= wheres
    assert len(refusals()) > 100


def test_a_refusal_that_compares_shows_both_values() -> None:
    lacking = [
        f"{where}: {text}"
        for where, _, text in refusals()
        if COMPARING.search(text) and text.count("…") < 2 and text not in ONE_VALUE
    ]
    assert lacking == []


def test_a_refusal_that_says_what_is_impossible_says_what_is_possible() -> None:
    lacking = [
        f"{where}: {text}"
        for where, _, text in refusals()
        if REFUSALS.search(text) and not COMPARING.search(text) and not _has_remedy(text)
    ]
    assert lacking == []


def _has_remedy(text: str) -> bool:
    """Whether a text has a phrase that asks for something, or ends with one that stands elsewhere."""
    return bool(remedies_in(text)) or text.endswith("；…") or text in NO_REMEDY


def test_the_field_that_a_refusal_is_for_is_one_of_a_schema_or_a_sheet() -> None:
    known = fields_of_all()
    unknown = [
        f"{where}: {field}"
        for where, field, _ in refusals()
        if field not in ("", "…") and field.lstrip("?").partition("/")[0] not in known
    ]
    assert unknown == []


def test_a_refusal_for_no_field_names_the_record() -> None:
    thing = re.compile(r"…|记录|干部|凭证|项目|帮扶|意见|住院|场次|名册|内容|重建")
    assert [f"{where}: {text}" for where, field, text in refusals() if field == "" and not thing.search(text)] == []


def test_what_is_excused_stands_in_the_code() -> None:
    texts = {text for _, _, text in refusals()}
    assert [text for text in (*ONE_VALUE, *NO_REMEDY) if text not in texts] == []


def fields_of_all() -> set[str]:
    """Return the names (and attributes) of all fields of the API's bodies and of all columns."""
    found = set()
    for file in (ROOT / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    for name in services.names():
        for importable in services.load(name).definition.workbooks:
            found |= {column.field for sheet in importable.workbook.sheets for column in sheet.columns}
    return found | {f"{name[:-3]}_fen" for name in found if name.endswith("_fen")} | {"amount_fen", "initial_fen"}


# ---- life cycles: what a refusal says can be done in a state can be done


COLLECTIONS = {
    "cadre": "/cadres",
    "change": "/changes",
    "transfer": "/transfers",
    "street": "/streets",
    "unit": "/units",
    "liaison": "/liaisons",
    "contradiction": "/contradictions",
    "visit": "/visits",
    "contact": "/contacts",
    "aid": "/aid-cases",
    "suggestion": "/suggestions",
    "stay": "/stays",
    "obligation-kind": "/obligation-kinds",
    "festival": "/festivals",
    "session": "/sessions",
    "attendance": "/attendances",
    "work": "/works",
    "health-check": "/health-checks",
    "check": "/checks",
    "drive": "/drives",
    "roster": "/rosters",
    "budget-line": "/budget-lines",
    "budget-adjustment": "/adjustments",
    "expenditure": "/expenditures",
    "aid-payment": "/aid-payments",
}
AGAIN = {
    "contact": "/contacts",
    "attendance": "/sessions/{session_id}/attendances",
    "check": "/health-checks/{batch_id}/checks",
    "roster": "/drives/{drive_id}/rosters",
}
"""Where what was voided is recorded again."""
SAID = {"die": "death", "withdraw-death": "death/withdraw", "undo-merge-of-deceased": "undo-merge"}
"""Verbs whose route has another name."""
OF_THE_CADRE = {("transfer", "return"): "/cadres/{record_id}/return"}
BY_THEMSELVES = {"milestone": "announced and withdrawn by a timer", "obligation": "follows from its cause"}


def offered() -> Iterator[tuple[str, Lifecycle, str, str]]:
    """Yield every verb that a life cycle offers in a state."""
    for name in services.names():
        for cycle in services.load(name).definition.lifecycles:
            for state, verb in cycle.moves:
                if state != NEW and cycle._word(verb) and cycle.thing not in BY_THEMSELVES:
                    yield name, cycle, state, verb


def test_what_a_state_offers_is_a_route_of_the_service() -> None:
    missing = [
        f"{name} {cycle.thing} {state} {verb}"
        for name, cycle, state, verb in offered()
        if not _is_route(name, cycle.thing, verb)
    ]
    assert missing == []


def _is_route(service: str, thing: str, verb: str) -> bool:
    paths = json.loads((ROOT / "contracts/openapi" / f"{service}.json").read_text(encoding="utf-8"))["paths"]
    one = COLLECTIONS[thing] + "/{record_id}"
    if verb == "amend":
        return "patch" in paths[one]
    if verb in ("make", "record"):
        return "post" in paths[AGAIN[thing]]
    path = OF_THE_CADRE.get((thing, verb), f"{one}/{SAID.get(verb, verb)}")
    return "post" in paths.get(path, {})


THING = Lifecycle(
    "thing",
    "物品",
    Codes(open="待办", done="已办", dropped="已作废", waiting="等待"),
    {
        (NEW, "begin"): "open",
        ("open", "amend"): "open",
        ("open", "do"): "done",
        ("open", "lapse"): "dropped",
        ("done", "void"): "dropped",
        ("open", "wait"): "waiting",
    },
    acts={"do": "办理"},
    remedies={"waiting": "收到答复后自动办理"},
)


@pytest.mark.parametrize(
    ("state", "verb", "message"),
    [
        ("open", "void", "这条物品的状态是“待办”，不能作废；现在可以修改、办理"),
        ("done", "amend", "这条物品的状态是“已办”，不能修改；现在可以作废"),
        ("done", "lapse", "这条物品的状态是“已办”，不能这样办理；现在可以作废"),
        ("dropped", "do", "这条物品的状态是“已作废”，不能办理；确有需要的请另行登记"),
        ("waiting", "do", "这条物品的状态是“等待”，不能办理；收到答复后自动办理"),
    ],
)
def test_a_wrong_state_says_what_can_be_done_instead(state: str, verb: str, message: str) -> None:
    with pytest.raises(Conflicting) as raised:
        THING.after(state, verb)
    assert (raised.value.code, raised.value.message) == ("wrong-state", message)


# ---- codes with their labels


def test_a_code_that_is_none_of_a_list_is_refused_with_codes_and_labels() -> None:
    errors = CadreSchema(only=("political_status",)).validate({"political_status": "emperor"})
    [message] = errors["political_status"]
    assert message.startswith("只能是以下之一：") and "（" in message


# ---- the API and the workbook judge a text alike

NAME_FIELD = body_of(CadreSchema)._declared_fields["name"]
[NAME_COLUMN] = [column for column in columns_of(CadreSchema) if column.field == "name"]


TAKEN = ("1e5", "１ｅ５", "😀张", "100000", "-", "·", "<b>", "=1+1", "张  三", "e\u0301", "㐀", "\U000f0000", "张" * 50)
REFUSED = ("张\ud83d", "张\x00三", "张\ufffd", "\u202e张", "张\ufdd0", "张" * 51)


@pytest.mark.parametrize("name", [*TAKEN, *REFUSED])
def test_a_name_is_taken_or_refused_by_the_api_as_by_the_workbook(name: str) -> None:
    by_cell: str | None
    try:
        by_cell = str(value_of(NAME_COLUMN, name, Span(2022, date(2022, 10, 15))))
    except BadCell:
        by_cell = None
    try:
        by_request: str | None = NAME_FIELD.deserialize(name)
    except ValidationError:
        by_request = None
    assert (by_request, by_cell is None) == (by_cell, name in REFUSED)


@pytest.mark.parametrize("name", ["张\ud83d", "张\x00三", "张\ufffd"])
def test_a_name_that_cannot_be_kept_is_refused_with_the_same_reason(name: str) -> None:
    with pytest.raises(BadCell) as by_cell:
        value_of(NAME_COLUMN, name, Span(2022, date(2022, 10, 15)))
    with pytest.raises(ValidationError) as by_request:
        NAME_FIELD.deserialize(name)
    assert by_request.value.messages == [str(by_cell.value)]
