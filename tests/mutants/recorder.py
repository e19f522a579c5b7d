"""A pytest plugin that notes which tests run which lines of the code, for `tests.mutants.covering`."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Generator
from pathlib import Path
from time import perf_counter

import coverage
import pytest

OUTPUT = "HONGXIA_MUTANTS_OUTPUT"
"""The variable that names the file to write."""


class Recorder:
    """Each test is a context of coverage, with its fixtures; what runs at import is the context without a name."""

    def __init__(self, output: Path, root: Path) -> None:
        self.output, self.root = output, root
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        self.coverage = coverage.Coverage(
            data_file=None, config_file=False, concurrency=["thread", "greenlet"], source_dirs=["hongxia", "services"]
        )

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None]:
        """Run one test in a context of its own."""
        started = perf_counter()
        self._switch(item.nodeid)
        yield
        self._switch("")
        self.seconds[item.nodeid] = perf_counter() - started

    def _switch(self, context: str) -> None:
        """Begin another context. A garbage collection that ends green threads meanwhile makes coverage hang."""
        gc.disable()
        try:
            self.coverage.switch_context(context)
        finally:
            gc.enable()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that fails without any fault in the code."""
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write what was noted."""
        self.coverage.stop()
        data = self.coverage.get_data()
        numbers = {test: number for number, test in enumerate(self.seconds)}
        lines = {}
        for file in sorted(data.measured_files()):
            ran = data.contexts_by_lineno(file)
            lines[Path(file).relative_to(self.root).as_posix()] = {
                line: sorted(numbers.get(context, -1) for context in contexts) for line, contexts in ran.items()
            }
        noted = {"seconds": self.seconds, "failed": sorted(self.failed), "lines": lines}
        self.output.write_text(json.dumps(noted), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to note, before the tests import the code."""
    if OUTPUT in os.environ:
        recorder = Recorder(Path(os.environ[OUTPUT]), config.rootpath)
        config.pluginmanager.register(recorder, "mutants-recorder")
        recorder.coverage.start()
