"""Which playbook fits a task."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.playbook import load, match
from factotum.agent.playbook_when import glob
from factotum.model import Task, Trust
from tests.agent.tasks import mail, note, one

DO = "do:\n- finish: {summary: x}"


def fits(when: str, task: Task, *, model: bool = False) -> bool:
    return match([one(f"when: {when}\n{DO}")], task, model=model) is not None


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{words: invoice}", True),
        ("{words: INVOICE}", True),
        ("{words: invoic}", False),
        ("{words: invoic*}", True),
        ("{words: '*voice'}", True),
        ("{words: [nothing, 'could you send']}", True),
        ("{words: 'could send'}", False),
        ("{words: 'could   you'}", True),
        ("{words: 'you s*d'}", True),
        ("{words: 1042}", True),
        ("{title: 'could you'}", False),
        ("{title: invoice}", True),
        ("{text: could, title: invoice}", True),
        ("{text: could, title: nothing}", False),
        ("{text: re}", False),
        ("{kind: email}", True),
        ("{kind: [file, note]}", False),
        ("{kind: '*'}", True),
        ("{source: inbox}", True),
        ("{from: 'ADA@rossi.example'}", True),
        ("{from: '*@rossi.example'}", True),
        ("{from: rossi}", False),
        ("{from_domain: rossi.example}", True),
        ("{from_domain: '*.example'}", True),
        ("{from_domain: example}", False),
        ("{attachment: '*.pdf'}", True),
        ("{attachment: '*.PDF'}", True),
        ("{attachment: '*.zip'}", False),
        ("{trust: stranger}", True),
        ("{trust: [owner, known]}", False),
        ("{automatic: false}", True),
        ("{automatic: true}", False),
    ],
)
def test_conditions(when: str, expected: bool) -> None:
    assert fits(when, mail()) is expected


@pytest.mark.parametrize("written", ["perché", "Straße", "ÉTÉ", "ΣΊΣΥΦΟΣ"])
def test_accents_match_however_they_are_stored(written: str) -> None:
    for form in ("NFC", "NFD"):
        text = "so " + unicodedata.normalize(form, written) + " it is"
        for other in ("NFC", "NFD"):
            word = unicodedata.normalize(other, written.swapcase())
            assert fits(f"{{text: '{word}'}}", mail(text=text))


@pytest.mark.parametrize(
    ("properties", "sender"),
    [
        ({"auto_submitted": "auto-replied"}, "ada@rossi.example"),
        ({"list": "<news.example>"}, "ada@rossi.example"),
        ({}, "No-Reply@shop.example"),
        ({}, "do-not-reply@shop.example"),
        ({}, "noreply+1@shop.example"),
        ({}, "MAILER-DAEMON@mx.example"),
        ({}, "bounces+7@mx.example"),
    ],
)
def test_what_a_machine_sent(properties: dict[str, str], sender: str) -> None:
    assert fits("{automatic: true}", mail(properties=properties, sender=sender))


def test_unless_takes_a_task_out_again() -> None:
    block = f"when: {{kind: email}}\nunless: {{from: '*@rossi.example', words: again}}\n{DO}"
    assert match([one(block)], mail(), model=False) is None
    assert match([one(block)], mail(text="hi"), model=False) is not None


def test_the_first_by_file_name_wins() -> None:
    block = note(f"when: {{kind: '*'}}\n{DO}")
    playbooks, _ = load([("20-b.md", block), ("10-a.md", block)])
    found = match(playbooks, mail(), model=False)
    assert found is not None
    assert found.name == "10-a"


@pytest.mark.parametrize(
    ("enabled", "model", "expected"),
    [
        ("true", True, True),
        ("without-model", True, False),
        ("without-model", False, True),
        ("false", False, False),
    ],
)
def test_enabled(enabled: str, model: bool, expected: bool) -> None:
    playbook = one(f"enabled: {enabled}\nwhen: {{kind: '*'}}\n{DO}")
    assert (match([playbook], mail(), model=model) is not None) is expected


def test_an_owner_s_word_on_what_it_is_counts_as_text() -> None:
    task = mail(title="x", text="y", trust=Trust.OWNER, answers={"": "This is an invoice."})
    assert fits("{words: invoice}", task)


def test_a_hostile_text_costs_no_time() -> None:
    task = mail(text="a" * 200_000 + " ab" * 20_000)
    began = time.process_time()
    assert not fits("{text: ['a*a*a*a*a*b*x', '*a*b*c', 'ab ab ab ab x']}", task)
    assert time.process_time() - began < 5


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=12))
def test_a_star_means_what_it_says(pattern: str, text: str) -> None:
    reachable = {0}
    for sign in pattern:
        if sign == "*":
            reachable = {end for start in reachable for end in range(start, len(text) + 1)}
        else:
            reachable = {at + 1 for at in reachable if text[at : at + 1] == sign}
    assert glob(pattern, text) == (len(text) in reachable)
