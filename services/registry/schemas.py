"""What the registry's API takes and gives."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from hongxia.schema.derive import PageQuery
from hongxia.schema.fields import Changes, Flag, Id, QueryFlag, Text
from hongxia.workbook.cells import clean
from services.registry.milestones import TITLES
from services.registry.models import Aspect, Status
from services.registry.particulars import compact, resident_number_problem
from services.registry.workbook import LEVELS, NATIONALITIES, POLITICAL_STATUSES, RETIREMENT_CATEGORIES, SEXES


class Words(Text):
    """A text as a workbook's cell would give it: single blanks, letters and digits in half width."""

    def __init__(self, longest: int, **options: Any) -> None:
        super().__init__(validate=validate.Length(1, longest), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = clean(super()._deserialize(value, attr, data, **kwargs))
        if not text:
            raise ValidationError("不能为空白")
        return text


class ResidentNumber(Text):
    """A resident number without a problem, as it is kept."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        number = compact(super()._deserialize(value, attr, data, **kwargs))
        problem = resident_number_problem(number)
        if problem:
            raise ValidationError(problem)
        return number


class Code(fields.String):
    """One of the codes of a national standard."""

    def __init__(self, codes: dict[str, str], **options: Any) -> None:
        meaning = "，".join(f"{code} {label}" for label, code in codes.items())
        super().__init__(validate=validate.OneOf(tuple(codes.values())), metadata={"description": meaning}, **options)


class CadreIn(Schema):
    """A cadre to register; without `cadre_no` the next number is given."""

    cadre_no = Words(32, load_default=None, allow_none=True)
    name = Words(50, required=True)
    resident_number = ResidentNumber(required=True)
    sex = Code(SEXES, required=True)
    nationality = Code(NATIONALITIES, load_default=None, allow_none=True)
    political_status = Code(POLITICAL_STATUSES, required=True)
    retirement_category = Code(RETIREMENT_CATEGORIES, required=True)
    rank = Code(LEVELS, required=True)
    rank_document_no = Words(60, load_default=None, allow_none=True)
    treatment = Code(LEVELS, required=True)
    treatment_document_no = Words(60, load_default=None, allow_none=True)
    unit = Words(100, required=True)
    street = Words(100, required=True)
    joined_party_on = fields.Date(load_default=None, allow_none=True)
    registered_on = fields.Date(required=True)
    liaison = Words(50, load_default=None, allow_none=True)
    advanced_age = Flag(load_default=False)
    hardship = Flag(load_default=False)
    living_alone = Flag(load_default=False)
    resettled = Flag(load_default=False)


class CadreChanges(Changes):
    """Particulars to amend, as of `on` (today if left out). `deceased_on` corrects a death, null withdraws it."""

    besides = frozenset({"on"})

    on = fields.Date()
    name = Words(50)
    resident_number = ResidentNumber()
    sex = Code(SEXES)
    nationality = Code(NATIONALITIES, allow_none=True)
    political_status = Code(POLITICAL_STATUSES)
    retirement_category = Code(RETIREMENT_CATEGORIES)
    unit = Words(100)
    street = Words(100)
    joined_party_on = fields.Date(allow_none=True)
    registered_on = fields.Date()
    deceased_on = fields.Date(allow_none=True)


class TreatmentIn(Schema):
    """The treatment from a date on, by a document (文号)."""

    treatment = Code(LEVELS, required=True)
    on = fields.Date(required=True)
    document_no = Words(60, required=True)


class RankIn(Schema):
    """The rank from a date on, by a document (文号)."""

    rank = Code(LEVELS, required=True)
    on = fields.Date(required=True)
    document_no = Words(60, required=True)


class LiaisonIn(Schema):
    """The liaison from a date on; null for none."""

    liaison = Words(50, required=True, allow_none=True)
    on = fields.Date(required=True)


class CareIn(Changes):
    """What needs care from a date on; a flag that is left out stays as it is."""

    besides = frozenset({"on"})

    on = fields.Date(required=True)
    advanced_age = Flag()
    hardship = Flag()
    living_alone = Flag()
    resettled = Flag()


class DeathIn(Schema):
    """The date of death."""

    deceased_on = fields.Date(required=True)


class MergeIn(Schema):
    """The record that remains."""

    into = Id(required=True)


class ReassignIn(Schema):
    """All cadres of one liaison go to another."""

    leaving = Words(50, required=True, data_key="from")
    taking_over = Words(50, required=True, data_key="to")
    on = fields.Date(required=True)


class ReassignedOut(Schema):
    """How many cadres have another liaison now."""

    moved = fields.Integer(required=True)


class CadreOut(Schema):
    """A cadre; the resident number is masked for all but those who keep the register."""

    id = fields.String(required=True)
    cadre_no = fields.String(required=True)
    version = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf([str(status) for status in Status]))
    name = fields.String(required=True)
    resident_number = fields.String(required=True)
    birth_date = fields.Date(required=True)
    sex = fields.String(required=True)
    nationality = fields.String(required=True, allow_none=True)
    political_status = fields.String(required=True)
    retirement_category = fields.String(required=True)
    rank = fields.String(required=True)
    treatment = fields.String(required=True)
    unit = fields.String(required=True)
    street = fields.String(required=True)
    joined_party_on = fields.Date(required=True, allow_none=True)
    registered_on = fields.Date(required=True)
    liaison = fields.String(required=True, allow_none=True)
    advanced_age = fields.Boolean(required=True)
    hardship = fields.Boolean(required=True)
    living_alone = fields.Boolean(required=True)
    resettled = fields.Boolean(required=True)
    deceased_on = fields.Date(required=True, allow_none=True)
    merged_into = fields.String(required=True, allow_none=True)


class EntryOut(Schema):
    """One entry of the history; of care, `value` lists the flags that are set, divided by commas."""

    aspect = fields.String(required=True, validate=validate.OneOf([str(aspect) for aspect in Aspect]))
    version = fields.Integer(required=True)
    from_on = fields.Date(required=True)
    value = fields.String(required=True, allow_none=True)
    document_no = fields.String(required=True, allow_none=True)
    void_reason = fields.String(required=True, allow_none=True)


class CadreWithHistoryOut(CadreOut):
    """A cadre with the dated history of rank, treatment, liaison and care."""

    history = fields.List(fields.Nested(EntryOut), required=True)


class DuplicatesOut(Schema):
    """Records that may be one person's."""

    name = fields.String(required=True)
    birth_date = fields.Date(required=True)
    cadres = fields.List(fields.Nested(CadreOut), required=True)


class LiaisonOut(Schema):
    """The load of a liaison; null stands for the cadres who have none."""

    liaison = fields.String(required=True, allow_none=True)
    cadres = fields.Integer(required=True)
    advanced_age = fields.Integer(required=True)
    hardship = fields.Integer(required=True)
    living_alone = fields.Integer(required=True)
    resettled = fields.Integer(required=True)


class MilestoneOut(Schema):
    """A milestone of a cadre."""

    on = fields.Date(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(TITLES)))
    title = fields.String(required=True)
    cadre_id = fields.String(required=True, attribute="cadre.id")
    cadre_no = fields.String(required=True, attribute="cadre.cadre_no")
    name = fields.String(required=True, attribute="cadre.name")
    street = fields.String(required=True, attribute="cadre.street")
    liaison = fields.String(required=True, allow_none=True, attribute="cadre.liaison")


class CadresQuery(PageQuery):
    """Filters of the list; records that were merged are left out unless asked for. None names a person, because
    addresses end up in logs: for that there is the search.
    """

    cadre_no = Words(32)
    status = fields.String(validate=validate.OneOf([str(status) for status in Status]))
    retirement_category = Code(RETIREMENT_CATEGORIES)
    rank = Code(LEVELS)
    treatment = Code(LEVELS)
    unit = Words(100)
    street = Words(100)
    liaison = Words(50)
    advanced_age = QueryFlag()
    hardship = QueryFlag()
    living_alone = QueryFlag()
    resettled = QueryFlag()


class SearchIn(Schema):
    """Who is looked for: every field that is given must be equal."""

    name = Words(50)
    resident_number = ResidentNumber()
    birth_date = fields.Date()

    @validates_schema
    def _anything(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data:
            raise ValidationError("至少填写一项")


class MilestonesQuery(PageQuery):
    """The milestones of a year, of one kind and of one liaison's cadres if asked."""

    year = fields.Integer(required=True, validate=validate.Range(1990, 2100))
    kind = fields.String(load_default=None, validate=validate.OneOf(tuple(TITLES)))
    liaison = Words(50, load_default=None)
    cursor = fields.String(load_default=None, validate=validate.Regexp(r"[0-9]{1,6}\Z"))
