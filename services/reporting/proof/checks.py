"""What anyone can verify of a year from outside: chains recomputed, cursors compared, the digest made anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hongxia import services
from hongxia.client import Client
from hongxia.events import heads
from hongxia.events.chain import GENESIS, link
from hongxia.events.digest import digest_of
from hongxia.keys import PublicKeys
from services.reporting.proof import digest

REPORTING = "reporting"
FEED_PAGE = 2000
FACTS_PAGE = 1000


@dataclass(frozen=True)
class Check:
    """One thing that was checked, in Chinese."""

    good: bool
    text: str


@dataclass(frozen=True)
class History:
    """A source's history as it was pulled: the chain at each position from `first` on, and where it breaks, if so."""

    source: str
    first: int
    chains: list[str]
    head: Mapping[str, Any]
    fault: str | None

    @property
    def position(self) -> int:
        """The last position pulled."""
        return self.first - 1 + len(self.chains)

    def chain_at(self, position: int) -> str | None:
        """The chain at a position; None where it was not pulled."""
        if position == 0:
            return GENESIS
        index = position - self.first
        return self.chains[index] if 0 <= index < len(self.chains) else None


def checks(client: Client, year: int, pinned: PublicKeys | None = None) -> Iterator[Check]:
    """Check everything, one after another. `pinned` are public keys that somebody has kept; without them those count
    that the services publish, which have to be the same everywhere. Raises ClientError if a service can't be asked.
    """
    histories = {}
    keys = pinned or _published_keys(client)
    if keys is None:
        yield Check(False, "各服务公布的公钥不一致：请检查各服务的 PUBLIC_KEYS")
    for source in services.names():
        histories[source] = pull(client, source)
        yield _chain(histories[source])
        yield _signature(histories[source], keys or PublicKeys([]))
    for consumer in services.names():
        for cursor in client.get(consumer, "/cursors"):
            yield _cursor(consumer, cursor, histories[cursor["source"]])
    yield from _digests(client, year)


def pull(client: Client, source: str) -> History:
    """A source's whole feed, its chain computed anew from the events as they were committed."""
    head = client.get(source, "/events/head")
    after = int(head["first"]) - 1
    chains: list[str] = []
    chain: str | None = GENESIS if after == 0 else None
    fault: str | None = None
    while page := client.get(source, "/events", after=after, limit=FEED_PAGE):
        for event in page:
            fault = fault or _break(event, after, chain)
            after, chain = event["position"], event["chain"]
            chains.append(event["chain"])
    if after < head["position"]:
        fault = fault or f"事件流只到位置 {after}，末端却在 {head['position']}"
    return History(source, int(head["first"]), chains, head, fault)


def _break(event: Mapping[str, Any], after: int, chain: str | None) -> str | None:
    position = event["position"]
    if position != after + 1:
        return f"位置 {after + 1} 缺失"
    try:
        digest = digest_of(event)
    except (TypeError, ValueError, KeyError, AttributeError):
        return f"位置 {position} 的内容不是事件"
    if chain is not None and link(chain, position, digest) != event["chain"]:
        return f"位置 {position} 的链值与重算不符"
    return None


def _chain(history: History) -> Check:
    source, head = history.source, history.head
    if history.fault:
        return Check(False, f"{source}：{history.fault}")
    if history.chains and history.chain_at(head["position"]) != head["chain"]:
        return Check(False, f"{source}：末端位置 {head['position']} 的链值与重算不符")
    if head["unnumbered"]:
        return Check(False, f"{source}：有 {head['unnumbered']} 个事件尚未编号，请稍后再验")
    kept = f"（事件流自位置 {history.first} 起保存）" if history.first > 1 else ""
    return Check(True, f"{source}：{head['position']} 个事件的链重算一致{kept}")


def _published_keys(client: Client) -> PublicKeys | None:
    """The public keys that all services publish; None if they differ."""
    texts = {json.dumps(client.get(service, "/keys"), sort_keys=True) for service in services.names()}
    return PublicKeys.from_jwks(texts.pop()) if len(texts) == 1 else None


def _signature(history: History, keys: PublicKeys) -> Check:
    source, head = history.source, heads.read(history.head)
    if head is None or not heads.is_signed(head, keys, source):
        return Check(False, f"{source}：末端位置 {history.head['position']} 的签名不是该来源的")
    return Check(True, f"{source}：末端位置 {head.position} 有该来源的签名（{head.alg}）")


def _cursor(consumer: str, cursor: Mapping[str, Any], history: History) -> Check:
    name = f"{consumer} 读 {history.source}"
    position = cursor["position"]
    if cursor["diverged"]:
        return Check(False, f"{name}：已停止，历史不一致（{cursor['diverged']}）")
    if cursor["parked"]:
        return Check(False, f"{name}：搁置了 {cursor['parked']} 个事件")
    if position < history.head["position"]:
        return Check(False, f"{name}：在位置 {position}，来源末端在 {history.head['position']}")
    if position == history.head["position"]:
        expected = history.head["chain"]
    else:
        expected = history.chain_at(position)
    if cursor["chain"] != expected:
        return Check(False, f"{name}：位置 {position} 的链值与来源不符")
    return Check(True, f"{name}：位置 {position} 与链值同来源一致")


def _digests(client: Client, year: int) -> Iterator[Check]:
    shown = client.get(REPORTING, f"/years/{year}/digest")
    computed = digest.of_lines(_lines(client, year))
    if (computed.digest, computed.facts) == (shown["digest"], shown["facts"]):
        yield Check(True, f"{year}年度 {computed.facts} 条事实的摘要重算一致：{computed.digest}")
    else:
        yield Check(False, f"{year}年度摘要为 {shown['digest']}，由事实重算为 {computed.digest}")
    verified = client.post(REPORTING, f"/years/{year}/verification")
    for source in verified["sources"]:
        if source["fault"]:
            yield Check(False, f"{REPORTING} 所存 {source['source']} 的日志：{source['fault']}")
        else:
            yield Check(True, f"{REPORTING} 所存 {source['source']} 的日志：{source['events']} 个事件的链重算一致")
    same = verified["derived"] == verified["digest"] == shown["digest"]
    what = f"由日志重新得出的{year}年度摘要"
    differs = f"{what}不一致：{verified['derived']}；若刚升级过，请运行 hongxia rebuild"
    yield Check(same, f"{what}一致" if same else differs)


def _lines(client: Client, year: int) -> Iterator[bytes]:
    """The facts, sorted here once more: the order is part of what is verified."""
    facts = client.pages(REPORTING, f"/years/{year}/facts", limit=FACTS_PAGE)
    keys = ("kind", "entity", "version")
    yield from (line for _, line in sorted((tuple(fact[key] for key in keys), digest.line(fact)) for fact in facts))
