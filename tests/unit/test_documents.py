"""Pages in two languages say the same, and what the pages name exists: links, files, commands, variables, routes."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
import typer
import yaml
from jsonschema import Draft202012Validator

from hongxia import services
from hongxia.cli.main import application

ROOT = Path(__file__).parents[2]
RUNBOOKS = ("docs/operations.md", "docs/operations.zh-CN.md")
READMES = ("README.md", "README.zh-CN.md")
GLOSSARIES = ("docs/glossary.md", "docs/glossary.zh-CN.md")
PAGES = sorted(
    str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/adr/*.md")]
)

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


@pytest.mark.parametrize("name", PAGES)
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


def test_both_glossaries_have_the_same_words_in_the_same_order() -> None:
    def rows(name: str) -> list[tuple[str, str]]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
        assert all(len(row) == 3 and row[2] for row in cells), name
        return [(row[0], row[1]) for row in cells if row[0] not in ("Chinese", "用词")]

    english, chinese = map(rows, GLOSSARIES)
    assert len(english) > 60
    assert chinese == english
    levels = [[level for level, _ in read(name).headings] for name in GLOSSARIES]
    assert levels[0] == levels[1]


def test_the_pictures_of_the_architecture_are_those_that_the_script_draws() -> None:
    script = runpy.run_path(str(ROOT / "docs/images/architecture.py"))
    for name, words in script["PICTURES"].items():
        drawn = script["render"](words)
        assert (ROOT / "docs/images" / name).read_text(encoding="utf-8") == drawn, "run docs/images/architecture.py"
        texts = {element.text for element in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")}
        assert set(services.names()) <= texts
        assert "prefers-color-scheme: dark" in drawn


# What the pages name


def spans(name: str) -> Iterator[str]:
    """Everything on a page that is set as code: spans, and the lines of blocks with their continuations."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for block in BLOCK.findall(text):
        yield from COMMENT.sub("", dedent(block).replace("\\\n", " ")).splitlines()
    yield from (" ".join(span.split()) for span in CODE.findall(BLOCK.sub("", text)))


def commands(program: str) -> Iterator[tuple[str, list[str]]]:
    """(page, words that follow) for each time that a page shows a program called."""
    for name in PAGES:
        for span in spans(name):
            for part in re.split(r"&&|\||;", span):
                words = part.strip().split()
                if words[:1] == [program]:
                    yield name, words[1:]


def command_line() -> Any:
    """The tree of `hongxia`'s commands."""
    return typer.main.get_command(application())


def leaf_commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each command that does something."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path
        return
    for name, each in inner.items():
        yield from leaf_commands(each, (*path, name))


def unknown_word(words: list[str]) -> str | None:
    """The first word of a call of `hongxia` that is neither a command nor an option there, or None."""
    command = command_line()
    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    for word in words:
        inner = getattr(command, "commands", None)
        if word.startswith("--"):
            if word.partition("=")[0] not in options:
                return word
        elif inner is not None and re.fullmatch("[a-z-]+", word):
            if word not in inner:
                return word
            command = inner[word]
            options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return None


def test_every_command_and_option_of_hongxia_that_a_page_names_exists() -> None:
    calls = [*commands("hongxia"), *commands("deploy/hongxia")]
    assert len(calls) > 20
    assert [(page, words) for page, words in calls if unknown_word(words)] == []
    assert unknown_word(["figuers", "2022"]) == "figuers"
    assert unknown_word(["import", "--wet-run"]) == "--wet-run"
    assert unknown_word(["parked", "drop"]) == "drop"


def test_every_command_of_hongxia_is_named_on_some_page() -> None:
    named = [words for _, words in [*commands("hongxia"), *commands("deploy/hongxia")]]
    listed = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in PAGES)
    forgotten = [
        path
        for path in leaf_commands(command_line())
        if not any(tuple(words[: len(path)]) == path for words in named) and f"`{' '.join(path)}`" not in listed
    ]
    assert forgotten == []


def targets() -> list[str]:
    """The targets of the Makefile that a person calls."""
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony
    return phony[1].split()


def test_every_make_target_that_a_page_names_exists() -> None:
    named = {words[0] for _, words in commands("make") if words}
    assert {"demo", "test", "test-compose", "bench"} <= named
    assert named <= set(targets())


def test_make_help_lists_every_target_with_a_line_and_is_what_make_does_by_itself() -> None:
    said = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    ).stdout
    listed = {line.split()[1]: line.split(maxsplit=2)[2:] for line in said.splitlines()}
    assert set(listed) == set(targets())
    assert all(listed.values())


PATHS = re.compile(r"(?:deploy|docs|contracts|tests|bench|demo|hongxia|services|\.ci)/[\w./-]*[\w/]")
MADE_LATER = ("deploy/secrets", "deploy/.lock")


def test_every_file_of_the_repository_that_a_page_names_exists() -> None:
    missing = [
        (name, path)
        for name in PAGES
        for span in spans(name)
        for path in span.split()[:1]
        if PATHS.fullmatch(path) and not path.startswith(MADE_LATER) and not (ROOT / path).exists()
    ]
    assert missing == []


USAGE = re.compile(r"^# (?:Usage: |.* Usage: )(.+)$", re.MULTILINE)


def test_the_commands_in_deploy_have_the_options_that_the_runbook_names_and_no_others() -> None:
    scripts = [path for path in sorted((ROOT / "deploy").iterdir()) if path.is_file() and path.stat().st_mode & 0o100]
    assert len(scripts) > 7
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        has = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", " ".join(USAGE.findall(text)))) - {"--help"}
        name = f"deploy/{script.name}"
        named = {
            option
            for page, words in commands(name)
            for option in (words[: words.index("--")] if "--" in words else words)
            if option.startswith("--")
        }
        if script.name == "hongxia":
            continue  # its options are those of the command line
        assert named <= has, name
        shown = {option for page, words in commands(name) if page in RUNBOOKS for option in words}
        assert has - shown <= {"--before-build"}, f"{name}: the runbook does not name all options"


READS = re.compile(r"(?:environ(?:\.get)?[(\[]|value_of\([\w.]+, |needed\(|envvar=)\"([A-Z_]+)\"")
STANDARD = {"NO_PROXY", "PATH_INFO", "SCRIPT_NAME"}
"""A proxy's exceptions, which every program knows, and what WSGI calls an environment."""


def test_the_readmes_list_the_variables_that_the_programs_read_and_no_others() -> None:
    sources = [*(ROOT / "hongxia").rglob("*.py"), *(ROOT / "services").rglob("*.py")]
    reads = {name for path in sources for name in READS.findall(path.read_text(encoding="utf-8"))} - STANDARD
    assert {"DATABASE_URL", "HONGXIA_NOW", "HONGXIA_DATA", "HONGXIA_CA"} <= reads
    for name in READMES:
        rows = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert sorted(rows) == sorted(reads), name


def settings_of_the_deployment() -> dict[str, str | None]:
    """Each variable that Compose or a command in deploy/ reads, with its default (None: it is computed)."""
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found: dict[str, str | None] = {}
    for name, default in re.findall(r"\$\{([A-Z_]+)(?::-([^${}]*))?", compose):
        found[name] = default or found.get(name)
    scripts = [path for path in (ROOT / "deploy").iterdir() if path.is_file()] + [*(ROOT / "deploy/lib").iterdir()]
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        for name, default in re.findall(r"\bsetting ([A-Z_]+)(?: ([^\s\"$)]+))?", text):
            found.setdefault(name, default or None)
        for name in re.findall(r"\$\{([A-Z_]+):-", text):
            found.setdefault(name, None)
    written = re.findall(r"^([A-Z_]+)=(.+)$", (ROOT / "deploy/env.example").read_text(encoding="utf-8"), re.MULTILINE)
    return {**found, **dict(written)}


@pytest.mark.parametrize(("name", "title"), [(RUNBOOKS[0], "Settings"), (RUNBOOKS[1], "设置")])
def test_the_runbook_lists_every_setting_of_the_deployment_with_its_default(name: str, title: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    section = re.search(rf"^### {title}\n(.*?)^##", text, re.MULTILINE | re.DOTALL)
    assert section
    named = re.findall(r"`([A-Z_]{4,})(?:=1)?`", section[1])
    levels = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
    known = settings_of_the_deployment()
    assert set(named) - levels == set(known)
    for row in re.findall(r"^\| (`.+)$", section[1], re.MULTILINE):
        variables, _, defaults = (cell.strip() for cell in row.rstrip("|").split(" | "))
        shown = CODE.findall(defaults)
        names = CODE.findall(variables)
        if len(shown) == 1:
            shown *= len(names)
        for variable, default in zip(names, shown, strict=False):
            if known[variable] is not None and "…" not in default:
                assert default == known[variable], variable


ROUTE = re.compile(r"(?:(?P<method>GET|POST|PUT|PATCH|DELETE) )?(?P<path>/[a-z<][\w<>/.-]*)(?:\?\S*)?")
NOT_OURS = re.compile(r"/(?:tmp|srv|run|var|usr|etc|_)\b.*")


def published_routes() -> dict[str, dict[str, Any]]:
    """The paths of each service's OpenAPI document; placeholders are `<>`."""
    documents = {name: json.loads((ROOT / f"contracts/openapi/{name}.json").read_text()) for name in services.names()}
    return {
        name: {re.sub(r"\{\w+\}", "<>", path): methods for path, methods in document["paths"].items()}
        for name, document in documents.items()
    }


def exists(method: str | None, path: str) -> bool:
    """Whether a route is published by a service that the path names, or else by any."""
    path = PLACEHOLDER.sub("<>", path)
    first, _, rest = path.lstrip("/").partition("/")
    routes = published_routes()
    if first in routes or first == "<>":
        of = [routes[first]] if first in routes else list(routes.values())
        path = f"/{rest}"
    else:
        of = list(routes.values())
    return path == "/" or any(path in each and (method is None or method.lower() in each[path]) for each in of)


def test_every_route_that_a_page_names_is_published() -> None:
    named = [
        (name, found["method"], found["path"])
        for name in PAGES
        for span in spans(name)
        if (found := ROUTE.fullmatch(span)) and not NOT_OURS.fullmatch(span) and not span.startswith("/<service>/…")
    ]
    assert {path for _, _, path in named} >= {"/events", "/<service>/events/head", "/openapi.json"}
    assert [each for each in named if not exists(each[1], each[2])] == []
    assert not exists("GET", "/outreach/calls")
    assert not exists("DELETE", "/outreach/visits")


def test_the_licence_and_the_package_name_whom_they_are_from() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [author] = project["authors"]
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert re.search(rf"^   Copyright \d{{4}} {author['name']}$", licence, re.MULTILINE)
    assert "[yyyy]" not in licence
    assert f"ersion {project['version']}" in (ROOT / READMES[0]).read_text(encoding="utf-8")
    assert f"版本 {project['version']}" in (ROOT / READMES[1]).read_text(encoding="utf-8")


# The README's request and event


def _request_and_event(name: str) -> tuple[list[str], dict[str, Any]]:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    [request] = [text for kind, text in blocks if kind == "sh" and text.startswith("curl")]
    [event] = [json.loads(text) for kind, text in blocks if kind == "json"]
    return shlex.split(request.replace("\\\n", " ")), event


def test_the_readmes_request_is_one_that_outreach_accepts() -> None:
    words, event = _request_and_event(READMES[0])
    url, body = words[1], json.loads(words[words.index("-d") + 1])
    route = re.fullmatch(r"http://127\.0\.0\.1:8080/outreach(/[a-z]+)", url)
    assert route
    document = json.loads((ROOT / "contracts/openapi/outreach.json").read_text(encoding="utf-8"))
    content = document["paths"][route[1]]["post"]["requestBody"]["content"]["application/json"]
    resolved = {**document, **content["schema"]}
    Draft202012Validator(resolved).validate(body)
    assert {field: event["data"][field] for field in body} == body


def test_the_readmes_event_is_whole_and_follows_its_contract() -> None:
    _, event = _request_and_event(READMES[0])
    schema = json.loads((ROOT / "contracts/schemas/outreach.visit.recorded.v1.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(event["data"])
    assert event["dataschema"] == schema["$id"]
    of_request = {"causationid"}
    of_cloudevents = {"specversion", "datacontenttype", "data"}
    table = (ROOT / "docs/events.md").read_text(encoding="utf-8").partition("## The envelope")[2].partition("\n## ")[0]
    attributes = {word for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for word in CODE.findall(row)}
    attributes.add("entityversion")
    assert set(event) == attributes - of_request | of_cloudevents
    assert re.fullmatch("[0-9a-f]{64}", event["chain"])
    assert event["occurredon"] == event["data"]["visited_on"]


def test_the_page_on_events_names_every_field_of_free_text() -> None:
    text = (ROOT / "docs/events.md").read_text(encoding="utf-8")
    section = text.partition("## What events say about people")[2].partition("\n## ")[0]
    for path in sorted((ROOT / "contracts/schemas").glob("*.json")):
        for field, declared in json.loads(path.read_text(encoding="utf-8"))["properties"].items():
            types = declared.get("type", [])
            text_field = "string" in ([types] if isinstance(types, str) else types)
            if text_field and not {"enum", "format", "pattern", "const"} & set(declared):
                assert f"`{field}`" in section, (path.name, field)
