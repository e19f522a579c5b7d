"""`hongxia rebuild`: all facts derived anew from the log, by the public API only."""

from __future__ import annotations

from hongxia.cli.telling import tell
from hongxia.client import Client, ClientError

SERVICE = "reporting"


def rebuild() -> None:
    """由日志重建全部事实，比较各年度重建前后的摘要；不一致则以非零状态结束。"""
    done = Client.from_environment().post(SERVICE, "/rebuild")
    tell(f"已由 {done['events']} 个事件重建")
    changed = [compared["year"] for compared in done["years"] if compared["before"] != compared["after"]]
    for compared in done["years"]:
        same = "相同" if compared["before"] == compared["after"] else f"不同，原为 {compared['before']}"
        tell(f"{compared['year']}年度摘要 {compared['after']}（{same}）")
    if changed:
        raise ClientError(f"重建后摘要改变的年度：{'、'.join(map(str, changed))}")
