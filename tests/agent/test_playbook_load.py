"""Loading playbooks: every mistake is named with its note, its line and the remedy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.agent.playbook import load
from tests.agent.tasks import note
from tests.tries import tries

GOOD = "when: {words: invoice}\ndo:\n- finish: {summary: Done.}"


def problem(block: str) -> str:
    playbooks, problems = load([("10-x.md", note(block))])
    assert playbooks == []
    return str(problems[0])


@pytest.mark.parametrize(
    ("block", "line", "said"),
    [
        ("whne: {words: a}\ndo: []", 4, "no key is called `whne`: did you mean `when`?"),
        ("when: {words: a}", 4, "`do:` is missing"),
        ("do:\n- finish: {summary: x}", 4, "`when:` is missing"),
        ("when: {}\ndo: []", 4, "`when` needs keys under it"),
        ("when:\n  form: a\ndo: []", 5, "no condition is called `form`: did you mean `from`?"),
        ("when:\n  kind: e-mail\ndo: []", 5, "`kind` is never `e-mail`: did you mean `email`?"),
        ("when: {trust: boss}\ndo: []", 4, "it can be: owner, known, stranger"),
        ("when: {words: '***'}\ndo: []", 4, "holds no letters"),
        ("when: {words: []}\ndo: []", 4, "an empty list, which never fits"),
        ("when: {words: [{a: b}]}\ndo: []", 4, "takes a word or a list of words"),
        ("when: {words: a}\ndo: {finish: {summary: x}}", 5, "begin each call on a new line"),
        ("when: {words: a}\ndo: []", 5, "begin each call on a new line"),
        ("when: {words: a}\ndo:\n- finish: Done", 6, "needs its arguments by name"),
        ("when: {words: a}\ndo:\n- finnish: {summary: x}", 6, "did you mean `finish`?"),
        ("when: {words: a}\ndo:\n- finish: {sumary: x}", 6, "did you mean `summary`?"),
        ("when: {words: a}\ndo:\n- notes__write: {folder: Drafts}", 6, "lacks its `title`"),
        (
            "when: {words: a}\ndo:\n- notes__write: {folder: Done, title: a, text: b}",
            6,
            "`folder` cannot be `Done`: it can be: Drafts, Briefings, Plans",
        ),
        (
            "when: {words: a}\ndo:\n- finish: {summary: x}\n- mail__send: {to: a}",
            6,
            "`finish` ends the task",
        ),
        (
            'when: {words: a}\ndo:\n- mail__send:\n    to: "{form}"',
            7,
            "no name is called `{form}`: did you mean `from`?",
        ),
        ('when: {words: a}\ndo:\n- mail__send: {body: "a } b"}', 6, "a single `}`: write `}}`"),
        ("when: {words: a}\ndo:\n- mail__send:\n    to: {from}", 7, 'in quotes: "{from}"'),
        (
            'when: {words: a}\ndo:\n- mail__send: {body: "{answer}"}',
            6,
            "needs exactly one `ask_owner`",
        ),
        ("enabled: maybe\nwhen: {words: a}\ndo: []", 4, "`enabled` is never `maybe`"),
        ("when: {words: a}\nwhen: {words: b}\ndo: []", 5, "`when` stands twice"),
        ("when: &x {words: a}\ndo: *x", 4, "anchors and aliases"),
        ("when: {words: !!python/name:os.system a}\ndo: []", 4, "tags (!) are not used"),
        ("when: {words: a\ndo: []", 5, "not valid YAML"),
        ("when: " + "[" * 3000, 4, "nested too deep"),
        ("# " + "x" * 20_000, 4, "larger than 16 KB"),
        ("just words", 4, "must hold `when:` and `do:`"),
    ],
)
def test_a_mistake_is_named(block: str, line: int, said: str) -> None:
    text = problem(block)
    assert text.startswith(f"10-x.md, line {line}: ")
    assert said in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"```yaml playbok\n{GOOD}\n```", "begin the block with ```yaml playbook"),
        (f"```playbook\n{GOOD}\n```", "begin the block with ```yaml playbook"),
        (f"```yaml playbook\n{GOOD}", "the block has no end"),
        (f"```yaml playbook\n{GOOD}\n```\n```yaml playbook\n{GOOD}\n```", "a second playbook"),
    ],
)
def test_a_wrong_fence_is_named(text: str, said: str) -> None:
    playbooks, problems = load([("x.md", text.encode())])
    assert (playbooks, [said in str(one) for one in problems]) == ([], [True])


@pytest.mark.parametrize(
    "text",
    [
        "No block at all.",
        f"````\n```yaml playbook\n{GOOD}\n```\n````",  # shown as an example inside a fence
        f"    ```yaml playbook\n    {GOOD}",
        "```yaml\na: b\n```",
    ],
)
def test_a_note_without_a_block_is_just_a_note(text: str) -> None:
    assert load([("x.md", text.encode())]) == ([], [])


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["```", "~~~~", "  ```"])
def test_fences_and_newlines_of_every_kind(newline: str, mark: str) -> None:
    text = f"\ufeffHello\n{mark} yaml  playbook \n{GOOD}\n{mark.strip()}\n".replace("\n", newline)
    playbooks, problems = load([("x.md", text.encode())])
    assert ([one.name for one in playbooks], problems) == (["x"], [])


def test_one_broken_playbook_does_not_stop_the_others() -> None:
    broken = [("10.md", note("when: 1")), ("15.md", b"\xff\xfe")]
    playbooks, problems = load([("20.md", note(GOOD)), *broken, ("5.md", b"")])
    assert [one.name for one in playbooks] == ["20"]
    assert [one.file for one in problems] == ["10.md", "15.md"]


@pytest.mark.parametrize(
    "copy",
    [
        "10-a.sync-conflict-20261121-101112-ABCDEFG.md",
        "10-a (Conflicted copy Laptop 202611211011).md",
        "10-a 1.md",
    ],
)
def test_a_copy_that_sync_left_behind_is_no_playbook(copy: str) -> None:
    playbooks, problems = load([("10-a.md", note(GOOD)), (copy, note(GOOD))])
    assert [one.name for one in playbooks] == ["10-a"]
    assert [(one.file, "copy of 10-a.md" in one.message) for one in problems] == [(copy, True)]


def test_an_editor_s_own_file_is_no_playbook() -> None:
    assert load([(".10-a.md.swp", note(GOOD)), (".hidden.md", note(GOOD))]) == ([], [])


@given(st.one_of(st.text(max_size=200), st.text(alphabet="when:do-{}[]&*!'\"\n ab", max_size=120)))
@settings(max_examples=tries(300), deadline=None)
def test_no_block_makes_it_raise(block: str) -> None:
    playbooks, problems = load([("x.md", note(block))])
    assert len(playbooks) + len(problems) <= 1
