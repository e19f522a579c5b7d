from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from hongxia import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What is configured for the whole process is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_tells_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    name = "张三"
    try:
        len(name) / 0
    except ZeroDivisionError:
        logs.logger(service="registry").error("failed", exc_info=True)
    written = capsys.readouterr().err
    assert json.loads(written)["event"] == "failed"
    assert name not in written
    assert "\\u5f20" not in written


def test_a_level_that_there_is_not_is_taken_as_warning(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("loud")
    logs.logger().info("quiet")
    assert capsys.readouterr().err == ""
