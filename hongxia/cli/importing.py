"""Commands that bring workbooks into running services."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from hongxia import ids, services
from hongxia.cli.telling import tell
from hongxia.client import Client, ClientError
from hongxia.workbook.errors import NotAWorkbook
from hongxia.workbook.layout import same_title
from hongxia.workbook.read import Identity, identify
from hongxia.workbook.write import XLSX

SETTLE_SECONDS = 600
SETTLE_STEP = 0.2
MOST_SHOWN = 20


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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不保存")] = False,
) -> None:
    """导入一个目录中的全部工作簿：按先后次序，每个文件要么全部导入，要么全不导入。"""
    client = Client.from_environment()
    files = sorted_files(directory, kinds(client))
    for text in [*left_out(directory), *remarks(files)]:
        tell(text)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    console = Console()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("导入", total=len(files))
        refused: list[str] = []
        for index, file in enumerate(files):
            if index and file.kind.order != files[index - 1].kind.order and not dry_run:
                progress.update(task, description="等待各服务读到最新")
                settle(client)
            progress.update(task, description=file.path.name)
            try:
                answer = import_file(client, file.path, file.kind, dry_run)
                for line in [summary(file.path.name, answer), *notes(answer)]:
                    tell(line, console=console)
            except ClientError as error:
                refused.append(str(error))
                if not (dry_run and error.problem.get("errors")):
                    raise ClientError(_with_the_rest(refused, files[index + 1 :], dry_run)) from None
            progress.advance(task)
        if refused:
            raise ClientError(_with_the_rest(refused, (), dry_run))
        if not dry_run:
            progress.update(task, description="等待各服务读到最新")
            settle(client)
            progress.update(task, description="完成")


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
    """The workbooks of a directory in the order of import. Raises ClientError for a file that is none."""
    found, faults = [], []
    for path in visible_files(directory):
        if path.suffix.lower() != ".xlsx":
            continue
        try:
            cover = identify(path.read_bytes())
        except NotAWorkbook as error:
            faults.append(f"{path.name}：{error.message_zh}")
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


def import_file(client: Client, path: Path, kind: Kind, dry_run: bool) -> dict[str, Any]:
    """Send one file. Raises ClientError that lists the cells at fault.

    The correlation id comes from the content: the same file, imported again elsewhere, makes the same events.
    """
    data = path.read_bytes()
    headers = {"Content-Type": XLSX, "X-Correlation-ID": ids.entity_id("file", sha256(data).hexdigest())}
    query = {"dry_run": str(dry_run).lower()}
    try:
        answer: dict[str, Any] = client.post(
            kind.service, f"/workbooks/{kind.name}", data=data, headers=headers, params=query
        )
    except ClientError as error:
        raise ClientError(_told(path, error), error.problem) from None
    return answer


def _told(path: Path, error: ClientError) -> str:
    errors = error.problem.get("errors") or []
    if not errors:
        return f"{path.name} 没有导入：{error}"
    least = "至少 " if error.problem.get("truncated") else " "
    lines = [f"{path.name} 没有导入，有{least}{len(errors)} 处错误："]
    lines += [f"  {item['detail']}" for item in errors[:MOST_SHOWN]]
    if len(errors) > MOST_SHOWN:
        lines.append(f"  ……只列出前 {MOST_SHOWN} 处")
    return "\n".join(lines)


def _with_the_rest(refused: Sequence[str], left: Sequence[File], dry_run: bool) -> str:
    """What failed, which files were not tried after it, and what a dry run can't know."""
    lines = list(refused)
    if left:
        lines.append(f"其后的文件没有处理：{'、'.join(file.path.name for file in left)}")
    if dry_run:
        lines.append("只检查时，前面的文件并未保存：若错误是名册中没有这位干部，请先正式导入干部名册")
    return "\n".join(lines)


def summary(name: str, answer: dict[str, Any]) -> str:
    """One line about what an import did."""
    created = sum(sheet["created"] for sheet in answer["sheets"].values())
    unchanged = sum(sheet["unchanged"] for sheet in answer["sheets"].values())
    what = "检查通过" if answer["dry_run"] else "已导入"
    return f"{what} {name}（{answer['year']}年）：新增 {created} 行，已有 {unchanged} 行"


def notes(answer: dict[str, Any]) -> list[str]:
    """What an import wants to be known besides: hidden rows that it has read, sheets that it has not."""
    return [f"  注意：{note['text']}" for note in answer.get("notes", [])]


def settle(client: Client) -> None:
    """Wait until every consumer stands at its source's head, and nothing new came of it. Raises ClientError."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        if level(client):
            return
        time.sleep(SETTLE_STEP)
    raise ClientError("等待超时：有服务没有读到最新，请查看 /cursors 与日志")


def level(client: Client) -> bool:
    """Whether every consumer stands at its source's head, with nothing waiting for a number.

    The cursors are read between two looks at the heads: what a consumer raised from what it read shows in the second.
    Raises ClientError where a service does not answer, or a consumer has stopped.
    """
    before = _of_each(client, "/events/head")
    cursors = _of_each(client, "/cursors")
    heads = _of_each(client, "/events/head")
    _stop_if_diverged(cursors)
    numbered = all(head["unnumbered"] == 0 for head in heads.values())
    return (
        numbered
        and heads == before
        and all(
            (cursor["position"], cursor["chain"])
            == (heads[cursor["source"]]["position"], heads[cursor["source"]]["chain"])
            for read in cursors.values()
            for cursor in read
        )
    )


def _of_each(client: Client, path: str) -> dict[str, Any]:
    return {name: client.get(name, path) for name in services.names()}


def _stop_if_diverged(cursors: dict[str, Any]) -> None:
    for name, read in cursors.items():
        for cursor in read:
            if cursor["diverged"]:
                raise ClientError(f"服务 {name} 已停止读取来源 {cursor['source']}：历史不一致（{cursor['diverged']}）")
