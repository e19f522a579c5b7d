"""Logs as JSON lines on standard error, each with the service and, where there is one, the correlation id."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(level: str) -> None:
    """Send our own logs and those of the libraries to standard error, one JSON object a line.

    Tracebacks of our own are left out: what stands in local variables may be about a person. A level that there is
    not is taken as WARNING; `settings.load` refuses it in words.
    """
    known = logging.getLevelNamesMapping()
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(known.get(level, logging.WARNING)),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def logger(**bound: Any) -> FilteringBoundLogger:
    """A logger that says these things with every line."""
    log: FilteringBoundLogger = structlog.get_logger(**bound)
    return log
