"""The database driver and the green threads cooperate: a slow query never blocks the others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

SCRIPT = """
from hongxia.runtime import green
green.patch()
import json, sys, time
import eventlet
from sqlalchemy import text
from hongxia.database import Database

database = Database(sys.argv[1])
gaps, last = [], time.perf_counter()

def tick():
    global last
    while True:
        eventlet.sleep(0.005)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now

def slow(_):
    with database.read() as session:
        session.execute(text("SELECT pg_sleep(2)"))

ticking = eventlet.spawn(tick)
started = time.perf_counter()
list(eventlet.GreenPool(5).imap(slow, range(5)))
print(json.dumps({"seconds": time.perf_counter() - started, "largest_gap": max(gaps), "ticks": len(gaps)}))
"""


def test_five_slow_queries_run_at_once_and_the_hub_goes_on(database_url: Callable[[str], str]) -> None:
    command = [sys.executable, "-c", SCRIPT, database_url("green")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    one_after_the_other = 5 * 2
    assert measured["seconds"] < one_after_the_other * 0.8
    assert measured["largest_gap"] < 1.5, "a query of two seconds stopped the hub"
    assert measured["ticks"] > 80
