"""Which installation a database belongs to: noted by the service that first starts on it, compared ever after."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from hongxia.events.tables import owner
from hongxia.installation import Installation


class ForeignDatabase(Exception):
    """A database belongs to another installation. The text is Chinese."""


def claim(connection: Connection, installation: Installation) -> None:
    """Note in a new database which installation it belongs to, or compare. Raises ForeignDatabase."""
    known = connection.execute(select(owner.c.bureau, owner.c.fingerprint)).one_or_none()
    if known is None:
        row = {"id": 1, "bureau": installation.bureau, "fingerprint": installation.fingerprint}
        try:
            with connection.begin_nested():
                connection.execute(insert(owner), row)
        except IntegrityError:  # another replica was first
            claim(connection, installation)
        return
    if known.bureau != installation.bureau:
        raise ForeignDatabase(
            f"数据库属于单位 {known.bureau}，而 HONGXIA_BUREAU 为 {installation.bureau}："
            "请改回，或换用该单位自己的数据库"
        )
    if known.fingerprint != installation.fingerprint:
        raise ForeignDatabase(
            "数据库是用另一个安装密钥（HONGXIA_SECRET）建立的，编号都由它得出：请从备份中取回原来的密钥"
        )
