"""No wait for PostgreSQL is without a bound: a server may be stopped while its system keeps its connections."""

from __future__ import annotations

import socket
import subprocess
import sys

SCRIPT = """
import sys
from hongxia.runtime import green
green.DATABASE_SECONDS = 0.3
green.patch()
from sqlalchemy.exc import OperationalError
from hongxia.database import Database, is_infrastructure
database = Database(sys.argv[1])
try:
    database.ping()
except OperationalError as error:
    print(is_infrastructure(error))
"""


def test_a_database_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"postgresql+psycopg2://someone:secret@127.0.0.1:{listener.getsockname()[1]}/db"
        done = subprocess.run([sys.executable, "-c", SCRIPT, url], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "True", done.stderr
