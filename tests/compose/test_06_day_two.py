"""Backup, restore onto an empty machine, a source put back alone, rebuilding, rotating secrets."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import YEAR
from .installation import SERVICES, Installation, until
from .writing import Gateway, figure, indicator, settle, writing


@pytest.fixture(scope="module")
def backup(imported: Installation, workplace: Path) -> Path:
    """A backup taken while records are written."""
    file = workplace / "backup.tar"
    with writing(imported) as writer:
        until(lambda: writer.written >= 5, 30)
        with imported.timed("backup, while writing"):
            imported.deploy("backup", str(file))
        assert writer.written > 5
    return file


@pytest.fixture
def again_whole(imported: Installation, backup: Path) -> Iterator[None]:
    """Whatever the test does, the installation is whole afterwards."""
    yield
    if (
        imported.deploy("status", expect=None).code
        or "历史不一致" in imported.hongxia("verify", YEAR, expect=None).said
    ):
        imported.deploy("restore", str(backup))


def _figures(installation: Installation, directory: Path) -> str:
    written = directory / "figures.csv"
    installation.hongxia("figures", YEAR, "--csv", str(written))
    return written.read_text()


def test_an_empty_machine_is_restored_to_the_same_figures_digests_and_heads(
    imported: Installation, workplace: Path, tmp_path: Path
) -> None:
    imported.compose("restart", "registry")  # a registry that starts announces the month's milestones, but only once
    imported.wait_until_well()
    settle(imported)
    file = workplace / "quiet.tar"
    imported.deploy("backup", str(file))
    before = (imported.heads(), imported.evidence(), _figures(imported, tmp_path), imported.hongxia("verify", YEAR).out)

    imported.down()
    secrets = imported.root / "deploy/secrets"
    secrets.rename(secrets.with_name("secrets.lost"))
    (imported.root / ".env").unlink()
    with imported.timed("restore onto an empty machine"):
        imported.deploy("setup", "--no-build")
        for kept_apart in secrets.with_name("secrets.lost").glob("backup_*"):
            shutil.copy2(kept_apart, secrets / kept_apart.name)
        imported.deploy("restore", str(file))
    imported.forget_token()
    settle(imported)
    assert imported.heads() == before[0]
    assert _figures(imported, tmp_path) == before[2]
    assert imported.hongxia("verify", YEAR).out == before[3]
    assert _rows(imported.evidence()) == _rows(before[1])


def _rows(evidence: dict[str, str]) -> dict[str, list[str]]:
    """Without the tables in which a service notes when somebody last looked at something."""
    looked = tuple(f"table {name} " for name in ("cursor", "reader", "feed_sweep"))
    return {
        name: [line for line in text.splitlines() if not line.startswith(looked)] for name, text in evidence.items()
    }


def test_a_backup_taken_while_writing_has_no_consumer_ahead_of_its_source(
    imported: Installation, backup: Path, tmp_path: Path
) -> None:
    heads, cursors = {}, []
    opened = tmp_path / "opened"
    library = "source deploy/lib/common.sh; source deploy/lib/secrets.sh"
    imported.run("bash", "-c", f'{library}; open_backup {backup} "$SECRETS/backup_open.pem" {opened}')
    for name in ("registry", "outreach", "activities", "finance", "reporting"):
        evidence = imported.run("tar", "-xOf", str(opened), f"./{name}.evidence").out
        for line in evidence.splitlines():
            words = line.split()
            if words[0] == "head":
                heads[name] = int(words[1])
            elif words[0] == "cursor":
                cursors.append((name, words[1], int(words[2])))
    assert len(heads) == 5
    assert cursors
    assert [cursor for cursor in cursors if cursor[2] > heads[cursor[1]]] == []


def test_a_source_restored_alone_is_said_to_have_diverged_and_there_is_a_way_out(
    imported: Installation, backup: Path, again_whole: None
) -> None:
    imported.deploy("restore", str(backup))
    settle(imported)
    known = figure(imported)
    gateway = Gateway(imported)
    for _ in range(5):
        gateway.record_visit()
    until(lambda: figure(imported) == known + 5, 30)

    with imported.timed("restore of one service"):
        imported.deploy("restore", str(backup), "--only", "outreach")
    for _ in range(6):
        Gateway(imported).record_visit()
    until(lambda: _diverged(imported) == "finance outreach\nreporting outreach", 90, lambda: _diverged(imported))
    assert figure(imported) == known + 5, "a consumer that has stopped changes nothing"
    assert imported.hongxia("verify", YEAR, expect=None).code != 0
    until(lambda: "SourceDiverged" in imported.deploy("status", expect=None).out, 90)

    for consumer in ("finance", "reporting"):
        assert "正在从头重读" in imported.deploy("hongxia", "reread", consumer, "outreach").out
    until(lambda: figure(imported) == known + 6, 120, lambda: f"{figure(imported)} for {known + 6}")
    settle(imported)


def test_a_restore_is_undone_and_consumers_go_on_by_themselves(
    imported: Installation, backup: Path, again_whole: None
) -> None:
    settle(imported)
    known = figure(imported)
    for _ in range(5):
        Gateway(imported).record_visit()
    until(lambda: figure(imported) == known + 5, 30)
    imported.deploy("restore", str(backup), "--only", "outreach")
    Gateway(imported).record_visit()
    until(lambda: "outreach" in _diverged(imported), 90)
    assert "不是同一次恢复换下的" in imported.deploy("restore", "--undo", expect=1).err
    imported.deploy("restore", "--undo", "--only", "outreach")
    Gateway(imported).record_visit()
    until(lambda: figure(imported) == known + 6, 60, lambda: f"{figure(imported)} for {known + 6}")
    until(lambda: _diverged(imported) == "", 60, lambda: _diverged(imported))
    settle(imported)


def test_a_restore_whose_command_is_killed_changes_nothing(imported: Installation, backup: Path) -> None:
    settle(imported)
    known = figure(imported)
    command = subprocess.Popen(
        ["deploy/restore", str(backup)],
        cwd=imported.root,
        env=imported.env,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    loading = "SELECT count(*) FROM pg_database WHERE datname LIKE '%\\_loading'"
    until(lambda: imported.psql("postgres", loading) != "0", 60)
    os.killpg(command.pid, signal.SIGKILL)
    command.wait()
    Gateway(imported).record_visit()
    until(lambda: figure(imported) == known + 1, 60)
    until(lambda: imported.deploy("backup", str(backup.with_name("after.tar")), expect=None).code == 0, 120)
    assert imported.unwell() == []


def _diverged(installation: Installation) -> str:
    """Who has stopped reading whom: lines of consumer and source."""
    found = []
    for name in ("registry", "outreach", "activities", "finance", "reporting"):
        for cursor in Gateway(installation).get(name, "/cursors"):
            if cursor["diverged"]:
                found.append(f"{name} {cursor['source']}")
    return "\n".join(found)


def test_reporting_is_rebuilt_to_the_same_digest(imported: Installation, tmp_path: Path) -> None:
    settle(imported)
    before = (_figures(imported, tmp_path), imported.hongxia("verify", YEAR).out)
    with imported.timed("rebuild"):
        said = imported.hongxia("rebuild").out
    assert f"{YEAR}年度摘要" in said
    assert "不同" not in said
    assert (_figures(imported, tmp_path), imported.hongxia("verify", YEAR).out) == before


def test_reporting_is_rebuilt_beside_live_traffic(imported: Installation) -> None:
    before = figure(imported)
    with writing(imported) as writer:
        until(lambda: writer.written >= 5, 30)
        imported.hongxia("rebuild", expect=None)
        written = writer.written
        until(lambda: writer.written >= written + 5, 30)
    until(lambda: figure(imported) == before + writer.written, 60)
    settle(imported)


def test_an_event_that_can_not_be_applied_is_parked_listed_and_replayed(imported: Installation) -> None:
    before, day = figure(imported), f"{YEAR}-11-12"
    obstacle = f"""CHECK (NOT (kind = 'visit' AND "on" = '{day}'))"""
    imported.psql("reporting", f"ALTER TABLE fact ADD CONSTRAINT obstacle {obstacle} NOT VALID")
    try:
        visit = Gateway(imported).record_visit(on=day)
        Gateway(imported).record_visit()
        until(lambda: visit in imported.psql("reporting", "SELECT subject FROM parked"), 60)
        until(lambda: figure(imported) == before + 1, 60, lambda: "one parked event holds up the others")
        assert indicator(imported)["state"] == "parked"
        assert "reporting" in imported.hongxia("parked", "list").out
        assert imported.hongxia("parked", "replay", expect=None).code != 0
    finally:
        imported.psql("reporting", "ALTER TABLE fact DROP CONSTRAINT obstacle")
    imported.hongxia("parked", "replay")
    until(lambda: figure(imported) == before + 2, 60)
    assert indicator(imported)["state"] == "complete"
    assert "没有搁置的事件" in imported.hongxia("parked", "list").out
    imported.hongxia("verify", YEAR)


def test_all_secrets_are_rotated_by_one_command(imported: Installation) -> None:
    secrets = imported.root / "deploy/secrets"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    old, expected = imported.token, figure(imported)
    with imported.timed("rotate secrets"):
        imported.deploy("rotate-secrets")
    after = {path.name: path.read_text() for path in secrets.iterdir()}
    assert before.keys() == after.keys()
    kept = {"ca.pem", "ca.key", "revoked_tokens"}
    of_the_data = {
        name for name in before if "_data_keys" in name or name.startswith(("installation_secret", "backup_"))
    }
    assert {name for name in before if before[name] == after[name]} == kept | of_the_data
    refused = imported.hongxia("verify", YEAR, expect=None)
    assert refused.code != 0
    assert "访问令牌的签名密钥不是本系统的，或已更换" in refused.said
    imported.forget_token()
    assert imported.token != old
    assert figure(imported) == expected
    Gateway(imported).record_visit()
    until(lambda: figure(imported) == expected + 1, 60)


def test_signing_keys_are_rotated_without_a_minute_of_silence(imported: Installation) -> None:
    old, expected = imported.token, figure(imported)
    started = {found["Id"]: found["State"]["StartedAt"] for found in imported.containers()}
    imported.deploy("rotate-secrets", "--signing-keys")
    imported.hongxia("verify", YEAR)
    imported.forget_token()
    assert imported.token != old
    imported.hongxia("verify", YEAR)
    # Services read each other's feeds with their new keys.
    Gateway(imported).record_visit()
    until(lambda: figure(imported) == expected + 1, 60)
    imported.deploy("rotate-secrets", "--finish")
    imported.hongxia("verify", YEAR)
    new, imported._token = imported.token, old
    assert "已更换" in imported.hongxia("verify", YEAR, expect=None).said
    imported._token = new
    assert {found["Id"]: found["State"]["StartedAt"] for found in imported.containers()} == started


def test_a_revoked_token_opens_nothing_within_seconds_and_after_a_restart(imported: Installation) -> None:
    issued = imported.deploy("token", "--subject", "leaver", "admin")
    own, imported._token = imported.token, issued.out.strip()
    imported.hongxia("verify", YEAR)
    imported.deploy("rotate-secrets", "--certificate")  # which must not take the list from the containers
    imported.deploy("token", "revoke", "--jti", issued.err.split("令牌编号 ")[1].split("，")[0])
    for service in SERVICES:
        until(lambda service=service: "已被吊销" in asked(imported, service), 10)
    imported.compose("restart", "registry")
    imported.up()
    assert "已被吊销" in asked(imported, "registry")
    assert "leaver" not in imported.deploy("token", "list").out
    imported._token = own
    imported.hongxia("verify", YEAR)


def asked(installation: Installation, service: str) -> str:
    """What a service answers whoever lists its parked events."""
    return installation.hongxia("parked", "list", "--service", service, expect=None).said


def test_the_certificate_alone_is_renewed(imported: Installation) -> None:
    secrets = imported.root / "deploy/secrets"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    imported.deploy("rotate-secrets", "--certificate")
    after = {path.name: path.read_text() for path in secrets.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"tls_certificate", "tls_key"}
    imported.hongxia("verify", YEAR)
    key = secrets / "ca.key"
    key.rename(key.with_name("aside"))
    try:
        assert "由您自己提供" in imported.deploy("rotate-secrets", "--certificate", expect=1).err
    finally:
        key.with_name("aside").rename(key)


def test_a_rotation_that_is_interrupted_puts_the_old_secrets_back(imported: Installation) -> None:
    secrets = imported.root / "deploy/secrets"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    command = subprocess.Popen(["deploy/rotate-secrets"], cwd=imported.root, env=imported.env, start_new_session=True)
    try:
        # the first container has stopped: the exchange is over, and the start is under way
        until(lambda: secrets.with_name("secrets.old").exists() and bool(imported.unwell()), 60)
        os.killpg(command.pid, signal.SIGTERM)
        assert command.wait(600) == 1
    finally:
        if command.poll() is None:
            os.killpg(command.pid, signal.SIGKILL)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before
    imported.up()
    imported.hongxia("verify", YEAR)


def test_a_rotation_that_fails_puts_the_old_secrets_back(imported: Installation) -> None:
    secrets = imported.root / "deploy/secrets"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    done = imported.deploy("rotate-secrets", env={"GATEWAY_IMAGE": "hongxia/gateway:nowhere"}, expect=1)
    assert "已换回旧密钥" in done.err
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before
    imported.up()
    imported.hongxia("verify", YEAR)
