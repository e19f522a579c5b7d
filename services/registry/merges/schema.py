"""What a merge takes."""

from __future__ import annotations

from marshmallow import Schema

from hongxia.schema.fields import Id


class MergeIn(Schema):
    """The record that remains."""

    into = Id(label="并入的记录")
