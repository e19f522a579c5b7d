from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hongxia.revoked import Entry
from hongxia.settings import Misconfigured, load, service_url, trusted, value_of
from tests import keys

SOUND = {
    "DATABASE_URL": "postgresql+psycopg2://hongxia:secret@db/registry",
    "AMQP_URI": "pyamqp://hongxia:secret@mq:5672/",
    **keys.environment("registry"),
}


def faults(**changed: str) -> list[str]:
    with pytest.raises(Misconfigured) as refused:
        load({**SOUND, **changed})
    return str(refused.value).splitlines()


def test_addresses_and_keys_are_enough() -> None:
    settings = load(SOUND)
    assert (settings.database_url, settings.amqp_uri) == (SOUND["DATABASE_URL"], SOUND["AMQP_URI"])
    assert (settings.http_address, settings.log_level, settings.feed_days) == ("127.0.0.1:8000", "INFO", None)
    assert settings.clock().tzinfo is not None


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(Misconfigured) as refused:
        load({})
    lines = str(refused.value).splitlines()
    assert [line.split("（")[0] for line in lines] == [f"缺少环境变量 {name}" for name in SOUND]


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(keys.signing_key("finance").pem() + "\n", encoding="utf-8")
    environ = {**SOUND, "SIGNING_KEY": "", "SIGNING_KEY_FILE": str(secret)}
    settings = load(environ)
    assert (settings.signing_key.owner, settings.signing_key.kid) == ("finance", keys.signing_key("finance").kid)
    assert settings.signing_key_file == str(secret)
    assert value_of(environ, "SIGNING_KEY") == keys.signing_key("finance").pem().strip()


def test_a_private_key_that_nobody_could_check_is_refused() -> None:
    (line,) = faults(SIGNING_KEY=keys.signing_key("stranger").pem())
    assert line.startswith("PUBLIC_KEYS 中没有与 SIGNING_KEY 相配的公钥")
    assert "PRIVATE" not in line


def test_a_list_of_revoked_tokens_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "revoked"
    path.write_text(Entry(datetime.now(UTC), "revoke", "subject", "zhang").line(), encoding="utf-8")
    settings = load({**SOUND, "REVOKED_TOKENS_FILE": str(path)})
    assert settings.revoked.holds("any", "zhang")
    assert settings.revoked_tokens_file == str(path)


@pytest.mark.parametrize("text", ["nonsense\n", "2026-01-01 revoke jti x\n", "2026-01-01T00:00:00Z revoke jti a/b\n"])
def test_a_list_of_revoked_tokens_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "revoked"
    path.write_text(text, encoding="utf-8")
    (line,) = faults(REVOKED_TOKENS_FILE=str(path))
    assert line.startswith("REVOKED_TOKENS_FILE 第 1 行")
    (line,) = faults(REVOKED_TOKENS_FILE=str(tmp_path / "none"))
    assert "REVOKED_TOKENS_FILE 指向的文件无法读取" in line


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (line,) = faults(SIGNING_KEY_FILE=str(tmp_path / "none"))
    assert "SIGNING_KEY_FILE" in line
    assert str(tmp_path / "none") in line


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes("口令".encode("gbk"))
    (line,) = faults(SIGNING_KEY_FILE=str(secret))
    assert line == f"SIGNING_KEY_FILE 指向的文件不是 UTF-8 文本：{secret}"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"SIGNING_KEY": "short secret"}, "SIGNING_KEY 不是"),
        ({"PUBLIC_KEYS": "short secret"}, "PUBLIC_KEYS 不是"),
        ({"DATABASE_URL": "nonsense"}, "不是有效的数据库地址"),
        ({"DATABASE_URL": "postgresql+psycopg2://registry:s3cret"}, "DATABASE_URL 不是有效的数据库地址"),
        ({"DATABASE_URL": "postgresql://u:p@h/d"}, "postgresql+psycopg2://"),
        ({"DATABASE_URL": "mysql://u:p@h/d"}, "mysql"),
        ({"HONGXIA_NOW": "2023-01-10"}, "HONGXIA_NOW"),
        ({"HONGXIA_NOW": "tomorrow"}, "HONGXIA_NOW"),
        ({"FEED_DAYS": "0"}, "FEED_DAYS"),
        ({"FEED_DAYS": "-1"}, "FEED_DAYS"),
        ({"FEED_DAYS": "ever"}, "FEED_DAYS"),
        ({"FEED_DAYS": "9999999"}, "FEED_DAYS"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"LOG_LEVEL": "info"}, "LOG_LEVEL"),
        ({"AMQP_URI": "redis://mq"}, "AMQP_URI"),
        ({"AMQP_URI": "mq:5672"}, "AMQP_URI"),
        ({"AMQP_URI": "pyamqp://u:secret@mq:port/"}, "AMQP_URI"),
        ({"HTTP_ADDRESS": "8000"}, "HTTP_ADDRESS"),
        ({"HTTP_ADDRESS": "127.0.0.1:"}, "HTTP_ADDRESS"),
        ({"HTTP_ADDRESS": "127.0.0.1:65536"}, "HTTP_ADDRESS"),
        ({"HTTP_ADDRESS": "http://127.0.0.1:8000"}, "HTTP_ADDRESS"),
        ({"HONGXIA_URL": "host:8080"}, "HONGXIA_URL"),
        ({"HONGXIA_URL": "http://"}, "HONGXIA_URL"),
        ({"HONGXIA_URL": "http://host:port"}, "HONGXIA_URL"),
        ({"HONGXIA_URL": "registry=http://a:1,outreach"}, "HONGXIA_URL"),
        ({"HONGXIA_URL": "registry=a:1"}, "HONGXIA_URL"),
    ],
)
def test_a_wrong_value_is_told_without_a_secret(changed: dict[str, str], told: str) -> None:
    (line,) = faults(**changed)
    assert told in line
    assert "secret" not in line
    assert "short" not in line


def test_the_clock_can_stand_still() -> None:
    settings = load({**SOUND, "HONGXIA_NOW": "2023-01-10T09:00:00+08:00", "FEED_DAYS": "400"})
    assert settings.clock() == datetime(2023, 1, 10, 1, tzinfo=UTC)
    assert settings.feed_days == 400


@pytest.mark.parametrize("uri", ["pyamqp://u:p@mq:5672/", "amqp://u:p@mq//", "amqps://u:p@mq/", "memory://"])
def test_these_brokers_can_be_named(uri: str) -> None:
    assert load({**SOUND, "AMQP_URI": uri}).amqp_uri == uri


@pytest.mark.parametrize("urls", ["https://h", "http://{service}:8080", "a=http://x:1/, b=https://{service}.y"])
def test_a_base_a_template_and_a_list_are_addresses_of_services(urls: str) -> None:
    assert load({**SOUND, "HONGXIA_URL": urls, "HTTP_ADDRESS": "0.0.0.0:8080"}).service_urls == urls


def test_each_fault_has_a_line() -> None:
    assert len(faults(LOG_LEVEL="x", AMQP_URI="x", HTTP_ADDRESS="x", HONGXIA_URL="x", FEED_DAYS="x")) == 5


@pytest.mark.parametrize(
    ("urls", "url"),
    [
        ("http://host:8080", "http://host:8080/registry"),
        ("http://host:8080/", "http://host:8080/registry"),
        ("https://{service}.example/api/", "https://registry.example/api"),
        ("registry=http://a:1/,outreach=http://b:2", "http://a:1"),
    ],
)
def test_a_service_is_found_by_base_template_or_list(urls: str, url: str) -> None:
    assert service_url(urls, "registry") == url


def test_a_service_that_the_list_does_not_name_is_told() -> None:
    with pytest.raises(Misconfigured, match="finance"):
        service_url("registry=http://a:1", "finance")


def test_services_and_commands_believe_servers_by_the_same_ca(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("", encoding="utf-8")
    environ = {**SOUND, "HONGXIA_CA": str(ca)}
    assert (load(environ).verify, trusted(environ)) == (str(ca), str(ca))
    assert (load(SOUND).verify, trusted(SOUND)) == (True, True)
    assert load({**SOUND, "HONGXIA_CA": ""}).verify is True


def test_a_ca_that_is_not_there_is_named_beside_all_else(tmp_path: Path) -> None:
    lines = faults(HONGXIA_CA=str(tmp_path / "none.pem"), LOG_LEVEL="LOUD")
    assert f"HONGXIA_CA 指向的文件不存在：{tmp_path / 'none.pem'}" in lines
    assert len(lines) == 2
