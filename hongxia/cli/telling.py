"""How commands print: whoever's words are in a line, it comes out as it is."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 10_000
"""Columns where nobody's window sets a limit: a pipe or a file."""


def tell(text: str, *, mark: str = "", style: str = "", console: Console | None = None) -> None:
    """Print a line, after a mark in the style if there is one, else in the style itself.

    Names, paths and reasons may hold brackets or colons, which are no markup here. The line is not folded, so that
    what it names can be copied and searched for.
    """
    line = Text.assemble((mark, style), f" {text}") if mark else Text(text, style)
    (console or Console()).print(line, soft_wrap=True)


def show(table: Table) -> None:
    """Print a table; where there is no window, as wide as it needs to be."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)
