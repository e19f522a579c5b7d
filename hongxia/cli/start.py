"""Where the command begins: what serves must be made green before anything else is imported."""

from __future__ import annotations

import os
import sys

from hongxia.runtime import green


def reach_this_machine_directly() -> None:
    """Reach what runs on this machine directly, whatever proxy the environment names."""
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = ",".join(filter(None, (known, "127.0.0.1,localhost,::1")))


def main() -> None:
    """Run the command line."""
    green.quiet()
    reach_this_machine_directly()
    if sys.argv[1:2] == ["serve"]:
        green.patch()
    from hongxia.cli.main import run

    run()
