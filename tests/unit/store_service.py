"""Two small services for the tests of importing: a store of boxes and items, and a lending desk that knows its boxes.

The store's workbook has two sheets: boxes, which items refer to, and items, of which some come to an end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.wrappers import Response

from hongxia import ids, records
from hongxia.codes import VOID_REASONS, Codes
from hongxia.database import Database
from hongxia.definition import Definition, Importable
from hongxia.events.context import Context
from hongxia.events.declare import EventType
from hongxia.events.dispatch import dispatch
from hongxia.events.envelope import Event
from hongxia.events.publish import publish
from hongxia.events.tables import outbox, platform_metadata, start_log
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.mirror import Mirror, Mirrored
from hongxia.records import Record
from hongxia.roles import ADMIN
from hongxia.rules import Conflicting, Missing, Refused, Violation, ask
from hongxia.runtime.consume import consume
from hongxia.runtime.service import Service
from hongxia.schema.derive import RecordSchema, amended_data_of, data_of, voided_data_of
from hongxia.schema.fields import Code, Count, Day, Text
from hongxia.workbook.columns import columns_of, number
from hongxia.workbook.declare import Column, Kind, Row, Sheet, Workbook
from hongxia.workbook.reconcile import Loading, Plan, SheetRows, load
from hongxia.workbook.write import XLSX
from tests.unit.service_api import ServiceApi

TODAY = date(2023, 1, 10)
NOW = datetime(2023, 1, 10, 4, tzinfo=UTC)
MOST = 1_000
KNOWN_LABELS = {"甲街道", "乙街道"}


class Base(DeclarativeBase):
    """Base of the store's tables."""


def _lifecycle(thing: str, label: str) -> Lifecycle:
    moves = {(NEW, "open"): "open", ("open", "amend"): "open", ("open", "void"): "voided"}
    return Lifecycle(thing, label, Codes(open="在用", voided="已作废"), moves)


class BoxSchema(RecordSchema):
    """A box."""

    lifecycle = _lifecycle("box", "箱子")

    box_no = Text(longest=32, label="箱号", help_en="number", published=True, column=False)
    name = Text(label="箱名", help_en="name", published=True)


class ItemSchema(RecordSchema):
    """An item in a box."""

    lifecycle = _lifecycle("item", "物品")

    item_no = Text(longest=32, label="物品编号", help_en="number", published=True, column=False)
    title = Text(label="名称", help_en="title", published=True)
    kind = Code(Codes(book="书", medal="奖章"), label="类别", help_en="kind", published=True)
    count = Count(0, label="数量", help_en="count", published=True)
    street = Text(required=False, label="街道", help_en="street")
    ended_on = Day(required=False, label="清退日期", help_en="end", published=True)


KEEPER = Column("保管人", "keeper", Kind.TEXT, "", "", required=False, private=True)


def _events(thing: str, schema: type[RecordSchema]) -> tuple[EventType, EventType, EventType]:
    return (
        EventType(f"store.{thing}.opened", 1, data_of(schema), "新增", "Opened."),
        EventType(f"store.{thing}.amended", 1, amended_data_of(schema), "修改", "Amended."),
        EventType(f"store.{thing}.voided", 1, voided_data_of(schema), "作废", "Voided."),
    )


BOX_EVENTS = _events("box", BoxSchema)
ITEM_EVENTS = _events("item", ItemSchema)


class Box(Record, Base):
    """A box."""

    __tablename__ = "box"
    lifecycle = BoxSchema.lifecycle

    box_no: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(100))


class Item(Record, Base):
    """An item in a box."""

    __tablename__ = "item"
    lifecycle = ItemSchema.lifecycle

    item_no: Mapped[str] = mapped_column(String(32))
    box_no: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    count: Mapped[int]
    street: Mapped[str | None] = mapped_column(String(100))
    keeper: Mapped[str | None] = mapped_column(String(100))
    ended_on: Mapped[date | None]


def add(session: Session, record: Any, events: Sequence[EventType]) -> Any:
    """Begin a record and publish it."""
    records.begin(session, record, "open")
    session.flush()
    publish(session, events[0], record, on=TODAY)
    return record


def amend(session: Session, record: Any, changes: dict[str, Any], reason: str = "correction") -> None:
    """Amend a record of the store. Raises Refused, Conflicting."""
    if changes.get("title") == "禁用":
        raise Refused(Violation("title", "bad-title", "名称不能是“禁用”，请改用其他名称"))
    changed = records.change(session, record, changes)
    if changed:
        events = BOX_EVENTS if isinstance(record, Box) else ITEM_EVENTS
        publish(session, events[1], record, on=TODAY, changed=changed, reason=reason)


def void(session: Session, record: Any) -> None:
    """Void a record of the store."""
    records.move(session, record, "void", reason=next(iter(VOID_REASONS)))
    events = BOX_EVENTS if isinstance(record, Box) else ITEM_EVENTS
    publish(session, events[2], record, on=TODAY, reason=record.void_reason)


def ask_about(values: dict[str, Any], confirmed: Iterable[str]) -> None:
    """Ask about a count that is probably a slip, and about a title that says so itself. Raises Question."""
    if values.get("count", 0) > MOST:
        ask(Violation("count", "count-large", f"数量 {values['count']} 超过 {MOST}，请确认"), confirmed)
    if values.get("title") == "存疑":
        ask(Violation("title", "title-doubtful", "名称为“存疑”，请确认"), confirmed)


class BoxRows(SheetRows):
    """Each row is a box."""

    sheet = Sheet("箱子", "boxes", (number("箱号", "box_no", "X-1"), *columns_of(BoxSchema)), ("box_no",), "", "")
    model = Box

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Box:
        """Open the box."""
        box: Box = add(loading.session, Box(id=record_id, box_no=row.values["box_no"], **values), BOX_EVENTS)
        return box

    def amend(self, loading: Loading, record: Box, changes: dict[str, Any], row: Row) -> None:
        """Amend the box."""
        amend(loading.session, record, changes, "workbook")


BOX_NO = Column("箱号", "box_no", Kind.TEXT, "", "", max_length=32, refers_to="boxes")


class ItemRows(SheetRows):
    """Each row is an item; a street that is new is noted as a label to be confirmed."""

    sheet = Sheet(
        "物品",
        "items",
        (number("物品编号", "item_no", "W-1"), BOX_NO, *columns_of(ItemSchema), KEEPER),
        ("item_no",),
        "",
        "",
        optional=True,
    )
    model = Item
    continues = frozenset({"ended_on"})

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Item:
        """Add the item. Raises Question, Refused."""
        ask_about(values, loading.confirmed)
        if values["title"] == "禁用":
            raise Refused(Violation("title", "bad-title", "名称不能是“禁用”，请改用其他名称"))
        if values["street"] and values["street"] not in KNOWN_LABELS:
            loading.plan.labels.append(("街道名单", values["street"]))
        item = Item(id=record_id, item_no=row.values["item_no"], **values)
        return add(loading.session, item, ITEM_EVENTS)  # type: ignore[no-any-return]

    def amend(self, loading: Loading, record: Item, changes: dict[str, Any], row: Row) -> None:
        """Amend the item. Raises Question, Refused."""
        ask_about(changes, loading.confirmed)
        amend(loading.session, record, changes, "workbook")


ROWS = (BoxRows(), ItemRows())
STORE = Workbook("stock", "库存", "store", tuple(rows.sheet for rows in ROWS), "", "", order=1)


class StoreService(Service):
    """库存."""

    name = "store"
    definition = Definition(
        title="库存",
        metadata=Base.metadata,
        migrations="",
        events=(*BOX_EVENTS, *ITEM_EVENTS),
        workbooks=(Importable(STORE, ROWS, (ADMIN,)),),
    )


class LendingBase(DeclarativeBase):
    """Base of the lending desk's tables."""


class KnownBox(Mirrored, LendingBase):
    """A box as the lending desk knows it."""

    __tablename__ = "known_box"

    box_no: Mapped[str] = mapped_column(String(32))


class Loan(Record, LendingBase):
    """A box that was lent."""

    __tablename__ = "loan"
    lifecycle = _lifecycle("loan", "借用")

    loan_no: Mapped[str] = mapped_column(String(32))
    box_no: Mapped[str] = mapped_column(String(32))
    lent_on: Mapped[date]


class LoanSchema(RecordSchema):
    """A loan."""

    lifecycle = Loan.lifecycle

    loan_no = Text(longest=32, label="借用编号", help_en="number", published=True, column=False)
    box_no = Text(longest=32, label="箱号", help_en="box", published=True)
    lent_on = Day(label="借出日期", help_en="day", published=True)


LENT = EventType("lending.loan.opened", 1, data_of(LoanSchema), "借出", "Lent.")
KNOWN_BOXES: Mirror[KnownBox] = Mirror(
    KnownBox,
    {
        "hongxia.store.box.opened.v1": lambda event: {"box_no": event.need("box_no", str)},
        "hongxia.store.box.amended.v1": lambda event: {"box_no": event.need("box_no", str)},
        "hongxia.store.box.voided.v1": None,
    },
)


class LoanRows(SheetRows):
    """Each row lends a box that the store has."""

    sheet = Sheet(
        "借用", "loans", (number("借用编号", "loan_no", "J-1"), *columns_of(LoanSchema)), ("loan_no",), "", ""
    )
    model = Loan

    def create(self, loading: Loading, record_id: str, values: dict[str, Any], row: Row) -> Loan:
        """Lend the box. Raises Missing."""
        if KNOWN_BOXES.find(loading.session, ids.entity_id("box", loading.year, values["box_no"])) is None:
            raise Missing(Violation("box_no", "unknown-box", f"没有箱号为“{values['box_no']}”的箱子，请先登记"))
        taken = select(Loan.loan_no).where(Loan.box_no == values["box_no"], Loan.loan_no != row.values["loan_no"])
        other = loading.session.scalar(taken)
        if other is not None:
            raise Conflicting(Violation("box_no", "box-lent", f"箱子已在“{other}”中借出，请核对箱号"))
        loan = Loan(id=record_id, loan_no=row.values["loan_no"], **values)
        return add(loading.session, loan, (LENT,))  # type: ignore[no-any-return]

    def amend(self, loading: Loading, record: Loan, changes: dict[str, Any], row: Row) -> None:
        """Refuse: a loan is not amended."""
        raise Refused(Violation(next(iter(changes)), "loan-fixed", "借用不能修改"))


LENDING = Workbook("loans", "借用登记", "lending", (LoanRows.sheet,), "", "", order=2)


class LendingService(Service):
    """借用."""

    name = "lending"
    definition = Definition(
        title="借用",
        metadata=LendingBase.metadata,
        migrations="",
        events=(LENT,),
        workbooks=(Importable(LENDING, (LoanRows(),), (ADMIN,)),),
    )

    @consume("store")
    def from_store(self, session: Session, events: Sequence[Event]) -> None:
        """Follow the store's boxes."""
        KNOWN_BOXES.apply(session, [event for event in events if ".box." in event.type])
        dispatch(session, [event for event in events if ".item." in event.type], dict.fromkeys(ITEM_TYPES))


ITEM_TYPES = [event.type for event in ITEM_EVENTS]


def new_database(directory: Path | None = None, metadata: Any = Base.metadata) -> Database:
    """An empty database: in memory, or in a file of a directory, which a second session can open."""
    name = "store" if metadata is Base.metadata else "lending"
    database = Database(f"sqlite:///{directory / name}.db" if directory else "sqlite://")
    with database.engine.begin() as connection:
        platform_metadata.create_all(connection)
        metadata.create_all(connection)
        start_log(connection)
    return database


def work(database: Database, actor: str = "小李") -> Any:
    """A unit of work of somebody."""
    return database.begin(Context("urn:hongxia:test:store", NOW, "test", actor=actor))


def box(box_no: str = "X-1", name: str = "一号箱") -> dict[str, Any]:
    """The values of a box's row."""
    return {"box_no": box_no, "name": name}


def item(item_no: str = "W-1", **values: Any) -> dict[str, Any]:
    """The values of an item's row."""
    usual = {"box_no": "X-1", "title": "书信", "kind": "book", "count": 3}
    return {"item_no": item_no, "street": None, "ended_on": None, "keeper": None, **usual, **values}


def numbered(rows: Iterable[dict[str, Any]]) -> list[Row]:
    """Rows as they stand in a sheet."""
    return [Row(number, values) for number, values in enumerate(rows, 2)]


def import_rows(
    database: Database, items: Iterable[dict[str, Any]], boxes: Iterable[dict[str, Any]] = (box(),), year: int = 2022
) -> Plan:
    """Import rows, whatever they change or ask. Raises NotLoadable."""
    with work(database, "导入") as session:
        rows = {"boxes": numbered(boxes), "items": numbered(items)}
        return load(session, STORE, ROWS, year, rows, TODAY)


def the_item(session: Session, item_no: str = "W-1", year: int = 2022) -> Item:
    """An item by its number."""
    return records.get(session, Item, ids.entity_id("item", year, item_no))


def correct(database: Database, item_no: str = "W-1", **changes: Any) -> None:
    """Amend an item in the system."""
    with work(database) as session:
        amend(session, the_item(session, item_no), changes)


def versions(database: Database) -> dict[str, tuple[int, str]]:
    """The version and title of every item, by number."""
    with database.read() as session:
        return {found.item_no: (found.version, found.title) for found in session.scalars(select(Item))}


def events(database: Database) -> list[dict[str, Any]]:
    """The envelopes that were published, in order."""
    with database.read() as session:
        return [json.loads(body) for body in session.scalars(select(outbox.c.body).order_by(outbox.c.seq))]


def send(api: ServiceApi, book: Workbook, data: bytes, query: str = "", content_type: str = XLSX) -> Response:
    """Post a workbook to its service."""
    return api("POST", f"/workbooks/{book.name}{query}", data, Content_Type=content_type)
