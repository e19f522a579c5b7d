"""One installation of Hongxia under test: a checkout of its own, its containers, and what an operator would type."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .engine import Engine

SOURCE = Path(__file__).resolve().parents[2]
SERVICES = ("registry", "outreach", "activities", "finance", "reporting")
BACKING = ("postgres", "rabbitmq", "gateway", "prometheus")
COMMAND_SECONDS = 600.0


class Failed(AssertionError):
    """A command ended otherwise than expected; the message holds what it said."""


@dataclass
class Done:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both outputs."""
        return self.out + self.err


@dataclass
class Installation:
    """A checkout and the containers that its compose file describes."""

    engine: Engine
    root: Path
    port: int
    project: str = "hongxia"
    times: dict[str, float] = field(default_factory=dict)
    _token: str = ""

    def copied(self, to: Path, project: str) -> Installation:
        """A second checkout on the same engine and images, on which nothing was run yet."""
        shutil.copytree(self.root, to, ignore=shutil.ignore_patterns(".git", ".env", "secrets", "build"))
        return Installation(self.engine, to, self.port, project, self.times)

    # -- commands ---------------------------------------------------------------------------------

    @property
    def env(self) -> dict[str, str]:
        """The environment of an operator's shell."""
        own = {
            "COMPOSE_PROJECT_NAME": self.project,
            "HONGXIA_PORT": str(self.port),
            "HONGXIA_BUREAU": "test",
            "COMPOSE_PROGRESS": "quiet",
        }
        return {**self.engine.env, **own}

    def run(
        self,
        *command: str,
        env: Mapping[str, str] | None = None,
        expect: int | None = 0,
        timeout: float = COMMAND_SECONDS,
        **options: Any,
    ) -> Done:
        """Run a command in the checkout. Raises Failed where it ends otherwise than with `expect` (None: any)."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**self.env, **(env or {})},
            text=True,
            capture_output=True,
            timeout=timeout,
            check=False,
            **options,
        )
        if expect is not None and done.returncode != expect:
            raise Failed(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            )
        return Done(done.returncode, done.stdout, done.stderr)

    def deploy(self, script: str, *arguments: str, **options: Any) -> Done:
        """One of the commands in deploy/."""
        return self.run(f"deploy/{script}", *arguments, timeout=1800, **options)

    def compose(self, *arguments: str, **options: Any) -> Done:
        """docker compose."""
        return self.run("docker", "compose", *arguments, **options)

    def docker(self, *arguments: str, **options: Any) -> Done:
        """docker."""
        return self.run("docker", *arguments, **options)

    def up(self, *arguments: str, **options: Any) -> Done:
        """docker compose up -d --wait."""
        return self.compose("up", "-d", "--wait", *arguments, **options)

    def down(self) -> None:
        """docker compose down, with the volumes.

        Engines before 28.1 count a network's endpoints beside the endpoints themselves, and the count can lose step
        where several containers come and go at once: then a network without a container can't be removed. Such an
        engine counts anew when it starts.
        """
        command = ("--profile", "*", "down", "--volumes", "--remove-orphans")
        done = self.compose(*command, expect=None)
        if "has active endpoints" in done.err and self.engine.own and not self.containers():
            print(f"\n  the engine lost count of its endpoints: {done.err.strip().splitlines()[-1]}", flush=True)
            self.engine.restart()
            done = self.compose(*command, expect=None)
        if done.code:
            raise Failed(f"not taken down:\n{done.said[-3000:]}")

    def hongxia(self, *arguments: str, **options: Any) -> Done:
        """The command line on this machine, through the gateway."""
        env = {
            "HONGXIA_URL": f"https://localhost:{self.port}",
            "HONGXIA_CA": str(self.root / "deploy/secrets/ca.pem"),
            "HONGXIA_TOKEN": self.token,
        }
        return self.run(str(Path(sys.executable).with_name("hongxia")), *arguments, env=env, **options)

    @property
    def token(self) -> str:
        """An administrator's access token."""
        if not self._token:
            self._token = self.deploy("token", "--subject", "tests", "admin").out.strip()
        return self._token

    def forget_token(self) -> None:
        """After a rotation: have a new one issued."""
        self._token = ""

    def psql(self, database: str, query: str) -> str:
        """The answer of a query, as PostgreSQL's administrator."""
        return self.compose("exec", "-T", "postgres", "psql", "-qAt", "-d", database, "-c", query).out.strip()

    def logs(self, *services: str) -> list[str]:
        """The lines that containers logged; Compose 2.26 puts a terminal's "erase line" before each."""
        return self.compose("logs", "--no-log-prefix", *services).out.replace("\x1b[2K", "").splitlines()

    # -- state ------------------------------------------------------------------------------------

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """What the engine knows of each container, of one service or of all."""
        names = [service] if service else []
        ids = self.compose("ps", "--all", "--quiet", *names).out.split()
        return json.loads(self.docker("inspect", *ids).out) if ids else []

    def metrics(self, container: Mapping[str, Any]) -> str:
        """What a service's container shows to Prometheus."""
        read = "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
        answer = self.docker("exec", container["Id"], "timeout", "10", "bash", "-c", read).out
        return answer.partition("\n\n")[2]

    def metric(self, service: str, name: str) -> list[tuple[dict[str, Any], float]]:
        """Each replica of a service, with the value that a metric has in it."""
        return [
            (container, float(line.split()[-1]))
            for container in self.containers(service)
            for line in self.metrics(container).splitlines()
            if line.startswith(f"{name} ")
        ]

    def unwell(self) -> list[str]:
        """The containers that are not as they should be."""
        return sorted(container["Name"].lstrip("/") for container in self.containers() if not _is_well(container))

    def wait_until_well(self, seconds: float = 180) -> float:
        """Wait until every container is well; returns how long it took."""
        return until(
            lambda: not self.unwell(),
            seconds,
            lambda: f"not well: {self.unwell()}\n{self.deploy('status', expect=None).said}",
        )

    def kill(self, container: Mapping[str, Any]) -> None:
        """End a container's first process as a crash would: by SIGKILL, from outside, unknown to the engine.

        `docker kill` would count as an operator's wish, after which a restart policy does nothing.
        """
        if self.engine.own:
            os.kill(container["State"]["Pid"], signal.SIGKILL)
        else:
            self.docker("restart", "--time", "0", container["Id"])

    def restart_engine(self) -> None:
        """Everything stops and starts again, in whatever order the engine takes.

        Somebody else's engine is not ours to stop: there the containers alone are started again.
        """
        if self.engine.own:
            self.engine.restart()
        else:
            self.docker(
                "restart", *(container["Id"] for container in self.containers() if not _is_migration(container))
            )

    def heads(self) -> dict[str, str]:
        """Position and chain of each service's own log."""
        return {name: self.psql(name, "SELECT position || ' ' || chain FROM outbox_head") for name in SERVICES}

    def evidence(self) -> dict[str, str]:
        """Rows and digest of every table of every database."""
        return {name: self.compose("exec", "-T", "postgres", "evidence", name).out for name in SERVICES}

    # -- times ------------------------------------------------------------------------------------

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step took, and say so."""
        started = time.monotonic()
        yield
        self.times[step] = time.monotonic() - started
        print(f"\n  {step}: {self.times[step]:.1f} s", flush=True)


def _is_migration(container: Mapping[str, Any]) -> bool:
    service: str = container["Config"]["Labels"]["com.docker.compose.service"]
    return service.startswith("migrate-")


def _is_well(container: Mapping[str, Any]) -> bool:
    state = container["State"]
    if _is_migration(container):
        return state["Status"] == "exited" and state["ExitCode"] == 0
    return state["Status"] == "running" and state.get("Health", {}).get("Status") == "healthy"


@contextmanager
def holding(path: Path, text: str) -> Iterator[None]:
    """A file with another text for a while."""
    before, mode = path.read_text(), path.stat().st_mode
    try:
        _replace(path, text, mode)
        yield
    finally:
        _replace(path, before, mode)


def _replace(path: Path, text: str, mode: int) -> None:
    path.unlink()
    path.write_text(text)
    path.chmod(mode)


def until(condition: Callable[[], bool], seconds: float, explain: Callable[[], str] = lambda: "") -> float:
    """Poll until a condition holds; returns how long it took. Raises Failed after the deadline."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise Failed(f"not within {seconds:.0f} s: {explain()}")
        time.sleep(0.5)
    return time.monotonic() - started


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def bare_checkout(directory: Path) -> Path:
    """The project as a clone has it, with what is changed and not committed yet laid over it."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(SOURCE), str(directory)], check=True)
    listing = ["git", "-C", str(SOURCE), "ls-files", "-z", "--modified", "--others", "--deleted", "--exclude-standard"]
    changed = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, changed):
        target = directory / name
        if (SOURCE / name).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(SOURCE / name, target)
        else:
            target.unlink(missing_ok=True)
    return directory
