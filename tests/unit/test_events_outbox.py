from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import text

from hongxia import ids
from hongxia.events import outbox
from hongxia.events.declare import InvalidEvent
from tests.unit.events_builders import CHANGED, CLOSED, DAY, SOURCE, new_database, raise_event, signed


def test_an_event_is_a_cloudevent_without_a_place_in_the_log_yet() -> None:
    database = new_database()
    with database.begin(replace(SOURCE, random=lambda count: b"\x5a" * count)) as session:
        event_id = raise_event(session)
    with database.read() as session:
        row = session.execute(text("SELECT id, type, position, chain, body FROM outbox")).one()
    assert (row.id, row.type, row.position, row.chain) == (event_id, CHANGED.type, None, None)
    assert json.loads(row.body) == {
        "specversion": "1.0",
        "id": ids.entity_id("event", "urn:hongxia:test:origin", CHANGED.type, "thing-1", 1),
        "source": "urn:hongxia:test:origin",
        "type": "hongxia.origin.thing.changed.v1",
        "subject": "thing-1",
        "time": "2022-07-01T04:00:00.000000Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:hongxia:schema:origin.thing.changed:v1",
        "data": {"amount": 10},
        "entityversion": 1,
        "occurredon": "2022-07-01",
        "correlationid": "correlation-1",
        "salt": "5a" * 16,
        "traceparent": f"00-{SOURCE.trace_id}-{event_id.replace('-', '')[:16]}-01",
    }


def test_what_is_done_because_of_an_event_names_its_cause() -> None:
    database = new_database()
    cause = signed({"correlationid": "from afar"})
    with database.begin(SOURCE.caused_by(cause)) as session:
        raise_event(session)
    with database.read() as session:
        said = json.loads(session.scalars(text("SELECT body FROM outbox")).one())
    assert (said["correlationid"], said["causationid"]) == ("from afar", cause.id)


@pytest.mark.parametrize("data", [{"amount": "10"}, {}, {"amount": 1, "name": "x"}, {"amount": None}])
def test_a_service_can_not_raise_what_its_contract_does_not_allow(data: dict) -> None:
    with pytest.raises(InvalidEvent) as refused, new_database().begin(SOURCE) as session:
        outbox.append(session, CHANGED, subject="thing-1", entityversion=1, occurredon=DAY, data=data)
    assert "10" not in str(refused.value)


def test_after_the_commit_somebody_is_told_which_types_it_holds() -> None:
    told: list[Sequence[str]] = []
    database = new_database(on_commit=outbox.on_append(told.append))
    with database.begin(SOURCE) as session:
        with outbox.savepoint(session):
            raise_event(session, 1)
        raise_event(session, 2, CLOSED)
        assert not told
    with database.begin(SOURCE):
        pass
    with pytest.raises(RuntimeError), database.begin(SOURCE) as session:
        raise_event(session, 3)
        raise RuntimeError
    assert told == [[CHANGED.type, CLOSED.type]]
