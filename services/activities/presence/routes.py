"""The routes of attendance and of checks: recorded, listed, read, amended, voided."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from hongxia import records
from hongxia.http.endpoint import Call
from hongxia.runtime.routes import act, amend, create, listing, read
from hongxia.schema.derive import RecordSchema, VoidIn
from hongxia.schema.fields import CadreRef, Day
from services.activities.cadres.mirror import CADRES
from services.activities.presence import rules
from services.activities.presence.rules import Kind
from services.activities.roles import READERS, WRITERS


def body_of_presence(kind: Kind, name: str) -> type[Schema]:
    """Return the body of a request for an entry: the cadre and, if it is not the owner's, the day."""
    return Schema.from_dict({"cadre_id": CadreRef(), kind.day: Day(label=kind.day_label, required=False)}, name=name)


def routes_of_presence(
    kind: Kind, title: str, schema: type[RecordSchema], body: type[Schema], url: str, owners: str, owner_id: str
) -> Any:
    """Return the class of routes of a kind, for the service's assembly; `title` is what the office calls an entry,
    `owners` the address of the owners, `owner_id` what the schema calls the owner's id.
    """
    model, one, first = kind.model, f"{url}/<id>", rules.lock_before(kind)
    conditions = (owner_id, "cadre_id")

    class PresenceRoutes:
        """Entries: recorded, listed, read, amended, voided."""

        list_entries = listing(
            url, f"{title}列表", READERS, schema, model, by=kind.day, equal=conditions, narrow=CADRES.of_entity
        )
        get_entry = read(one, title, READERS, schema, model)

        @create(f"{owners}/<uuid:{owner_id}>{url}", f"登记{title}", WRITERS, schema, body=body)
        def record_entry(self, call: Call, **path: str) -> Any:
            """A cadre was there."""
            CADRES.lock(call.session, call.body["cadre_id"])
            owner = records.lock(call.session, kind.owner, path[owner_id])
            return rules.record_all(call.session, kind, owner, [call.body], call.today)[0]

        @amend(one, f"修改{title}", WRITERS, schema, model, first=first)
        def amend_entry(self, call: Call, entry: Any, reason: str) -> Any:
            """Another date."""
            return rules.amend(call.session, kind, entry, call.body, reason, call.today)

        @act(f"{one}/void", f"作废{title}", WRITERS, schema, model, body=VoidIn, first=first)
        def void_entry(self, call: Call, entry: Any) -> Any:
            """It does not count any more."""
            return rules.void(call.session, kind, entry, call.body["reason"])

    # Names of their own, so that the assembly keeps the routes of both kinds.
    own = {name: value for name, value in vars(PresenceRoutes).items() if not name.startswith("__")}
    return type("PresenceRoutes", (), {f"{name}_of_{url.strip('/')}": value for name, value in own.items()})
