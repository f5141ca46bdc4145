"""`factotum policy check | explain | try`: what the rules say, decide, and would have done."""

from __future__ import annotations

import json
from pathlib import Path

from factotum.ledger import Ledger
from factotum.model import Trust
from factotum.reader import Reader
from factotum.worker.handbook import Handbook
from factotum.worker.labels import Labels
from tests.cli.terminal import Terminal
from tests.office import TestOffice

SOUND = """\
rules:
  - {name: never to rivals, deny: mail__send, recipient: in rival.example}
  - allow: mail__send
    recipient: in rossi.example
    hour: 08:00-20:00
quiet: 22:00-07:30
budget: {day: 1.00 USD}
"""


def write(office: TestOffice, text: str) -> None:
    path = office.root / "Company_Handbook.md"
    path.write_text(f"# Handbook\n\n```yaml policy\n{text}```\n")


def test_what_is_no_rule_and_no_file_is_not_taken_for_a_rule(
    office: TestOffice, terminal: Terminal
) -> None:
    said = terminal("policy", "try", "nofile.yaml")
    assert said.code == 2
    assert "is no rule and no file that I find" in said.err


def test_explain_names_the_tool_that_was_meant(office: TestOffice, terminal: Terminal) -> None:
    said = terminal("policy", "explain", "mail__snd")
    assert "did you mean mail__send?" in said.out
    other = terminal("policy", "explain", "quite__other")
    assert "See: factotum tools" in other.out


# -- check


def test_check_says_what_each_rule_does(office: TestOffice, terminal: Terminal) -> None:
    write(office, SOUND)
    said = terminal("policy", "check")
    assert said.code == 0
    head, *rest = said.out.splitlines()
    assert head.startswith("2 rules (rules-")
    assert rest == [
        " 1  “never to rivals”: mail__send to somebody in rival.example: never happens",
        " 2  mail__send to somebody in rossi.example, between 08:00 and 20:00: "
        "is done without asking",
        "    quiet from 22:00 to 07:30: only emergencies are told",
        "    models may cost 1.00 USD a day",
        "    for all else: reading and own notes need no asking, the rest asks",
    ]


def test_check_names_all_mistakes_and_ends_with_3(office: TestOffice, terminal: Terminal) -> None:
    write(office, SOUND.replace("hour:", "hours:").replace("quiet:", "quite:"))
    said = terminal("policy", "check")
    assert said.code == 3
    assert said.out.splitlines() == [
        "Company_Handbook.md: line 8: `hours` is no condition; did you mean `hour`?",
        "Company_Handbook.md: line 9: no key is called `quite`: did you mean `quiet`? "
        "Till then everything asks",
    ]
    found = terminal("policy", "check", "--json")
    assert found.code == 3 and found.json["ok"] is False and len(found.json["problems"]) == 2


def test_check_warns_of_what_is_probably_not_meant(office: TestOffice, terminal: Terminal) -> None:
    write(office, "rules:\n  - deny: mail__sent\n")
    said = terminal("policy", "check")
    assert said.code == 0
    assert "warning: line 5: there is no tool `mail__sent` now; did you mean" in said.out
    assert terminal("policy", "check", "--json").json["warnings"]


def test_check_without_a_block_says_what_holds(terminal: Terminal) -> None:
    said = terminal("policy", "check")
    assert said.code == 0
    assert said.out.startswith("0 rules (built-in-2)")


def test_looking_at_the_rules_leaves_nothing_behind(office: TestOffice, terminal: Terminal) -> None:
    write(office, SOUND)
    terminal("policy", "check")
    (office.root / "Company_Handbook.md").unlink()
    assert terminal("policy", "check").code == 0  # no orchestrator ever went by them
    write(office, SOUND)
    office.run()
    (office.root / "Company_Handbook.md").unlink()
    said = terminal("policy", "check")
    assert said.code == 3 and "Put it back" in said.out


# -- explain


def explain(terminal: Terminal, to: str, *more: str) -> str:
    args = json.dumps({"to": [to], "subject": "Hi", "body": "Hello."})
    said = terminal("policy", "explain", "mail__send", "--args", args, *more)
    assert said.code == 0, said.err
    return said.out


def test_explain_tells_the_verdict_and_every_rule_tried(
    office: TestOffice, terminal: Terminal
) -> None:
    write(office, SOUND)
    assert explain(terminal, "ada@rossi.example", "--at", "09:00").splitlines() == [
        "mail__send, for a task of yours, at 09:00: goes without asking (house rule 2, "
        "“allow mail__send; recipient in rossi.example; hour 08:00-20:00”)",
        "  no: house rule 1, “never to rivals” (no recipient of it is somebody in rival.example)",
        "  fits: house rule 2, “allow mail__send; recipient in rossi.example; hour 08:00-20:00”",
    ]
    late = explain(terminal, "ada@rossi.example", "--at", "23:30")
    assert late.splitlines()[0].endswith("asks, medium risk (whatever leaves the house asks)")
    assert "(23:30 is not between 08:00 and 20:00)" in late
    assert "never happens (house rule 1" in explain(terminal, "bo@rival.example")


def test_explain_knows_what_no_rule_relaxes(office: TestOffice, terminal: Terminal) -> None:
    write(office, SOUND)
    said = explain(terminal, "ada@rossi.example", "--at", "09:00", "--trust", "stranger")
    assert "for a task of a stranger" in said.splitlines()[0]
    assert "asks, high risk (fixed rule: what others caused" in said
    assert "  fits: house rule 2" in said
    args = json.dumps({"to": ["ada@rossi.example"], "in_reply_to": "<m@rossi.example>"})
    answer = terminal(
        "policy", "explain", "mail__send", "--args", args, "--at", "09:00",
        "--trust", "known", "--from", "ada@rossi.example",
    )  # fmt: skip
    assert "goes without asking" in answer.out


def test_explain_knows_the_contacts_and_the_secrets(office: TestOffice, terminal: Terminal) -> None:
    write(office, "rules:\n  - {allow: mail__send, recipient: known}\n")
    assert "asks" in explain(terminal, "ada@rossi.example").splitlines()[0]
    contacts = office.root / "Office/Contacts"
    (contacts / "Ada.md").write_text("---\nemail: ada@rossi.example\n---\n")
    assert "goes without asking" in explain(terminal, "ada@rossi.example")
    assert "asks" in explain(terminal, "ada@ross1.example").splitlines()[0]
    told = Terminal(terminal.folder, {**terminal.env, "FACTOTUM_SMTP_PASSWORD": "mellon-4711-x"})
    args = json.dumps({"to": ["ada@rossi.example"], "subject": "Hi", "body": "mellon-4711-x"})
    said = told("policy", "explain", "mail__send", "--args", args).out
    assert "never happens (a secret stands in it (FACTOTUM_SMTP_PASSWORD)" in said
    assert "4711" not in said


def test_explain_tells_of_broken_rules_and_unknown_tools(
    office: TestOffice, terminal: Terminal
) -> None:
    assert (
        "asks, high risk (a tool that nobody has reviewed"
        in terminal("policy", "explain", "bank__transfer").out
    )
    write(office, "rules: allow\n")
    said = terminal("policy", "explain", "notes__write", "--json")
    assert said.json["verdict"] == "ask" and said.json["tried"] == []
    assert "cannot be read" in said.json["rule"]


def test_explain_refuses_what_it_cannot_read(terminal: Terminal) -> None:
    for more in (["--args", "to: ada"], ["--args", "[1]"], ["--at", "25:00"], ["--trust", "me"]):
        said = terminal("policy", "explain", "mail__send", *more)
        assert said.code == 2 and said.err.startswith("factotum")


# -- try


def pending(office: TestOffice) -> Path:
    return office.one("Pending_Approval")


def test_try_plays_a_rule_over_past_requests(office: TestOffice, terminal: Terminal) -> None:
    said = terminal("policy", "try", "allow: mail__send, recipient: in rossi.example")
    assert "no requests in the ledger yet" in said.out
    for n in range(3):
        office.type("Send the invoice.\n\ngo", f"{n}.md")
    office.playbook(
        "when: {words: [invoice]}\n"
        'do:\n  - mail__send: {to: [ada@rossi.example], subject: Invoice, body: "Here it is."}\n'
    )
    office.run()
    first, second, _ = office.cards()
    assert terminal("approve", first.id).code == 0
    assert terminal("reject", second.id, "--why", "not now").code == 0
    office.run()
    said = terminal("policy", "try", "allow: mail__send, recipient: in rossi.example")
    assert said.code == 0
    assert "It would have let through 3 of 3 requests; you refused 1 of them." in said.out
    assert f"You refused: {second.id}" in said.out and "(“not now”)" in said.out
    forbids = terminal("policy", "try", "deny: mail__*")
    assert "It would have stopped 3 of 3 requests; you had said yes to 1 of them." in forbids.out
    assert f"You said yes to: {first.id}" in forbids.out
    none = terminal("policy", "try", "allow: mail__send, recipient: in other.example")
    assert "It would have let through 0 of 3 requests." in none.out
    once = terminal("policy", "try", "{allow: mail__send, rate: [1 per day]}", "--json").json
    assert (once["asked"], len(once["fits"])) == (3, 1)


def test_try_tells_what_was_changed_before_the_yes(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    path = office.one("Pending_Approval")
    path.write_text(path.read_text().replace("here is invoice 1042", "here it is"))
    office.run()
    assert terminal("approve", asked).code == 0
    office.run()
    said = terminal("policy", "try", "deny: mail__send")
    assert "It would have stopped 1 of 1 request; you changed 1 of them." in said.out
    assert f"You said yes, changed, to: {asked}" in said.out


def test_try_does_not_promise_what_fixed_rules_forbid(
    office: TestOffice, terminal: Terminal, asked: str
) -> None:
    said = terminal("policy", "try", "allow: mail__send")
    assert "It would have let through 0 of 1 request." in said.out
    assert f"1 more fits it, but would still ask:\n  {asked}" in said.out
    assert "fixed rule" in said.out


def test_try_names_what_is_wrong_with_a_rule(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal("policy", "try", "alow: mail__send")
    assert said.code == 3
    assert said.err == "factotum: line 1: `alow` is no condition; did you mean `allow`?\n"
    file = tmp_path / "rule.yaml"
    file.write_text("- deny: mail__send\n  recipient: new\n")
    assert "mail__send to somebody new: never happens" in terminal("policy", "try", str(file)).out


def test_all_of_it_works_while_an_orchestrator_runs(office: TestOffice, terminal: Terminal) -> None:
    write(office, SOUND)
    codes: list[int] = []

    def look(_: object) -> None:
        codes.append(terminal("policy", "check").code)
        codes.append(terminal("policy", "explain", "mail__send").code)
        codes.append(terminal("policy", "try", "deny: mail__send").code)

    office.run(look)
    assert codes == [0, 0, 0]


# -- accept


def test_a_handbook_that_others_wrote_in_holds_again_when_the_owner_says_so(
    office: TestOffice, terminal: Terminal
) -> None:
    write(office, SOUND)
    assert "your own words already" in terminal("policy", "accept", "--yes").out
    raw = (office.root / "Company_Handbook.md").read_bytes()
    ledger = Ledger(office.state / "ledger.db")
    Labels(ledger).changed("Company_Handbook.md", raw, "a-1", Trust.STRANGER, 1.0)
    handbook = Handbook(office.root, Reader(), ledger)
    said = terminal("policy", "check")
    assert said.code == 3 and "holds words of others" in said.out
    write(office, SOUND.replace("rival", "enemy"))  # an edit alone does not make it one's own
    assert terminal("policy", "check").code == 3 and handbook.current().broken
    assert terminal("policy", "accept").code == 2  # nobody is there to be asked
    assert terminal("policy", "accept", "--yes").code == 0
    assert not handbook.current().broken  # at once, in an office at work too
    assert terminal("policy", "check").code == 0
    ledger.close()
    assert "vouched" in [event["kind"] for event in office.events()]
    assert "holds the owner's own words, says" in terminal("logs").out
