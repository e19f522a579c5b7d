"""Where the command begins: what serves must be made green before anything else is imported."""

from __future__ import annotations

import sys

from hongxia.runtime import green


def main() -> None:
    """Run the command line."""
    green.quiet()
    if sys.argv[1:2] == ["serve"]:
        green.patch()
    from hongxia.cli.main import run

    run()
