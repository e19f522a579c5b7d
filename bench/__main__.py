"""`python -m bench`: several rounds of every measure in turn, a table, and build/bench/results.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import drain, events
from hongxia.events import relay
from tests.servers import ensure_installed, open_postgresql, open_rabbitmq, temporary_directory

OUT = Path("build/bench")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--nameko-events", type=int, default=3_000)
    parser.add_argument("--seconds", type=int, default=10, help="of steady load at 100 events/s")
    options = parser.parse_args()
    ensure_installed()
    measures = measure(options)
    OUT.mkdir(parents=True, exist_ok=True)
    results = {"machine": machine(), "measures": {name: spread(values) for name, values in measures.items()}}
    (OUT / "results.json").write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    show(results)


def measure(options: argparse.Namespace) -> dict[str, list[float]]:
    """Every measure, round by round, so that the machine's drift meets them all alike."""
    found: dict[str, list[float]] = {
        name: []
        for name in ("raw", "nameko", "drain", "drain_vs_raw", "drain_vs_nameko", "visible_p50_ms", "visible_p99_ms")
    }
    directory = temporary_directory("hongxia-bench")
    with (
        open_rabbitmq() as rabbitmq,
        open_postgresql() as postgres,
        drain.running(rabbitmq, postgres, directory) as pair,
    ):
        sample = directory / "event.json"
        sample.write_bytes(_sample(pair))
        nameko_url = postgres.create_database("bench_nameko")
        for number in range(options.rounds):
            raw = _apart("bench.raw", rabbitmq.uri, options.events, sample)
            drained = drain.drained_per_second(pair, options.events, f"drain-{number}")
            nameko = _apart("bench.nameko_events", rabbitmq.uri, nameko_url, options.nameko_events, sample)
            waits = sorted(drain.visible_after_ms(pair, 100, options.seconds, f"wait-{number}"))
            values = {
                "raw": raw,
                "nameko": nameko,
                "drain": drained,
                "drain_vs_raw": drained / raw,
                "drain_vs_nameko": drained / nameko,
                "visible_p50_ms": waits[len(waits) // 2],
                "visible_p99_ms": waits[int(len(waits) * 0.99)],
            }
            for name, value in values.items():
                found[name].append(value)
            Console().print(f"{number + 1}: " + "  ".join(f"{n} {v:,.2f}" for n, v in values.items()), highlight=False)
    return found


def _sample(pair: drain.Pair) -> bytes:
    """One event as it travels: both yardsticks carry the same bytes."""
    before = pair.position()
    events.commit(pair.outbox, 1, "sample")
    drain.wait_until(lambda: pair.position() == before + 1, 60, "the sample is read")
    with pair.outbox.read() as session:
        from hongxia.events import feed

        return feed.page(session, before, 1)[0]


def _apart(module: str, *arguments: object) -> float:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    return float(done.stdout.split()[-1])


def spread(values: list[float]) -> dict[str, float]:
    """Minimum, median and maximum."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "relay_batch": relay.BATCH,
    }


def show(results: dict[str, Any]) -> None:
    """The table."""
    table = Table(title="Hongxia benchmark")
    for column in ("measure", "min", "median", "max"):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for name, values in results["measures"].items():
        table.add_row(name, *(f"{values[key]:,.2f}" for key in ("min", "median", "max")))
    Console().print(table)
    Console().print(results["machine"], highlight=False)


if __name__ == "__main__":
    main()
