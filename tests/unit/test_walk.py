"""The walk counts what a reader would count."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from tests.walk.entries import Entries, returns
from tests.walk.lines import Field, files_of, lines_under, routes_of


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Write modules into a directory and import them."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(**sources: str) -> list[ModuleType]:
        made = []
        for name, source in sources.items():
            file = tmp_path / f"{name}.py"
            file.write_text(dedent(source), encoding="utf-8")
            spec = importlib.util.spec_from_file_location(name, file)
            module = importlib.util.module_from_spec(spec)
            monkeypatch.setitem(sys.modules, name, module)
            spec.loader.exec_module(module)
            made.append(module)
        return made

    return write


def entered(directory: Path, function) -> list[str]:
    with Entries(directory) as entries:
        function()
    return entries.files


def test_the_end_of_a_call_is_no_return_to_the_caller(room, tmp_path):
    _, routes = room(
        walk_rules="def record():\n    return 1\n",
        walk_routes="import walk_rules\ndef post():\n    walk_rules.record()\n    helper()\ndef helper():\n    pass\n",
    )
    assert entered(tmp_path, routes.post) == ["walk_routes.py", "walk_rules.py"]


def test_a_second_call_into_a_file_that_was_left_is_a_return(room, tmp_path):
    *_, routes = room(
        walk_rules="def record():\n    return 1\n",
        walk_events="def publish():\n    return 1\n",
        walk_routes="""
            import walk_rules, walk_events
            def post():
                walk_rules.record()
                walk_rules.record()
                walk_events.publish()
                walk_rules.record()
            """,
    )
    files = entered(tmp_path, routes.post)
    assert files == ["walk_routes.py", "walk_rules.py", "walk_events.py", "walk_rules.py"]
    assert returns(files) == ["walk_rules.py"]


def test_a_callee_that_calls_back_into_the_callers_file_returns_to_it(room, tmp_path):
    _, routes = room(
        walk_rules="def record(back):\n    back()\n",
        walk_routes="import walk_rules\ndef post():\n    walk_rules.record(helper)\ndef helper():\n    pass\n",
    )
    assert returns(entered(tmp_path, routes.post)) == ["walk_routes.py"]


def test_a_generator_that_is_used_elsewhere_is_no_return_and_goes_on_without_a_new_entry(room, tmp_path):
    _, rules = room(
        walk_refuse="def refuse(found):\n    for _ in found:\n        helper()\ndef helper():\n    pass\n",
        walk_rules="""
            import walk_refuse
            def record():
                walk_refuse.refuse(why())
            def why():
                yield 1
                yield 2
            """,
    )
    assert entered(tmp_path, rules.record) == ["walk_rules.py", "walk_refuse.py"]


def test_lambdas_comprehensions_and_code_elsewhere_are_no_entries(room, tmp_path):
    (routes,) = room(walk_routes="act = lambda: [i for i in range(3)]\n")
    assert entered(tmp_path, routes.act) == []
    assert entered(tmp_path / "other", routes.act) == []


def test_only_decorators_of_entrypoints_are_counted_and_each_of_their_lines():
    source = dedent('''
        @create("/visits", "登记走访")
        def record(self, call):
            """Record a visit."""
            return 1

        @things.route(
            "GET",
            "/visits",
        )
        def listed(self, call): return []

        @property
        def other(self):
            return 2
        ''')
    counted = routes_of(source)
    assert (counted.routes, counted.decorators, counted.bodies) == (2, 5, 3)


def test_a_field_is_counted_where_its_thing_is_written_and_not_as_part_of_another_word(tmp_path):
    files = {
        "services/visits/schema.py": "class VisitSchema:\n    minutes = fields.Integer()\n",
        "services/visits/model.py": "class Visit:\n    minutes: Mapped[int | None]\n    last_minutes = 1\n",
        "services/sessions/model.py": "minutes = 3\n",
        "services/migrations/0003.py": 'op.add_column("visits", Column("minutes", Integer))\n',
        "tests/test_visits.py": "VISIT = {'minutes': 3}\nlater = timedelta(minutes=3)\nassert minutes_of(VISIT)\n",
        "contracts/visit.yaml": "visit: minutes\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    places = Field("minutes", "visit").places(tmp_path)
    assert [(place.path, place.line) for place in places] == [
        ("services/migrations/0003.py", 1),
        ("services/visits/model.py", 2),
        ("services/visits/schema.py", 2),
        ("tests/test_visits.py", 1),
    ]
    assert len(files_of(places)) == 4


def test_lines_are_those_of_python_files_below(tmp_path):
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "rules.py").write_text("a = 1\n\nb = 2\n", encoding="utf-8")
    (tmp_path / "room" / "page.html").write_text("<p>\n</p>\n", encoding="utf-8")
    assert lines_under(tmp_path) == 3
