"""What the two servers have in common."""

from types import TracebackType
from typing import Self

from .processes import Unavailable


class Server:
    """A server that exists already and is not ours: it can be used, not stopped or killed.

    `private` tells which kind it is, for tests that need one of our own.
    """

    private = False
    given_by = ""  # the environment variable

    def start(self) -> Self:
        """Start it, on the port that it had before, and return once it answers; a given one is waited for."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop it as an operator would."""
        raise self._not_ours("stop")

    def kill(self) -> None:
        """SIGKILL it with everything that belongs to it."""
        raise self._not_ours("kill")

    def close(self) -> None:
        """Leave nothing of ours behind: no process, no file, no database."""
        raise NotImplementedError

    def _not_ours(self, what: str) -> Unavailable:
        return Unavailable(f"can't {what} the server at {self.given_by}; 给定的服务器不由测试控制")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
