"""Data of events that hold more than the record's own fields."""

from __future__ import annotations

from typing import Any

from hongxia.events.declare import EventData
from hongxia.schema.derive import event_data


def holding(data: type[EventData], **more: Any) -> type[EventData]:
    """Return the data of an event with further fields, declared as those of records are."""
    fields = event_data(data.__name__, "", None, **more)._declared_fields
    made: Any = data.from_dict(dict(fields), name=data.__name__)
    made.__doc__ = data.__doc__
    return made  # type: ignore[no-any-return]
