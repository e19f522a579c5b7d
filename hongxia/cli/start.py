"""Where the command begins: what serves must be made green before anything else is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["serve"]:
        from hongxia.runtime import green

        green.patch()
    from hongxia.cli.main import run

    run()
