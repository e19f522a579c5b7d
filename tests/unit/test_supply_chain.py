"""What the images are made of is locked, written down, and held against the published advisories."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "deploy/tools"

PIP_AUDIT = """#!/bin/bash
while [[ $# -gt 0 ]]; do
  case $1 in
    --output) output=$2 ;;
    --requirement) requirement=$2 ;;
    --ignore-vuln) ignored=$2 ;;
  esac
  shift
done
case $requirement in
  */known.txt) answer={known} ;;
  *) answer={found} ;;
esac
[[ $answer == crash ]] && { echo "no route to host" >&2; exit 1; }
printf '%s' "$answer" >"$output"
[[ $answer != *'"id"'* || -n $ignored ]]
"""
"""In the place of pip-audit, whose answers depend on what is in reach: it ends and writes as pip-audit does."""

KNOWN = '{"dependencies": [{"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-2014-8"}]}]}'
SOUND = '{"dependencies": [{"name": "six", "version": "1.17.0", "vulns": []}]}'
SKIPPED = '{"dependencies": [{"name": "six", "skip_reason": "not found on PyPI"}]}'
FAULTY = '{"dependencies": [{"name": "six", "version": "1.17.0", "vulns": [{"id": "PYSEC-2026-1"}]}]}'


def audit(tmp_path: Path, known: str, found: str, exceptions: str = "") -> tuple[int, str]:
    program = tmp_path / "pip-audit"
    quoted = {name: f"'{text}'" for name, text in {"known": known, "found": found}.items()}
    program.write_text(PIP_AUDIT.replace("{known}", quoted["known"]).replace("{found}", quoted["found"]))
    program.chmod(0o755)
    (tmp_path / "exceptions").write_text(exceptions, encoding="utf-8")
    done = subprocess.run(
        [TOOLS / "audit", program],
        env={"PATH": "/usr/bin:/bin", "HONGXIA_AUDIT_EXCEPTIONS": str(tmp_path / "exceptions"), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("known", "found", "code", "told"),
    [
        (KNOWN, SOUND, 0, "没有已公布的漏洞"),
        (KNOWN, FAULTY, 1, "PYSEC-2026-1"),
        (KNOWN, SKIPPED, 2, "取不到漏洞公告"),
        (KNOWN, "crash", 2, "取不到漏洞公告"),
        (SKIPPED, SOUND, 2, "取不到漏洞公告"),
        (SOUND, SOUND, 2, "取不到漏洞公告"),
        ("crash", "crash", 2, "取不到漏洞公告"),
    ],
)
def test_an_audit_without_advisories_is_no_success(
    tmp_path: Path, known: str, found: str, code: int, told: str
) -> None:
    ended, said = audit(tmp_path, known, found)
    assert (ended, told in said) == (code, True), said


def test_an_exception_needs_a_reason(tmp_path: Path) -> None:
    with_reason = "# a comment\n\nPYSEC-2026-1 the function concerned is not called\n"
    assert audit(tmp_path, KNOWN, FAULTY, with_reason)[0] == 0
    ended, said = audit(tmp_path, KNOWN, FAULTY, "PYSEC-2026-1\n")
    assert (ended, "没有写明理由" in said) == (1, True)


def test_nothing_is_installed_into_an_image_that_a_lock_does_not_name() -> None:
    dockerfile = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    installs = re.findall(r"pip\S*(?: --python \S+)? install ([^&|\n]+)", dockerfile)
    assert len(installs) == 3
    for options in installs:
        own = "--no-index" in options  # this very package
        assert own or {"--require-hashes", "--no-deps", "--only-binary"} <= set(options.split()), options
    assert "||" not in dockerfile.split("COPY requirements.lock")[1]


@pytest.mark.parametrize("lock", ["requirements.lock", "deploy/tools/sbom.lock", "deploy/tools/audit.lock"])
def test_a_lock_has_hashes_for_all_that_it_names(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    named = re.findall(r"^([\w.-]+)==[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+)", text, re.M)
    assert len(named) == len(re.findall(r"^[\w.-]+==", text, re.M)) > 20


def test_the_debian_packages_of_an_image_are_written_as_cyclonedx() -> None:
    packages = "libc6:amd64\t2.41-12\nbsdutils\t1:2.41.5-0+deb13u1\n\nbash\t5.2\n"
    done = subprocess.run(
        [TOOLS / "debian-sbom", "hongxia-gateway", "1.2", "trixie"], input=packages, capture_output=True, text=True
    )
    document = json.loads(done.stdout)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"] == {"type": "container", "name": "hongxia-gateway", "version": "1.2"}
    assert {part["purl"] for part in document["components"]} == {
        "pkg:deb/debian/libc6@2.41-12?distro=trixie",
        "pkg:deb/debian/bsdutils@1%3A2.41.5-0%2Bdeb13u1?distro=trixie",
        "pkg:deb/debian/bash@5.2?distro=trixie",
    }


def test_an_image_without_packages_is_no_image() -> None:
    done = subprocess.run([TOOLS / "debian-sbom", "a", "1", "trixie"], input="", capture_output=True, text=True)
    assert done.returncode != 0
