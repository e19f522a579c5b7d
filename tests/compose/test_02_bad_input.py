"""What is wrong with an installation is said early, in one line, and changes nothing."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .installation import SERVICES, Done, Installation


@contextmanager
def _without(path: Path) -> Iterator[None]:
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    try:
        yield
    finally:
        aside.rename(path)


@contextmanager
def _holding(path: Path, text: str) -> Iterator[None]:
    before, mode = path.read_text(), path.stat().st_mode
    path.unlink()
    path.write_text(text)
    path.chmod(mode)
    try:
        yield
    finally:
        path.unlink()
        path.write_text(before)
        path.chmod(mode)


def _only_line(done: Done) -> str:
    lines = done.err.strip().splitlines()
    assert done.code == 1
    assert len(lines) == 1, done.said
    return lines[0]


@pytest.fixture
def database(built: Installation) -> Iterator[Installation]:
    """The database alone, as it is before a first start."""
    built.up("postgres")
    yield built
    built.compose("--profile", "*", "down", "--volumes")


def test_without_setup_compose_says_what_to_run(checkout: Installation) -> None:
    if (checkout.root / ".env").exists():
        with _without(checkout.root / ".env"):
            done = checkout.compose("config", "--quiet", expect=None)
    else:
        done = checkout.compose("config", "--quiet", expect=None)
    assert done.code != 0
    assert "请先运行 deploy/setup" in done.err


def test_setup_keeps_what_is_there(built: Installation) -> None:
    before = {path: path.read_bytes() for path in (built.root / "deploy/secrets").iterdir()}
    done = built.deploy("setup", "--no-build")
    assert "保持不变" in done.out
    assert {path: path.read_bytes() for path in (built.root / "deploy/secrets").iterdir()} == before


def test_no_engine_is_one_line(built: Installation) -> None:
    for script in ("setup", "preflight", "build"):
        done = built.deploy(script, env={"DOCKER_HOST": "unix:///nowhere/docker.sock"}, expect=None)
        assert _only_line(done) == "错误：Docker 没有运行，或当前用户无权使用"


def test_a_missing_secret_is_one_line(built: Installation) -> None:
    with _without(built.root / "deploy/secrets/token_secret"):
        assert _only_line(built.deploy("preflight", expect=None)) == "错误：缺少密钥文件 deploy/secrets/token_secret"


def test_an_unreadable_secret_is_one_line(built: Installation) -> None:
    secret = built.root / "deploy/secrets/finance_amqp_uri"
    secret.chmod(0o400)
    try:
        line = _only_line(built.deploy("preflight", expect=None))
    finally:
        secret.chmod(0o444)
    assert "finance_amqp_uri" in line
    assert "无法读取" in line


def test_an_empty_secret_is_one_line(built: Installation) -> None:
    with _holding(built.root / "deploy/secrets/tls_key", ""):
        assert _only_line(built.deploy("preflight", expect=None)) == "错误：密钥文件 deploy/secrets/tls_key 是空的"


def test_a_missing_image_is_one_line(built: Installation) -> None:
    line = _only_line(built.deploy("preflight", env={"GATEWAY_IMAGE": "hongxia/gateway:nowhere"}, expect=None))
    assert line == "错误：缺少镜像 hongxia/gateway:nowhere：请运行 deploy/build，或装入镜像包"


def test_a_port_that_is_taken_is_one_line(built: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = _only_line(built.deploy("preflight", env={"HONGXIA_PORT": str(port)}, expect=None))
    assert line == f"错误：端口 {port} 已被别的程序占用：请停止它，或在 .env 中改 HONGXIA_PORT"


def test_a_full_disk_is_one_line(built: Installation) -> None:
    line = _only_line(built.deploy("preflight", env={"HONGXIA_MIN_FREE_MB": "99999999"}, expect=None))
    assert "磁盘空间不足" in line


def test_a_wrong_database_address_stops_the_migration_with_one_line(database: Installation) -> None:
    url = database.root / "deploy/secrets/registry_database_url"
    with _holding(url, "postgresql+psycopg2://registry:wrong@postgres:5432/registry"):
        done = database.up("registry", expect=None)
        assert done.code != 0
        assert 'service "migrate-registry" didn\'t complete successfully' in done.err
        told = database.compose("logs", "--no-log-prefix", "migrate-registry").said
    assert "Traceback" not in told
    assert len([line for line in told.splitlines() if "错误" in line]) == 1
    assert "wrong" not in told
    assert not database.containers("registry") or database.containers("registry")[0]["State"]["Status"] == "created"


def test_a_migration_that_fails_leaves_the_database_as_it_was(database: Installation) -> None:
    database.psql("finance", "CREATE TABLE outbox (mine int); ALTER TABLE outbox OWNER TO finance")
    done = database.up("finance", expect=None)
    assert done.code != 0
    assert 'service "migrate-finance" didn\'t complete successfully' in done.err
    told = database.deploy("status", expect=1).out
    assert "migrate-finance" in told
    assert "迁移失败" in told
    tables = database.psql("finance", "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'")
    assert tables == "outbox"
    database.psql("finance", "DROP TABLE outbox")
    database.up("finance")


def test_a_backup_onto_a_full_disk_leaves_no_half_of_one(database: Installation, tmp_path: Path) -> None:
    for service in SERVICES:
        database.compose("run", "--rm", f"migrate-{service}")
    if os.geteuid() != 0:
        pytest.fail("only root can mount the small disk that this test fills")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(tmp_path)], check=True)
    try:
        done = database.deploy("backup", str(tmp_path / "backup.tar"), expect=1)
        left = list(tmp_path.iterdir())
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert "错误：" in done.err.strip().splitlines()[-1]
    assert left == []


def test_what_is_no_backup_is_not_restored(database: Installation, tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    other.write_bytes(b"no archive")
    assert "不是红霞的备份文件" in _only_line(database.deploy("restore", str(other), expect=None))
    assert "不存在" in _only_line(database.deploy("restore", str(tmp_path / "nowhere.tar"), expect=None))
