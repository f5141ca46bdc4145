"""The pages say what is: their links, commands, settings, functions and messages exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Group

from factotum.cli.root import COMMANDS, factotum
from factotum.settings import SETTINGS

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
CODE = [
    ROOT / "orchestrator.py",
    *sorted((ROOT / "factotum").rglob("*.py")),
    *sorted((ROOT / "mcp").glob("*.py")),
]

#: A shorter piece of a message would be found anywhere.
PIECE_CHARS_LEAST = 6


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made from their text."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    return {re.sub(r"[^\w -]", "", text).strip().lower().replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), f"{target} leads nowhere"
        assert path.is_relative_to(ROOT), f"{target} leads out of the repository"
        assert not anchor or anchor in anchors(path), f"{target}: no such heading"


def commands(text: str) -> Iterator[list[str]]:
    """Every `factotum …` of a page, word by word."""
    for found in re.findall(r"(?:`|^    |: )factotum ([^`\n]+)", text, re.MULTILINE):
        yield found.split()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_command_exists(page: Path) -> None:
    context = factotum.make_context("factotum", ["--help-is-not-asked"], resilient_parsing=True)
    for words in commands(page.read_text()):
        if words[0].startswith("-"):
            assert words[0] in {"--help", "--version"}
            continue
        assert words[0] in COMMANDS, f"factotum {words[0]}"
        command = factotum.get_command(context, words[0])
        assert command is not None
        if isinstance(command, Group) and words[1:]:
            assert words[1] in command.commands, f"factotum {words[0]} {words[1]}"
            command = command.commands[words[1]]
        known = {option for param in command.params for option in param.opts}
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given <= known, f"factotum {' '.join(words)}"


def test_the_commands_are_found_in_the_pages() -> None:
    named = {words[0] for page in PAGES for words in commands(page.read_text())}
    assert {"up", "status", "approve", "reject", "resolve", "doctor", "leave"} <= named


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_setting_exists(page: Path) -> None:
    rows = {row.full for row in SETTINGS}
    assert set(re.findall(r"\bFACTOTUM_[A-Z_]*[A-Z]\b", page.read_text())) - rows == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_target_of_make_exists(page: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))
    named = re.findall(r"(?:`|^    )make ([a-z-]+)", page.read_text(), re.MULTILINE)
    assert set(named) <= targets


# -- the walk


def functions(path: Path) -> set[str]:
    """`name` and `Class.name` of everything that a file defines."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{inner.name}"
                for inner in node.body
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return found


def inherited(file: str, name: str) -> bool:
    """Whether a class of that file has a method which it inherits from another file."""
    import importlib

    holder, _, method = name.partition(".")
    if not method or file.startswith("mcp/"):
        return False
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    return hasattr(getattr(module, holder, None), method)


def test_the_walk_names_functions_that_exist() -> None:
    text = (ROOT / "docs/first-task.md").read_text()
    named = re.findall(r"`([\w/]+\.py):([\w.]+)`", text)
    assert len(named) > 25
    for file, name in named:
        path = ROOT / file
        assert path.exists(), file
        assert name in functions(path) or inherited(file, name), f"{file}:{name}"


# -- the messages


def pieces() -> list[str]:
    """What the code may print: its texts, cut where a value is put in."""
    found = [
        node.value
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    shell = [(ROOT / "scripts/lib.sh").read_text(), (ROOT / "Makefile").read_text()]
    return found + shell


def quoted(page: Path) -> list[str]:
    """The indented lines of a page: messages as they are printed."""
    return re.findall(r"(?m)^    (\S.*)$", page.read_text())


def test_the_quoted_messages_are_what_the_code_says() -> None:
    said = pieces()
    messages = quoted(ROOT / "docs/troubleshooting.md")
    assert len(messages) > 30
    for message in messages:
        for part in re.split(r"…|FACTOTUM_SMTP_HOST|mail__send", message):
            piece = part.strip(" ?")
            if len(piece) >= PIECE_CHARS_LEAST:
                assert any(piece in text for text in said), f"{message!r}: {piece!r} is not said"
