"""`hongxia`: run the services, and speak to them through their public HTTP APIs."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import typer
from rich.console import Console

from hongxia.cli import documents, importing, operating, serving
from hongxia.client import ClientError
from hongxia.settings import Misconfigured

GROUP = "hongxia.commands"
"""Entry points of this group name typer applications: the commands that the services themselves add."""


def application() -> typer.Typer:
    """All commands: the platform's own, and those that installed services add."""
    app = typer.Typer(
        help="红霞：老干部工作一年的记录，与由此而来的准确数字。", no_args_is_help=True, add_completion=False
    )
    serving.register(app)
    importing.register(app)
    documents.register(app)
    operating.register(app)
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        entry.load()(app)
    return app


def run() -> None:
    """Run a command; what goes wrong is told in one line (or a line for each fault), without a traceback."""
    try:
        application()(standalone_mode=True)
    except (Misconfigured, ClientError) as error:
        Console(stderr=True).print(f"[red]错误[/red] {error}", highlight=False)
        sys.exit(1)
