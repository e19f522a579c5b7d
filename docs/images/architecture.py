"""Draws the architecture, in English and in Chinese: `python docs/images/architecture.py` writes both SVG files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT = 960, 596
TOP, PITCH, BOX = 96, 104, 92
"""Where the first source begins, how far apart the sources are, and how high each is."""
SOURCES = ("registry", "outreach", "activities", "finance")
READS = {"outreach": "registry, finance", "activities": "registry", "finance": "outreach"}
"""Which sources a source itself reads."""

STYLE = """
  .paper { fill: #ffffff; } .ink { fill: #1f2328; } .soft { fill: #57606a; }
  .box { fill: #f6f8fa; stroke: #8c959f; } .store { fill: #ddf4ff; stroke: #0969da; }
  .work { fill: #fff8c5; stroke: #9a6700; } .broker { fill: #ffebe9; stroke: #cf222e; }
  .line { stroke: #57606a; fill: none; } .feed { stroke: #0969da; fill: none; stroke-dasharray: 6 4; }
  .head { fill: #57606a; } .feedhead { fill: #0969da; } .feedink { fill: #0969da; }
  text { font-family: -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; } .ink { fill: #e6edf3; } .soft { fill: #9da7b3; }
    .box { fill: #161b22; stroke: #6e7681; } .store { fill: #0c2d4d; stroke: #58a6ff; }
    .work { fill: #3b2e07; stroke: #d29922; } .broker { fill: #48171a; stroke: #f85149; }
    .line { stroke: #9da7b3; } .feed { stroke: #58a6ff; } .head { fill: #9da7b3; }
    .feedhead { fill: #58a6ff; } .feedink { fill: #79c0ff; }
  }
"""


class Words(NamedTuple):
    """The texts of the picture in one language."""

    title: str
    staff: str
    services: dict[str, str]
    tables: str
    relay: str
    reads: str
    broker: tuple[str, str, str]
    cursors: tuple[str, str]
    log: tuple[str, str]
    facts: tuple[str, str]
    figures: tuple[str, str]
    dashboard: tuple[str, str]
    reporting: str
    outside: tuple[str, str]
    feed: tuple[str, str]
    publish: str


ENGLISH = Words(
    "Hongxia: four services publish events, reporting makes figures from them",
    "Office staff: Excel workbooks, HTTP APIs",
    {
        "registry": "cadres",
        "outreach": "visits, contact, aid",
        "activities": "sessions, attendance, health",
        "finance": "budget, payments",
    },
    "database: records + outbox",
    "relay",
    "reads {}",
    ("RabbitMQ", "the fast path:", "may lose events"),
    ("cursors", "one per source"),
    ("log", "every event, chained"),
    ("facts", "newest state"),
    ("figures", "exact, rebuildable"),
    ("dashboard", "every figure opens"),
    "its database: log and facts",
    ("other systems", "read the feed"),
    ("feed: GET /events of every source", "catches up what the queue lost, proves that nothing is missing"),
    "publish",
)
CHINESE = Words(
    "红霞：四个服务发布事件，报告服务由事件得出数字",
    "工作人员：Excel 工作簿、HTTP 接口",
    {
        "registry": "名册：干部",
        "outreach": "走访、联系、帮扶",
        "activities": "场次、考勤、体检、接种",
        "finance": "预算、支出、拨付",
    },
    "数据库：记录与发件箱",
    "发送进程",
    "读取 {}",
    ("RabbitMQ", "只是快路：", "丢消息也不要紧"),
    ("游标", "每个来源一个"),
    ("日志", "全部事件，环环相扣"),
    ("事实", "最新的状态"),
    ("数字", "准确，可重建"),
    ("看板", "每个数字都可展开"),
    "数据库：日志与事实",
    ("其他系统", "读取事件流"),
    ("事件流：每个来源的 GET /events", "补取队列丢失的事件，证明一条不缺"),
    "发布",
)


def text(
    x: int, y: int, words: str, size: int = 15, kind: str = "ink", anchor: str = "start", bold: bool = False
) -> str:
    """A line of text; (x, y) is its base line."""
    weight = ' font-weight="600"' if bold else ""
    return f'<text class="{kind}" x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}"{weight}>{words}</text>'


def box(kind: str, x: int, y: int, width: int, height: int) -> str:
    """A rectangle with round corners."""
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="7" stroke-width="1.5"/>'


def labelled(kind: str, x: int, y: int, width: int, height: int, lines: tuple[str, ...]) -> Iterator[str]:
    """A box with its lines in the middle, the first one bold."""
    yield box(kind, x, y, width, height)
    start = y + height // 2 + 5 - 10 * (len(lines) - 1)
    for number, line in enumerate(lines):
        first = number == 0
        yield text(
            x + width // 2, start + 20 * number, line, 15 if first else 13, "ink" if first else "soft", "middle", first
        )


def arrow(points: str, kind: str = "line") -> str:
    """A line with an arrow head at its end; `points` is the `d` of a path."""
    head = "feedhead" if kind == "feed" else "head"
    return f'<path class="{kind}" d="{points}" stroke-width="1.8" marker-end="url(#{head})"/>'


def source(name: str, top: int, words: Words) -> Iterator[str]:
    """One publishing service: its database with the outbox, and its relay."""
    yield box("box", 16, top, 372, BOX)
    yield text(30, top + 24, name, 16, bold=True)
    yield text(116, top + 24, words.services[name], 13, "soft")
    yield box("store", 30, top + 38, 208, 40)
    yield text(134, top + 63, words.tables, 14, anchor="middle")
    yield arrow(f"M 238 {top + 58} H 270")
    yield box("work", 276, top + 38, 98, 40)
    yield text(325, top + 63, words.relay, 14, anchor="middle")
    yield arrow(f"M 374 {top + 58} H 428")
    if name in READS:
        yield arrow(f"M 434 {top + 20} H 394")
        yield text(382, top + 24, words.reads.format(READS[name]), 12, "soft", "end")


def drawing(words: Words) -> Iterator[str]:
    """The lines of the SVG file."""
    bottom = TOP + 3 * PITCH + BOX
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{words.title}">'
    )
    yield f"<title>{words.title}</title>"
    yield f"<style>{STYLE}</style>"
    yield "<defs>"
    for name in ("head", "feedhead"):
        yield (
            f'<marker id="{name}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="8" markerHeight="8" '
            f'orient="auto"><path class="{name}" d="M 0 0 L 10 5 L 0 10 z"/></marker>'
        )
    yield "</defs>"
    yield f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'

    yield from labelled("box", 16, 20, 372, 42, (words.staff,))
    yield arrow(f"M 202 62 V {TOP - 6}")
    for number, name in enumerate(SOURCES):
        yield from source(name, TOP + number * PITCH, words)

    yield from labelled("broker", 434, TOP, 132, bottom - TOP, words.broker)
    yield text(404, TOP - 10, words.publish, 13, "soft", "middle")

    yield box("box", 626, TOP, 318, bottom - TOP)
    yield text(640, TOP + 24, "reporting", 16, bold=True)
    yield text(724, TOP + 24, words.reporting, 13, "soft")
    middle = TOP + 40
    steps = (("work", words.cursors), ("store", words.log), ("store", words.facts), ("work", words.figures))
    for number, (kind, lines) in enumerate(steps):
        top = middle + number * 88
        yield from labelled(kind, 656, top, 180, 56, lines)
        if number:
            yield arrow(f"M 746 {top - 32} V {top - 6}")
    yield arrow(f"M 566 {middle + 28} H 650")
    yield from labelled("box", 656, 20, 180, 46, words.dashboard)
    yield arrow(f"M 836 {middle + 292} H 890 V 43 H 842")

    feed = bottom + 40
    yield f'<path class="feed" d="M 54 {bottom} V {feed} H 596" stroke-width="1.8"/>'
    yield arrow(f"M 596 {feed} V {middle + 48} H 650", "feed")
    yield text(70, feed + 24, words.feed[0], 14, "feedink", bold=True)
    yield text(70, feed + 44, words.feed[1], 13, "soft")
    yield from labelled("box", 656, bottom + 34, 180, 50, words.outside)
    yield arrow(f"M 596 {feed} V {bottom + 59} H 650", "feed")
    yield "</svg>"


def render(words: Words) -> str:
    """The SVG file in one language."""
    return "\n".join(drawing(words)) + "\n"


PICTURES = {"architecture.svg": ENGLISH, "architecture.zh-CN.svg": CHINESE}

if __name__ == "__main__":
    for name, words in PICTURES.items():
        (Path(__file__).parent / name).write_text(render(words), encoding="utf-8")
