"""A Docker engine for the tests: the one that runs, or else one of the test's own.

The engine of its own has its data root, socket, exec root and pid file in one temporary directory. It is stopped
by its own pid, and whatever it added to the machine (bridge, packet filter rules, mounts, forwarding) goes with it.
Compose v2 comes from the machine's own package mirror where the machine has none: Debian 12's is too old, so the
package of Debian 13 is unpacked into a plugin directory, without being installed.

Command line, for a developer who wants the engine to stay for a while::

    .venv/bin/python -m tests.compose.engine start DIRECTORY    # prints the two variables to export
    .venv/bin/python -m tests.compose.engine stop DIRECTORY
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.servers.install import install

ENGINE_PROGRAMS = {"dockerd": "docker.io", "docker": "docker.io", "iptables": "iptables"}
BUILD_PROGRAMS = {"debootstrap": "debootstrap"}
COMPOSE_MINIMUM = (2, 24)  # `depends_on.required` came with 2.20, merging with `!override` with 2.24
COMPOSE_SUITE = "trixie"
START_SECONDS = 180
STOP_SECONDS = 90


class NoEngine(RuntimeError):
    """No Docker engine runs and none can be started; the message says why in one line."""


def run(*command: str, env: Mapping[str, str] | None = None, timeout: float = 300) -> str:
    """Output of a command; NoEngine with its last line where it fails."""
    try:
        done = subprocess.run(command, env=env, timeout=timeout, text=True, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise NoEngine(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise NoEngine(f"{' '.join(command[:3])} took more than {timeout:.0f} s") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise NoEngine(f"{' '.join(command[:3])} failed: {lines[-1]}")
    return done.stdout


def quiet(*command: str) -> bool:
    """Whether a command succeeds; for clean-up, where a thing may be gone already."""
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
    except FileNotFoundError:
        return False


class Engine:
    """A reachable engine with Compose v2. `env` is what a command needs to talk to it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.env = dict(os.environ)
        self._socket = directory / "docker.sock"

    # -- start ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Use the engine that answers, or start one.

        Raises:
            NoEngine: none answers and none can be started here.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        if self._socket.exists():  # started by an earlier process
            self.env["DOCKER_HOST"] = f"unix://{self._socket}"
        try:
            if not self._answers():
                self._may_install()
                _install(ENGINE_PROGRAMS)
                self._start_own()
            if os.geteuid() == 0 and shutil.which("apt-get"):
                _install(BUILD_PROGRAMS)  # elsewhere deploy/setup says what is missing
            self._compose()
        except NoEngine:
            self.stop()
            raise

    def _answers(self) -> bool:
        try:
            done = subprocess.run(
                ["docker", "info", "--format", "{{.ServerVersion}}"],
                env=self.env,
                capture_output=True,
                timeout=30,
                check=False,
            )
        except (FileNotFoundError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0

    def _may_install(self) -> None:
        if os.geteuid() != 0:
            raise NoEngine("no Docker engine answers, and only root can start one: start Docker, or run as root")
        if sys.platform != "linux" or not shutil.which("apt-get"):
            raise NoEngine("no Docker engine answers, and this machine has no apt-get to install one: start Docker")

    def _start_own(self) -> None:
        self._remember()
        self.env["DOCKER_HOST"] = f"unix://{self._socket}"
        self._run_daemon()

    def _run_daemon(self) -> None:
        with (self.directory / "dockerd.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    "dockerd",
                    f"--data-root={self.directory / 'data'}",
                    f"--exec-root={self.directory / 'exec'}",
                    f"--pidfile={self.directory / 'dockerd.pid'}",
                    f"--host=unix://{self._socket}",
                    "--log-level=warn",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                last = (self.directory / "dockerd.log").read_text(errors="replace").strip().splitlines()[-1:]
                raise NoEngine(f"dockerd does not start here: {' '.join(last) or 'no output'}")
            time.sleep(0.2)

    def restart(self) -> None:
        """Stop an engine of the test's own and start it again, as when the machine starts again."""
        self._end_daemon()
        self._run_daemon()

    def _end_daemon(self) -> None:
        pid_file = self.directory / "dockerd.pid"
        if pid_file.exists():
            _end(int(pid_file.read_text()), STOP_SECONDS)

    def _remember(self) -> None:
        """Note what the machine looks like without the engine, so that stop() can put it back."""
        before = {
            "forward": Path("/proc/sys/net/ipv4/ip_forward").read_text().strip(),
            "links": _links(),
            "rules": {table: _chains(table) for table in ("filter", "nat")},
            "policy": _forward_policy(),
        }
        (self.directory / "before.json").write_text(json.dumps(before))

    # -- compose ----------------------------------------------------------------------------------

    def _compose(self) -> None:
        if self._compose_version() >= COMPOSE_MINIMUM:
            return
        config = self.directory / "config"
        plugin = config / "cli-plugins" / "docker-compose"
        if not plugin.exists():
            plugin.parent.mkdir(parents=True, exist_ok=True)
            _unpack_compose(self.directory / "apt", plugin)
        self.env["DOCKER_CONFIG"] = str(config)
        version = self._compose_version()
        if version < COMPOSE_MINIMUM:
            raise NoEngine(f"Compose v2 of at least {COMPOSE_MINIMUM} is needed, here is {version or 'none'}")

    def _compose_version(self) -> tuple[int, ...]:
        done = subprocess.run(
            ["docker", "compose", "version", "--short"], env=self.env, text=True, capture_output=True, check=False
        )
        found = re.match(r"v?(\d+)\.(\d+)", done.stdout.strip())
        return (int(found[1]), int(found[2])) if found and done.returncode == 0 else ()

    @property
    def own(self) -> bool:
        """Whether the engine is one of the test's own, in whose containers the test may kill processes."""
        return self.env.get("DOCKER_HOST") == f"unix://{self._socket}"

    # -- stop -------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop the engine by its own pid and take away what it added; an engine that was there is left alone."""
        noted = self.directory / "before.json"
        if not noted.exists():
            return
        before = json.loads(noted.read_text())
        self._end_daemon()
        self._unmount()
        for link in _links():
            if link not in before["links"] and re.match(r"docker0$|br-[0-9a-f]{12}$|veth[0-9a-f]{7}$", link):
                quiet("ip", "link", "delete", link)
        _restore_filter(before["rules"], before["policy"])
        Path("/proc/sys/net/ipv4/ip_forward").write_text(before["forward"])
        noted.unlink()
        shutil.rmtree(self.directory / "data", ignore_errors=True)
        shutil.rmtree(self.directory / "exec", ignore_errors=True)

    def _unmount(self) -> None:
        under = f"{self.directory}/"
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(under)), reverse=True):
            quiet("umount", "--lazy", mount)


def _install(programs: Mapping[str, str]) -> None:
    missing = [package for program, package in programs.items() if not shutil.which(program)]
    if missing:
        try:
            install(missing)
        except RuntimeError as error:
            raise NoEngine(f"{' '.join(missing)} can't be installed: {error}") from error


def _restore_filter(known: Mapping[str, list[str]], policy: str) -> None:
    """Delete the rules and chains that Docker added, and no other."""
    for table in ("nat", "filter"):
        added = [chain for chain in _chains(table) if chain.startswith("DOCKER") and chain not in known[table]]
        for rule in _output("iptables", "-t", table, "-S").splitlines():
            words = rule.split()
            bridge = any(re.match(r"docker0$|br-[0-9a-f]{12}$", word) for word in words)
            if words[0] == "-A" and words[1] not in added and (bridge or set(words) & set(added)):
                quiet("iptables", "-t", table, "-D", *words[1:])
        for command in ("-F", "-X"):
            for chain in added:
                quiet("iptables", "-t", table, command, chain)
    quiet("iptables", "-P", "FORWARD", policy)


def _output(*command: str) -> str:
    return subprocess.run(command, text=True, capture_output=True, check=False).stdout


def _links() -> list[str]:
    return sorted(path.name for path in Path("/sys/class/net").iterdir())


def _chains(table: str) -> list[str]:
    return re.findall(r"^-[NP] (\S+)", _output("iptables", "-t", table, "-S"), re.MULTILINE)


def _forward_policy() -> str:
    found = re.search(r"^-P FORWARD (\S+)", _output("iptables", "-S", "FORWARD"), re.MULTILINE)
    return found[1] if found else "ACCEPT"


def _end(pid: int, seconds: float) -> None:
    """Ask a process to end, wait, and kill it only where it does not."""
    deadline = time.monotonic() + seconds
    try:
        os.kill(pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            os.kill(pid, 0)
            time.sleep(0.2)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _unpack_compose(directory: Path, plugin: Path) -> None:
    """Take Debian 13's docker-compose from the mirror this machine uses, without touching its package lists."""
    mirrors = _output("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)").splitlines()
    mirror = next((line.split()[0] for line in mirrors if "security" not in line), "")
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if not mirror or not keyring.exists():
        raise NoEngine("Compose v2 is not installed, and this machine's apt knows no Debian mirror to take it from")
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    sources = directory / "sources.list"
    sources.write_text(f"deb [signed-by={keyring}] {mirror} {COMPOSE_SUITE} main\n")
    own = [
        f"Dir::Etc::sourcelist={sources}",
        "Dir::Etc::sourceparts=/dev/null",
        f"Dir::State::lists={directory / 'lists'}",
        f"Dir::Cache={directory / 'cache'}",
        "APT::Sandbox::User=root",
        "Acquire::Languages=none",
    ]
    options = [word for setting in own for word in ("-o", setting)]
    run("apt-get", "-qq", *options, "update")
    done = subprocess.run(
        ["apt-get", "-qq", *options, "download", "docker-compose"],
        cwd=directory / "debs",
        text=True,
        capture_output=True,
        check=False,
    )
    debs = list((directory / "debs").glob("docker-compose_*.deb"))
    if done.returncode or not debs:
        raise NoEngine(f"Compose v2 can't be had from this machine's mirror: {done.stderr.strip()[-200:]}")
    run("dpkg-deb", "--extract", str(debs[0]), str(directory / "unpacked"))
    found = next(
        (path for path in (directory / "unpacked").rglob("cli-plugins/docker-compose") if path.is_file()), None
    )
    if found is None:
        raise NoEngine("the package docker-compose holds no plugin")
    shutil.copy2(found, plugin)


def main(arguments: list[str]) -> int:
    """Start or stop an engine that outlives this process."""
    if len(arguments) != 2 or arguments[0] not in ("start", "stop"):
        print(__doc__, file=sys.stderr)
        return 2
    engine = Engine(Path(arguments[1]).resolve())
    if arguments[0] == "stop":
        engine.stop()
        return 0
    try:
        engine.start()
    except NoEngine as error:
        print(f"no Docker engine: {error}", file=sys.stderr)
        return 1
    for name in ("DOCKER_HOST", "DOCKER_CONFIG"):
        if engine.env.get(name):
            print(f"export {name}={engine.env[name]}")
    return 0


def temporary_directory() -> Path:
    """A short path with room for images: a socket's path may have 107 bytes at most, and /tmp may be in memory."""
    return Path(tempfile.mkdtemp(prefix="hongxia-engine-", dir=os.environ.get("HONGXIA_TEST_DIR") or "/var/tmp"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
