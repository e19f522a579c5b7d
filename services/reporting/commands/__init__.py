"""Reporting's commands: the year's figures in the terminal, their verification, the rebuild."""

from __future__ import annotations

import typer

from services.reporting.commands.rebuild_facts import rebuild
from services.reporting.commands.show_figures import figures
from services.reporting.commands.verify_year import verify


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(figures)
    app.command()(verify)
    app.command()(rebuild)
