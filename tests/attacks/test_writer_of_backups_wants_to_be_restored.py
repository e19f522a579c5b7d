"""Who can put a file where backups lie wants it to be restored as the superuser of all databases; who can read one
wants what is in it. The functions are those of deploy/backup and deploy/restore.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hongxia import services

ROOT = Path(__file__).parents[2]
KEPT = (*(f"{name}_data_keys" for name in services.names()), "installation_secret")
NAME = "丁烛明墨".encode()
CONTENT = NAME * 20_000


class Machine:
    """A checkout with secrets of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "deploy" / "lib", root / "deploy" / "lib")
        self.secrets = root / "deploy" / "secrets"
        self.secrets.mkdir()
        self.run('complete_service_secrets "$SECRETS"; make_backup_keys "$SECRETS"')
        self.key = self.secrets / "backup_open.pem"

    def run(self, script: str, *, given: bytes = b"", expect: int = 0) -> bytes:
        """Run a script on top of the deployment's functions."""
        lib = self.root / "deploy" / "lib"
        sources = "; ".join(f"source {lib / name}" for name in ("common.sh", "secrets.sh"))
        done = subprocess.run(["bash", "-c", f"{sources}; {script}"], input=given, capture_output=True, timeout=60)
        assert done.returncode == expect, done.stderr.decode()
        return done.stdout

    def sealed(self, content: bytes = CONTENT) -> bytes:
        """A backup."""
        return self.run('seal_backup "$SECRETS"', given=content)

    def opened(self, backup: bytes, expect: int = 0) -> bytes | None:
        """What is in a backup, or None if it is refused; then nothing of it is left either."""
        file, out = self.root / "backup", self.root / "opened"
        file.write_bytes(backup)
        out.unlink(missing_ok=True)
        self.run(f"open_backup {file} {self.key} {out}", expect=expect)
        assert not (self.root / "opened.signed").exists()
        return out.read_bytes() if out.exists() else None


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("foreign"))


def test_a_backup_opens_with_its_key_and_shows_nothing_without(machine: Machine) -> None:
    backup = machine.sealed()
    assert NAME not in backup
    assert machine.opened(backup) == CONTENT


def test_a_backup_needs_nothing_of_the_machine_but_what_was_kept_apart(machine: Machine, foreign: Machine) -> None:
    backup = machine.sealed()
    kept_apart, own = machine.key, foreign.key
    foreign.key = kept_apart
    try:
        assert foreign.opened(backup) == CONTENT
    finally:
        foreign.key = own


def test_a_machine_makes_backups_without_the_key_that_opens_them(machine: Machine, tmp_path: Path) -> None:
    elsewhere = tmp_path / "backup_open.pem"
    shutil.move(machine.key, elsewhere)
    before = (machine.secrets / "backup_recipient.pem").read_bytes()
    machine.run('make_backup_keys "$SECRETS"')
    assert (machine.secrets / "backup_recipient.pem").read_bytes() == before
    assert not machine.key.exists()
    backup = machine.sealed()
    shutil.move(elsewhere, machine.key)
    assert machine.opened(backup) == CONTENT


def test_another_installations_backup_is_refused(machine: Machine, foreign: Machine) -> None:
    assert machine.opened(foreign.sealed(), expect=1) is None


def test_a_file_that_a_stranger_encrypted_to_the_recipient_is_refused(machine: Machine, foreign: Machine) -> None:
    """The recipient's certificate is no secret: whoever has it can encrypt, signed by themselves or by nobody."""
    recipient = f"{machine.secrets}/backup_recipient.pem"
    encrypt = f"openssl cms -encrypt -binary -stream -outform DER -aes-256-gcm {recipient}"
    signed = (
        'openssl cms -sign -binary -nodetach -outform DER -signer "$SECRETS/backup_signer.pem"'
        ' -inkey "$SECRETS/backup_signer.key"'
    )
    for script in (encrypt, f"{signed} | {encrypt}"):
        assert machine.opened(foreign.run(script, given=CONTENT), expect=1) is None


@pytest.mark.parametrize("at", [0.2, 0.5, 0.9, 0.999])
def test_a_backup_that_was_changed_or_cut_off_is_refused(machine: Machine, at: float) -> None:
    backup = machine.sealed()
    place = int(len(backup) * at)
    changed = backup[:place] + bytes([backup[place] ^ 1]) + backup[place + 1 :]
    for other in (changed, backup[:place]):
        assert machine.opened(other, expect=1) is None


def test_a_plain_tar_file_is_refused(machine: Machine) -> None:
    assert machine.opened(machine.run('tar -C "$SECRETS" -cf - .'), expect=1) is None


def test_the_data_keys_come_with_the_backup_and_can_be_put_back(machine: Machine, foreign: Machine) -> None:
    taken = foreign.root / "taken.tar"
    databases = machine.run(f"cd {machine.root}; printf databases >ABOUT; tar -cf - ./ABOUT")
    taken.write_bytes(databases + machine.run("secrets_as_tar"))
    keys = {name: (foreign.secrets / name).read_bytes() for name in KEPT}

    foreign.run("; ".join(f"take_secret {taken} {name}" for name in KEPT))
    for name in KEPT:
        now = (foreign.secrets / name).read_bytes()
        assert now == (machine.secrets / name).read_bytes() != keys[name]

    foreign.run("; ".join(f"put_secret_back {name}" for name in KEPT))
    assert {name: (foreign.secrets / name).read_bytes() for name in KEPT} == keys
    assert foreign.run(f"tar -xOf {taken} ./ABOUT") == b"databases"
