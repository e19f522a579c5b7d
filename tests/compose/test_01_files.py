"""The files of the deployment, as linters and the programs that read them see them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .installation import SOURCE, Installation

LEFT_OVER = """
ls -d /etc/hongxia-build /etc/pip.conf /etc/apt/sources.list /delta /src 2>/dev/null
find / -xdev -perm /6000 -type f 2>/dev/null
true
"""
"""Prints what a build needs and nothing else does, and programs that would run as somebody else."""

SHELL = re.compile(rb"^#!\s*/(usr/)?bin/(env )?(ba)?sh\b")


def _tool(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.fail(f"{name} is missing: it comes with the development requirements")
    return found


def _tracked() -> list[Path]:
    listing = ["git", "-C", str(SOURCE), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    return [SOURCE / name for name in filter(None, names) if (SOURCE / name).is_file()]


def _check(*command: str) -> None:
    done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_shell_script_passes_shellcheck() -> None:
    scripts = [path for path in _tracked() if path.suffix == ".sh" or SHELL.match(path.read_bytes()[:60])]
    assert len(scripts) > 15
    _check(_tool("shellcheck"), "--external-sources", *map(str, scripts))


def test_every_dockerfile_passes_hadolint() -> None:
    dockerfiles = [path for path in _tracked() if path.name == "Dockerfile"]
    assert len(dockerfiles) == 6
    _check(_tool("hadolint"), *map(str, dockerfiles))


def test_the_compose_file_is_clean(built: Installation) -> None:
    said = built.compose("config", "--quiet").said
    assert said == ""


def test_the_alerts_fire_when_they_should_and_only_then(built: Installation) -> None:
    mount = [
        "--network",
        "none",
        "--volume",
        f"{built.root}/deploy/prometheus:/rules:ro",
        "hongxia/prometheus:" + _version(built),
    ]
    for check in (
        ["check", "config", "/rules/prometheus.yml"],
        ["check", "rules", "/rules/alerts.yml"],
        ["test", "rules", "/rules/alerts.test.yml"],
    ):
        built.docker("run", "--rm", "--entrypoint", "promtool", *mount, *check)


def test_every_alert_has_a_place_in_the_runbook() -> None:
    runbook = (SOURCE / "docs/operations.md").read_text()
    headings = {heading.lower() for heading in re.findall(r"^#+ (.+)$", runbook, re.MULTILINE)}
    anchors = set(re.findall(r"docs/operations\.md#([^\"]+)\"", (SOURCE / "deploy/prometheus/alerts.yml").read_text()))
    assert anchors
    assert anchors <= headings


def test_no_secret_is_in_the_compose_file_or_the_images(built: Installation) -> None:
    secrets = {path.read_text().strip() for path in (built.root / "deploy/secrets").glob("*_password")}
    signing = list((built.root / "deploy/secrets").glob("*_signing_key"))
    secrets |= {path.read_text().splitlines()[1] for path in signing}  # what stands between the lines of the PEM
    assert (len(signing), len(secrets)) == (6, 16)
    images = built.compose("config", "--images").out.split()
    told = (
        built.compose("config").out
        + built.docker("inspect", *images).out
        + "".join(built.docker("history", "--no-trunc", i).out for i in images)
    )
    assert not [secret for secret in secrets if secret in told]


def test_what_the_build_alone_needs_is_in_no_image(built: Installation) -> None:
    for image in sorted(set(built.compose("config", "--images").out.split())):
        found = built.docker("run", "--rm", "--network", "none", "--entrypoint", "bash", image, "-c", LEFT_OVER).out
        assert found == "", image


def test_images_say_which_version_and_revision_they_are(built: Installation) -> None:
    for image in sorted(set(built.compose("config", "--images").out.split())):
        labels = built.docker("image", "inspect", "--format", "{{json .Config.Labels}}", image).out
        assert f'"org.opencontainers.image.version":"{_version(built)}"' in labels
        assert re.search(r'"org.opencontainers.image.revision":"[0-9a-f]{12}(-dirty)?"', labels)
        user = built.docker("image", "inspect", "--format", "{{.Config.User}}", image).out.strip()
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def _version(built: Installation) -> str:
    line = next(line for line in (built.root / ".env").read_text().splitlines() if line.startswith("HONGXIA_VERSION="))
    return line.partition("=")[2]
