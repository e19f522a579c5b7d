"""Commands that bring workbooks into running services."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from hongxia import services
from hongxia.cli import plans
from hongxia.cli.settling import settle
from hongxia.cli.telling import tell
from hongxia.client import Client, ClientError
from hongxia.workbook.errors import NotAWorkbook
from hongxia.workbook.layout import same_title
from hongxia.workbook.process import NoReader
from hongxia.workbook.read import Identity, identify
from hongxia.workbook.write import XLSX

TOO_LARGE = 413


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(templates)
    app.command(name="import")(import_directory)


@dataclass(frozen=True, slots=True)
class Kind:
    """A workbook that some running service imports."""

    service: str
    name: str
    title: str
    order: int


@dataclass(frozen=True, slots=True)
class File:
    """A workbook in a directory: what it is, and what its cover says."""

    path: Path
    kind: Kind
    cover: Identity


def kinds(client: Client) -> dict[str, Kind]:
    """The workbooks of all running services, by title."""
    found = [
        Kind(service, book["name"], book["title"], book["order"])
        for service in services.names()
        for book in client.get(service, "/workbooks")
    ]
    return {kind.title: kind for kind in found}


def templates(directory: Annotated[Path, typer.Argument(help="写入模板的目录")]) -> None:
    """取得全部工作簿的空白模板。"""
    client = Client.from_environment()
    directory.mkdir(parents=True, exist_ok=True)
    for kind in sorted(kinds(client).values(), key=lambda k: k.order):
        response = client.request("GET", kind.service, f"/workbooks/{kind.name}/template")
        path = directory / f"{kind.title}.xlsx"
        if path.exists():
            raise ClientError(f"{path} 已经存在，不覆盖；请换一个目录")
        path.write_bytes(response.content)
        tell(f"已写入 {path}")


def import_directory(
    directory: Annotated[Path, typer.Argument(help="放有工作簿的目录", exists=True, file_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查并列出，不保存")] = False,
    apply_changes: Annotated[
        bool, typer.Option("--apply-changes", help="先检查并列出，再连同列出的改动一并导入")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="逐行列出，不归并、不省略")] = False,
) -> None:
    """导入一个目录中的全部工作簿：按先后次序，每个文件要么全部导入，要么全不导入。

    与上次导入相比有改动的文件，先用 --dry-run 核对，再用 --apply-changes 导入。
    """
    if dry_run and apply_changes:
        raise ClientError("--dry-run 只检查，--apply-changes 要导入，两者只能用一个")
    client = Client.from_environment()
    files = sorted_files(directory, kinds(client))
    for text in [*left_out(directory), *remarks(files)]:
        tell(text)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    console = Console()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("导入", total=len(files))

        def doing(what: str) -> None:
            progress.update(task, description=what)

        run = Run(client, console, files, everything, doing)
        for index in range(len(files)):
            if dry_run:
                run.check(index)
            else:
                run.bring(index, apply_changes)
            progress.advance(task)
        if dry_run:
            run.conclude()
        else:
            run.settle()
            doing("完成")


@dataclass
class Before:
    """What the files checked so far would bring: the files by service, and the events by service."""

    files: dict[str, list[bytes]] = field(default_factory=dict)
    events: dict[str, list[Any]] = field(default_factory=dict)

    def parts(self, service: str) -> list[tuple[str, tuple[str, bytes]]]:
        """Return what a service has to see before its next file, as parts of a form."""
        found = [("earlier", ("earlier.xlsx", data)) for data in self.files.get(service, ())]
        events = [event for source, brought in self.events.items() if source != service for event in brought]
        if events:
            found.append(("events", ("events.json", json.dumps(events, ensure_ascii=False).encode())))
        return found

    def add(self, service: str, data: bytes, events: list[Any]) -> None:
        """Add a file that was checked, and all that it and the service's files before it would bring."""
        self.files.setdefault(service, []).append(data)
        self.events[service] = events


@dataclass
class Run:
    """One command that goes through the files of a directory.

    `before` is what the files checked so far would bring; `refused` what was wrong with files, in words.
    """

    client: Client
    console: Console
    files: Sequence[File]
    everything: bool
    doing: Callable[[str], None]
    before: Before = field(default_factory=Before)
    refused: list[str] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)

    def check(self, index: int) -> None:
        """Check a file, as if those before had been imported. Raises ClientError for what is not the file's fault."""
        file = self.files[index]
        self.doing(file.path.name)
        try:
            answer = check_file(self.client, file, self.before, more=index + 1 < len(self.files))
        except ClientError as error:
            self.refused.append(str(error))
            if not error.problem.get("errors"):
                self._give_up(index)
            return
        self._show(file, answer)
        if plans.to_confirm(answer):
            self.unconfirmed.append(file.path.name)

    def conclude(self) -> None:
        """Say what follows from the checks. Raises ClientError if a file has faults."""
        if self.unconfirmed:
            names = "、".join(self.unconfirmed)
            tell(f"有改动、疑问或新名称，须加 --apply-changes 才会导入：{names}", console=self.console)
        if len({file.kind.service for file in self.files}) > 1:
            tell("检查没有计入各服务在导入之后相互办理的事项（如帮扶款的拨付）", console=self.console)
        if not self.refused:
            return
        if len(self.files) > len(self.refused):
            self.refused.append("有错误的文件没有计入对其后各文件的检查：请先改正靠前的错误，再检查一次")
        raise ClientError("\n".join(self.refused))

    def bring(self, index: int, apply_changes: bool) -> None:
        """Import a file; with `apply_changes` show what that changes, and do exactly this. Raises ClientError."""
        file = self.files[index]
        if index and file.kind.order != self.files[index - 1].kind.order:
            self.settle()
        self.doing(file.path.name)
        try:
            digest = self._confirmed(file) if apply_changes else ""
            answer = import_file(self.client, file, digest)
        except ClientError as error:
            self.refused.append(self._with_plan(error))
            self._give_up(index)
        self._show(file, answer, only_summary=bool(digest))

    def _confirmed(self, file: File) -> str:
        """Show what importing a file changes; return the digest of it, empty if nothing has to be confirmed."""
        answer = check_file(self.client, file, Before(), more=False)
        if plans.to_confirm(answer):
            self._show(file, answer)
        return str(answer.get("digest", ""))

    def settle(self) -> None:
        """Wait until every service has read what was imported. Raises ClientError."""
        self.doing("等待各服务读到最新")
        settle(self.client)

    def _show(self, file: File, answer: plans.Answer, *, only_summary: bool = False) -> None:
        lines = [] if only_summary else plans.details(answer, everything=self.everything)
        for line in [plans.summary(file.path.name, answer), *lines]:
            tell(line, console=self.console)

    def _with_plan(self, error: ClientError) -> str:
        """The refusal of a file with changes, followed by the changes themselves."""
        return "\n".join([str(error), *plans.details(error.problem, everything=self.everything)])

    def _give_up(self, index: int) -> NoReturn:
        left = self.files[index + 1 :]
        if left:
            self.refused.append(f"其后的文件没有处理：{'、'.join(file.path.name for file in left)}")
        raise ClientError("\n".join(self.refused))


def visible_files(directory: Path) -> list[Path]:
    """The files of a directory but for hidden ones and Excel's own locks."""
    return [path for path in sorted(directory.iterdir()) if path.is_file() and not path.name.startswith(("~$", "."))]


def left_out(directory: Path) -> list[str]:
    """What of a directory is not read, in words."""
    texts = []
    others = [path.name for path in visible_files(directory) if path.suffix.lower() != ".xlsx"]
    if others:
        texts.append(f"不是 .xlsx，没有读取：{'、'.join(others)}")
    for path in sorted(directory.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            inside = [inner for inner in path.rglob("*") if not inner.name.startswith(("~$", "."))]
            count = sum(inner.suffix.lower() == ".xlsx" for inner in inside)
            texts.append(f"子目录 {path.name} 没有读取" + (f"（其中有 {count} 个 .xlsx 文件）" if count else ""))
    return texts


def sorted_files(directory: Path, known: dict[str, Kind]) -> list[File]:
    """The workbooks of a directory in the order of import. Raises ClientError for a file that is not a workbook."""
    found, faults = [], []
    for path in visible_files(directory):
        if path.suffix.lower() != ".xlsx":
            continue
        try:
            cover = identify(path.read_bytes())
        except NotAWorkbook as error:
            faults.append(f"{path.name}：{error.message_zh}")
            continue
        except NoReader as error:
            faults.append(f"{path.name}：{error}")
            continue
        except OSError as error:
            faults.append(f"{path.name}：无法读取（{error.strerror}）")
            continue
        kind = next((kind for title, kind in known.items() if same_title(title, cover.title)), None)
        if kind is not None:
            found.append(File(path, kind, cover))
        else:
            faults.append(f"{path.name}：封面上的表名“{cover.title}”不是可导入的工作簿")
    if not found and not faults:
        faults.append(f"目录 {directory} 中没有 .xlsx 工作簿")
    if faults:
        raise ClientError("没有导入任何文件：\n" + "\n".join([*faults, *left_out(directory)]))
    return sorted(found, key=lambda file: (file.kind.order, file.path.name))


def remarks(files: Sequence[File]) -> list[str]:
    """What is unusual about files that are imported together: several units, or a workbook of a year twice."""
    texts = []
    units: dict[str, list[File]] = {}
    doubles: dict[tuple[str, int], list[str]] = {}
    for file in files:
        same = next((unit for unit in units if same_title(unit, file.cover.unit)), file.cover.unit)
        units.setdefault(same, []).append(file)
        doubles.setdefault((file.kind.title, file.cover.year), []).append(file.path.name)
    if len(units) > 1:
        named = "；".join(
            f"“{unit or '（未填）'}”：{'、'.join(file.path.name for file in found)}" for unit, found in units.items()
        )
        texts.append(f"封面上的单位名称不一致，请确认这些文件属于同一单位：{named}")
    for (title, year), names in doubles.items():
        if len(names) > 1:
            texts.append(f"有 {len(names)} 个文件都是{year}年的“{title}”：{'、'.join(names)}，将依次导入")
    return texts


def check_file(client: Client, file: File, before: Before, *, more: bool) -> dict[str, Any]:
    """Check one file, as if those before had been imported, and remember what it would bring if `more` files follow.

    Raises ClientError that lists the cells at fault.
    """
    data = file.path.read_bytes()
    query = {"dry_run": "true", "preview": str(more).lower()}
    parts = before.parts(file.kind.service)
    try:
        answer = _send(client, file, query, [*parts, ("file", ("file.xlsx", data))] if parts else data)
    except ClientError as error:
        if not parts or error.problem.get("status") != TOO_LARGE:
            raise
        answer = _send(client, file, query, data)
        text = "前面的文件过大，没有计入对这个文件的检查"
        answer["notes"] = [*answer.get("notes", ()), {"sheet": "", "text": text}]
    before.add(file.kind.service, data, answer.pop("events", []))
    return answer


def import_file(client: Client, file: File, digest: str) -> dict[str, Any]:
    """Import one file; `digest` confirms what it changes. Raises ClientError that lists the cells at fault."""
    query = {"dry_run": "false", "apply_changes": digest}
    return _send(client, file, query, file.path.read_bytes())


def _send(client: Client, file: File, query: dict[str, str], content: bytes | list[Any]) -> dict[str, Any]:
    """Send a file by itself, or a form with it.

    The correlation id comes from the content: the same file, imported again elsewhere, makes the same events.
    """
    data = content if isinstance(content, bytes) else b"".join(part for _, (_, part) in content)
    headers = {"X-Correlation-ID": str(UUID(bytes=sha256(data).digest()[:16]))}
    options: dict[str, Any] = {"files": content}
    if isinstance(content, bytes):
        options = {"data": content}
        headers["Content-Type"] = XLSX
    try:
        answer: dict[str, Any] = client.post(
            file.kind.service, f"/workbooks/{file.kind.name}", headers=headers, params=query, **options
        )
    except ClientError as error:
        raise ClientError(_refusal(file.path, error), error.problem) from None
    return answer


def _refusal(path: Path, error: ClientError) -> str:
    """Why a file was not imported: the cells at fault, or that something has to be confirmed, or whatever it was."""
    if error.problem.get("digest"):
        return (
            f"{path.name} 没有导入：与上次导入相比有改动、疑问或新名称，须先确认；"
            "请用 --dry-run 核对，无误后加 --apply-changes 重新导入"
        )
    errors = error.problem.get("errors") or []
    if not errors:
        return f"{path.name} 没有导入：{error}"
    least = "至少 " if error.problem.get("truncated") else " "
    lines = [f"{path.name} 没有导入，有{least}{len(errors)} 处错误："]
    lines += [f"  {item['detail']}" for item in errors[: plans.MOST_SHOWN]]
    if len(errors) > plans.MOST_SHOWN:
        lines.append(f"  ……只列出前 {plans.MOST_SHOWN} 处")
    return "\n".join(lines)
