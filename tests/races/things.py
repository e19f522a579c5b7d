"""A service of the races' own, with one record that is about a mirrored entity: what every service's rooms have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from hongxia import records
from hongxia.codes import Codes
from hongxia.definition import Definition
from hongxia.http.endpoint import Call
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.records import Record
from hongxia.runtime.routes import act, create
from hongxia.runtime.service import Service
from hongxia.schema.derive import RecordSchema
from tests.conformance.backends import cases_metadata

LIFECYCLE = Lifecycle(
    "thing",
    "事项",
    Codes(open="待办", done="已办", dropped="已撤"),
    {(NEW, "open"): "open", ("open", "finish"): "done", ("open", "drop"): "dropped"},
)


class Base(DeclarativeBase):
    """The table of things, beside those of the conformance suite."""

    metadata = cases_metadata


class Thing(Record, Base):
    """Something to do."""

    __tablename__ = "thing"
    lifecycle = LIFECYCLE


class ThingSchema(RecordSchema):
    """Something to do."""

    lifecycle = LIFECYCLE


class ThingService(Service):
    """Things that are finished or dropped."""

    name = "things"
    definition = Definition("事项", MetaData(), "services.finance:migrations", lifecycles=(LIFECYCLE,))

    @create("/things", "登记事项", "admin", ThingSchema)
    def open_thing(self, call: Call) -> Any:
        """A new thing."""
        thing = Thing(id="6f2b0c1e-58a5-4c0e-9d43-1f0a7f6e2c11")
        records.begin(call.session, thing, "open")
        return thing

    @act("/things/<id>/finish", "办结事项", "admin", ThingSchema, Thing)
    def finish_thing(self, call: Call, thing: Thing) -> Thing:
        """It is done."""
        records.move(call.session, thing, "finish")
        return thing

    @act("/things/<id>/drop", "撤销事项", "admin", ThingSchema, Thing)
    def drop_thing(self, call: Call, thing: Thing) -> Thing:
        """It need not be done."""
        records.move(call.session, thing, "drop")
        return thing
