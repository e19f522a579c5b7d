"""The test vectors of the chain: written by us, computed again in another language and by the page's own code."""

from __future__ import annotations

import base64
import copy
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hongxia.vectors import vectors

ROOT = Path(__file__).parents[2]
PUBLISHED = json.loads((ROOT / "contracts/vectors/chain.json").read_text(encoding="utf-8"))


def by_node(given: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("verify.mjs"))],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_published_vectors_are_what_the_code_makes() -> None:
    assert vectors() == PUBLISHED


def test_another_language_comes_to_the_same_at_every_step() -> None:
    answer = by_node(PUBLISHED)
    assert answer["canonical"] == [each["json"] for each in PUBLISHED["canonical"]]
    assert answer["steps"] == [entry["expected"] for entry in PUBLISHED["log"]]
    assert [step["chain"] for step in answer["steps"]] == [entry["item"]["chain"] for entry in PUBLISHED["log"]]
    assert answer["proved"] is True


def changed(where: str, value: Any) -> dict[str, Any]:
    given = copy.deepcopy(PUBLISHED)
    *path, last = where.split("/")
    place: Any = given
    for step in path:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return given


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("log/0/item/data/people", 3),
        ("log/0/item/salt", "0" * 32),
        ("log/0/item/type", "hongxia.outreach.example.happened.v2"),
        ("log/1/item/data/title", "x"),
        ("log/1/item/data/_digests/cadre_id", "0" * 64),
        ("log/2/item/digest", "0" * 64),
        ("log/3/item/position", 5),
    ],
)
def test_another_language_notices_what_was_changed(where: str, value: Any) -> None:
    assert by_node(changed(where, value))["steps"][-1] != PUBLISHED["log"][-1]["expected"]


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("head/position", 3),
        ("head/chain", "0" * 64),
        ("head/time", "2022-03-08T02:00:00.000001Z"),
        ("head/source", "urn:hongxia:other:outreach"),
        ("head/alg", "none"),
        ("head/kid", "another"),
        ("keys/keys/0/owner", "finance"),
    ],
)
def test_another_language_notices_a_head_that_is_not_the_sources(where: str, value: Any) -> None:
    assert by_node(changed(where, value))["proved"] is False


@pytest.mark.parametrize("page", ["docs/events.md"])
def test_the_code_on_the_page_verifies_the_vectors(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(# verify.*?)```", text, re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 30
    own: dict[str, Any] = {}
    exec(code, own)
    chain = PUBLISHED["genesis"]
    for entry in PUBLISHED["log"]:
        assert own["digest"](entry["item"]).hex() == entry["expected"]["digest"]
        chain = own["link"](chain, entry["item"]["position"], own["digest"](entry["item"]))
        assert chain == entry["expected"]["chain"]
    assert own["is_signed"](PUBLISHED["head"], PUBLISHED["keys"]["keys"])
    broken = base64.urlsafe_b64encode(bytes(64)).decode()
    assert not own["is_signed"]({**PUBLISHED["head"], "signature": broken}, PUBLISHED["keys"]["keys"])
