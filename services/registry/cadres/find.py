"""Find a cadre's record, follow merges to the record that stands for the person today, search, and show records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongxia import records
from hongxia.mirror import chain_of
from hongxia.names import finder
from hongxia.rules import Conflicting, Refused, Violation
from hongxia.sealed import digest, opened
from services.registry.cadres.model import Cadre
from services.registry.cadres.particulars import masked
from services.registry.lists import declared

NOT_SHOWN = {"search_key", "changed_by", *Cadre.hashes}


def merges(session: Session) -> dict[str, str]:
    """Return, for each record that was merged, the one that it was merged into: itself merged, perhaps (see
    hongxia.mirror.chain_of and ends_of).
    """
    query = select(Cadre.id, Cadre.merged_into).where(Cadre.merged_into.is_not(None))
    return {merged: str(into) for merged, into in session.execute(query)}


def standing(session: Session, cadre: Cadre) -> Cadre:
    """Return the record that stands for the person: the end of the chain of merges, or the record itself."""
    if cadre.merged_into is None:
        return cadre
    return records.get(session, Cadre, chain_of(merges(session), cadre.id)[-1])


def lock_standing(session: Session, record: Any, _body: Any = None) -> None:
    """Lock a cadre with all records that it was merged into. `record` is the cadre or something that belongs to one
    (`cadre_id`). It is called before the record itself is locked, so that transactions about one person take turns.
    """
    lock_all(session, [getattr(record, "cadre_id", record.id)])


def lock_all(session: Session, cadre_ids: Iterable[str]) -> dict[str, Cadre]:
    """Return those of the cadres that exist, by id, locked together with all records that they were merged into; in
    the order of ids, so that two callers can't wait for each other.
    """
    wanted = set(cadre_ids)
    while True:
        into = merges(session)
        wanted = {each for cadre_id in wanted for each in chain_of(into, cadre_id)}
        locked = records.by_ids(session, Cadre, wanted, locked=True)
        if all(cadre.merged_into is None or cadre.merged_into in locked for cadre in locked.values()):
            return locked


def must_stand(session: Session, cadre: Cadre) -> None:
    """Raise Conflicting for a record that was merged, naming the one to use instead."""
    if cadre.merged_into is not None:
        survivor = standing(session, cadre)
        message = f"编号 {cadre.cadre_no} 的记录已并入编号 {survivor.cadre_no} 的记录，请在该记录上办理，或先撤销合并"
        raise Conflicting(Violation("", "cadre-merged", message), extra={"into": survivor.id})


def listed(session: Session, asked: Mapping[str, Any]) -> Select[Cadre]:
    """Return the query of cadres whose columns equal what is asked. Merged ones are left out, unless `state` asks for
    them or a number names one record: so the number of a merged record still leads to the record that stands for it.
    """
    given = {name: value for name, value in asked.items() if value is not None and name not in ("limit", "cursor")}
    query = select(Cadre)
    for name, value in given.items():
        hashed = f"{name}_hash"
        if hashed in Cadre.hashes:
            query = query.where(getattr(Cadre, hashed) == digest(session, Cadre, hashed, str(value)))
        else:
            query = query.where(getattr(Cadre, name) == value)
    return query if given.keys() & {"state", "cadre_no", "resident_number"} else query.where(Cadre.state != "merged")


def searched(session: Session, asked: Mapping[str, Any]) -> Select[Cadre]:
    """Return the query of cadres by a part of the name or its pinyin, resident number and birth date.

    Names are sealed, so the search keys of all candidates are opened and looked through here: ADR 21 says how long that
    takes. Raises Refused where the name holds nothing to search for.
    """
    query = listed(session, {name: value for name, value in asked.items() if name != "name"})
    if asked.get("name") is None:
        return query
    try:
        is_found = finder(asked["name"])
    except ValueError as error:
        raise Refused(Violation("name", "nothing-to-search", str(error))) from None
    keys = session.execute(query.with_only_columns(Cadre.id, Cadre.search_key))
    return query.where(Cadre.id.in_([each for each, key in keys if is_found(opened(Cadre, "search_key", each, key))]))


def shown(session: Session, cadres: Iterable[Cadre], *, in_full: bool) -> list[SimpleNamespace]:
    """Return records as they are answered: with the labels of codes, the survivor of a merged record, and the resident
    number masked unless `in_full`.
    """
    labels = declared.labels(session)
    return [_shown(session, cadre, labels, in_full=in_full) for cadre in cadres]


def _shown(
    session: Session, cadre: Cadre, labels: Mapping[str, Mapping[str, str]], *, in_full: bool
) -> SimpleNamespace:
    columns = {column.key: getattr(cadre, column.key) for column in Cadre.__table__.columns}
    values = {name: value for name, value in columns.items() if name not in NOT_SHOWN}
    values |= {f"{name}_label": found.get(values[name] or "") for name, found in labels.items()}
    values |= {"birth_date": cadre.birth_date, "age_band": cadre.age_band, "survivor": None}
    if cadre.merged_into is not None:
        values["survivor"] = standing(session, cadre).id
    if not in_full:
        values["resident_number"] = masked(cadre.resident_number)
    return SimpleNamespace(**values)
