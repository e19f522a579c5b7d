"""Waiting until every service has read what the others published."""

from __future__ import annotations

import time
from typing import Any

from hongxia import services
from hongxia.client import Client, ClientError

SETTLE_SECONDS = 600
SETTLE_STEP = 0.2


def settle(client: Client) -> None:
    """Wait until every consumer stands at its source's head, and nothing new came of it. Raises ClientError."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        if level(client):
            return
        time.sleep(SETTLE_STEP)
    raise ClientError("等待超时：有服务没有读到最新，请查看 /cursors 与日志")


def level(client: Client) -> bool:
    """Whether every consumer stands at its source's head, with nothing waiting for a number.

    The cursors are read between two looks at the heads: what a consumer raised from what it read shows in the second.
    Raises ClientError where a service does not answer, or a consumer has stopped.
    """
    before = _of_each(client, "/events/head")
    cursors = _of_each(client, "/cursors")
    heads = _of_each(client, "/events/head")
    _stop_if_diverged(cursors)
    numbered = all(head["unnumbered"] == 0 for head in heads.values())
    return (
        numbered
        and _places(heads) == _places(before)
        and all(
            (cursor["position"], cursor["chain"]) == _places(heads)[cursor["source"]]
            for read in cursors.values()
            for cursor in read
        )
    )


def _places(heads: dict[str, Any]) -> dict[str, tuple[int, str]]:
    return {name: (head["position"], head["chain"]) for name, head in heads.items()}


def _of_each(client: Client, path: str) -> dict[str, Any]:
    return {name: client.get(name, path) for name in services.names()}


def _stop_if_diverged(cursors: dict[str, Any]) -> None:
    for name, read in cursors.items():
        for cursor in read:
            if cursor["diverged"]:
                raise ClientError(f"服务 {name} 已停止读取来源 {cursor['source']}：历史不一致（{cursor['diverged']}）")
