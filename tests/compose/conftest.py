"""The installation that the tests share: built from a bare checkout, started, and fed with a year."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .engine import Engine, NoEngine, temporary_directory
from .installation import SOURCE, Installation, bare_checkout, free_port

YEAR = "2022"
STARTED = time.monotonic()
TIMES: dict[str, float] = {}


@pytest.fixture(scope="session")
def workplace() -> Iterator[Path]:
    """A directory for the engine, the checkout and the backups; removed at the end."""
    directory = temporary_directory()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def engine(workplace: Path) -> Iterator[Engine]:
    """A Docker engine. Where none can be had the tests fail; they are never skipped.

    HONGXIA_TEST_ENGINE names a directory whose engine is left running: a developer's second run finds the images.
    """
    started = time.monotonic()
    kept = os.environ.get("HONGXIA_TEST_ENGINE")
    found = Engine(Path(kept) if kept else workplace)
    try:
        found.start()
    except NoEngine as error:
        pytest.fail(f"Docker 引擎无法启动 (no Docker engine): {error}", pytrace=False)
    TIMES["engine"] = time.monotonic() - started
    yield found
    if not kept:
        found.stop()


@pytest.fixture(scope="session")
def checkout(engine: Engine, workplace: Path) -> Iterator[Installation]:
    """A bare checkout with nothing made yet; whatever it starts is taken down with its volumes."""
    project = "hongxia" if engine.own else f"hongxia-test-{workplace.name[-8:]}"
    installation = Installation(engine, bare_checkout(workplace / "checkout"), free_port(), project, TIMES)
    yield installation
    if (installation.root / ".env").exists():
        installation.down()


@pytest.fixture(scope="session")
def built(checkout: Installation) -> Installation:
    """The checkout after its one command of preparation."""
    with checkout.timed("setup and build"):
        print(checkout.deploy("setup").said)
    return checkout


@pytest.fixture(scope="session")
def running(built: Installation) -> Installation:
    """Everything up and healthy."""
    with built.timed("up --wait"):
        built.up()
    return built


@pytest.fixture(scope="session")
def workbooks(workplace: Path) -> Path:
    """The demonstration year as workbooks."""
    directory = workplace / "workbooks"
    command = [sys.executable, "-m", "demo.generate", "--year", YEAR, "--seed", YEAR, "--out", str(directory)]
    subprocess.run(command, cwd=SOURCE, check=True, capture_output=True)
    return directory


@pytest.fixture(scope="session")
def imported(running: Installation, workbooks: Path) -> Installation:
    """The year imported from this machine, through the gateway, over TLS."""
    with running.timed("import of the year"):
        running.hongxia("import", str(workbooks))
    return running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How long the steps took, and all of it."""
    if TIMES:
        terminalreporter.section("deployment")
        for step, seconds in TIMES.items():
            terminalreporter.write_line(f"{step:40} {seconds:7.1f} s")
        terminalreporter.write_line(f"{'in all':40} {time.monotonic() - STARTED:7.1f} s")
