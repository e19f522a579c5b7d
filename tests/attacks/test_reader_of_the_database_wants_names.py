"""Who has a copy of a service's database (a stolen backup, a disk, a replica) wants names, resident numbers, and what
people wrote about persons. Marked texts are put into every free text that the services take, found by walking the
declarations, and then looked for in the databases with all that lies in them: records, events, kept answers, the
history of imports; in logs and metrics, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

import pytest
from marshmallow import Schema
from sqlalchemy import String, Text, select

from hongxia import services
from hongxia.definition import Importable
from hongxia.records import Record
from hongxia.schema import fields as declared
from hongxia.sealed import Sealed, all_sealed, place_of, sealed_columns
from hongxia.workbook.cells import Span, value_of
from hongxia.workbook.declare import Kind
from hongxia.workbook.write import write
from tests.bureau.beginning import Beginning, beginning
from tests.bureau.bureau import Bureau
from tests.bureau.examples import EXAMPLES, Example, Request, writing_routes
from tests.bureau.node import Node
from tests.datakeys import DATA_KEYS
from tests.unit.registry_builders import resident_number
from tests.unit.test_schemas import stored, subclasses

PLAIN = {
    **dict.fromkeys(
        ("cadre_no", "line_no", "voucher_no", "adjustment_no", "session_no", "batch_no", "work_no", "drive_no"),
        "a number that the bureau gives; records are ordered and found by it",
    ),
    **dict.fromkeys(("unit", "street", "liaison", "leaving", "taking_over", "value"), "a code of one of the lists"),
    "record": "the name of a collection",
    "refusal": "a code of finance's",
    "proposed_by": "the holder of a token, by its code",
}
"""Texts that are not published and lie open in the database all the same, with the reason."""

SPAN = Span(2022, date(2023, 1, 10))
RECORDING = sorted(set(services.names()) - {"reporting"})
"""Reporting records nothing: it keeps other services' events, and facts made of them."""


def is_free(name: str, field: Any) -> bool:
    """Whether a field is a text that anything may be written into and that no event publishes."""
    return isinstance(field, declared.Text) and not field.about("published") and name not in PLAIN


# What is declared


@pytest.mark.parametrize("service", RECORDING)
def test_every_text_that_is_not_published_is_sealed(service: str) -> None:
    free = {(model, name) for model, name, field in stored(service) if is_free(name, field)}
    open_columns = {
        f"{model.__name__}.{name}"
        for model, name in free
        if name in model.__table__.columns and name not in sealed_columns(model.__table__)
    }
    assert free
    assert open_columns == set()


NOT_DECLARED = {
    **dict.fromkeys(("id", "state", "void_reason", "changed_by"), "of every record"),
    **dict.fromkeys(("cause", "cause_key", "visit_id", "stay_id", "owner_id"), "ids and codes"),
    "against": "dates that forbid a record",
}


@pytest.mark.parametrize("service", RECORDING)
def test_a_text_that_no_schema_declares_is_sealed_hashed_or_an_id(service: str) -> None:
    tables = set(services.load(service).definition.metadata.tables.values())
    known = {(model.__table__.name, name) for model, name, _ in stored(service)}
    found = set()
    for model in subclasses(Record):
        table: Any = getattr(model, "__table__", None)
        if table not in tables:
            continue
        for column in table.columns:
            is_text = isinstance(column.type, String | Text) and not isinstance(column.type, Sealed)
            explained = column.name in NOT_DECLARED or column.name in model.hashes or column.name.endswith("_id")
            if is_text and not explained and (table.name, column.name) not in known:
                found.add(f"{table.name}.{column.name}")
    assert found <= {"cadre.merged_into", "aid_case.withdrawal", "stay.ended_with"}


# What is planted

NEEDED = {"/cadres": {"medical_treatment": "132", "reimbursement": "full"}}
"""What a request has to hold besides, so that all of its texts are kept."""


_SERIAL = count(101)


class Marks:
    """Texts that nothing else holds, and what is looked for in their place."""

    def __init__(self) -> None:
        self.texts: set[str] = set()

    def new(self) -> str:
        """A text of seven characters, with a surname in front, so that it may be a name."""
        text = f"丁烛明墨{next(_SERIAL)}"
        self.texts.add(text)
        return text

    def seen_in(self, data: bytes) -> set[str]:
        """The marks that some bytes hold, as text, escaped as JSON has it, or as pinyin."""
        forms = {text: (text.encode(), text.encode("unicode_escape")) for text in self.texts}
        found = {text for text, written in forms.items() if any(form in data for form in written)}
        return found | ({"pinyin"} if b"zhumingmo" in data else set())


class Lines:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def bind(self, **_values: Any) -> Lines:
        """Return itself."""
        return self

    def info(self, message: str, **values: Any) -> None:
        """Keep a line."""
        self.lines.append(f"{message} {values}")

    warning = error = info


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginning]:
    yield from beginning(tmp_path_factory.mktemp("bureau"), cadres=1)


def plant(schema: type[Schema] | None, body: Any, marks: Marks) -> dict[str, Any]:
    """Return a request's body with a mark in every free text that its schema has."""
    found = dict(body or {})
    for name, field in (schema()._declared_fields if schema else {}).items():
        if not field.dump_only and is_free(name, field) and field.check is None:
            found[field.data_key or name] = marks.new()
    return found


def has_free_text(example: Example) -> bool:
    return bool(plant(writing_routes()[example.key].body, {}, Marks()))


def texts_in_clear(node: Node) -> set[str]:
    """All sealed texts of a service, opened."""
    found = set()
    for table, names in all_sealed(node.service.definition.metadata.tables.values()).items():
        with node.database.read() as session:
            for row in session.execute(select(table)):
                for name in names:
                    if row._mapping[name] is not None:
                        found.add(DATA_KEYS.open(row._mapping[name], place_of(table.name, name, row.id)))
    return found


def must_hold_none(bureau: Bureau, marks: Marks) -> None:
    """Look for the marks in all files of the databases, the write-ahead logs among them, in logs and metrics."""
    for node in bureau.nodes.values():
        for path in node._path.parent.glob(f"{node._path.name}*"):
            assert marks.seen_in(path.read_bytes()) == set(), path.name
        assert marks.seen_in("\n".join(node.host.log.lines).encode()) == set(), f"{node.name}'s log"
        assert marks.seen_in(node.host.metrics.render()) == set(), f"{node.name}'s metrics"


def logged(bureau: Bureau) -> None:
    for node in bureau.nodes.values():
        node.host.log = Lines()


@pytest.mark.parametrize("example", [each for each in EXAMPLES if has_free_text(each)], ids=lambda each: each.name)
def test_what_a_request_writes_lies_sealed(begun: Beginning, example: Example) -> None:
    office, marks = begun.again(), Marks()
    bureau, cadre_id = office.bureau, begun.cadres[0]["id"]
    logged(bureau)
    request: Request = example.send(office, cadre_id, example.prepare(office, cadre_id))
    route = writing_routes()[example.key]
    body = plant(route.body, {**(request.body or {}), **NEEDED.get(request.path, {})}, marks)
    headers = {"Idempotency-Key": f"{example.name} {marks.new()}", **request.headers}
    key = headers["Idempotency-Key"][-7:]

    for _ in range(2 if route.takes_key else 1):
        bureau.do(example.service, example.method, request.path, body, headers=headers, subject=request.subject)
    bureau.settle()

    assert marks.texts - {key} <= stored_texts(bureau, example.service)
    must_hold_none(bureau, marks)


def stored_texts(bureau: Bureau, service: str) -> set[str]:
    """The sealed texts, and the parts of those that are JSON."""
    found = texts_in_clear(bureau.nodes[service])
    return {mark for text in found for mark in (text, *text.split('"'))}


def test_a_search_for_a_person_leaves_no_trace(begun: Beginning) -> None:
    office, marks = begun.again(), Marks()
    bureau = office.bureau
    logged(bureau)
    name = marks.new()
    number = resident_number("19450917", 77)
    marks.texts |= {number, "19450917", "1945-09-17"}
    registered = office.cadre(name=name, resident_number=number)
    for body in ({"name": name[1:4]}, {"resident_number": number}, {"birth_date": "1945-09-17"}, {"name": "dzm"}):
        found = bureau.post("registry", "/cadres/search", body, headers={"Idempotency-Key": name})
        assert [each["id"] for each in found["items"]] == [registered["id"]]
        assert found["items"][0]["resident_number"] == number
    must_hold_none(bureau, marks)


def test_a_refused_registration_leaves_no_trace(begun: Beginning) -> None:
    office, marks = begun.again(), Marks()
    logged(office.bureau)
    known = office.particulars(name=marks.new())
    marks.texts.add(known["resident_number"])
    office.bureau.post("registry", "/cadres", known)
    for body in (known, {**known, "sex": marks.new()}, {**known, marks.new(): 1}):
        assert office.bureau.call("registry", "POST", "/cadres", body).status_code in (409, 422)
    must_hold_none(office.bureau, marks)


# Workbooks

IMPORTABLES = [(service, each) for service in RECORDING for each in services.load(service).definition.workbooks]
LABELS = {"cadres": {"liaison"}}
"""Columns whose texts become labels of a list that is sealed, by sheet."""
EMPTY = {"reverses_no": None, "deceased_on": None}
"""What the example rows of a sheet leave out, since it names something else."""


def sealed_fields(importable: Importable) -> dict[str, set[str]]:
    """Return the columns of each sheet whose texts are sealed."""
    return {
        each.sheet.name: set(sealed_columns(each.model.__table__)) | LABELS.get(each.sheet.name, set())
        for each in importable.sheets
    }


def rows_with_marks(importable: Importable, cadre_no: str, marks: Marks) -> dict[str, list[dict[str, Any]]]:
    """Return a row of each sheet that has sealed columns, and of those that it refers to, made of the columns' examples
    with marks for what is sealed.
    """
    sheets = {sheet.name: sheet for sheet in importable.workbook.sheets}
    fields = sealed_fields(importable)
    wanted = {name for name, sheet in sheets.items() if fields[name] & {column.field for column in sheet.columns}}
    wanted |= {column.refers_to for name in wanted for column in sheets[name].columns if column.refers_to}
    rows = {}
    for name in wanted:
        row = {}
        for column in sheets[name].columns:
            marked = column.field in fields[name] and column.kind is Kind.TEXT and column.check is None
            row[column.field] = marks.new() if marked else value_of(column, column.example, SPAN)
        known = {**EMPTY, "cadre_id": cadre_no}
        rows[name] = [{**row, **{field: known[field] for field in row.keys() & known.keys()}}]
    return rows


@pytest.mark.parametrize(("service", "importable"), IMPORTABLES, ids=[each.workbook.name for _, each in IMPORTABLES])
def test_what_a_workbook_brings_lies_sealed(begun: Beginning, service: str, importable: Importable) -> None:
    office, marks, workbook = begun.again(), Marks(), importable.workbook
    bureau = office.bureau
    logged(bureau)
    rows = rows_with_marks(importable, begun.cadres[0]["cadre_no"], marks)
    if workbook.name == "cadres":
        number = resident_number("19450917", 77)
        rows["cadres"][0] |= {"resident_number": number, "cadre_no": "G0077"}
        marks.texts |= {number, "1945-09-17"}
    planted = {mark for mark in marks.texts if mark in str(rows)}

    answer = bureau.import_workbook(service, workbook.name, write(workbook, 2022, "某区委老干部局", rows))
    bureau.settle()
    assert sum(sheet["created"] for sheet in answer["sheets"].values()) >= 1
    assert planted <= stored_texts(bureau, service)
    must_hold_none(bureau, marks)

    changed = {name: [{**row, **remarked(row, marks)} for row in found] for name, found in rows.items()}
    bureau.import_workbook(service, workbook.name, write(workbook, 2022, "某区委老干部局", changed))
    bureau.settle()
    must_hold_none(bureau, marks)


def remarked(row: dict[str, Any], marks: Marks) -> dict[str, Any]:
    """Other marks in the place of a row's."""
    return {name: marks.new() for name, value in row.items() if isinstance(value, str) and value.startswith("丁烛明墨")}
