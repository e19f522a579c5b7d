"""`python -m tests.walk`: print how far a reader walks, and return 1 if it is too far."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from tests.walk.entries import returns
from tests.walk.lines import Field, files_of, lines_under, routes_under
from tests.walk.visit import walk

ROOT = Path(__file__).parents[2]
MOST_FILES = 6
MOST_EDITS = 5
FIELD = Field("minutes", "visit")
"""A visit's duration in minutes: the field that was added to show what a field costs."""

LINES_BEFORE = 12243
"""Lines of services/**/*.py at commit c3efd6f, before the services were rebuilt."""
DECORATORS_BEFORE, BODIES_BEFORE = 719, 363
"""Lines of the entrypoints' decorators and bodies in the five app.py at commit c3efd6f, counted in the same way."""


def main() -> int:
    """Print the four findings, then what is wrong with them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    wrong = [*_visit(), *_field(), *_routes()]
    print(f"lines of services/: {lines_under(ROOT / 'services')} (before: {LINES_BEFORE})")
    for text in wrong:
        print(f"WRONG: {text}")
    return int(bool(wrong))


def _visit() -> Iterator[str]:
    with TemporaryDirectory(prefix="hongxia-walk-") as directory:
        walked = walk(Path(directory))
    again = returns(walked.outreach)
    files = len(set(walked.outreach))
    print(f"one recorded visit enters {files} files of services/outreach, with {len(again)} returns:")
    print(*(f"  {file}" for file in walked.outreach), sep="\n")
    print("it becomes a fact in services/reporting:", *walked.reporting)
    if files > MOST_FILES:
        yield f"a visit enters {files} files, at most {MOST_FILES} are wanted"
    if again:
        yield f"a visit returns to {', '.join(again)}"


def _field() -> Iterator[str]:
    places = FIELD.places(ROOT)
    files = files_of(places)
    print(f"the field “{FIELD.name}” of a {FIELD.thing} is written by hand in {len(files)} files:")
    print(*(f"  {place.path}:{place.line}  {place.text}" for place in places), sep="\n")
    if not files:
        yield f"the field “{FIELD.name}” is not there"
    if len(files) > MOST_EDITS:
        yield f"the field is edited in {len(files)} files, at most {MOST_EDITS} are wanted"


def _routes() -> Iterator[str]:
    counted = routes_under(ROOT / "services")
    print(
        f"{counted.routes} entrypoints: {counted.decorators} lines of decorators, {counted.bodies} of bodies", end=" "
    )
    print(f"(before: {DECORATORS_BEFORE} and {BODIES_BEFORE})")
    if not counted.routes:
        yield "no entrypoint was found; tests/walk/lines.py names the decorators"
    if counted.decorators > counted.bodies:
        yield f"entrypoints have {counted.decorators} lines of decorators for {counted.bodies} of bodies"


if __name__ == "__main__":
    sys.exit(main())
