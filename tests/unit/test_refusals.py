"""A refusal that names a remedy names one that exists: a route, a command, a column, or what the caller can do alone.

The texts are collected from the source: what is given to a constructor of a refusal, in place or by a name, the titles
of problems, constants of one line, and the texts that a function returns, yields or gathers because a rule collects
them. A phrase that tells somebody to do something must be in `REMEDIES`, with what proves that it can be done.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest
from typer.main import get_command

from hongxia.cli.main import application
from hongxia.records import missing
from services.activities.checks.model import Check
from services.registry.changes.model import Change

ROOT = Path(__file__).parents[2]

CONSTRUCTORS = {
    # refusals of a rule
    *("violation", "Violation", "Refused", "Conflicting", "Missing", "Fault", "NotLoadable"),
    # problems of the API
    *("Problem", "Rule", "Conflict", "NotFound", "Invalid", "BadRequest", "Unauthorized", "Forbidden", "GoneAway"),
    *("MethodNotAllowed", "PreconditionFailed", "PreconditionRequired", "TooLarge", "UnsupportedMedia", "Unavailable"),
    *("FieldError", "ValidationError"),
    # workbooks
    *("Finding", "BadCell", "CellError", "NotAWorkbook", "WorkbookErrors"),
    # the command line
    *("ClientError", "Misconfigured", "UnknownService", "Check", "ForeignDatabase"),
}
"""What takes the text of a refusal."""

TEXTS = (ast.Constant, ast.JoinedStr, ast.IfExp, ast.List)
LISTS = ("faults.", "lines.", "errors.")
"""Lists that texts of refusals are gathered in."""

PLACEHOLDER = "…"
"""What stands for a value in a text."""


@dataclass(frozen=True)
class Text:
    """A text of the code and where it stands."""

    where: str
    text: str


@dataclass(frozen=True)
class Route:
    """Proof: the API of a service has the route. Names of parameters in the path do not matter."""

    service: str
    method: str
    path: str

    def is_there(self) -> bool:
        """Look it up in the published description."""
        return (self.method, _nameless(self.path)) in _routes(self.service)


@dataclass(frozen=True)
class Command:
    """Proof: `hongxia` has the command."""

    name: str

    def is_there(self) -> bool:
        """Look it up among the commands."""
        return self.name in _commands()


@dataclass(frozen=True)
class Column:
    """Proof: a sheet of a workbook has the column, as docs/workbooks.md describes it."""

    sheet: str
    title: str

    def is_there(self) -> bool:
        """Look it up in the description, which is made from the declarations."""
        return (self.sheet, self.title) in _columns()


@dataclass(frozen=True)
class Caller:
    """No proof is needed: it is about what the caller sends or the file that is handed in, or asks to wait or look."""

    def is_there(self) -> bool:
        """It always can be done."""
        return True


Proof = Route | Command | Column | Caller
CALLER = (Caller(),)


def amendable(service: str, *items: str) -> tuple[Proof, ...]:
    """Return the proofs that the records of a service's workbook can be changed: a PATCH for each kind of record."""
    return tuple(Route(service, "PATCH", f"/{item}/{{id}}") for item in items)


@dataclass(frozen=True)
class Remedy:
    """A phrase (a pattern for the whole of it), where it is said (the beginning of a path), and what proves it."""

    phrase: str
    proofs: tuple[Proof, ...]
    where: str = ""


REMEDIES = (
    # routes
    Remedy("请先在干部名册中登记", (Route("registry", "POST", "/cadres"),)),
    Remedy(
        "请先在干部名册中更正",
        (*amendable("registry", "cadres"), Route("registry", "POST", "/cadres/{id}/death/correct")),
    ),
    Remedy("请先在干部名册中更正调转", amendable("registry", "transfers")),
    Remedy("请先在干部名册中登记转回", (Route("registry", "POST", "/cadres/{id}/return"),)),
    Remedy("现在可以…", CALLER, "hongxia/lifecycle.py"),  # proved by test_refusal_texts.py
    Remedy("请另行登记", CALLER, "hongxia/lifecycle.py"),
    Remedy(
        "请修改已登记的那条",
        (*amendable("finance", "budget-lines", "adjustments", "expenditures"), *amendable("outreach", "visits")),
    ),
    Remedy("状态请填“…”|请填“…”", (Column("场次", "状态"),), "services/activities/"),
    Remedy(
        "请以新编号(按正确的金额)?重新记账|请修改凭证“…”",
        (Route("finance", "POST", "/expenditures"), *amendable("finance", "expenditures")),
    ),
    Remedy("请更正批准日期", amendable("finance", "budget-lines", "expenditures", "adjustments")),
    Remedy("应相等", CALLER, "services/finance/"),
    Remedy("请重新拨付", (Route("finance", "POST", "/aid-payments/{id}/pay"),)),
    Remedy("请在帮扶中另立一件", (Route("outreach", "POST", "/aid-cases"),)),
    Remedy("请在帮扶中重新办理", (Route("outreach", "POST", "/aid-cases/{id}/reopen"),)),
    Remedy("请在已有的那一件上办理", amendable("outreach", "aid-cases")),
    Remedy("请不带 If-Match|请填写另一名干部的记录|请直接使用", CALLER),
    Remedy("请恢复", (Route("outreach", "POST", "/festivals/{id}/relist"),), "services/outreach/"),
    Remedy("请填“批准”", (Column("帮扶", "审批结果"),), "services/outreach/"),
    Remedy("请先作废", (Route("activities", "POST", "/rosters/{id}/void"),), "services/activities/drives/"),
    Remedy(
        "请修改那一条",
        amendable("activities", "attendances", "checks", "rosters"),
        "services/activities/",
    ),
    Remedy("请修改那一条", amendable("outreach", "festivals"), "services/outreach/obligations/"),
    Remedy("请登记为已举办", (Route("activities", "POST", "/sessions/{id}/hold"),)),
    Remedy("请先调增预算", (Route("finance", "POST", "/budget-lines/{id}/adjustments"),)),
    Remedy("请调减预算", (Route("finance", "POST", "/budget-lines/{id}/adjustments"),)),
    Remedy("请先作废预算调整", (Route("finance", "POST", "/adjustments/{id}/void"),)),
    Remedy(
        "请作废或冲销后",
        (Route("finance", "POST", "/adjustments/{id}/void"), Route("finance", "POST", "/expenditures/{id}/reversal")),
    ),
    Remedy("请冲销后重新记账", (Route("finance", "POST", "/expenditures/{id}/reversal"),)),
    Remedy("请登记退回", (Route("finance", "POST", "/aid-payments/{id}/return"),)),
    Remedy(
        "请在帮扶拨付中办理退回或撤回",
        tuple(Route("finance", "POST", f"/aid-payments/{{id}}/{step}") for step in ("return", "propose-reversal")),
    ),
    Remedy("只有银行退回的帮扶款可以重新拨付", (Route("finance", "POST", "/aid-payments/{id}/pay"),)),
    Remedy("请在帮扶中重新审批", (Route("outreach", "POST", "/aid-cases/{id}/approve"),)),
    Remedy("请先修改该项目", amendable("finance", "budget-lines")),
    Remedy("请先修改冲销凭证的日期", amendable("finance", "expenditures")),
    Remedy("请核对冲销原凭证编号", (Column("支出", "冲销原凭证编号"),)),
    Remedy("请(以新编号另填一行|另编一个场次编号登记|改为“…”)", CALLER),
    Remedy("请与系统中的记录核对", CALLER, "hongxia/workbook/"),
    Remedy("请用 --dry-run 核对", (Command("import"),)),
    Remedy("请确认", CALLER, "services/activities/"),
    Remedy("confirm 中的 … 不是可确认的事项|可确认的事项为", CALLER),
    Remedy("请从第一页重新读取", CALLER),
    Remedy("请(重新填写|写在一行内|删除后重新填写|取消合并)", CALLER),
    Remedy("可有若干 earlier 和 events|附带的事件有 … 个未能应用", CALLER),
    Remedy("请改用显示全部数字的格式|请改为(常规或文本格式并核对内容|文本格式并重新填写)", CALLER),
    Remedy("请用 Excel 打开后另存为 .xlsx", CALLER),
    Remedy("请向管理员申请", CALLER),
    Remedy("请稍后再试", CALLER),
    Remedy("请撤回", (Route("outreach", "POST", "/aid-cases/{id}/withdraw"),)),
    Remedy("请由财务撤回帮扶款", (Route("finance", "POST", "/aid-payments/{id}/propose-reversal"),)),
    Remedy("请另立一件", (Route("outreach", "POST", "/aid-cases"),)),
    Remedy("请用 POST /aid-cases/…/approve 批准", (Route("outreach", "POST", "/aid-cases/{id}/approve"),)),
    Remedy("请用 POST /stays/…/end 登记出院", (Route("outreach", "POST", "/stays/{id}/end"),)),
    Remedy(
        "请用 POST /suggestions/…/… 办理",
        tuple(Route("outreach", "POST", f"/suggestions/{{id}}/{step}") for step in ("assign", "resolve")),
    ),
    Remedy("请填写办结日期", (Column("意见建议", "办结日期"),), "services/outreach/"),
    Remedy("请填写正确的日期", CALLER, "services/outreach/"),
    Remedy("请确认", CALLER, "services/outreach/"),
    Remedy("请重新读取后(再改|再试)", CALLER),
    Remedy("请查看 /cursors 与日志", tuple(Route(name, "GET", "/cursors") for name in ("outreach", "reporting"))),
    # commands
    Remedy("请先运行 hongxia migrate <服务>", (Command("migrate"),)),
    Remedy("请运行 hongxia rebuild", (Command("rebuild"),)),
    Remedy("请使用模板填写", (Command("templates"),)),
    # columns
    Remedy("类型为“专题调研”的应填写专题|专题调研应填写专题", (Column("场次", "专题"),)),
    Remedy("批准的帮扶应填写金额", (Column("帮扶", "金额（元）"),)),
    Remedy("应填“是”或“否”", CALLER),
    # what the caller can do alone
    Remedy("请稍后(重试|再验)", CALLER),
    Remedy("请核对(日期)?", CALLER),
    Remedy("请设置 HONGXIA_TOKEN", CALLER),
    Remedy("请写明 --jti 或 --subject|请注明令牌发给谁", (*CALLER, Command("token"))),
    Remedy("请用 REVOKED_TOKENS_FILE 指明|请先把公钥加入 PUBLIC_KEYS", CALLER),
    Remedy("请检查各服务的 PUBLIC_KEYS", CALLER),
    Remedy("请等其中一个结束后再试|请填写访问口令", CALLER),
    Remedy("请把(内容|数据)粘贴到空白模板中(再导入)?", (Command("templates"),)),
    Remedy("请粘贴为数值后再导入|请取消合并后再导入", CALLER),
    Remedy("请改回|请从备份中取回原来的密钥", CALLER),
    Remedy("请在它的目录中运行或设置 HONGXIA_DATA", CALLER),
    Remedy("请检查 HONGXIA_URL", CALLER),
    Remedy("请换一个目录", CALLER),
    Remedy("应以 pyamqp.*", CALLER),
    Remedy("请用 postgresql.*", CALLER),
    Remedy("请以 Content-Length 注明长度", CALLER),
    Remedy("没有内容也请保留表头", CALLER),
    Remedy("请以文本格式填写", CALLER),
    Remedy("请用 Excel 打开(并保存|后另存为 .xlsx 再试)", CALLER),
    Remedy("请去掉密码并另存为 .xlsx", CALLER),
)

REGISTRY = "services/registry/"
CADRE = amendable("registry", "cadres")
DEATH = tuple(Route("registry", "POST", f"/cadres/{{id}}/death{what}") for what in ("", "/correct", "/withdraw"))
MERGE = tuple(Route("registry", "POST", f"/cadres/{{id}}/{what}") for what in ("merge", "undo-merge"))
TRANSFER = (
    *amendable("registry", "transfers"),
    Route("registry", "POST", "/cadres/{id}/return"),
    Route("registry", "POST", "/transfers/{id}/void"),
)
LISTED = tuple(Route("registry", "POST", f"/{name}{{id}}/relist") for name in ("units/", "streets/", "liaisons/"))

REMEDIES += (
    Remedy("请(先)?更正(身份证号|登记日期|该内容)", CADRE, REGISTRY),
    Remedy("请先更正(该干部的身份证号|其中一条的姓名或身份证号)", CADRE, REGISTRY),
    Remedy("请更正其中一个", (*CADRE, *DEATH, *TRANSFER), REGISTRY),
    Remedy("请合并两条记录|请在该记录上办理", MERGE, REGISTRY),
    Remedy("请(先|先在目标记录)?(登记去世|更正去世日期|撤销去世登记)|没有去世登记可更正或撤销", DEATH, REGISTRY),
    Remedy("请(先)?(更正调转记录|登记转回|作废后重新登记|登记转回或作废其调转)", TRANSFER, REGISTRY),
    Remedy("请先在目标记录登记转出", (Route("registry", "POST", "/cadres/{id}/leave"),), REGISTRY),
    Remedy(
        "请先更正或撤销该变动",
        (*amendable("registry", "changes"), Route("registry", "POST", "/changes/{id}/void")),
        REGISTRY,
    ),
    Remedy("请先逐一指定联络员", (Route("registry", "POST", "/cadres/{id}/liaison"),), REGISTRY),
    Remedy("请改用在用的(代码|名称)", LISTED, REGISTRY),
    Remedy("请先(登记|在…名单中登记)", (Route("registry", "POST", "/units"), Route("registry", "POST", "/streets"))),
    Remedy("请使用“…”|(另一条)?请换一个编号|请确认后登记|请填写干部名册中记录的标识", CALLER),
    Remedy("请修改该编号的行", (Column("干部", "干部编号"),), REGISTRY),
)

FORMATS = re.compile(
    r"[不相对效反供可]应|应(为|在|等于|大于|小于|早于|晚于|有|答|计|哪)|[不许认]可|可(见|选|能|用|为|早|导入|不)"
)
"""“应” and “可” that say what a value looks like, and words that only contain them."""


def test_every_remedy_that_a_refusal_names_exists():
    unknown, false = [], []
    for text in texts():
        for phrase in remedies_in(text.text):
            remedy = remedy_of(text.where, phrase)
            if remedy is None:
                unknown.append(f"{text.where}: {text.text} (“{phrase}”)")
            else:
                false += [f"{text.where}: {text.text} ({proof})" for proof in remedy.proofs if not proof.is_there()]
    assert not unknown, "no proof is stated in REMEDIES for:\n" + "\n".join(unknown)
    assert not false, "a remedy is named that does not exist:\n" + "\n".join(false)


def test_every_stated_remedy_is_named_somewhere():
    said = {remedy_of(text.where, phrase) for text in texts() for phrase in remedies_in(text.text)}
    assert [remedy.phrase for remedy in REMEDIES if remedy not in said] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('raise Rule("不可以，请先登记", slug="x")', ["不可以，请先登记"]),
        ('raise problems.Rule(f"有{count}处，请{verb}", slug="x")', ["有…处，请…"]),
        ('yield Finding("visits", 2, "people", "人数" "应填写")', ["人数应填写"]),
        ('MESSAGE = "请改"\nraise Refused(MESSAGE)', ["请改"]),
        ('def f():\n    message = "请改"\n    raise Refused(message)', ["请改"]),
        ('raise Rule("甲" if early else "乙")', ["甲", "乙"]),
        ('raise Rule("甲" + other, errors=[FieldError("乙")])', ["甲…", "乙"]),
        ("class Gone(Problem):\n    slug, status, title = 'gone', 410, '已不在'", ["已不在"]),
        ('def check(text):\n    return "不符，请核对"', ["不符，请核对"]),
        ('def check(row):\n    yield "不符，请核对"', ["不符，请核对"]),
        ('CHANGED = "不同，请改"', ["不同，请改"]),
        ('faults.append(f"{name} 不对，请改")', ["… 不对，请改"]),
        ('def check(url):\n    return ["不对"] if url else []', ["不对"]),
        ('raise Rule("text", slug="x")\nlog("请改")\n"""请改"""', []),
    ],
)
def test_texts_are_collected_in_place_and_by_name(source, found):
    assert sorted(text for _, text in collected(source)) == sorted(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("编号已存在，请在系统中修改", ["请在系统中修改"]),
        ("请求无法读取；申请日期不可为空，应为日期，如 2022-03-01", []),
        ("公式没有结果，请打开并保存，或粘贴", ["请打开并保存"]),
        ("没有令牌：请设置 A；运行时，请改 B", ["请设置 A", "请改 B"]),
        ("批准的应填写金额", ["批准的应填写金额"]),
        ("可先撤回", ["可先撤回"]),
        ("应填“是”", ["应填“是”"]),
        ("只对应一条，不应有内容，不许可，长度应在1到2之间", []),
    ],
)
def test_a_remedy_is_told_from_a_format(text, found):
    assert remedies_in(text) == found


def test_a_remedy_that_nobody_has_is_noticed():
    assert not Route("registry", "POST", "/cadres/{id}/resurrect").is_there()
    assert not Command("resurrect").is_there()
    assert not Column("场次", "去世日期").is_there()
    assert remedy_of("services/registry/x.py", "请先复活") is None


def remedies_in(text: str) -> list[str]:
    """Return the phrases that tell somebody to do something."""
    phrases = []
    for clause in re.split(r"[，。；：、（）！？\n]", text):
        asking = re.search(r"(?<![申提])请(?!求|假)", clause)
        if asking:
            beginning = 0 if clause[: asking.start()].endswith("也") else asking.start()
            phrases.append(clause[beginning:].strip())
        elif re.search("[可应]", FORMATS.sub("", clause)):
            phrases.append(clause.strip())
    return phrases


def remedy_of(where: str, phrase: str) -> Remedy | None:
    """Return what REMEDIES says of a phrase in a place."""
    fitting = (r for r in REMEDIES if where.startswith(r.where) and re.fullmatch(r.phrase, phrase))
    return next(fitting, None)


@cache
def texts() -> tuple[Text, ...]:
    """Return every text of a refusal in the code."""
    files = (file for name in ("hongxia", "services") for file in sorted((ROOT / name).rglob("*.py")))
    return tuple(
        Text(f"{file.relative_to(ROOT).as_posix()}:{line}", text)
        for file in files
        if "migrations" not in file.parts
        for line, text in collected(file.read_text(encoding="utf-8"))
    )


def collected(source: str) -> set[tuple[int, str]]:
    """Return the Chinese texts of refusals in a source, with their lines."""
    tree = ast.parse(source)
    named = _named(tree)
    found: set[tuple[int, str]] = set()
    for node in ast.walk(tree):
        for part in _told(node):
            found |= {(line, text) for line, text in _texts_in(part, named) if re.search(r"[\u4e00-\u9fff]", text)}
    return found


def _told(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a node that hold the text of a refusal."""
    if isinstance(node, ast.Call) and _called(node) in CONSTRUCTORS:
        yield from (*node.args, *(keyword.value for keyword in node.keywords))
    elif isinstance(node, ast.Call) and _called(node) == "append" and ast.unparse(node.func).startswith(LISTS):
        yield from node.args
    elif _is_text_constant(node) or (isinstance(node, ast.Return | ast.Yield) and isinstance(node.value, TEXTS)):
        yield node.value
    elif isinstance(node, ast.keyword) and node.arg == "remedies" and isinstance(node.value, ast.Dict):
        yield from node.value.values
    elif isinstance(node, ast.ClassDef):
        yield from (part.value for part in node.body if isinstance(part, ast.Assign) and "title" in _targets(part))


def _is_text_constant(node: ast.AST) -> TypeGuard[ast.Assign]:
    """Whether it is `NAME = "…"` in one line; longer texts are instructions, such as those of a workbook's cover."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)):
        return False
    text = node.value.value
    return isinstance(text, str) and "\n" not in text and all(name.isupper() for name in _targets(node))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _targets(node: ast.Assign) -> set[str]:
    return {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}


def _named(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """Every value that a name is given in a source; one name may have several."""
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for name in _targets(node):
                named.setdefault(name, []).append(node.value)
    return named


def _texts_in(node: ast.AST, named: dict[str, list[ast.expr]]) -> Iterator[tuple[int, str]]:
    """The texts in an expression, each with the values in it as placeholders."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(_part(part) for part in node.values)
    elif isinstance(node, ast.BinOp):
        yield node.lineno, _part(node.left) + _part(node.right)
    elif isinstance(node, ast.Name):
        for value in named.get(node.id, ()):
            if not isinstance(value, ast.Name):
                yield from _texts_in(value, {})
    elif not (isinstance(node, ast.Call) and _called(node) in CONSTRUCTORS):
        for child in ast.iter_child_nodes(node):
            yield from _texts_in(child, named)


def _part(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else PLACEHOLDER


def _nameless(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


@cache
def _routes(service: str) -> frozenset[tuple[str, str]]:
    described = json.loads((ROOT / "contracts" / "openapi" / f"{service}.json").read_text(encoding="utf-8"))
    return frozenset((method.upper(), _nameless(path)) for path, of in described["paths"].items() for method in of)


@cache
def _commands() -> Iterable[str]:
    return frozenset(get_command(application()).commands)


@cache
def _columns() -> frozenset[tuple[str, str]]:
    """Sheets and columns as docs/workbooks.md lists them: a heading for the sheet, the column first in a row."""
    sheet, found = "", set()
    for line in (ROOT / "docs" / "workbooks.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            sheet = line.split("`")[1] if "`" in line else ""
        elif line.startswith("| `"):
            found.add((sheet, line.split("`")[1]))
    return frozenset(found)


@pytest.mark.parametrize(("model", "said"), [(Change, "没有编号为 x 的变动记录"), (Check, "没有编号为 x 的体检记录")])
def test_a_record_that_is_missing_is_called_a_record_once(model, said):
    assert missing(model, "x").violations[0].message == said
