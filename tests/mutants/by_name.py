"""Which tests are likely to notice a mutant, by the names of their files: a guess that needs no run before it.

What they don't notice may still be noticed by others, so that a share found in this way is a lower bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tests.mutants.operators import Mutant

EVERY_ROUTE = (
    *("tests/unit/test_service_routes.py", "tests/unit/test_import_preview.py", "tests/unit/test_http_*.py"),
    *("tests/unit/test_*_api.py", "tests/unit/test_cli_importing.py"),
)
EVERY_SERVICE = ("tests/contract/test_*.py", "tests/unit/test_migrations.py", "tests/unit/test_schemas.py")


def stages(mutant: Mutant, root: Path) -> list[list[str]]:
    """Return the tests that are run one after the other until one fails: first those about the module or room itself,
    then those about its package or service, and for the platform at last those that call every route.
    """
    package, area, *rest = mutant.path.removesuffix(".py").split("/")
    names = [part.rstrip("s") for part in rest]
    near = [f"tests/unit/test_{area}_{name}*.py" for name in names]
    if package == "services":
        near += [f"tests/cases/test_{area}_{name}*.py" for name in names]
        wide = [f"tests/unit/test_{area}_*.py", *EVERY_SERVICE, f"tests/cases/test_{area}_*.py"]
    else:
        near += [f"tests/conformance/test_{name}*.py" for name in names]
        wide = [f"tests/unit/test_{area}_*.py", "tests/conformance/test_*.py"]
    own = _found(root, near) or _importing(root, ".".join([package, area, *rest]))
    last = EVERY_ROUTE if package == "hongxia" else ()
    chosen: list[list[str]] = []
    for tests in (own, _found(root, wide), _found(root, last)):
        chosen.append([test for test in tests if not any(test in before for before in chosen)])
    return [tests for tests in chosen if tests]


def _found(root: Path, patterns: Iterable[str]) -> list[str]:
    files = (file.relative_to(root).as_posix() for pattern in patterns for file in sorted(root.glob(pattern)))
    return list(dict.fromkeys(files))


def _importing(root: Path, module: str) -> list[str]:
    parent, _, last = module.rpartition(".")
    imports = re.compile(rf"\b{re.escape(module)}\b|from {re.escape(parent)} import .*\b{re.escape(last)}\b")
    files = _found(root, ["tests/unit/test_*.py"])
    return [file for file in files if imports.search((root / file).read_text(encoding="utf-8"))]
