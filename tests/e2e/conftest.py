"""One deployment a module; the demonstration's workbooks once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.generate import main as generate
from tests.e2e.bureau import Bureau, running_bureau
from tests.servers import PostgreSQL, RabbitMQ


@pytest.fixture(scope="session")
def workbooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration year 2022 as workbooks."""
    directory = tmp_path_factory.mktemp("workbooks")
    generate(["--year", "2022", "--seed", "2022", "--out", str(directory)])
    return directory


@pytest.fixture(scope="module")
def bureau(rabbitmq: RabbitMQ, postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    """Five running services with nothing in them yet."""
    with running_bureau(rabbitmq, postgres, tmp_path_factory.mktemp("logs")) as running:
        yield running
