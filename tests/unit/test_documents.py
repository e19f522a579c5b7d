"""The pages that are there in two languages say the same, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RUNBOOKS = ("docs/operations.md", "docs/operations.zh-CN.md")
READMES = ("README.md", "README.zh-CN.md")

BLOCK = re.compile(r"^ *```.*\n((?:.*\n)*?) *```$", re.MULTILINE)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
COMMENT = re.compile(r" #.*$", re.MULTILINE)
TRAILING = re.compile(r" +$", re.MULTILINE)
PLACEHOLDER = re.compile(r"<[^<>]+>")
LINK = re.compile(r"\]\(([^)\s]+)\)")

in_step = pytest.mark.parametrize(("english", "chinese"), [RUNBOOKS, READMES])


class Page(NamedTuple):
    """What these tests compare of a page in Markdown."""

    headings: list[tuple[int, str]]
    """Level and text of each."""
    blocks: list[str]
    """Blocks of code, without comments."""
    commands: set[str]
    """Commands within the text; `<placeholders>` are without their words."""
    links: list[str]


def read(name: str) -> Page:
    """A page, by its path from the root."""
    text = (ROOT / name).read_text(encoding="utf-8")
    prose = BLOCK.sub("", text)
    spans = [" ".join(PLACEHOLDER.sub("<>", span).split()) for span in CODE.findall(prose)]
    return Page(
        [(len(marks), title) for marks, title in HEADING.findall(prose)],
        [TRAILING.sub("", COMMENT.sub("", dedent(block))) for block in BLOCK.findall(text)],
        {span for span in spans if span.startswith(("deploy/", "hongxia ", "docker "))},
        LINK.findall(CODE.sub("", prose)),
    )


def anchors(page: Page) -> set[str]:
    """What a link can name on the page, made from its headings as GitHub makes it."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for _, title in page.headings}


@in_step
def test_both_languages_have_the_same_headings_in_the_same_order(english: str, chinese: str) -> None:
    levels = [level for level, _ in read(english).headings]
    assert len(levels) > 5
    assert [level for level, _ in read(chinese).headings] == levels


@in_step
def test_both_languages_have_the_same_blocks_of_code(english: str, chinese: str) -> None:
    blocks = read(english).blocks
    assert blocks
    assert read(chinese).blocks == blocks


@in_step
def test_both_languages_name_the_same_commands(english: str, chinese: str) -> None:
    commands = read(english).commands
    assert commands
    assert read(chinese).commands == commands


def test_both_runbooks_say_what_to_do_about_every_alert_in_the_same_order() -> None:
    groups = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"]}
    for name in RUNBOOKS:
        assert alerts <= {title for _, title in read(name).headings}, name
    told = [[title for _, title in read(name).headings if title in alerts] for name in RUNBOOKS]
    assert told[0] == told[1]


def test_the_section_that_a_message_of_the_database_names_is_there() -> None:
    message = (ROOT / "deploy/images/postgres/start").read_text(encoding="utf-8")
    named = re.findall(r"请按 (\S+\.md) 的“([^”]+)”办理", message)
    assert named
    for page, title in named:
        assert title in {heading for _, heading in read(page).headings}


@pytest.mark.parametrize("name", [*RUNBOOKS, *READMES])
def test_every_link_within_the_project_leads_somewhere(name: str) -> None:
    missing = []
    for link in read(name).links:
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists() or (anchor and anchor not in anchors(read(str(target.resolve().relative_to(ROOT))))):
            missing.append(link)
    assert missing == []
