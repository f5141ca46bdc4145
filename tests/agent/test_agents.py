"""Agents: which notes are one, what is wrong with those that are not, and who does a task."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.agents import BUILT_IN, KEYS, TEXT_MOST, Agent, choose, load
from factotum.model import Trust
from tests.agent.tasks import mail

PAGE = Path(__file__).parents[2] / "docs" / "agents.md"


def note(props: str, body: str = "You fix things.") -> bytes:
    return f"---\n{props}\n---\n{body}\n".encode()


def one(props: str, body: str = "You fix things.", file: str = "coder.md") -> Agent:
    agents, broken = load([(file, note(props, body))])
    assert broken == []
    return agents[0]


def test_a_note_with_properties_is_an_agent() -> None:
    agent = one(
        'colour: "#00E5FF"\nkeywords: [code, "pull request"]\ntools: ["notes__*", mail__read]\n'
        "model: openai/gpt-5-mini\nmax_turns: 12",
        "# Coder\n\nYou write code. <!-- mine -->",
    )
    assert agent == Agent(
        "coder",
        "# Coder\n\nYou write code.",
        "openai/gpt-5-mini",
        "#00e5ff",
        ("notes__*", "mail__read"),
        ("code", "pull request"),
        12,
    )


def test_words_with_commas_between_them_and_american_spelling_do_as_well() -> None:
    agent = one('color: "ffab00"\nkeywords: Server, Docker, backup*')
    assert agent.colour == "#ffab00"
    assert agent.keywords == ("server", "docker", "backup*")


@pytest.mark.parametrize(
    "data",
    [b"# How agents work\n\nKeywords bring a task to one.", b"", note("tags: [guide]"), b"---\n"],
)
def test_a_note_without_a_property_of_an_agent_is_just_a_note(data: bytes) -> None:
    assert load([("00-how.md", data)]) == ([], [])


@pytest.mark.parametrize(
    ("props", "line", "said"),
    [
        ("colour: #00ff41", 2, "without quotes a # begins a comment"),
        ('colour: "green"', 2, "six digits in quotes"),
        ("enabled: yes", 2, "`enabled` is `true` or `false`, not `yes`"),
        ("enabled: true\nmax_turns: 0", 3, "a whole number from 1 to 200"),
        ("max_turns: true", 2, "a whole number from 1 to 200"),
        ("max_turns: 1000000", 2, "a whole number from 1 to 200"),
        ("model: two words", 2, "one name without blanks"),
        ("model: [a, b]", 2, "one name without blanks"),
        ('tools: "notes__{a}"', 2, "`tools` cannot hold `notes__{a}`"),
        ("tools: {a: b}", 2, "`tools` is a list"),
        ('keywords: ["*"]', 2, "`keywords` cannot hold `*`"),
        ('keywords: ["in*voice"]', 2, "a star may stand at the end"),
        ("enabled: true\nkeyword: a", 3, "did you mean `keywords`?"),
        ("tools: [a]\nmax_turn: 3", 3, "did you mean `max_turns`?"),
        ("enabled: true\nenabled: false", 3, "stands twice"),
        ("enabled: &a true", 2, "anchors"),
        ("enabled: [true", 2, "Mend that line"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(props: str, line: int, said: str) -> None:
    agents, broken = load([("coder.md", note(props)), ("vessel.md", note("enabled: true"))])
    assert [agent.name for agent in agents] == ["vessel"]
    assert [problem.line for problem in broken] == [line]
    assert said in str(broken[0])
    assert str(broken[0]).startswith(f"coder.md, line {line}: ")


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x89PNG\r\n", b"x" * 2_000_000])
def test_a_file_that_is_no_note_is_told(data: bytes) -> None:
    agents, broken = load([("coder.md", data)])
    assert agents == [] and len(broken) == 1


@pytest.mark.parametrize("name", ["a\nb", "x" * 65, "<b>", "\udcff", "\u202eevil", "_", "-"])
def test_a_name_that_would_not_fit_into_a_line_is_told(name: str) -> None:
    agents, broken = load([(f"{name}.md", note("enabled: true"))])
    assert agents == []
    assert "cannot be called" in broken[0].message and broken[0].line == 1


def test_a_copy_that_a_sync_client_left_is_no_second_agent() -> None:
    agents, broken = load([("coder.md", note("tools: a")), ("coder 1.md", note("enabled: true"))])
    assert [agent.name for agent in agents] == ["coder"]
    assert "looks like a copy of coder.md" in str(broken[0])


def test_an_agent_is_offered_its_tools_and_the_two_that_all_need() -> None:
    agent = one('tools: ["notes__*", mail__read]')
    may = ["notes__read", "mail__read", "finish", "ask_owner"]
    assert [tool for tool in may if agent.may_use(tool)] == may
    assert not agent.may_use("mail__send")
    assert not agent.may_use("xnotes__read")
    assert one("enabled: true").may_use("anything__at_all")


AGENTS, _ = load(
    [
        ("coder.md", note("keywords: [code, python, pull request, bug*]")),
        ("sysadmin.md", note("keywords: [server, docker, backup, code]")),
        ("researcher.md", note("keywords: [compare, sources, find out, größe]")),
        ("poet.md", note("keywords: [poem]\nenabled: false")),
        ("vessel.md", note("enabled: true")),
    ]
)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"title": "Lunch", "text": "On Friday?"}, "vessel"),
        ({"title": "The PYTHON script", "text": ""}, "coder"),
        ({"title": "Lunch", "text": "there are bugs in it"}, "coder"),
        ({"title": "Lunch", "text": "decode this"}, "vessel"),  # only whole words
        ({"title": "code", "text": ""}, "coder"),  # two have it: the first by file name
        ({"title": "code", "text": "on the server"}, "sysadmin"),  # then the text decides
        ({"title": "server", "text": "code python bug pull request"}, "sysadmin"),  # title first
        ({"title": "pull\n request", "text": ""}, "coder"),
        ({"title": "request pull", "text": ""}, "vessel"),
        ({"title": "Find out: sources", "text": "server"}, "researcher"),
        ({"title": "Gro\u0308ße", "text": ""}, "researcher"),  # an accent stored apart
        ({"title": "a poem", "text": "poem poem"}, "vessel"),  # switched off
        ({"title": "server server server", "text": "compare"}, "sysadmin"),
        ({"title": "x", "text": "", "properties": {"agent": "Researcher"}}, "researcher"),
        ({"title": "python", "text": "", "properties": {"agent": " sysadmin "}}, "sysadmin"),
        ({"title": "python", "text": "", "properties": {"agent": "butler"}}, "vessel"),
        ({"title": "python", "text": "", "properties": {"agent": "poet"}}, "vessel"),
        ({"title": "python", "text": "", "properties": {"agent": ""}}, "coder"),
    ],
)
def test_who_does_a_task(changes: dict[str, Any], name: str) -> None:
    task = mail(**{"properties": {}, "trust": Trust.OWNER, **changes})
    assert choose(task, AGENTS).agent.name == name
    assert choose(task, list(reversed(AGENTS))).agent.name == name


def test_an_agent_that_does_not_exist_is_said() -> None:
    choice = choose(mail(properties={"agent": "butler\u202e" * 50}), AGENTS)
    assert choice.agent.name == "vessel"
    assert choice.why.startswith("no agent is called butler\\u202e")
    assert "there are: coder, researcher, sysadmin, vessel" in choice.why
    assert len(choice.why) < 200


@pytest.mark.parametrize("agents", [[], [Agent("vessel", enabled=False)], [Agent("coder")]])
def test_there_is_always_somebody(agents: list[Agent]) -> None:
    assert choose(mail(), agents).agent == BUILT_IN
    assert BUILT_IN.prompt


def test_a_very_long_text_is_routed_at_once() -> None:
    agents, _ = load([(f"{n}.md", note(f"keywords: [word{n}, a b c, a*]")) for n in range(40)])
    started = time.process_time()
    choose(mail(title="a" * 10_000_000, text="a b " * 2_500_000), agents)
    assert time.process_time() - started < 2
    late = mail(title="x", text="x " * TEXT_MOST + "server", properties={})
    assert choose(late, AGENTS).agent.name == "vessel"  # so far down nobody looks


@given(data=st.binary(max_size=300))
def test_no_note_breaks_the_office(data: bytes) -> None:
    for wrapped in (data, b"---\nkeywords: " + data + b"\n---\n", b"---\n" + data + b"\n---\n"):
        agents, broken = load([("x.md", wrapped)])
        assert len(agents) + len(broken) <= 1
        choose(mail(text=data.decode(errors="replace")), agents)


def test_a_long_prompt_is_cut_and_says_so() -> None:
    agent = one("enabled: true", "You work. " * 50_000)
    assert len(agent.prompt) <= 4_000
    assert "The rest: notes__read Office/Agents/coder.md" in agent.prompt


def test_the_page_is_what_the_code_does() -> None:
    text = PAGE.read_text("utf-8")
    assert dict(re.findall(r"(?m)^\| `(\w+)` \| (.+) \|$", text)) == KEYS
    (example,) = re.findall(r"(?s)```markdown\n(.+?)```", text)
    agents, broken = load([("bookkeeper.md", example.encode())])
    assert broken == []
    assert agents[0].max_turns == 15 and agents[0].may_use("notes__read")
    assert (
        choose(mail(title="The receipts of May", properties={}), agents).agent.name == "bookkeeper"
    )
