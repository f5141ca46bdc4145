"""Whatever a person does to notes and cards, in any order: the promises hold."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import random
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from factotum import failpoint
from factotum.gate.register import GateError, Register
from factotum.ledger import Ledger
from factotum.note import NoteError
from factotum.worker.enrol import task_id
from orchestrator import Orchestrator, open_rooms
from tests.office import TestOffice, smtp
from tests.servers.smtp import Relay
from tests.tries import tries

pytestmark = [pytest.mark.prove]

ERRAND = """
when: {kind: note, words: [greet]}
do:
  - mail__send: {to: ["ada@rossi.example"], subject: "{title}", body: "{text}"}
  - mail__send: {to: ["bob@rossi.example"], subject: "{title}", body: "{text}"}
"""
JOT = """
when: {kind: note, words: [jot]}
do:
  - notes__write: {folder: Drafts, title: "{title}", text: "{text}"}
"""
#: What a stranger's mail would have sent to somebody else: of high risk.
ELSEWHERE = """
when: {kind: email}
do:
  - mail__send: {to: ["eve@other.example"], subject: "{subject}", body: "As you wished."}
"""
MAIL = """From: Ada Rossi <ada@rossi.example>
To: marco@example.test
Subject: Number {n}
Message-ID: <ask-{n}@rossi.example>

Please tell Eve.
"""
TASKS = ("Needs_Action", "In_Progress/pi", "In_Progress/pi/waiting", "Failed")
CARDS = ("Pending_Approval", "Approved", "Rejected", "Needs_Action", "Failed")
TICKS = ("approve", "reject", "cancel", "send_now", "wake", "answered", "happened", "did_not")


class Person(RuleBasedStateMachine):
    """A person with every freedom that a file manager gives, and an office that restarts."""

    @initialize(seed=st.integers(0, 2**32), dot=st.sampled_from(["250 ok", "250 ok", "drop"]))
    def begin(self, seed: int, dot: str) -> None:
        self.dice = random.Random(seed)
        self.relay = Relay(dot=dot).__enter__()
        self.folder = tempfile.TemporaryDirectory()
        self.office = TestOffice(Path(self.folder.name), smtp(self.relay))
        self.office.playbook(ERRAND, "10-errand.md")
        self.office.playbook(JOT, "20-jot.md")
        self.office.playbook(ELSEWHERE, "30-elsewhere.md")
        self.typed = 0
        self.deleted: set[str] = set()
        self.trouble: list[str] = []
        self.sent_at_stop: int | None = None
        for kind in ("greet", "greet", "jot", "other"):
            self.types(kind, again=False)
        self.drops_a_mail()
        self.runs_to_rest()

    def teardown(self) -> None:
        if hasattr(self, "office"):
            self.relay.__exit__(None, None, None)
            self.folder.cleanup()

    # -- what a person does

    @rule(kind=st.sampled_from(["greet", "jot", "other", "greet"]), again=st.booleans())
    def types(self, kind: str, again: bool) -> None:
        self.typed += 1
        taken = not again or (self.office.root / "Needs_Action/Untitled.md").exists()
        name = f"Note {self.typed}.md" if taken else "Untitled.md"
        self.office.type(f"Please {kind} number {self.typed}.\n", name)

    @rule()
    def drops_a_mail(self) -> None:
        self.typed += 1
        self.office.drop(f"mail-{self.typed}.eml", MAIL.format(n=self.typed).encode())

    @rule(folder=st.sampled_from(TASKS), to=st.sampled_from(["Needs_Action", "Failed", "Done"]))
    def moves_a_task(self, folder: str, to: str) -> None:
        if path := self.pick(folder):
            self.put(path, self.office.root / to / path.name)

    @rule(folder=st.sampled_from(CARDS), to=st.sampled_from(CARDS))
    def moves_a_card(self, folder: str, to: str) -> None:
        if path := self.pick(folder):
            self.put(path, self.office.root / to / path.name)

    @rule(to=st.sampled_from(["Approved", "Approved", "Rejected"]), then=st.booleans())
    def decides(self, to: str, then: bool) -> None:
        if path := self.pick("Pending_Approval"):
            self.put(path, self.office.root / to / path.name)
        if then:
            self.runs_to_rest()

    @rule(box=st.sampled_from(["approve", "approve", "reject", "happened", "did_not", "wake"]))
    def ticks_and_waits(self, box: str) -> None:
        if path := self.pick("Pending_Approval"):
            self.tick(path, box)
        self.runs_to_rest()

    @rule(folder=st.sampled_from(CARDS[:3]), names=st.sets(st.sampled_from(TICKS), max_size=2))
    def ticks_boxes(self, folder: str, names: set[str]) -> None:
        if path := self.pick(folder):
            self.tick(path, *names)

    @rule(
        text=st.sampled_from(
            ["Here it is", "done", "ada@rossi.example", "---", "```", "## Why not"]
        )
    )
    def edits_a_card(self, text: str) -> None:
        if path := self.pick("Pending_Approval"):
            lines = path.read_text().split("\n")
            at = self.dice.randrange(len(lines) + 1)
            path.write_text("\n".join([*lines[:at], text, *lines[at:]]))

    @rule(to=st.sampled_from(["Approved", "Pending_Approval"]))
    def changes_the_mail(self, to: str) -> None:
        if path := self.pick("Pending_Approval"):
            path.write_text(path.read_text().replace("Please greet", f"Greetings {self.typed}", 1))
            self.put(path, self.office.root / to / path.name)

    @rule(folder=st.sampled_from([*TASKS, *CARDS]), torn=st.booleans())
    def merges(self, folder: str, torn: bool) -> None:
        """Sync merges what two devices wrote, or git leaves both between its marks."""
        if path := self.pick(folder):
            lines = path.read_text().split("\n")
            at = self.dice.randrange(len(lines))
            end = at + self.dice.randrange(1, 6)
            other = [
                line[: len(line) // 2] + "~" + line[len(line) // 2 :] for line in lines[at:end]
            ]
            if torn:
                other = ["<<<<<<< ours", *lines[at:end], "=======", *other, ">>>>>>> theirs"]
            id = self.id_in(path)
            path.write_text("\n".join([*lines[:at], *other, *lines[end:]]))
            if self.id_in(path) != id:
                self.deleted.add(id)  # the note lies there, but nothing tells whose it is

    @rule(
        channel=st.sampled_from(["telegram", "dashboard", "cli", "typed"]),
        verdict=st.sampled_from(["approve", "approve", "reject"]),
    )
    def says_it_elsewhere(self, channel: str, verdict: str) -> None:
        """By a tap or at a terminal; what is too weak, late or no longer so is refused."""
        waiting = [card for card in self.office.cards() if card.status == "pending"]
        if waiting:
            card = self.dice.choice(waiting)
            ledger = Ledger(self.office.state / "ledger.db")
            with contextlib.suppress(GateError):
                now = self.office.hands.wall
                Register(ledger).decide(card.id, card.seal.digest, verdict, channel, "you", now)
            ledger.close()

    @rule()
    def stops_or_goes_on(self) -> None:
        stop = self.office.root / "STOP.md"
        if stop.exists():
            stop.unlink()
            self.sent_at_stop = None
        else:
            stop.write_text("Wait.\n")
            self.sent_at_stop = len(self.relay.messages)

    @rule(word=st.sampled_from(["done", "drop", "again", "whatever"]))
    def answers(self, word: str) -> None:
        if path := self.pick("Pending_Approval"):
            text = path.read_text().replace("## Your answer\n", f"## Your answer\n\n{word}\n")
            path.write_text(text)
            self.tick(path, "answered")

    @rule(folder=st.sampled_from([*TASKS, *CARDS]), to=st.sampled_from([*TASKS, *CARDS]))
    def copies(self, folder: str, to: str) -> None:
        if path := self.pick(folder):
            copy = self.office.root / to / self.dice.choice([path.name, f"{path.stem} 2.md"])
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())

    @rule(folder=st.sampled_from([*TASKS, *CARDS]))
    def deletes(self, folder: str) -> None:
        if path := self.pick(folder):
            self.deleted.add(self.id_in(path))
            path.unlink()

    # -- what the office does

    @rule(seconds=st.sampled_from([0, 61, 400, 9 * 86400]))
    def time_goes_by(self, seconds: int) -> None:
        self.office.hands.go(seconds)

    @rule(days=st.sampled_from([-1, 1]))
    def the_clock_is_set(self, days: int) -> None:
        self.office.hands.wall += days * 86400

    @rule(place=st.sampled_from(sorted(failpoint.NAMES)), time=st.integers(1, 2))
    def is_killed(self, place: str, time: int) -> None:
        """A run in a process of its own, which ends at this place if it comes by."""
        if not (pid := os.fork()):
            try:
                failpoint.arm(f"{place}:{time}")
                self.office.run()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)

    @rule()
    def looks_once(self) -> None:
        async def look() -> None:
            rooms = open_rooms(self.office.settings(), self.office.root, self.office.clock())
            orchestrator = Orchestrator(rooms, out=io.StringIO())
            orchestrator.tick()
            await orchestrator._close()
            rooms.close()

        asyncio.run(look())

    @rule()
    def runs_to_rest(self) -> None:
        listed: set[str] = set()

        def look(orchestrator: Orchestrator) -> None:
            self.trouble += orchestrator.worker.broken.values()
            if self.sent_at_stop is None and (stopped := orchestrator.stopped()):
                self.trouble.append(stopped)
            listed.update(self.problems(orchestrator))

        self.office.run(look)
        self.every_task_is_in_one_place(listed)

    def problems(self, orchestrator: Orchestrator) -> set[str]:
        mono, now = self.office.hands.mono, self.office.hands.wall
        listing = orchestrator.rooms.shelf.look(mono)
        found = [*listing.problems, *orchestrator.look.claims.look(listing, now, mono, 0).problems]
        found += orchestrator.look.observer.look(listing, now, mono).problems
        return {problem.path.name for problem in found}

    # -- the promises

    @invariant()
    def nothing_breaks(self) -> None:
        assert getattr(self, "trouble", []) == []

    @invariant()
    def nothing_leaves_while_all_is_stopped(self) -> None:
        if getattr(self, "sent_at_stop", None) is not None:
            assert len(self.relay.messages) == self.sent_at_stop

    @invariant()
    def nothing_of_high_risk_goes_by_a_weak_word(self) -> None:
        if hasattr(self, "office"):
            weak = self.rows(
                "SELECT d.channel FROM decision d JOIN seal s USING (card, version)"
                " WHERE s.risk = 'high' AND d.verdict = 'approve'"
                " AND d.channel NOT IN ('telegram', 'dashboard', 'typed')"
            )
            assert [row["channel"] for row in weak] == []

    @invariant()
    def what_was_sent_was_approved(self) -> None:
        if not hasattr(self, "office"):
            return
        approved = {
            row["digest"]
            for row in self.rows("SELECT digest FROM decision WHERE verdict = 'approve'")
        }
        sealed = {}
        for row in self.rows("SELECT * FROM seal WHERE tool = 'mail__send'"):
            sealed[f"<{row['card']}.v{row['version']}@example.test>"] = row
        ids = [message.message["Message-ID"] for message in self.relay.messages]
        assert len(set(ids)) == len(ids), "one mail went out twice"
        for message in self.relay.messages:
            seal = sealed[message.message["Message-ID"]]
            args = json.loads(seal["args"])
            assert seal["digest"] in approved
            wanted = [*args["to"], *args.get("cc", []), *args.get("bcc", [])]
            assert list(message.recipients) == wanted
            said = message.message.get_content().replace("\r\n", "\n").rstrip("\n")
            assert said == str(args["body"]).rstrip("\n")

    def every_task_is_in_one_place(self, listed: set[str]) -> None:
        where: dict[str, list[str]] = {}
        elsewhere = set()
        for path in self.office.root.rglob("*.md"):
            inside = path.relative_to(self.office.root).parts
            if not (id := self.id_in(path)):
                continue
            if inside[0] in {"Needs_Action", "In_Progress", "Failed"}:
                where.setdefault(id, []).append(path.name)
            else:
                elsewhere.add(id)  # done, put aside, or dragged among the cards
        for id, names in where.items():
            assert len(names) == 1 or set(names) & listed, f"{id} lies at {names}"
        registered = {row["id"] for row in self.rows("SELECT id FROM task")}
        lost = registered - set(where) - elsewhere - self.deleted
        assert lost == set()

    # -- its hands and eyes

    def pick(self, folder: str) -> Path | None:
        """One of the notes that lie right in this folder."""
        place = self.office.root / folder
        found = sorted(place.glob("*.md")) if place.is_dir() else []
        return self.dice.choice(found) if found else None

    def put(self, path: Path, target: Path) -> None:
        """As a file manager does: it asks before it overwrites, and gets a no."""
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)

    def tick(self, path: Path, *names: str) -> None:
        with contextlib.suppress(NoteError):  # its properties are broken: no box is shown
            self.office.tick(path, *names)

    def id_in(self, path: Path) -> str:
        try:
            return task_id(self.office.note(path))
        except NoteError:
            return ""

    def rows(self, query: str) -> list[sqlite3.Row]:
        path = self.office.state / "ledger.db"
        if not path.exists():
            return []
        ledger = Ledger(path)
        try:
            return list(ledger.db.execute(query))
        finally:
            ledger.close()


Person.TestCase.settings = settings(
    max_examples=tries(6),
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a long story is shrunk for minutes
    report_multiple_bugs=False,
)


class TestAPersonInAHurry(Person.TestCase):  # type: ignore[misc, valid-type]
    """A few short stories, in the quick suite."""


@pytest.mark.slow
class TestAPersonWithAllDay(Person.TestCase):  # type: ignore[misc, valid-type]
    """More of them, and longer."""

    settings = settings(
        max_examples=int(os.environ.get("STORIES", "20")),
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a long story is shrunk for minutes
        report_multiple_bugs=False,
    )
