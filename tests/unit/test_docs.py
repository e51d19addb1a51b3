"""Pages for readers: made from the code where they can be, and held against it where they cannot."""

import pkgutil
import re
import runpy
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from bargate.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```\w*\n(.*?)^```|^ {4}(\S.*)$|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|/| )bargate ((?:[a-z]+ ?){1,2})([^#\n]*)", re.MULTILINE)
OPTION = re.compile(r"(?:^|[\s\[])(--[a-z][a-z0-9-]*)")


def test_the_errors_page_is_fresh() -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    page = (ROOT / "docs" / "errors.md").read_text()
    assert page == generate["errors_page"](), "run `make docs`"


def test_the_coverage_page_is_fresh() -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    page = (ROOT / "docs" / "coverage.md").read_text()
    assert page == generate["coverage_page"](), "run `make docs`"


def anchors(page: Path) -> set[str]:
    """Name a page's headings as GitHub does."""
    plain = FENCED.sub("", page.read_text())
    spoken = (re.sub(r"[^\w\- ]", "", each.lower()) for each in HEADING.findall(plain))
    return {each.replace(" ", "-") for each in spoken}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    links = [each for each in LINK.findall(FENCED.sub("", page.read_text())) if ":" not in each]
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def commands(page: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Give the words of each `bargate …` that a page shows, and its options."""
    for code in CODE.findall(page.read_text()):
        text = "".join(code).replace("\\\n", " ")
        for words, rest in COMMAND.findall(text):
            yield words.split(), OPTION.findall(f" {rest.partition(' -- ')[0]}")


def options_of(words: list[str]) -> set[str]:
    """Give the options of a command; raises AttributeError where there is none of that name."""
    command: click.Command = getattr(import_module(f"bargate.cli.{words[0]}"), words[0])
    if isinstance(command, click.Group) and len(words) > 1:
        command = command.commands[words[1]]
    named = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    return named | set(main.context_settings["help_option_names"])


def test_every_command_and_option_that_pages_show_is_there() -> None:
    shown = [each for page in PAGES for each in commands(page)]
    for words, options in shown:
        assert words[0] in main.list_commands(click.Context(main)), words
        unknown = set(options) - options_of(words)
        assert not unknown, (words, unknown)
    assert len(shown) > 40
    assert {words[0] for words, _ in shown} == set(main.list_commands(click.Context(main)))


def test_the_package_of_user_pools_names_all_that_is_in_it() -> None:
    package = import_module("bargate.userpool")
    inside = {each.name for each in pkgutil.iter_modules(package.__path__)}
    assert inside
    assert not inside - set(re.findall(r"\w+", package.__doc__ or ""))


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    rows = re.findall(
        r"^\| (.+?) \|", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE
    )
    named = {each.strip().lower() for row in rows for each in row.split(",")}
    missing = {re.split(r"[<>=~!\[; ]", each)[0].lower() for each in wanted} - named
    assert not missing
