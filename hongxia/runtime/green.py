"""The only module that imports eventlet, so that the green threads we run on can be replaced."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from time import monotonic
from typing import Any, NoReturn, TypeVar

Answer = TypeVar("Answer")

DATABASE_SECONDS = 150.0
"""How long PostgreSQL may leave a statement without an answer: longer than it lets a statement take."""


def patch() -> None:
    """Make the standard library and psycopg2 cooperate. Must run before anything else is imported by the process."""
    quiet()
    import eventlet

    eventlet.monkey_patch()
    _bound_waits_for_the_database()


def _bound_waits_for_the_database() -> None:
    """Let no answer of PostgreSQL be waited for longer than DATABASE_SECONDS. eventlet's own wait has no bound, and
    libpq's `connect_timeout` and keepalives see nothing of a server that is stopped while its system acknowledges.
    psycopg2 closes a connection whose wait fails, and SQLAlchemy then takes it for lost.
    """
    import psycopg2  # type: ignore[import-untyped]
    from eventlet.hubs import trampoline
    from psycopg2 import extensions

    silent = psycopg2.OperationalError("the server has not answered in time")

    def wait(connection: Any) -> None:
        while (state := connection.poll()) != extensions.POLL_OK:
            reads = state == extensions.POLL_READ
            trampoline(connection.fileno(), reads, not reads, timeout=DATABASE_SECONDS, timeout_exc=silent)

    extensions.set_wait_callback(wait)


def quiet() -> None:
    """Every first import of a part of eventlet says that it is in maintenance; that is known (docs/adr)."""
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")


def sleep(seconds: float = 0) -> None:
    """Let the other green threads run, for a while or for one turn."""
    import eventlet

    eventlet.sleep(seconds)


def listen(address: tuple[str, int]) -> Any:
    """A listening socket. Raises OSError if the address is taken: eventlet by itself would share the port with whoever
    has it, and each request would go to one of the two.
    """
    import eventlet

    return eventlet.listen(address, reuse_port=False)


def wsgi_server(listener: Any, application: Callable[..., Iterable[bytes]], protocol: type) -> Any:
    """What answers the requests of connections that somebody else accepts: `process_request([address, socket, IDLE])`.

    It logs nothing and shows no traceback.
    """
    import eventlet.wsgi

    address = listener.getsockname()
    return eventlet.wsgi.Server(listener, address, application, protocol=protocol, log_output=False, debug=False)


class Slots:
    """So many at once: whoever wants one more waits until another is given back."""

    def __init__(self, count: int) -> None:
        from eventlet.semaphore import Semaphore

        self._semaphore = Semaphore(count)

    def take(self) -> None:
        """Take one, waiting for it."""
        self._semaphore.acquire()

    def give_back(self) -> None:
        """Give one back."""
        self._semaphore.release()


def pool(size: int) -> Any:
    """A pool of green threads, for nameko's workers."""
    import eventlet

    return eventlet.GreenPool(size)


class Result:
    """What one green thread waits for and another sends, once: a value, or None."""

    def __init__(self) -> None:
        from eventlet.event import Event

        self._event = Event()

    @property
    def ready(self) -> bool:
        """Whether it was sent."""
        return bool(self._event.ready())

    def send(self, value: Any = None) -> None:
        """Send it; whatever is sent after the first value is dropped."""
        if not self.ready:
            self._event.send(value)

    def wait(self) -> Any:
        """Wait until it is sent, and return it."""
        return self._event.wait()


class Mailbox:
    """A queue between green threads."""

    def __init__(self) -> None:
        from eventlet.queue import LightQueue

        self._queue = LightQueue()

    def put(self, item: Any) -> None:
        """Put in, never waiting."""
        self._queue.put(item)

    def take(self, most: int, timeout: float) -> list[Any]:
        """What is there, up to `most`; waits for a first item at most `timeout` seconds. Empty if none came."""
        from eventlet.queue import Empty

        try:
            items = [self._queue.get(timeout=timeout)]
        except Empty:
            return []
        while len(items) < most and not self._queue.empty():
            items.append(self._queue.get())
        return items


class Bell:
    """Rung by whoever has work; waited for by one. A ring that nobody waits for is kept."""

    def __init__(self) -> None:
        self._mailbox = Mailbox()
        self._rung = False

    def ring(self) -> None:
        """Wake the one who waits."""
        if not self._rung:
            self._rung = True
            self._mailbox.put(None)

    def wait(self, timeout: float) -> None:
        """Until the bell is rung, or the time is over."""
        self._mailbox.take(1, timeout)
        self._rung = False


class Notice:
    """Given again and again to all who wait for it."""

    def __init__(self) -> None:
        self._given = 0
        self._next = Result()

    def give(self) -> None:
        """Wake all who wait."""
        self._given += 1
        given, self._next = self._next, Result()
        given.send()

    def listener(self) -> Callable[[float], float]:
        """Return what waits, at most so many seconds, for the first notice that is given after now or after its last
        call, and returns how many seconds it waited. So none is missed by who does something else in between.
        """
        heard = self._given

        def wait(timeout: float) -> float:
            nonlocal heard
            begun = monotonic()
            if self._given == heard:
                with at_most(timeout):
                    self._next.wait()
            heard = self._given
            return monotonic() - begun

        return wait


def within(seconds: float, *questions: Callable[[], Answer]) -> list[Answer | None]:
    """What each question answers, all asked at once; None for one that takes longer. None of them may raise."""
    import eventlet

    def ask(question: Callable[[], Answer]) -> Answer | None:
        with at_most(seconds):
            return question()
        return None

    asked = [eventlet.spawn(ask, question) for question in questions]
    return [thread.wait() for thread in asked]


def at_most(seconds: float) -> AbstractContextManager[Any]:
    """Leave a block silently when its time is over."""
    import eventlet

    limit: AbstractContextManager[Any] = eventlet.Timeout(seconds, False)
    return limit


def end_thread() -> NoReturn:
    """End the green thread that calls this, as if it were killed: no `except Exception` holds it up."""
    from eventlet.support.greenlets import GreenletExit

    raise GreenletExit


def spawn(work: Any) -> Any:
    """Run work in a green thread of its own; the result can be killed."""
    import eventlet

    return eventlet.spawn(work)
