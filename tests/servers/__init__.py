"""Real servers and processes for tests and benchmarks, private to one run and gone after it.

    with open_rabbitmq() as broker, open_postgresql() as database:
        url = database.create_database("finance")
        with Process([...], log=..., env={"AMQP_URI": broker.uri, "DATABASE_URL": url}) as service:
            service.wait_for(lambda: ..., 30, "is ready")

AMQP_URI and DATABASE_URL, where set, name servers to use instead; what only a server of our own can do (stop,
kill, wipe) then raises `Unavailable`.
"""

from .install import chromium_program, ensure_installed
from .nginx import Gateway
from .postgres import PostgreSQL, PrivatePostgreSQL, open_postgresql
from .processes import (
    NotInTime,
    Process,
    ProcessEnded,
    Unavailable,
    free_port,
    temporary_directory,
    wait_until,
)
from .rabbitmq import Permissions, PrivateRabbitMQ, RabbitMQ, open_rabbitmq

__all__ = [
    "Gateway",
    "NotInTime",
    "Permissions",
    "PostgreSQL",
    "PrivatePostgreSQL",
    "PrivateRabbitMQ",
    "Process",
    "ProcessEnded",
    "RabbitMQ",
    "Unavailable",
    "chromium_program",
    "ensure_installed",
    "free_port",
    "open_postgresql",
    "open_rabbitmq",
    "temporary_directory",
    "wait_until",
]
