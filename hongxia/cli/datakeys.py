"""Commands about the keys of personal data at rest."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from hongxia import services
from hongxia.cli.telling import tell
from hongxia.datakeys import KeyRing
from hongxia.settings import Misconfigured, data_keys, database_faults, value_of


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(new_data_keys)
    app.command()(rotate_data_keys)


def new_data_keys(
    add: Annotated[bool, typer.Option("--add", help="在现有密钥（DATA_KEYS）之外加一个新的，今后用它加密")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="从现有密钥（DATA_KEYS）中去掉不再用来加密的")] = False,
) -> None:
    """生成一个服务的个人信息加密密钥，打印到标准输出；请妥善保管，遗失后数据无法读出。"""
    if add and drop:
        raise Misconfigured("--add 与 --drop 只能用一个")
    if add:
        ring = data_keys(os.environ).with_new_key()
    else:
        ring = data_keys(os.environ).with_current_only() if drop else KeyRing.made()
    print(ring.as_text(), end="")


def rotate_data_keys(service: Annotated[str, typer.Argument(help="服务名")]) -> None:
    """用现行密钥（DATA_KEYS 的 current）重新加密一个服务库中的个人信息；服务可同时运行。"""
    from hongxia.database import Database
    from hongxia.resealing import reseal

    services.must_exist(service)
    ring = data_keys(os.environ)
    url = value_of(os.environ, "DATABASE_URL")
    if not url:
        raise Misconfigured("缺少环境变量 DATABASE_URL（或 DATABASE_URL_FILE）")
    if faults := database_faults(url):
        raise Misconfigured("\n".join(faults))
    database = Database(url, keys=ring)
    try:
        count = reseal(database, services.load(service).definition.metadata)
    finally:
        database.close()
    tell(
        f"{service}：已用密钥 {ring.current} 重新加密 {count} 条记录，旧密钥可以去掉了（hongxia new-data-keys --drop）"
    )
