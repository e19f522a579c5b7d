"""What an operator may bring instead, or have smaller."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import YEAR
from .installation import SOURCE, Installation, until

NETWORK = "hongxia-test-theirs"


@pytest.fixture
def alone(built: Installation) -> Iterator[Installation]:
    """The built checkout with nothing of it running."""
    built.compose("--profile", "*", "down", "--volumes")
    yield built
    built.compose("--profile", "*", "down", "--volumes")


@pytest.fixture
def theirs(alone: Installation) -> Iterator[Installation]:
    """A PostgreSQL and a RabbitMQ outside the compose file, in a network of their own."""
    images = {
        image.partition("/")[2].partition(":")[0]: image for image in alone.compose("config", "--images").out.split()
    }
    alone.docker("network", "create", "--internal", NETWORK)
    for name, kind in (("postgres", "database"), ("rabbitmq", "amqp")):
        mounts = []
        for secret in sorted((alone.root / "deploy/secrets").glob(f"*_{kind}_password")):
            mounts += ["--volume", f"{secret}:/run/secrets/{secret.name}:ro"]
        tmpfs = ["--tmpfs", "/tmp:mode=1777", "--tmpfs", "/run/postgresql:uid=999,gid=999"]
        alone.docker(
            "run", "--detach", "--init", "--name", f"their-{name}", "--network", NETWORK, *tmpfs, *mounts, images[name]
        )
    for name in ("their-postgres", "their-rabbitmq"):
        until(lambda name=name: alone.docker("exec", name, "healthy", expect=None).code == 0, 60)
    yield alone
    alone.docker("rm", "--force", "--volumes", "their-postgres", "their-rabbitmq", expect=None)
    alone.docker("network", "rm", NETWORK, expect=None)


def test_servers_of_the_operators_own_are_taken_instead(theirs: Installation) -> None:
    secrets, override = theirs.root / "deploy/secrets", theirs.root / "compose.override.yaml"
    before = {path: path.read_text() for path in secrets.glob("registry_*")}
    for name, ours in (("registry_database_url", "postgres"), ("registry_amqp_uri", "rabbitmq")):
        address = secrets / name
        address.chmod(0o644)
        address.write_text(before[address].replace(f"@{ours}:", f"@their-{ours}:"))
    network = {"internal": False, "external": True, "name": NETWORK}
    override.write_text(json.dumps({"networks": {"data": network, "broker": network}}))
    mine = {"COMPOSE_PROFILES": "prometheus"}
    try:
        names = theirs.compose("config", "--services", env=mine).out.split()
        assert not {"postgres", "rabbitmq"} & set(names)
        theirs.up("registry", env=mine)
        assert {c["Config"]["Labels"]["com.docker.compose.service"] for c in theirs.containers()} == {
            "registry",
            "migrate-registry",
        }
        assert "您自己的 PostgreSQL" in theirs.deploy("backup", env=mine, expect=1).err
    finally:
        theirs.compose("--profile", "*", "down", expect=None)
        override.unlink()
        for path, text in before.items():
            path.chmod(0o644)
            path.write_text(text)
            path.chmod(0o444)


@pytest.fixture(scope="module")
def small(built: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A second checkout with the same images, set up for a small machine."""
    installation = built.copied(tmp_path_factory.mktemp("small") / "checkout", f"{built.project}-small")
    installation.deploy("setup", "--small", "--no-build")
    yield installation
    installation.compose("--profile", "*", "down", "--volumes", expect=None)


def test_the_small_profile_asks_for_less(built: Installation, small: Installation) -> None:
    def memory(installation: Installation) -> int:
        services = json.loads(installation.compose("config", "--format", "json").out)["services"]
        limits = [
            service["deploy"]["resources"]["limits"] for name, service in services.items() if "migrate" not in name
        ]
        return sum(int(limit["memory"]) for limit in limits)

    assert memory(small) < 0.7 * memory(built)
    assert memory(small) <= 2.5 * 2**30


@pytest.mark.usefixtures("alone")
def test_the_small_profile_takes_a_year(small: Installation, workbooks: Path) -> None:
    small.up()
    with small.timed("import of the year, small"):
        small.hongxia("import", str(workbooks))
    small.hongxia("figures", YEAR, "--check", str(SOURCE / "demo/indicators-2022.csv"))
    assert {container["RestartCount"] for container in small.containers()} == {0}
    assert not [container["Name"] for container in small.containers() if container["State"]["OOMKilled"]]


def test_the_example_of_an_override_is_valid(built: Installation) -> None:
    override = built.root / "compose.override.yaml"
    shutil.copy(built.root / "deploy/compose.override.example.yaml", override)
    try:
        shown = json.loads(built.compose("config", "--format", "json").out)
    finally:
        override.unlink()
    assert not shown["networks"]["data"].get("internal")
    assert not shown["networks"]["broker"].get("internal")
    assert shown["networks"]["front"]["internal"]
    assert shown["services"]["gateway"]["logging"]["driver"] == "journald"
