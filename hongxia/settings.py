"""Configuration by environment, validated at start: one clear line for each thing that is missing or wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from hongxia import installation
from hongxia.dates import Clock, fixed_clock, system_clock
from hongxia.installation import BUREAU, Installation
from hongxia.keys import BadKey, PublicKeys, SigningKey
from hongxia.revoked import BadList, Revoked

DEFAULT_URL = "http://127.0.0.1:8080"

MOST_DAYS = 36_500
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
BROKERS = ("pyamqp", "amqp", "amqps", "memory")


class Misconfigured(Exception):
    """The configuration can't be used; the text is Chinese, a line for each fault, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one service process. `feed_days`: how long the feed keeps events; None is for ever. `verify`: see
    `trusted`. The `…_file`s are where keys and revoked tokens were read, to read them again when they change.
    `installation` is that of the process; None where it is said otherwise.
    """

    database_url: str
    amqp_uri: str
    http_address: str
    signing_key: SigningKey
    public_keys: PublicKeys
    service_urls: str
    log_level: str
    clock: Clock
    feed_days: int | None = None
    verify: str | bool = True
    revoked: Revoked = field(default_factory=Revoked)
    signing_key_file: str | None = None
    public_keys_file: str | None = None
    revoked_tokens_file: str | None = None
    installation: Installation | None = None


def value_of(environ: Mapping[str, str], name: str, default: str | None = None) -> str | None:
    """A variable, or the content of the file that NAME_FILE names (for secrets). Raises Misconfigured."""
    path = _file_of(environ, name)
    return _content(f"{name}_FILE", path).strip() if path else environ.get(name) or default


def _file_of(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(f"{name}_FILE") or None


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{name} 指向的文件无法读取：{path}（{error.strerror}）") from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{name} 指向的文件不是 UTF-8 文本：{path}") from None


def load(environ: Mapping[str, str]) -> Settings:
    """The settings of a service process. Raises Misconfigured with every fault, not only the first."""
    faults: list[str] = []

    def needed(name: str, why: str) -> str:
        try:
            value = value_of(environ, name)
        except Misconfigured as error:
            faults.append(str(error))
            return ""
        if not value:
            faults.append(f"缺少环境变量 {name}（或 {name}_FILE）：{why}")
        return value or ""

    database_url = needed("DATABASE_URL", "数据库地址，例如 postgresql+psycopg2://用户:口令@主机/库")
    amqp_uri = needed("AMQP_URI", "消息服务器地址，例如 pyamqp://用户:口令@主机:5672/")
    private = needed("SIGNING_KEY", "本服务自己的 Ed25519 私钥（PEM）")
    public = needed("PUBLIC_KEYS", "全部服务与签发者的公钥（JWK 集）")
    bureau = needed("HONGXIA_BUREAU", "单位代号，例如 minhang；它是事件来源的一部分，启用后不能更改")
    own_secret = needed("HONGXIA_SECRET", f"安装密钥，至少 {installation.SECRET_LENGTH} 个字符；编号都由它得出")
    address = environ.get("HTTP_ADDRESS") or "127.0.0.1:8000"
    urls = environ.get("HONGXIA_URL") or DEFAULT_URL
    level = environ.get("LOG_LEVEL") or "INFO"
    if database_url:
        faults += database_faults(database_url)
    if amqp_uri and not _is_url(amqp_uri, BROKERS, host=False):
        faults.append("AMQP_URI 不是有效的消息服务器地址：应以 pyamqp://、amqp://、amqps:// 或 memory:// 开头")
    faults += installation_faults(bureau, own_secret)
    faults += [*address_faults("HTTP_ADDRESS", address), *_service_url_faults(urls), *_level_faults(level)]
    clock = _clock(environ.get("HONGXIA_NOW"), faults)
    feed_days = _days(environ.get("FEED_DAYS"), faults)
    verify = _verify(environ, faults)
    keys = _keys(private, public, faults) if private and public else None
    revoked = _revoked(environ, faults)
    if faults or keys is None:
        raise Misconfigured("\n".join(faults))
    return Settings(
        database_url=database_url,
        amqp_uri=amqp_uri,
        http_address=address,
        signing_key=keys[0],
        public_keys=keys[1],
        service_urls=urls,
        log_level=level,
        clock=clock,
        feed_days=feed_days,
        verify=verify,
        revoked=revoked,
        signing_key_file=_file_of(environ, "SIGNING_KEY"),
        public_keys_file=_file_of(environ, "PUBLIC_KEYS"),
        revoked_tokens_file=environ.get("REVOKED_TOKENS_FILE") or None,
        installation=Installation(bureau, own_secret),
    )


def installation_faults(bureau: str, secret: str) -> list[str]:
    """What is wrong with the name and the secret of an installation, as far as they are given."""
    faults = []
    if bureau and not BUREAU.fullmatch(bureau):
        faults.append(f"HONGXIA_BUREAU 应为 1 到 40 个小写字母、数字或连字符，例如 minhang：{bureau}")
    if secret and len(secret) < installation.SECRET_LENGTH:
        faults.append(f"HONGXIA_SECRET 太短：至少 {installation.SECRET_LENGTH} 个字符")
    return faults


def _keys(private: str, public: str, faults: list[str]) -> tuple[SigningKey, PublicKeys] | None:
    """The service's own key, which belongs to the owner that the public keys name, and the public keys."""
    try:
        known = PublicKeys.from_jwks(public)
    except BadKey as error:
        faults.append(f"PUBLIC_KEYS {error}")
        return None
    try:
        key = SigningKey.from_pem("", private)
    except BadKey as error:
        faults.append(f"SIGNING_KEY {error}")
        return None
    owner = known.owner_of(key.kid)
    if owner is None:
        faults.append(f"PUBLIC_KEYS 中没有与 SIGNING_KEY 相配的公钥（kid {key.kid}）：请先把公钥加入 PUBLIC_KEYS")
        return None
    return SigningKey(owner, key.kid, key.private), known


def _revoked(environ: Mapping[str, str], faults: list[str]) -> Revoked:
    """The list of revoked tokens that REVOKED_TOKENS_FILE names; without one nothing is revoked."""
    path = environ.get("REVOKED_TOKENS_FILE")
    try:
        return Revoked.read(_content("REVOKED_TOKENS_FILE", path) if path else "")
    except Misconfigured as error:
        faults.append(str(error))
    except BadList as error:
        faults.append(f"REVOKED_TOKENS_FILE {error}")
    return Revoked()


def database_faults(url: str) -> list[str]:
    """What is wrong with a database's address; never with a part of it, which may be the password."""
    try:
        driver = make_url(url).drivername
    except (ArgumentError, ValueError):
        return ["DATABASE_URL 不是有效的数据库地址"]
    if driver not in ("postgresql+psycopg2", "sqlite"):
        return [f"DATABASE_URL 的驱动 {driver} 不支持：请用 postgresql+psycopg2:// 或 sqlite:///"]
    return []


def _is_url(text: str, schemes: Collection[str], *, host: bool = True) -> bool:
    try:
        parts = urlsplit(text)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return False
    known = any(text.startswith(f"{scheme}://") for scheme in schemes)
    return known and port_is_one and bool(parts.hostname or not host)


def address_faults(name: str, address: str) -> list[str]:
    """What is wrong with an address to listen on, which `name` gave."""
    host, _, port = address.rpartition(":")
    if host and ":" not in host and port.isdecimal() and 0 < int(port) < 65_536:
        return []
    return [f"{name} 应为 主机:端口，例如 127.0.0.1:8000"]


def _service_url_faults(urls: str) -> list[str]:
    parts = urls.split(",") if _is_list(urls) else [f"all={urls}"]
    for part in parts:
        name, _, url = part.partition("=")
        if not name.strip() or not _is_url(url.strip().replace("{service}", "service"), ("http", "https")):
            return [
                "HONGXIA_URL 应为一个 http(s):// 地址、含 {service} 的模板，或列表 registry=http://…,outreach=http://…"
            ]
    return []


def _level_faults(level: str) -> list[str]:
    return [] if level in LOG_LEVELS else [f"LOG_LEVEL 应为 {'、'.join(LOG_LEVELS)} 之一"]


def _clock(moment: str | None, faults: list[str]) -> Clock:
    if not moment:
        return system_clock
    try:
        return fixed_clock(datetime.fromisoformat(moment))
    except ValueError:
        faults.append("HONGXIA_NOW 应为带时区的时刻，例如 2023-01-10T09:00:00+08:00")
        return system_clock


def _days(text: str | None, faults: list[str]) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) <= MOST_DAYS:
        faults.append("FEED_DAYS 应为事件流保存的天数，例如 400；不写则永久保存")
        return None
    return int(text)


def trusted(environ: Mapping[str, str]) -> str | bool:
    """What requests believes a server by: the CA file that HONGXIA_CA names, or (True) the system's. Raises
    Misconfigured.
    """
    path = environ.get("HONGXIA_CA")
    if path and not Path(path).exists():
        raise Misconfigured(f"HONGXIA_CA 指向的文件不存在：{path}")
    return path or True


def _verify(environ: Mapping[str, str], faults: list[str]) -> str | bool:
    try:
        return trusted(environ)
    except Misconfigured as error:
        faults.append(str(error))
        return True


def service_url(urls: str, service: str) -> str:
    """Where a service is: `urls` is a base ("https://host", the service's name is appended), a template with
    {service}, or a list "registry=http://…,outreach=http://…". Raises Misconfigured.
    """
    if _is_list(urls):
        pairs = dict(part.split("=", 1) for part in urls.split(",") if "=" in part)
        if service not in pairs:
            raise Misconfigured(f"HONGXIA_URL 没有列出服务 {service}")
        return pairs[service].strip().rstrip("/")
    if "{service}" in urls:
        return urls.replace("{service}", service).rstrip("/")
    return f"{urls.rstrip('/')}/{service}"


def _is_list(urls: str) -> bool:
    return "=" in urls.split("?")[0]
