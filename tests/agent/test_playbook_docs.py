"""The page on playbooks and the playbooks that the template ships, against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factotum.agent import playbook_fill, playbook_form, playbook_when
from factotum.agent.playbook import Calls, Missing, fill, load, match
from factotum.model import Attachment, Task
from tests.agent.tasks import TODAY, mail
from watchers.mail.making import DIGEST_TITLE

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to-write-a-playbook.md"
SHIPPED = ROOT / "vault_template" / "Office" / "Playbooks"
ME = "marco@example.org"


def table(heading: str) -> dict[str, str]:
    """The rows of the table under a heading of the page: first column → second."""
    part = PAGE.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(.+?)` \| (.+) \|$", part, re.MULTILINE)
    return dict(rows)


def test_the_example_of_the_page_works_as_the_page_says() -> None:
    playbooks, problems = load([(PAGE.name, PAGE.read_bytes())])
    assert problems == []
    task = mail(text="What are your prices?")
    playbook = match(playbooks, task, model=True)
    assert playbook is not None
    assert match(playbooks, mail(sender="a@shop.example.net", text="prices"), model=True) is None
    asked = fill(playbook, task, me=ME, today=TODAY)
    assert isinstance(asked, Missing)
    assert asked.question == "Ada Rossi asks about prices. Which ones shall I name?"
    task = mail(text="What are your prices?", answers={"answer": asked.choices[0]})
    found = fill(playbook, task, me=ME, today=TODAY)
    assert isinstance(found, Calls)
    note, letter = found.calls
    assert note.args["text"].endswith("My answer: the list of this year\n")
    assert letter.args == {
        "to": ["ada@rossi.example"],
        "subject": "Re: Invoice 1042",
        "in_reply_to": "<m1@rossi.example>",
        "body": "Hello Ada,\n\nthank you for asking. I am sending you the list of this year.\n\n"
        "Kind regards\n",
    }


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    assert table("The keys of the block") == playbook_form.KEYS
    assert table("Conditions") == {name: key.meaning for name, key in playbook_when.KEYS.items()}
    assert table("Names in braces") == {
        f"{{{name}}}": rule.meaning for name, rule in playbook_fill.NAMES.items()
    }
    assert set(table("Calls")) == set(playbook_form.OWN_TOOLS)


PERSON = mail(title="Lunch", text="Are you free on Friday?", properties={})
PDF = (Attachment("invoice-7.pdf", 1, "0" * 64),)


def gathered(source: str, title: str) -> Task:
    return mail(
        kind="message", source=source, title=title, sender="", sender_name="", attachments=(),
        text="Something new", properties={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("task", "name", "tools"),
    [
        (mail(), "10-invoice-asked-for-again", ["mail__send"]),
        (
            mail(text="Here is our invoice.", attachments=PDF),
            "20-invoice-arrived",
            ["notes__write"],
        ),
        (
            mail(kind="file", sender="", sender_name="", text="Rechnung", attachments=PDF),
            "20-invoice-arrived",
            ["notes__write"],
        ),
        (PERSON, "30-answer-a-mail", ["mail__send"]),
        (
            mail(text="Newsletter", title="x", sender="noreply@shop.example"),
            "40-automatic-mail",
            ["finish"],
        ),
        (mail(kind="note", text="Think about lunch", title="x", attachments=()), None, []),
        (gathered("mail", DIGEST_TITLE.format(n=3)), "50-told-together", ["finish"]),
        (gathered("feed", "Feeds: 12 new"), "50-told-together", ["finish"]),
        (gathered("page", "Web pages: 1 to look at"), "50-told-together", ["finish"]),
        (gathered("feed", "A new boat"), None, []),
        (gathered("fs", "Feeds: 12 new"), None, []),
    ],
)
def test_what_is_shipped_does_this_without_a_model(
    task: Task, name: str | None, tools: list[str]
) -> None:
    playbooks, problems = load((file.name, file.read_bytes()) for file in SHIPPED.iterdir())
    assert problems == []
    found = match(playbooks, task, model=False)
    assert (found.name if found else None) == name
    assert match(playbooks, task, model=True) is None
    if found is not None:
        done = fill(found, task, me="", today=TODAY)
        assert isinstance(done, Calls)
        assert [call.tool for call in done.calls] == tools


def test_an_answer_goes_to_the_person_who_wrote_and_to_nobody_else() -> None:
    playbooks, _ = load((file.name, file.read_bytes()) for file in SHIPPED.iterdir())
    task = mail(properties={"reply_to": ["evil@x.example"], "subject": "Invoice, again?"})
    found = match(playbooks, task, model=False)
    assert found is not None
    done = fill(found, task, me=ME, today=TODAY)
    assert isinstance(done, Calls)
    assert [call.args["to"] for call in done.calls] == [["ada@rossi.example"]]
    assert not {"cc", "bcc", "attachments"} & set(done.calls[0].args)
