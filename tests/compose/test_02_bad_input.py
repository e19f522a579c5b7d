"""What is wrong with an installation is said early, in one line, and changes nothing."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hongxia.keys import PublicKeys, SigningKey

from .installation import SERVICES, Done, Installation, holding, until


@contextmanager
def _without(path: Path) -> Iterator[None]:
    aside = path.with_name(path.name + ".aside")
    path.rename(aside)
    try:
        yield
    finally:
        aside.rename(path)


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
    built.down()


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


@pytest.fixture
def fresh(built: Installation, tmp_path: Path) -> Installation:
    """A second checkout, of which setup was not run yet."""
    return built.copied(tmp_path / "a checkout", f"{built.project}-fresh")


def test_setup_completes_what_the_operator_wrote_before_it(fresh: Installation) -> None:
    written = (
        "HONGXIA_BIND=0.0.0.0   # everywhere\n"
        'HONGXIA_NAMES="hongxia.example, 192.0.2.10 fd00::1" # for the certificate\n'
        "COMPOSE_PROFILES=postgres\n"
    )
    (fresh.root / ".env").write_text(written)
    fresh.deploy("setup", "--no-build", "--small")
    completed = (fresh.root / ".env").read_text()
    assert completed.startswith(written)
    assert "\nHONGXIA_VERSION=0" in completed
    assert "\nSERVICE_MEMORY=" in completed
    assert completed.count("COMPOSE_PROFILES=") == 1
    certificate = ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", "deploy/secrets/tls_certificate"]
    named = fresh.run(*certificate).out
    for name in ("DNS:localhost", "DNS:hongxia.example", "IP Address:192.0.2.10", "IP Address:FD00:0:0:0:0:0:0:1"):
        assert name in named


def test_a_name_that_is_none_is_one_line(fresh: Installation) -> None:
    done = fresh.deploy("setup", "--no-build", env={"HONGXIA_NAMES": "hongxia.example a/b"}, expect=None)
    assert _only_line(done) == "错误：HONGXIA_NAMES 中的 a/b 不是主机名或地址"


def test_setup_makes_the_secrets_that_are_missing_and_no_other(fresh: Installation) -> None:
    fresh.deploy("setup", "--no-build")
    secrets = fresh.root / "deploy/secrets"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    lost = ("finance_signing_key", "operator_signing_key", "registry_database_url", "finance_amqp_password", "tls_key")
    for name in lost:
        (secrets / name).unlink()
    said = fresh.deploy("setup", "--no-build").out
    assert [name for name in lost if name not in said] == []
    after = {path.name: path.read_text() for path in secrets.iterdir()}
    assert after.keys() == before.keys()
    changed = {name for name in before if after[name] != before[name]}
    signing = {"finance_signing_key", "operator_signing_key", "public_keys"}
    assert changed == signing | {"tls_key", "tls_certificate"}
    known = PublicKeys.from_jwks(after["public_keys"])
    for owner in ("finance", "operator"):
        assert SigningKey.from_pem(owner, after[f"{owner}_signing_key"]).kid in known.kids_of(owner)


def test_secrets_are_made_and_renewed_by_any_user(built: Installation) -> None:
    with tempfile.TemporaryDirectory() as directory:
        theirs = Path(directory)
        shutil.copytree(built.root / "deploy/lib", theirs / "deploy/lib")
        for path in (theirs, *theirs.rglob("*")):
            os.chown(path, 65534, 65534)
        secrets = theirs / "secrets"
        steps = [
            f"source {theirs}/deploy/lib/common.sh; source {theirs}/deploy/lib/secrets.sh",
            f"mkdir -p {secrets}; complete_secrets {secrets}",
            f"rm -f {secrets}/tls_key; complete_secrets {secrets}; write_public_keys {secrets} --keep",
        ]
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        for _ in range(2):
            built.run(*nobody, "bash", "-c", "; ".join(steps))
        assert len(list(secrets.iterdir())) == 33


def test_secrets_that_an_interrupted_rotation_moved_aside_are_found_again(fresh: Installation) -> None:
    fresh.deploy("setup", "--no-build")
    secrets = fresh.root / "deploy/secrets"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    secrets.rename(secrets.with_name("secrets.old"))
    assert "已恢复原来的密钥" in fresh.deploy("setup", "--no-build").err
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before


def test_compose_alone_says_which_secret_is_missing_and_which_port_is_taken(built: Installation) -> None:
    try:
        with _without(built.root / "deploy/secrets/public_keys"):
            done = built.compose("up", "--no-deps", "--no-start", "registry", expect=None)
            done = built.compose("up", "-d", "--no-deps", "registry", expect=None) if not done.code else done
            assert done.code != 0
            assert "deploy/secrets/public_keys" in done.err
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = str(other.getsockname()[1])
            done = built.compose("up", "-d", "--no-deps", "gateway", env={"HONGXIA_PORT": port}, expect=None)
            assert done.code != 0
            assert port in done.err
    finally:
        built.down()


def test_no_engine_is_one_line(built: Installation) -> None:
    for script in ("setup", "preflight", "build"):
        done = built.deploy(script, env={"DOCKER_HOST": "unix:///nowhere/docker.sock"}, expect=None)
        assert _only_line(done) == "错误：Docker 没有运行，或当前用户无权使用"


def test_a_missing_secret_is_one_line(built: Installation) -> None:
    with _without(built.root / "deploy/secrets/public_keys"):
        assert _only_line(built.deploy("preflight", expect=None)) == (
            "错误：缺少密钥文件 deploy/secrets/public_keys：请运行 deploy/setup"
        )


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
    with holding(built.root / "deploy/secrets/tls_key", ""):
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


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg2://registry:wrong@postgres:5432/registry",
        "postgresql+psycopg2://registry:wrong@nowhere:5432/registry",
        "postgresql+psycopg2://registry:wrong@postgres:5433/registry",
        "postgresql://registry:wrong",
        "wrong",
    ],
)
def test_a_wrong_database_address_stops_the_migration_with_one_line(database: Installation, address: str) -> None:
    url = database.root / "deploy/secrets/registry_database_url"
    with holding(url, address):
        done = database.up("registry", expect=None)
        assert done.code != 0
        assert 'service "migrate-registry" didn\'t complete successfully' in done.err
        told = database.compose("logs", "--no-log-prefix", "migrate-registry").said
    assert len(told.strip().splitlines()) == 1, told
    assert "错误" in told
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


def test_a_backup_whose_dump_does_not_restore_is_refused(database: Installation, tmp_path: Path) -> None:
    for service in SERVICES:
        database.compose("run", "--rm", f"migrate-{service}")
    # `outer_check` finds `inner_check` by the search path, which is empty during a restore.
    database.psql(
        "finance",
        "CREATE FUNCTION inner_check(int) RETURNS bool LANGUAGE sql AS 'SELECT $1 > 0';"
        "CREATE FUNCTION outer_check(int) RETURNS bool LANGUAGE sql AS 'SELECT inner_check($1)';"
        "CREATE TABLE unrestorable (number int CHECK (outer_check(number)));"
        "INSERT INTO unrestorable VALUES (1)",
    )
    try:
        done = database.deploy("backup", str(tmp_path / "backup.tar"), expect=1)
    finally:
        database.psql("finance", "DROP TABLE unrestorable; DROP FUNCTION outer_check; DROP FUNCTION inner_check")
    assert "数据库 finance 的备份无法恢复" in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_restore_that_finds_no_room_in_the_databases_volume_says_so(built: Installation, tmp_path: Path) -> None:
    image = next(image for image in built.compose("config", "--images").out.split() if "/postgres:" in image)
    small = ["--tmpfs", "/var/lib/postgresql:size=200m,uid=999,gid=999", "--tmpfs", "/run/postgresql:uid=999,gid=999"]
    built.docker(
        "run", "--detach", "--name", "crowded", "--network", "none", "--tmpfs", "/tmp:mode=1777", *small, image
    )
    try:
        until(lambda: built.docker("exec", "crowded", "healthy", expect=None).code == 0, 180)
        done = built.docker("exec", "crowded", "load", "registry", expect=1)
        assert "磁盘空间不足" in _only_line(done)
    finally:
        built.docker("rm", "--force", "--volumes", "crowded")


def test_a_backup_of_a_newer_release_is_not_restored(database: Installation, tmp_path: Path) -> None:
    (tmp_path / "ABOUT").write_text("hongxia-backup 1\ntaken 2030-01-01T00:00:00Z\nhongxia 99.0.0\n")
    newer = tmp_path / "newer.tar"
    subprocess.run(["tar", "-C", str(tmp_path), "-cf", str(newer), "./ABOUT"], check=True)
    assert "备份来自更新的版本 99.0.0" in _only_line(database.deploy("restore", str(newer), expect=None))


def test_of_two_commands_that_change_things_one_waits_to_be_called_again(
    database: Installation, tmp_path: Path
) -> None:
    with (database.root / "deploy/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (["restore", "--undo"], ["rotate-secrets"], ["setup", "--no-build"]):
            assert "正在运行" in _only_line(database.deploy(*command, expect=None))
    holder = ["flock", "/var/lib/postgresql/.lock", "sleep", "600"]
    database.compose("exec", "--detach", "postgres", *holder)
    taken = ("exec", "-T", "postgres", "flock", "--nonblock", "/var/lib/postgresql/.lock", "true")
    until(lambda: database.compose(*taken, expect=None).code != 0, 30)
    done = database.deploy("backup", str(tmp_path / "second.tar"), expect=1)
    assert "正在进行" in done.err
    assert not (tmp_path / "second.tar").exists()


def test_what_a_killed_backup_left_is_gone_when_the_database_starts_again(database: Installation) -> None:
    database.compose("exec", "-T", "postgres", "mkdir", "/var/lib/postgresql/backup.killed")
    database.psql("postgres", "CREATE DATABASE registry_loading")
    database.compose("restart", "postgres")
    database.up("postgres")
    assert "killed" not in database.compose("exec", "-T", "postgres", "ls", "/var/lib/postgresql").out
    assert database.psql("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE '%loading'") == "0"


def test_what_is_no_backup_is_not_restored(database: Installation, tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    other.write_bytes(b"no archive")
    assert "不是红霞的备份文件" in _only_line(database.deploy("restore", str(other), expect=None))
    assert "不存在" in _only_line(database.deploy("restore", str(tmp_path / "nowhere.tar"), expect=None))
