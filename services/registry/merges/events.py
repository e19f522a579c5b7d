"""The events of merges."""

from __future__ import annotations

from hongxia.events.declare import EventType
from hongxia.schema.derive import event_data
from hongxia.schema.fields import Id
from services.registry.cadres.schema import CadreSchema

CADRE_MERGED = EventType(
    "registry.cadre.merged",
    1,
    event_data(
        "MergedData",
        "The last state of the record that disappears, and the one that takes its place.",
        CadreSchema,
        into=Id(help_en="the cadre id that stands for the person from now on"),
    ),
    "重复记录已合并",
    "The subject was a second record of a person and disappears; `into` stands for it.",
)
MERGE_UNDONE = EventType(
    "registry.cadre.merge-undone",
    1,
    event_data(
        "MergeUndoneData",
        "The state of the record that stands by itself again, and the one that it had been merged into.",
        CadreSchema,
        into=Id(help_en="the cadre id that stood for the record until now"),
    ),
    "合并已撤销",
    "The subject is a person's own record again; it had been merged into `into` by mistake.",
)

EVENTS = (CADRE_MERGED, MERGE_UNDONE)
