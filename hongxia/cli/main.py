"""`hongxia`: run the services, and speak to them through their public HTTP APIs."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from io import TextIOWrapper
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from hongxia import __version__
from hongxia.cli import documents, importing, operating, serving, tokens
from hongxia.cli.telling import tell
from hongxia.cli.usage import head_help_in_chinese, in_chinese
from hongxia.client import ClientError
from hongxia.services import UnknownService
from hongxia.settings import Misconfigured

GROUP = "hongxia.commands"
"""Entry points of this group name typer applications: the commands that the services themselves add."""


def application() -> typer.Typer:
    """All commands: the platform's own, and those that installed services add."""
    head_help_in_chinese()
    app = typer.Typer(no_args_is_help=True, add_completion=False)
    app.callback()(hongxia)
    serving.register(app)
    tokens.register(app)
    importing.register(app)
    documents.register(app)
    operating.register(app)
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        entry.load()(app)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        print(f"hongxia {__version__}")
        raise typer.Exit


def hongxia(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="显示版本并退出")
    ] = False,
) -> None:
    """红霞：老干部工作一年的记录，与由此而来的准确数字。"""


def run() -> None:
    """Run a command; what goes wrong is printed as one line (or a line for each fault), without a traceback."""
    if isinstance(sys.stdout, TextIOWrapper):
        # A file's name need not be text in the terminal's encoding; print it all the same, as stderr does by itself.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.exit(application()(prog_name="hongxia", standalone_mode=False))
    except typer.TyperException as error:
        if not error.format_message():  # no argument at all: help was printed
            sys.exit(error.exit_code)
        _give_up(in_chinese(error), error.exit_code)
    except (Misconfigured, ClientError, UnknownService) as error:
        _give_up(str(error))
    except OSError as error:
        _give_up(_refused(error))


def _give_up(fault: str, code: int = 1) -> NoReturn:
    tell(fault, mark="错误", style="red", console=Console(stderr=True))
    sys.exit(code)


def _refused(error: OSError) -> str:
    """What the operating system refused, and why."""
    why = error.strerror or str(error) or type(error).__name__
    return f"读写失败：{why}" if error.filename is None else f"无法读写：{error.filename}（{why}）"
