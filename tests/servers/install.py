"""Where RabbitMQ's, PostgreSQL's, nginx's and Chromium's programs are, and installing them from Debian's packages."""

import contextlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from .processes import Unavailable, run

POLICY = Path("/usr/sbin/policy-rc.d")
ASIDE = ".before-hongxia-tests"
DENY = "#!/bin/sh\n# Hongxia's tests: no package starts its daemon while they install it.\nexit 101\n"
DENIED = 101
INSTALL_SECONDS = 900.0

# Packagers wrap these programs in scripts that insist on the system's own account and node (Debian's
# /usr/sbin/rabbitmq-server); the scripts underneath come first.
RABBITMQ_FOLDERS = (
    "/usr/lib/rabbitmq/bin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
    "/opt/homebrew/sbin",
    "/usr/local/sbin",
)
POSTGRESQL_FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
)
ERLANG_FOLDERS = ("/usr/bin", "/opt/homebrew/bin", "/usr/local/bin", "/opt/homebrew/opt/erlang/bin")
CHROMIUM_NAMES = ("chromium", "google-chrome-stable", "google-chrome")
CHROMIUM_PLACES = (
    "Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "Applications/Chromium.app/Contents/MacOS/Chromium",
)
CHROMIUM_AT_HOME = ".cache/ms-playwright/chromium-*/chrome-linux*/chrome"
CHROMIUM_FOR_UBUNTU = ".venv/bin/playwright install --with-deps chromium"  # its own package is a stub for a snap
BREW = {"rabbitmq-server": "rabbitmq", "postgresql": "postgresql@17", "chromium": "google-chrome", "nginx": "nginx"}
NGINX_STREAM = Path("/usr/lib/nginx/modules/ngx_stream_module.so")


def rabbitmq_folder() -> Path | None:
    """The folder that holds `rabbitmq-server` and `rabbitmqctl`, or None."""
    return _first_with(("rabbitmq-server", "rabbitmqctl"), [*map(Path, RABBITMQ_FOLDERS), *_search_path()])


def epmd() -> Path | None:
    """Erlang's port mapper, which every node needs, or None."""
    folder = _first_with(("epmd",), [*_search_path(), *map(Path, ERLANG_FOLDERS)])
    return folder / "epmd" if folder else None


def postgresql_folder(root: Path = Path("/")) -> Path | None:
    """The folder that holds the newest `initdb` and `postgres`, or None.

    The search path comes last: what is on it may be one program alone, or a link to an older version.
    """
    versions = sorted((found for at in POSTGRESQL_FOLDERS for found in root.glob(at)), key=_version, reverse=True)
    return _first_with(("initdb", "postgres"), [*versions, *_search_path()])


def chromium_program(root: Path = Path("/")) -> Path | None:
    """Chromium or Chrome, or None. A snap does not count: its /tmp is not ours, so it finds no profile there."""
    named = [Path(found) for name in CHROMIUM_NAMES if (found := shutil.which(name))]
    placed = [found for at in CHROMIUM_PLACES for found in root.glob(at)]
    found = [*(at for at in named if "snap" not in at.parts), *placed, *Path.home().glob(CHROMIUM_AT_HOME)]
    return next(iter(found), None)


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.parent.name))


def _search_path() -> list[Path]:
    return [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]


def _first_with(programs: tuple[str, ...], folders: list[Path]) -> Path | None:
    return next((at for at in folders if all(os.access(at / program, os.X_OK) for program in programs)), None)


def ensure_installed(
    *, rabbitmq: bool = True, postgresql: bool = True, chromium: bool = False, nginx: bool = False
) -> None:
    """See that the programs asked for are installed; on Debian, and as root, install what is missing.

    Their packages do not get to start daemons of their own. Where we can't (not root, no apt-get, Chromium on
    Ubuntu), or where it fails, raises Unavailable with one line that says what is missing and which command
    installs it.
    """
    missing = []
    if rabbitmq and not (rabbitmq_folder() and epmd()):
        missing.append("rabbitmq-server")
    if postgresql and not postgresql_folder():
        missing.append("postgresql")
    if chromium and not chromium_program():
        missing += ["chromium", "fonts-noto-cjk"]
    if nginx and not (shutil.which("nginx") and NGINX_STREAM.exists()):
        missing += ["nginx", "libnginx-mod-stream"]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get") or ("chromium" in missing and _on_ubuntu()):
        raise Unavailable(_advice(missing))
    print(f"installing {' '.join(missing)} (正在安装) …", file=sys.stderr, flush=True)
    try:
        install(missing)
    except RuntimeError as error:
        raise Unavailable(f"{_advice(missing)}\n{error}") from error


def install(packages: Sequence[str]) -> None:
    """Install packages of Debian's, without the daemons that they would start. Raises RuntimeError."""
    with daemons_denied():
        _apt_get("update")
        _apt_get("install", "-y", "--no-install-recommends", *packages)


def _on_ubuntu() -> bool:
    try:
        return platform.freedesktop_os_release()["ID"] == "ubuntu"
    except OSError:
        return False


def _advice(missing: list[str]) -> str:
    names = " ".join(missing)
    if sys.platform == "darwin":
        command = f"brew install {' '.join(BREW[name] for name in missing if name in BREW)}"
    elif shutil.which("apt-get"):
        elsewhere = "chromium" in missing and _on_ubuntu()
        packages = " ".join(name for name in missing if not (elsewhere and name == "chromium"))
        command = f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {packages}"
        command += f" && {CHROMIUM_FOR_UBUNTU}" if elsewhere else ""
    else:
        command = f"install {names} with your system's package manager, or set AMQP_URI and DATABASE_URL"
    return f"缺少程序，请先安装 (missing programs): {names} — {command}"


def _apt_get(*arguments: str) -> None:
    # another installation may be running: wait for it
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments]
    run(command, deadline_seconds=INSTALL_SECONDS, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


@contextlib.contextmanager
def daemons_denied(policy: Path = POLICY) -> Iterator[None]:
    """While inside, no package may start a daemon (Debian's policy-rc.d); afterwards all is as it was.

    A policy that already denies it, as in container images, is left alone.
    """
    aside = policy.with_name(policy.name + ASIDE)
    if policy.exists() and policy.read_text(errors="replace") == DENY:  # an installation of ours was cut off
        _restore(policy, aside)
    if _denies(policy):
        yield
        return
    if policy.exists():
        policy.rename(aside)
    policy.write_text(DENY)
    policy.chmod(0o755)
    try:
        yield
    finally:
        _restore(policy, aside)


def _denies(policy: Path) -> bool:
    if not os.access(policy, os.X_OK):
        return False
    return all(
        subprocess.run([policy, daemon, "start"], check=False, capture_output=True).returncode == DENIED
        for daemon in ("rabbitmq-server", "postgresql", "epmd", "nginx")
    )


def _restore(policy: Path, aside: Path) -> None:
    policy.unlink()
    if aside.exists():
        aside.rename(policy)
