"""What an operator may bring instead, or have smaller."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .conftest import YEAR
from .installation import SERVICES, SOURCE, Installation, holding, until

NETWORK = "hongxia-test-theirs"


@pytest.fixture
def alone(built: Installation) -> Iterator[Installation]:
    """The built checkout with nothing of it running."""
    built.down()
    yield built
    built.down()


@pytest.fixture
def theirs(alone: Installation) -> Iterator[Installation]:
    """A PostgreSQL and a RabbitMQ outside the compose file, in a network of their own."""
    images = {
        image.partition("/")[2].partition(":")[0]: image for image in alone.compose("config", "--images").out.split()
    }
    with ExitStack() as stack:
        stack.callback(alone.docker, "network", "rm", NETWORK, expect=None)
        stack.callback(alone.docker, "rm", "--force", "--volumes", "their-postgres", "their-rabbitmq", expect=None)
        _start_theirs(alone, images)
        yield alone


def _start_theirs(alone: Installation, images: dict[str, str]) -> None:
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
        until(lambda name=name: alone.docker("exec", name, "healthy", expect=None).code == 0, 180)


def test_servers_and_an_image_of_the_operators_own_are_taken_instead(theirs: Installation, workbooks: Path) -> None:
    image = next(image for image in theirs.compose("config", "--images").out.split() if "/hongxia:" in image)
    theirs.docker("tag", image, "their.example/hongxia:their-own")
    network = {"internal": False, "external": True, "name": NETWORK}
    override = theirs.root / "compose.override.yaml"
    override.write_text(json.dumps({"networks": {"data": network, "broker": network}}))
    mine = {"COMPOSE_PROFILES": "prometheus", "HONGXIA_IMAGE": "their.example/hongxia:their-own"}
    with ExitStack() as stack:
        stack.callback(override.unlink)
        stack.callback(theirs.down)
        for kind, ours in (("database_url", "postgres"), ("amqp_uri", "rabbitmq")):
            for address in (theirs.root / "deploy/secrets").glob(f"*_{kind}"):
                stack.enter_context(holding(address, address.read_text().replace(f"@{ours}:", f"@their-{ours}:")))
        theirs.up(env=mine)
        running = {c["Config"]["Labels"]["com.docker.compose.service"]: c for c in theirs.containers()}
        assert not {"postgres", "rabbitmq"} & running.keys()
        assert {running[name]["Config"]["Image"] for name in SERVICES} == {"their.example/hongxia:their-own"}
        theirs.hongxia("import", str(workbooks))
        theirs.hongxia("figures", YEAR, "--check", str(SOURCE / "demo/indicators-2022.csv"))
        assert "您自己的 PostgreSQL" in theirs.deploy("backup", env=mine, expect=1).err


@pytest.fixture(scope="module")
def small(built: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A second checkout with the same images, set up for a small machine."""
    installation = built.copied(tmp_path_factory.mktemp("small") / "checkout", f"{built.project}-small")
    installation.deploy("setup", "--small", "--no-build")
    yield installation
    installation.down()


def test_the_small_profile_asks_for_less(built: Installation, small: Installation) -> None:
    def memory(installation: Installation) -> int:
        services = json.loads(installation.compose("config", "--format", "json").out)["services"]
        limits = [
            service["deploy"]["resources"]["limits"] for name, service in services.items() if "migrate" not in name
        ]
        return sum(int(limit["memory"]) for limit in limits)

    assert memory(small) < 0.7 * memory(built)
    assert memory(small) <= 2.9 * 2**30


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
