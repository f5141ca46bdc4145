"""A person's note keeps every byte through a whole life, and a racing editor loses none."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator import Orchestrator
from tests.office import TestOffice
from tests.prove.life import JOT, Life, pass_once, start, wait

pytestmark = [pytest.mark.prove, pytest.mark.slow]

#: Notes as people write them, by what is odd about each.
NOTES: dict[str, bytes] = {
    "plain": b"Buy milk.\n",
    "no final newline": b"Buy milk.",
    "only a heading": b"# Milk",
    "CRLF": b"---\r\ntags: [a, b]\r\n---\r\n# Milk\r\n\r\nBuy it.\r\n",
    "mixed line ends": b"one\r\ntwo\nthree\r\n",
    "BOM": b"\xef\xbb\xbf---\ntags: x\n---\nBuy milk.\n",
    "BOM alone": b"\xef\xbb\xbfBuy milk.\n",
    "comments": b"---\n# mine\ntitle: Milk # said Ada\n\n# last\n---\nBuy it.\n",
    "odd quotes": b"---\n'title':   \"Milk\"\nwhen: '12:30'\nn: 0010\nyes: no\n---\nBuy it.\n",
    "emoji": "---\ntitle: 🥛 Café\n---\n🥛🥛 e\u0301 \u202e\n".encode(),
    "own id": b"---\nid: 4711\n---\nBuy milk.\n",
    "own id like ours": b'---\nid: "t-milk"\n---\nBuy milk.\n',
    "own status and run": b"---\nstatus: idea\nrun: morning\n---\nBuy milk.\n",
    "nested lists": b"---\na:\n  - b\n  - [c, 'd']\ntags:\n- x\n- y\n---\nBuy milk.\n",
    "folded text": b"---\ntext: >-\n  long\n\n  longer\nb: |\n  x\n---\nBuy milk.\n",
    "empty block": b"---\n---\nBuy milk.\n",
    "a ruler first": b"---\nBuy milk.\n",
    "rulers below": b"Buy milk.\n\n---\n\nid: x\n\n---\n",
    "an open fence": b"Buy milk.\n\n```\nand bread",
    "our headings": b"## Receipts\n\n- mine\n\n## Summary\n\nmine\n\n## Why it failed\n\nmine\n",
    "trailing blanks": b"Buy milk.  \n\n\n\n   \n",
    "tabs in the block": b'---\ntitle:\t"Milk"\n---\nBuy milk.\n',
}

#: Properties that are read by nobody's guess: the note is listed, and left as it is.
REFUSED: dict[str, bytes] = {
    "braces": b"---\n{title: Milk, tags: [a]}\n---\nBuy milk.\n",
    "braces over lines": b'---\n{\n  "title": "Milk"\n}\n---\nBuy milk.\n',
    "two documents": b"---\ntitle: Milk\n...\nBuy milk.\n---\nmore\n",
    "the same name twice": b"---\na: 1\na: 2\n---\nBuy milk.\n",
    "an alias": b"---\na: &x 1\nb: *x\n---\nBuy milk.\n",
    "a tag": b"---\na: !!python/object:os.system x\n---\nBuy milk.\n",
    "too deep": b"---\na: [[[[[[x]]]]]]\n---\nBuy milk.\n",
    "no YAML": b"---\n: [ : &x\n---\nBuy milk.\n",
    "no UTF-8": b"Buy \xff milk.\n",
    "binary": b"Buy \0 milk.\n",
}

OURS = re.compile(rb'"?(?:factotum_)?(?:id|status|run)"?: ')
BOM = b"\xef\xbb\xbf"


def block_end(lines: list[bytes]) -> int:
    """The index of the line that ends the properties, or 0 where there are none."""
    if not lines or lines[0].rstrip() != b"---":
        return 0
    return next((n for n, line in enumerate(lines) if n and line.rstrip() == b"---"), 0)


def lifted(note: bytes, original: bytes) -> bytes:
    """The note without the properties that we add, and the block where that is ours too."""
    bom = BOM if note.startswith(BOM) else b""
    lines = note.removeprefix(bom).splitlines(keepends=True)
    before = original.removeprefix(bom).splitlines(keepends=True)
    end = block_end(lines)
    kept = [line for line in lines[1:end] if line in before or not OURS.match(line)]
    if block_end(before):
        return bom + b"".join([lines[0], *kept, *lines[end:]])
    assert kept == [], "a block of ours holds nothing else"
    return bom + b"".join(lines[end + 1 :])


def whole_life(office: TestOffice, text: bytes, name: str) -> bytes:
    """Claimed, asked about, answered, done; moved back, done again. The note's bytes then."""
    (office.root / "Needs_Action" / name).write_bytes(text)
    for _ in range(2):
        office.run()
        (question,) = office.files("Pending_Approval")
        asked = question.read_text().replace("## Your answer\n", "## Your answer\n\ndone\n")
        question.write_text(asked)
        office.tick(question, "answered")
        office.run()
        (note,) = [p for p in office.files("Done") if p.name == name]
        last = note.read_bytes()
        office.move(note, "Needs_Action")
    return last


@pytest.mark.parametrize("kind", NOTES)
def test_every_byte_is_there_in_order(tmp_path: Path, kind: str) -> None:
    office = TestOffice(tmp_path)
    original = NOTES[kind]
    last = whole_life(office, original, "Milk.md")
    back = lifted(last, original)
    assert back.startswith(original)
    added = back[len(original) :]
    assert re.match(rb"(\r?\n```)?(\r?\n){1,2}## Receipts\r?\n", added), "nothing but what we add"
    assert added.count(b"## Receipts") == 2


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_listed_and_left(tmp_path: Path, kind: str) -> None:
    office = TestOffice(tmp_path)
    bad = office.root / "Needs_Action/Milk.md"
    bad.write_bytes(REFUSED[kind])
    office.playbook(JOT)
    office.type("Another one.\n", "Other.md")
    found: list[str] = []

    def look(orchestrator: Orchestrator) -> None:
        listing = orchestrator.rooms.shelf.look(0.0)
        problems = orchestrator.look.claims.look(listing, 0.0, 0.0, 0).problems
        found.extend(f"{p.path.name}: {p.reason}" for p in problems)

    office.run(look)
    assert bad.read_bytes() == REFUSED[kind]
    assert len(found) == 1 and found[0].startswith("Milk.md: ")
    assert [path.name for path in office.files("Done")] == ["Other.md"]


LINES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), max_size=40).filter(
    lambda text: "a-" not in text
)
VALUES = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.booleans().map(lambda yes: "yes" if yes else "no"),
    st.sampled_from(["0010", "12:30", "2026-11-21", "'it''s'", '"a\\tb"', "[a, b]", "plain words"]),
)
KEYS = st.sampled_from(["tags", "title", "datum", "Größe", "own-key", "status", "run", "id", "due"])


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    props=st.none() | st.dictionaries(KEYS, VALUES, max_size=5),
    body=st.lists(LINES, min_size=1, max_size=8).filter(lambda lines: any(map(str.strip, lines))),
    newline=st.sampled_from(["\n", "\r\n"]),
    final=st.booleans(),
    bom=st.booleans(),
)
def test_any_note_keeps_its_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    props: dict[str, str] | None,
    body: list[str],
    newline: str,
    final: bool,
    bom: bool,
) -> None:
    head = [] if props is None else ["---", *(f"{k}: {v}" for k, v in props.items()), "---"]
    text = newline.join([*head, "word", *body]) + newline * final
    original = BOM * bom + text.encode()
    office = TestOffice(tmp_path_factory.mktemp("any"))
    last = whole_life(office, original, "Milk.md")
    assert lifted(last, original).startswith(original)


class Editor(threading.Thread):
    """Somebody who types into the note wherever it is, and saves after each line."""

    def __init__(self, root: Path, name: str, save: Callable[[Path, str, str], None]) -> None:
        super().__init__(daemon=True)
        self.root, self.name_of, self.save = root, name, save
        self.path = root / "Needs_Action" / name
        self.text = "A first line.\n"
        self.lines = ["A first line."]
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.002):
            self.type()

    def type(self) -> None:
        line = f"Line {len(self.lines)} of what I have to say."
        if not self.path.exists():  # it was moved: the editor follows, as Obsidian does
            found = list(self.root.glob(f"[!.]*/**/{self.name_of}"))
            self.path = found[0] if found else self.path
        try:
            self.save(self.path, self.text, line + "\n")
        except FileNotFoundError:
            return
        self.text += line + "\n"
        self.lines.append(line)


def truncate(path: Path, text: str, line: str) -> None:
    with open(path, "r+b") as file:
        file.truncate(0)
        file.write((text + line).encode())


def append_to(path: Path, text: str, line: str) -> None:
    with open(path, "r+b") as file:
        file.seek(0, 2)
        file.write(line.encode())


def swap(path: Path, text: str, line: str) -> None:
    if not path.exists():
        raise FileNotFoundError(path)
    scratch = path.with_name(".saving~")
    scratch.write_text(text + line)
    scratch.replace(path)


def slowly(path: Path, text: str, line: str) -> None:
    """Opens, lets the office do what it does, and writes into what it opened."""
    with open(path, "r+b") as file:
        time.sleep(0.01)
        file.seek(0, 2)
        file.write(line.encode())


@pytest.mark.parametrize("save", [truncate, append_to, swap, slowly])
@pytest.mark.parametrize("ends", ["question", "done"])
def test_a_racing_editor_loses_no_line(
    tmp_path: Path, save: Callable[[Path, str, str], None], ends: str
) -> None:
    life = Life(tmp_path)
    if ends == "done":
        life.playbook(JOT)
    editor = Editor(life.root, "Racing.md", save)
    editor.path.write_text(editor.text)
    editor.start()
    until = time.monotonic() + 2.5
    passes = 0
    while time.monotonic() < until or len(editor.lines) <= 50:
        office = start(pass_once, life.env_of())
        office.join(1.0)
        if office.exitcode is None:  # it never comes to rest while somebody types
            office.kill()
            office.join()
        passes += 1
    editor.stopped.set()
    editor.join()
    for _ in range(2):
        assert wait(start(pass_once, life.env_of())) == 0
    everything = b"\n".join(p.read_bytes() for p in life.root.rglob("*") if p.is_file())
    said = set(everything.decode(errors="replace").splitlines())
    assert len(editor.lines) > 50 and passes
    assert "started" in {event["kind"] for event in life.events()}
    assert [line for line in editor.lines if line not in said] == []
