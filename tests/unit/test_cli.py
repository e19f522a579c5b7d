"""What commands print, and how they fail: one line that says what it is about, with every name in it as it is."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from hongxia import services
from hongxia.cli import main, serving
from hongxia.client import ClientError
from hongxia.http import auth
from hongxia.roles import ADMIN, OFFICE, OPERATOR, ROLES, SUBSCRIBER
from hongxia.runtime import runner
from hongxia.runtime.service import roles_of
from hongxia.workbook.write import write
from services.finance.workbook import BUDGET
from services.reporting.commands import verify_year
from services.reporting.proof.checks import Check
from tests import keys

AWKWARD = "[old]名[/x]:warning:" + "长" * 80
"""Whatever Rich would take for markup or for an emoji, and longer than a line."""

Run = Callable[..., tuple[int, str, str]]
Answer = Callable[[str, str, str], Any]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line; gives the exit code, and what it wrote to stdout and stderr."""
    monkeypatch.setenv("HONGXIA_TOKEN", "token")
    monkeypatch.setenv("HONGXIA_URL", "http://h")
    monkeypatch.setenv("OPERATOR_SIGNING_KEY", keys.signing_key("operator").pem())
    for colouring in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(colouring, raising=False)

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hongxia", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main.run()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return command


def have_answered(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> list[tuple[str, str]]:
    """Have requests answered by (method, service, path): bytes as they are, all else as JSON. Lists what is posted."""
    posted: list[tuple[str, str]] = []

    def send(_session: Any, method: str, url: str, **_options: Any) -> requests.Response:
        service, _, path = url.removeprefix("http://h/").partition("/")
        if method == "POST":
            posted.append((service, f"/{path}"))
        found = answer(method, service, f"/{path}")
        response = requests.Response()
        response.status_code, response.url = 200, url
        response._content = found if isinstance(found, bytes) else json.dumps(found).encode()
        return response

    monkeypatch.setattr(requests.Session, "request", send)
    return posted


def budget_alone(method: str, service: str, path: str) -> Any:
    """The answers of services of which finance alone imports a workbook."""
    if method == "POST":
        return {"dry_run": True, "year": 2022, "sheets": {"预算": {"created": 2, "unchanged": 1}}}
    if path.endswith("/template"):
        return b"xlsx"
    return [{"name": BUDGET.name, "title": BUDGET.title_zh, "order": 1}] if service == "finance" else []


# Failing


def test_a_fault_is_told_in_one_line_as_it_is(run: Run) -> None:
    known = "、".join(services.names())
    for command in (("migrate", AWKWARD), ("parked", "list", "--service", AWKWARD), ("reread", "finance", AWKWARD)):
        assert run(*command) == (1, "", f"错误 没有名为 {AWKWARD} 的服务；现有：{known}\n")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import", "缺少参数 directory；用法：hongxia import --help"),
        ("nowhere", "没有命令 nowhere；用法：hongxia --help"),
        ("figuers", "没有命令 figuers，是不是 'figures'；用法：hongxia --help"),
        ("import --nowhere", "没有选项 --nowhere；用法：hongxia import --help"),
        ("figures 2022 --cvs f", "没有选项 --cvs，是不是 --csv；用法：hongxia figures --help"),
        ("figures 2022 2023", "多余的参数：2023；用法：hongxia figures --help"),
        ("figures 2022 --csv", "选项 --csv 缺少值"),
        ("import . --dry-run=yes", "选项 --dry-run 不带值"),
        ("import /nowhere", "directory：/nowhere 不存在；用法：hongxia import --help"),
        (f"import {__file__}", f"directory：{__file__} 是文件，不是目录；用法：hongxia import --help"),
        ("figures MMXXII", "year 须为整数；用法：hongxia figures --help"),
        ("wait --timeout 0", "--timeout 不得小于 1；用法：hongxia wait --help"),
        ("token --role admin --days 500", "--days 不得大于 90；用法：hongxia token --help"),
    ],
)
def test_a_command_line_that_is_none_is_told_in_one_chinese_line(run: Run, line: str, told: str) -> None:
    assert run(*line.split()) == (2, "", f"错误 {told}\n")


def test_without_a_command_help_is_printed(run: Run) -> None:
    code, out, err = run()
    assert (code, err) == (2, "")
    assert "参数" not in out
    assert "选项" in out
    assert "命令" in out


def test_the_version_is_that_of_the_project_and_nothing_else_is_done(run: Run) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in (["--version"], ["--version", "import", "/nowhere"]):
        assert run(*line) == (0, f"hongxia {project['version']}\n", "")


def test_help_begins_with_what_the_program_is(run: Run) -> None:
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    assert "红霞：老干部工作一年的记录" in out
    assert "--version" in out


def test_what_the_operating_system_refuses_is_told_with_its_path(run: Run, tmp_path: Path) -> None:
    (tmp_path / "[a]").write_text("no directory")
    path = tmp_path / "[a]" / "templates"
    assert run("templates", path) == (1, "", f"错误 无法读写：{path}（Not a directory）\n")


def test_a_refusal_without_a_path_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(_path: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    have_answered(monkeypatch, budget_alone)
    monkeypatch.setattr(Path, "write_bytes", full)
    assert run("templates", tmp_path) == (1, "", "错误 读写失败：No space left on device\n")


def test_a_workbook_that_can_not_be_read_is_named_among_the_faults(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(path: Path) -> bytes:
        if path.name == "[a].xlsx":
            raise PermissionError(13, "Permission denied", str(path))
        return b"no workbook"

    for name in ("[a].xlsx", "b.xlsx"):
        (tmp_path / name).touch()
    have_answered(monkeypatch, budget_alone)
    monkeypatch.setattr(Path, "read_bytes", refused)
    code, _, told = run("import", tmp_path)
    assert (code, told.splitlines()[:2]) == (1, ["错误 没有导入任何文件：", "[a].xlsx：无法读取（Permission denied）"])
    assert told.splitlines()[2].startswith("b.xlsx：")


def test_an_answer_that_is_no_services_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    have_answered(monkeypatch, lambda *_asked: b"<html>")
    code, _, told = run("figures", 2022)
    assert (code, told.count("\n")) == (1, 1)
    assert "http://h/reporting/years/2022/indicators 答复的不是 JSON" in told


@pytest.mark.parametrize("command", [("figures", "2022"), ("wait",)])
def test_a_missing_file_of_authorities_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str]) -> None:
    monkeypatch.setenv("HONGXIA_CA", "/no/such/[ca].pem")
    assert run(*command) == (1, "", "错误 HONGXIA_CA 指向的文件不存在：/no/such/[ca].pem\n")


def test_what_can_be_no_token_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONGXIA_TOKEN", "令牌")
    code, _, told = run("figures", 2022)
    assert (code, told.count("\n")) == (1, 1)
    assert "HONGXIA_TOKEN" in told


# Printing


def test_names_of_files_are_printed_as_they_are(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    have_answered(monkeypatch, budget_alone)
    directory = tmp_path / "[old]" / "[" / "x]:warning:"
    assert run("templates", directory)[1] == f"已写入 {directory / BUDGET.title_zh}.xlsx\n"
    name = f"[old]{'长' * 60}.xlsx"
    (directory / f"{BUDGET.title_zh}.xlsx").unlink()
    (directory / name).write_bytes(write(BUDGET, 2022, "某局"))
    (directory / "[red]a.txt").touch()
    code, out, err = run("import", "--dry-run", directory)
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == [
        "不是 .xlsx，没有读取：[red]a.txt",
        f"检查通过 {name}（2022年）：新增 2 行，已有 1 行",
    ]


def test_a_file_that_fails_is_named_as_it_is(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def not_saved(method: str, service: str, path: str) -> Any:
        return b"" if method == "POST" else budget_alone(method, service, path)

    (tmp_path / "[b]a.xlsx").write_bytes(write(BUDGET, 2022, "某局"))
    have_answered(monkeypatch, not_saved)
    code, out, told = run("import", tmp_path)
    assert (code, out, told.startswith("错误 [b]a.xlsx 没有导入：")) == (1, "", True)


@pytest.mark.parametrize(
    ("found", "truncated", "told"),
    [
        (1, False, ["a.xlsx 没有导入，有 1 处错误：", "  第1行有误"]),
        (21, False, ["a.xlsx 没有导入，有 21 处错误：", "  第1行有误", "  ……只列出前 20 处"]),
        (500, True, ["a.xlsx 没有导入，有至少 500 处错误：", "  第1行有误", "  ……只列出前 20 处"]),
    ],
)
def test_each_fault_of_a_workbook_is_told_once(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, found: int, truncated: bool, told: list[str]
) -> None:
    errors = [{"detail": f"第{row}行有误", "pointer": ""} for row in range(1, found + 1)]
    problem = {"detail": f"工作簿有{found}处错误：第1行有误", "errors": errors, "truncated": truncated}

    def refused(method: str, service: str, path: str) -> Any:
        if method == "POST":
            raise ClientError("服务 finance：工作簿有误", problem)
        return budget_alone(method, service, path)

    (tmp_path / "a.xlsx").write_bytes(write(BUDGET, 2022, "某局"))
    have_answered(monkeypatch, refused)
    code, _, err = run("import", tmp_path)
    lines = err.removeprefix("错误 ").splitlines()
    assert (code, [*lines[:2], *lines[21:]]) == (1, told)


def test_a_dry_run_checks_the_files_after_one_with_faults_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(method: str, service: str, path: str) -> Any:
        if method == "POST":
            raise ClientError("服务 finance：工作簿有误", {"errors": [{"detail": "第2行有误", "pointer": ""}]})
        return budget_alone(method, service, path)

    for name in ("a", "b"):
        (tmp_path / f"{name}.xlsx").write_bytes(write(BUDGET, 2022, "某局"))
    have_answered(monkeypatch, refused)
    code, _, told = run("import", tmp_path, "--dry-run")
    assert (code, told.count("第2行有误"), "其后的文件没有处理" in told) == (1, 2, False)
    assert run("import", tmp_path)[2].count("第2行有误") == 1


def test_reasons_are_printed_as_they_are_and_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {
        "source": "outreach",
        "position": 7,
        "type": "hongxia.outreach.visit.recorded.v1",
        "occurredon": "2022-07-01",
        "reason": "malformed",
        "detail": AWKWARD + "\udcc3",
        "attempts": 1,
    }
    have_answered(monkeypatch, lambda *_asked: [event])
    code, out, _ = run("parked", "list", "--service", "reporting")
    [line] = [line for line in out.splitlines() if "hongxia.outreach.visit.recorded.v1" in line]
    assert (code, f"malformed（{AWKWARD}\\udcc3）" in line) == (0, True)


def test_figures_are_printed_as_they_are(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    item = {
        "code": "a",
        "name": f"走访{AWKWARD}",
        "service": "outreach",
        "value": "3",
        "printed": "3",
        "unit": "人[次]",
        "printed_as": "[/近]3",
        "target": "[b]",
        "state": "complete",
        "reason": f"原因{AWKWARD}",
        "value_reason": None,
        "remark": None,
    }
    bounds = tmp_path / "[b]a.csv"
    bounds.write_text("code,low,high\na,1,5\n", encoding="utf-8")
    have_answered(monkeypatch, lambda *_asked: {"items": [item]})
    code, out, _ = run("figures", 2022, "--check", bounds)
    [row] = [line for line in out.splitlines() if "走访[" in line]
    assert code == 0
    assert all(text in row for text in (item["name"], "3 人[次]", "[/近]3", "[b]"))
    assert out.splitlines()[-2:] == [item["reason"], "✓ 全部指标在 [b]a.csv 的范围内"]


def test_checks_are_printed_as_they_are(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_year, "checks", lambda *_arguments: [Check(True, AWKWARD), Check(False, AWKWARD)])
    code, out, err = run("verify", 2022)
    assert (code, out) == (1, f"✓ {AWKWARD}\n✗ {AWKWARD}\n")
    assert err == f"错误 2022年度验证未通过：1 处不一致，首处为：{AWKWARD}\n"


def test_where_the_data_is_is_printed_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("hongxia.logs.configure", lambda _level: None)
    monkeypatch.setattr(runner, "serve_embedded", lambda _embedded, on_ready: on_ready("t"))
    serving.serve(None, "127.0.0.1:1", tmp_path / AWKWARD)
    assert capsys.readouterr().err.splitlines() == [
        f"红霞已在 http://127.0.0.1:1 运行，数据在 {tmp_path / AWKWARD}",
        "在浏览器打开：http://127.0.0.1:1/#token=t",
    ]


# Tokens


def test_a_token_is_given_for_all_roles_and_its_number_is_told_beside_it(run: Run) -> None:
    verifier = keys.verifier("registry")
    for roles in ((ADMIN,), (OFFICE, OPERATOR), ("accountant",), (SUBSCRIBER, "liaison", "leader")):
        words = (word for role in roles for word in ("--role", role))
        code, out, err = run("token", "--subject", "liu-3", *words)
        claims = jwt.decode(out.strip(), options={"verify_signature": False})
        assert (code, claims["exp"] - claims["iat"], claims["aud"]) == (0, 86_400, "hongxia")
        assert f"令牌编号 {claims['jti']}，持有人 liu-3，" in err
        assert verifier.verify(f"Bearer {out.strip()}") == auth.Actor("liu-3", frozenset(roles))


def test_a_token_can_be_for_one_service_and_for_several_days(run: Run) -> None:
    _, out, _ = run("token", "--subject", "x", "--role", "office", "--audience", "finance", "--days", 90)
    keys.verifier("finance").verify(f"Bearer {out.strip()}")
    with pytest.raises(auth.Refused):
        keys.verifier("registry").verify(f"Bearer {out.strip()}")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("token", "缺少选项 --role；用法：hongxia token --help"),
        ("token --subject x", "缺少选项 --role；用法：hongxia token --help"),
        ("token --role office", "缺少选项 --subject：请注明令牌发给谁（代号，不用姓名）；用法：hongxia token --help"),
        ("token --role office --subject 张三", "代号只能含字母、数字与 . _ @ : -，以字母或数字开头，至多 200 个字符"),
        ("token --role office --subject x --audience nowhere", "没有名为 nowhere 的服务；现有："),
        ("token revoke", "请写明 --jti 或 --subject；用法：hongxia token --help"),
        ("token revoke --jti a/b", "代号只能含字母、数字与 . _ @ : -，以字母或数字开头，至多 200 个字符"),
    ],
)
def test_no_token_is_made_or_revoked_without_saying_whose(run: Run, line: str, fault: str) -> None:
    code, out, err = run(*line.split())
    assert (code, out) == (1, "")
    assert err.startswith(f"错误 {fault}")


def test_a_role_that_nobody_knows_is_refused_with_those_that_there_are(run: Run) -> None:
    known = "accountant、admin、centre、leader、liaison、office、operator、records、subscriber"
    refused = (1, "", f"错误 没有名为 offce、[/x] 的角色；现有：{known}\n")
    assert run("token", "--subject", "x", "--role", "offce", "--role", "office", "--role", "[/x]") == refused


def test_the_roles_that_tokens_may_name_are_those_that_routes_and_workbooks_ask_for() -> None:
    asked = set().union(*(roles_of(services.load(name)) for name in services.names()))
    assert set(ROLES) == asked | {ADMIN}


def test_without_the_private_key_no_token_is_made(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OPERATOR_SIGNING_KEY")
    monkeypatch.setenv("HONGXIA_DATA", str(tmp_path))
    code, out, err = run("token", "--subject", "x", "--role", "office")
    assert (code, out) == (1, "")
    assert err.startswith("错误 缺少环境变量 OPERATOR_SIGNING_KEY（或 OPERATOR_SIGNING_KEY_FILE）")
    monkeypatch.setenv("OPERATOR_SIGNING_KEY", keys.public_keys().jwks())
    code, out, err = run("token", "--subject", "x", "--role", "office")
    assert (code, out) == (1, "")
    assert err.startswith("错误 OPERATOR_SIGNING_KEY 不是未加密的 PEM")


def test_the_embedded_services_key_and_list_are_used_where_nothing_else_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    embedded = runner.Embedded(tmp_path, "127.0.0.1:1")
    found = embedded.settings("finance")
    monkeypatch.delenv("OPERATOR_SIGNING_KEY")
    monkeypatch.setenv("HONGXIA_DATA", str(tmp_path))
    code, out, _ = run("token", "--subject", "x", "--role", "office")
    assert code == 0
    auth.Verifier("finance", lambda: found.public_keys).verify(f"Bearer {out.strip()}")
    assert run("token", "revoke", "--subject", "x")[0] == 0
    assert embedded.settings("finance").revoked.holds("any", "x")


def test_what_is_revoked_is_listed_until_it_is_restored(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "revoked"
    path.write_text("")
    monkeypatch.setenv("REVOKED_TOKENS_FILE", str(path))
    assert run("token", "list") == (0, " 没有吊销的令牌\n".strip() + "\n", "")
    assert run("token", "revoke", "--jti", "j-1", "--jti", "j-2", "--subject", "zhang")[0] == 0
    listed = run("token", "list")[1]
    assert all(word in listed for word in ("j-1", "j-2", "zhang", "令牌编号", "持有人"))
    assert run("token", "restore", "--jti", "j-1")[0] == 0
    assert "j-1" not in run("token", "list")[1]
    assert "j-2" in run("token", "list")[1]
    assert len(path.read_text().splitlines()) == 4


def test_nothing_is_added_to_a_list_that_makes_no_sense_or_is_not_there(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "revoked"
    path.write_text("nonsense\n")
    monkeypatch.setenv("REVOKED_TOKENS_FILE", str(path))
    code, _, err = run("token", "revoke", "--jti", "j-1")
    assert (code, path.read_text()) == (1, "nonsense\n")
    assert err.startswith(f"错误 吊销名单 {path} 无法使用：第 1 行")
    monkeypatch.delenv("REVOKED_TOKENS_FILE")
    monkeypatch.setenv("HONGXIA_DATA", str(tmp_path))
    assert run("token", "revoke", "--jti", "j-1")[2].startswith("错误 没有吊销名单")


# Reading anew


def test_a_consumer_is_made_to_read_a_source_anew(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    posted = have_answered(monkeypatch, lambda *_asked: {"source": "outreach", "status": "rereading"})
    assert run("reread", "reporting", "outreach") == (0, "reporting 正在从头重读 outreach\n", "")
    assert posted == [("reporting", "/cursors/outreach/reset")]


@pytest.mark.parametrize("names", [("reportin", "outreach"), ("reporting", "../parked")])
def test_nothing_is_asked_for_under_a_wrong_name(
    run: Run, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    posted = have_answered(monkeypatch, lambda *_asked: {})
    code, out, err = run("reread", *names)
    assert (code, out, err.count("\n"), posted) == (1, "", 1, [])


def test_the_service_says_what_it_does_not_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = requests.Response()
    problem.status_code = 404
    problem._content = json.dumps({"detail": "本服务不读取来源 registry"}).encode()
    monkeypatch.setattr(requests.Session, "request", lambda *_asked, **_options: problem)
    assert run("reread", "finance", "registry") == (1, "", "错误 服务 finance：本服务不读取来源 registry\n")
