"""Who reads what a service writes to its terminal or its log wants the names that people put into addresses, also those
in requests that are no HTTP.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import Process, free_port, wait_until

HONGXIA = Path(sys.executable).with_name("hongxia")
NAME = "丁烛明墨Zhumingmo"
"""Its second half is written alike in every encoding and with every escape."""
START_SECONDS, ANSWER_SECONDS = 90.0, 10.0


@pytest.fixture
def port(tmp_path: Path, start_process: Callable[..., Process]) -> int:
    """The port of all services, embedded."""
    port = free_port()
    command = [HONGXIA, "serve", "--address", f"127.0.0.1:{port}", "--data", tmp_path / "data"]
    start_process("hongxia", command, {**os.environ, "LOG_LEVEL": "DEBUG", "HONGXIA_DATA": ""})
    wait_until(lambda: answers(port), START_SECONDS, lambda: f"{port} answers")
    return port


def answers(port: int) -> bool:
    try:
        return b"200" in send(port, b"GET /registry/healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    except OSError:
        return False


def send(port: int, request: bytes) -> bytes:
    """Send bytes; return the beginning of what is answered."""
    with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.sendall(request)
        return connection.recv(4096)


MALFORMED = [
    f"GET /registry/cadres?name={NAME}\r\n\r\n",
    f"GET /registry/cadres?name={NAME} {NAME} HTTP/1.1\r\n\r\n",
    f"{NAME}\r\n\r\n",
    f"GET /registry/cadres?name={NAME} HTTP/9.{NAME}\r\n\r\n",
    f"POST /registry/cadres/search HTTP/1.1\r\nHost: h\r\nContent-Length: {NAME}\r\n\r\n",
    f"GET /registry/{NAME} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n",
    f"GET /{'x' * 70_000}{NAME} HTTP/1.1\r\n\r\n",
]


def test_no_request_is_written_to_the_log_as_it_came(port: int, tmp_path: Path) -> None:
    for request in MALFORMED:
        assert send(port, request.encode())
    assert answers(port)
    written = (tmp_path / "hongxia.log").read_text(encoding="utf-8", errors="replace")
    assert "Zhumingmo" not in written, written
    assert "烛明" not in written
