"""Life cycles: as the code uses them, and as docs/states.md draws them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hongxia import services
from hongxia.cli.documents import states
from hongxia.codes import Codes
from hongxia.lifecycle import NEW, Lifecycle
from hongxia.records import Record
from hongxia.rules import Conflicting

ROOT = Path(__file__).parents[2]
LIGHT = Lifecycle(
    "light",
    "灯",
    Codes(on="亮", off="灭"),
    {(NEW, "install"): "off", ("off", "switch-on"): "on", ("on", "switch-off"): "off"},
)


def test_the_page_draws_the_life_cycles_that_the_code_uses() -> None:
    page = (ROOT / "docs" / "states.md").read_text(encoding="utf-8")
    assert page == "\n".join(states()) + "\n", "run make contracts"


@pytest.mark.parametrize("name", services.names())
def test_every_record_of_a_service_is_drawn(name: str) -> None:
    service = services.load(name)
    tables = set(service.definition.metadata.tables.values())
    kept = [model.lifecycle for model in _subclasses(Record) if getattr(model, "__table__", None) in tables]
    drawn = [id(each) for each in service.definition.lifecycles]
    assert [each.thing for each in kept if id(each) not in drawn] == []


def _subclasses(kind: type) -> set[type]:
    found = set(kind.__subclasses__())
    return found.union(*(_subclasses(each) for each in found))


def test_a_verb_that_does_not_fit_the_state_is_refused_with_the_state_by_its_label() -> None:
    assert LIGHT.after("off", "switch-on") == "on"
    assert LIGHT.allows("on", "switch-off")
    with pytest.raises(Conflicting) as raised:
        LIGHT.after("on", "switch-on")
    assert raised.value.code == "wrong-state"
    assert "亮" in raised.value.message


def test_a_move_to_a_state_that_is_not_declared_is_a_mistake_of_the_declaration() -> None:
    with pytest.raises(ValueError, match="burnt"):
        Lifecycle("light", "灯", Codes(on="亮"), {("on", "burn"): "burnt"})
