"""A draft is changed from the terminal: by new words, or by an order that a model carries out."""

from __future__ import annotations

import json

from tests.cli.terminal import Terminal
from tests.office import TestOffice
from tests.servers.model import ScriptedModelServer
from tests.servers.smtp import Relay


def test_new_words_come_back_as_the_next_version(
    office: TestOffice, terminal: Terminal, relay: Relay, asked: str
) -> None:
    said = terminal("change", asked, "--text", "Hi Ada.")
    assert said.code == 0
    assert "Your new words will make its next version" in said.out
    assert said.out.endswith("taken up later. Start it: factotum up\n")
    assert "It is being changed." in terminal("show", asked).out
    office.run()
    assert (office.card().version, office.card().seal.args["body"]) == (2, "Hi Ada.")
    shown = terminal("show", asked).out
    assert "Note: Version 2: you changed 1 line. Approve it as it stands now." in shown
    assert "  + Hi Ada.\n" in shown
    assert relay.messages == []


def test_new_words_may_come_in_on_stdin(office: TestOffice, terminal: Terminal, asked: str) -> None:
    assert terminal("change", asked, given="Hi Ada.\n\nMarco\n").code == 0
    office.run()
    assert office.card().seal.args["body"] == "Hi Ada.\n\nMarco"
    assert terminal("change", asked, "--text", "-", given="Hi.\n").code == 0
    office.run()
    assert office.card().seal.args["body"] == "Hi."


def test_an_order_is_carried_out_by_the_model(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    with ScriptedModelServer([json.dumps({"text": "Hi."})]) as server:
        office.env |= {
            "FACTOTUM_MODEL": "test/scripted",
            "FACTOTUM_MODEL_BASE_URL": server.base_url,
        }
        assert terminal("change", asked, "shorter,", "please").code == 0
        office.run()
        (body,) = server.requests
    assert body["messages"][1]["content"].endswith("The owner's order: shorter, please")
    assert office.card().seal.args["body"] == "Hi."


def test_why_an_order_was_not_carried_out_is_shown(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    terminal("change", asked, "shorter")
    office.run()
    shown = terminal("show", asked).out
    assert "Note: It was not changed: there is no model that could carry out an order" in shown
    assert "Not changed: " in shown.partition("History:")[2]


def test_what_cannot_be_done_is_said_at_once(terminal: Terminal, asked: str) -> None:
    for words, code, why in (
        (["shorter", "--text", "Hi."], 2, "give an order or --text, not both"),
        (["--text", " "], 1, "there is nothing to change it by"),
        ([], 1, "there is nothing to change it by"),
        (["--text", "To: Ada\n\nHi"], 1, "“Ada” is not a list of mail addresses"),
    ):
        said = terminal("change", asked, *words)
        assert (said.code, why in said.err) == (code, True), said.err


def test_what_does_not_wait_is_not_changed(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    terminal("reject", asked)
    said = terminal("change", asked, "shorter")
    assert (said.code, said.out.count("next version")) == (1, 0)
    assert "it was refused by" in said.err


def test_a_question_is_answered_instead(terminal: Terminal, question: str) -> None:
    said = terminal("change", question, "shorter")
    assert said.code == 1
    assert f"it is a question; answer it: factotum answer {question} TEXT" in said.err
