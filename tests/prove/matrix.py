"""One life for each kind of effect, with everything outside that it needs, to be killed anywhere.

A world can be copied and put back, so that a second kill starts from where the first one left
off without living up to there again.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factotum import failpoint
from factotum.gate.register import Card, Register
from factotum.ledger import Ledger
from factotum.settings import load
from factotum.worker.enrol import task_id
from orchestrator import Clock, Orchestrator, open_rooms
from tests.office import smtp
from tests.prove.life import JOT, Life
from tests.servers.dovecot import Dovecot
from tests.servers.model import Item, ScriptedModelServer, call
from tests.servers.smtp import Relay

ME = "ann@example.test"

#: How often a person looks in at most, before a life must have come to its end.
LOOKS_MOST = 8

ASK = b"""From: Bob <bob@example.test>
To: ann@example.test
Subject: Invoice 1042
Message-ID: <ask-1@example.test>
Date: Thu, 26 Nov 2026 09:00:00 +0100

Could you send me invoice 1042 again?
"""

LETTER = """
when: {kind: email, words: [invoice]}
do:
  - mail__%s: {to: ["{from}"], subject: "Re: {subject}", body: "Here it is."}
"""

POST = """
when: {kind: note}
do:
  - outside__post: {text: "{text}"}
"""

#: A server that nobody reviewed: it writes down what it did, and can be asked nothing.
SERVER = '''
"""Posts a line where it cannot be taken back."""
from pathlib import Path
from typing import Any
from mcp.server.mcpserver import MCPServer

ENV = ()
NEEDS = {"post": ()}
BOOK = Path(__file__).parents[1] / "book"

def build(env):
    server = MCPServer("outside")

    @server.tool()
    def post(text: str) -> dict[str, Any]:
        """Post a text."""
        with open(BOOK, "a", encoding="utf-8") as book:
            book.write("posted\\n")
        return {"outcome": "succeeded", "receipt": {}}

    return server
'''


def watched_pass(env: dict[str, str], point: str = "") -> None:
    """What a child does: one pass, killed at `point`; the places that it came by go into the
    file TRACE, one a line. Its clock goes LATER_S fast."""
    os.environ.pop("XDG_RUNTIME_DIR", None)
    trace = os.open(env.pop("TRACE"), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    servers = Path(env.pop("SERVERS"))
    later_s = float(env.pop("LATER_S", "0"))
    clock = Clock(lambda: time.time() + later_s)
    failpoint.arm(point)

    def told(name: str) -> None:
        with contextlib.suppress(OSError):  # the disk of this world may be made to fail
            os.write(trace, f"{name}\n".encode())

    failpoint.listen(told)
    settings = load(env, [])

    async def once() -> None:
        rooms = open_rooms(settings, settings.path("VAULT"), clock)
        try:
            await Orchestrator(rooms, out=io.StringIO(), servers=servers).run(once=True)
        finally:
            rooms.close()

    asyncio.run(once())


@dataclass(frozen=True)
class Kind:
    """`certain`: after any crash it is known what became of it. `count` says how often it has
    happened; `model` is what a model says, turn by turn, where one is needed."""

    name: str
    tool: str
    begin: Callable[[World], None]
    count: Callable[[World], int]
    certain: bool = True
    model: Callable[[dict[str, Any]], Item] | None = None
    mailbox: bool = False
    relay: bool = False
    tasks: int = 1


@dataclass
class World:
    """An office, what lies outside of it, and a person who says yes to all that is asked."""

    kind: Kind
    life: Life
    relay: Relay | None = None
    dovecot: Dovecot | None = None
    sent_before: int = 0
    lives: int = 0
    approved: set[str] = field(default_factory=set)

    @property
    def base(self) -> Path:
        return self.life.folder

    @property
    def sent(self) -> int:
        """How many letters the relay took, in this branch of the story."""
        return len(self.relay.messages) - self.sent_before if self.relay else 0

    def passed(self) -> list[str]:
        """The places that were come by since the last time this was asked."""
        trace = self.base / "trace"
        names = trace.read_text().split() if trace.exists() else []
        trace.unlink(missing_ok=True)
        return names

    def child(self, point: str) -> bool:
        self.lives += 1
        return self.life.child(point)

    def lead(self, *points: str) -> int:
        """Lives on to the end, killed at each of `points` in turn where it comes by. Returns
        how often it was killed."""
        left = list(points)
        for _ in range(LOOKS_MOST):
            if self.child(left[0] if left else ""):
                left.pop(0)
                if not left and points:
                    return len(points)
            elif not self.say_yes():
                return len(points) - len(left)
        raise AssertionError(f"it does not come to its end: {self.life.cards()}")

    def say_yes(self) -> bool:
        """Approves what waits: what is of high risk by a tap, the rest by a move."""
        waiting = [card for card in self.life.cards() if card.status == "pending"]
        for card in waiting:
            note = self.life.root / "Pending_Approval" / card.name
            if card.kind != "effect":
                continue
            if card.seal.risk == "high" or not note.exists():
                self.decide(card)
            else:
                self.life.move(note, "Approved")
        return bool(waiting)

    def decide(self, card: Card) -> None:
        ledger = Ledger(self.life.state / "ledger.db")
        try:
            Register(ledger).decide(card.id, card.seal.digest, "approve", "telegram", "you", 1.0)
        finally:
            ledger.close()

    # -- copies

    def folders(self) -> list[Path]:
        mail = [self.dovecot.folder / "mail"] if self.dovecot else []
        return [self.life.root, self.life.state, *mail]

    def keep(self) -> int:
        """Copies all that there is; returns what was sent up to here."""
        self.life.state.mkdir(mode=0o700, exist_ok=True)
        for n, folder in enumerate(self.folders()):
            copy(folder, self.base / f"kept-{n}")
        book = self.base / "book"
        (self.base / "kept-book").write_bytes(book.read_bytes() if book.exists() else b"")
        return self.sent

    def put_back(self, sent: int) -> None:
        for n, folder in enumerate(self.folders()):
            copy(self.base / f"kept-{n}", folder)
        shutil.copyfile(self.base / "kept-book", self.base / "book")
        self.sent_before = (len(self.relay.messages) if self.relay else 0) - sent
        self.passed()


def copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    if os.geteuid() == 0:  # a mail server that runs as another user
        for path in (source, *source.rglob("*")):
            about = path.lstat()
            os.chown(target / path.relative_to(source), about.st_uid, about.st_gid)


# -- the kinds


def types_milk(world: World) -> None:
    world.life.playbook(JOT)
    world.life.type("Buy milk.\n", "Milk.md")


def jots_a_mail_down(world: World) -> None:
    world.life.playbook(JOT.replace("kind: note", "kind: email"))
    world.life.drop("ask.eml", ASK)


def posts(world: World) -> None:
    world.life.playbook(POST)
    world.life.type("Buy milk.\n", "Milk.md")


def asks_for(tool: str) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.life.playbook(LETTER % tool)
        world.life.drop("ask.eml", ASK)

    return begin


def tells_the_owner(world: World) -> None:
    world.life.env |= {
        "FACTOTUM_CHANNELS": "none",
        "FACTOTUM_TELEGRAM_TOKEN": "42:not-a-real-token",
        "FACTOTUM_TELEGRAM_CHAT_ID": "4711",
    }
    asks_a_model(world)


def asks_a_model(world: World) -> None:
    root = world.life.root
    (root / "List.md").write_text("# List\n\n- bread\n")
    (root / "Office/Memory/ada.md").write_text("Ada likes tea.\n")
    weekly = '---\ncron: "0 18 * * 0"\nenabled: false\n---\n# Weekly\n'
    (root / "Office/Schedules/weekly.md").write_text(weekly)
    world.life.type("Please see to the milk.\n", "Milk.md")


def turns(*items: Item, child: tuple[Item, ...] = ()) -> Callable[[dict[str, Any]], Item]:
    """A model that says the line that comes next by what was said before."""

    def say(body: dict[str, Any]) -> Item:
        ours = child if "Look for the keys" in str(body["messages"][1]["content"]) else items
        return ours[len([one for one in body["messages"] if one["role"] == "assistant"])]

    return say


def notes_in(folder: str) -> Callable[[World], int]:
    return lambda world: len(world.life.files(folder))


def messages_in_the_outbox(world: World) -> int:
    ledger = Ledger(world.life.state / "ledger.db")
    try:
        (count,) = ledger.db.execute("SELECT count(*) FROM said WHERE kind = 'message'").fetchone()
        return int(count)
    finally:
        ledger.close()


def drafts_kept(world: World) -> int:
    assert world.dovecot is not None
    return len(world.dovecot.messages(ME, "Drafts"))


END = call("finish", summary="It is done.")

KINDS = [
    Kind("new note", "notes__write", types_milk, notes_in("Drafts")),
    Kind("new note about a mail", "notes__write", jots_a_mail_down, notes_in("Drafts")),
    Kind(
        "changed note",
        "notes__change",
        asks_a_model,
        lambda world: (world.life.root / "List.md").read_text().count("- milk"),
        model=turns(call("notes__change", note="List.md", find="", replace="- milk"), END),
    ),
    Kind(
        "memory",
        "remember",
        asks_a_model,
        lambda world: len(world.life.files("Office/Memory")) - 1,
        model=turns(call("remember", text="Ada takes no milk.", about="Ada"), END),
    ),
    Kind(
        "forgotten memory",
        "forget",
        asks_a_model,
        notes_in(".trash"),
        model=turns(call("forget", note="Office/Memory/ada.md", why="It is over."), END),
    ),
    Kind(
        "schedule",
        "schedule",
        asks_a_model,
        lambda world: len(world.life.files("Office/Schedules")) - 1,
        model=turns(
            call("schedule", action="add", name="Milk", message="Buy milk.", cron="0 9 * * *"), END
        ),
    ),
    Kind(
        "schedule taken away",
        "schedule__remove",
        asks_a_model,
        notes_in(".trash"),
        model=turns(call("schedule", action="remove", name="Weekly"), END),
    ),
    Kind(
        "message to the owner",
        "message__send",
        tells_the_owner,
        messages_in_the_outbox,
        model=turns(call("message__send", text="The milk is bought."), END),
    ),
    Kind("draft", "mail__draft", asks_for("draft"), drafts_kept, mailbox=True),
    Kind(
        "mail", "mail__send", asks_for("send"), lambda world: world.sent, certain=False, relay=True
    ),
    Kind(
        "mail with a copy in Sent",
        "mail__send",
        asks_for("send"),
        lambda world: world.sent,
        certain=False,
        relay=True,
        mailbox=True,
    ),
    Kind(
        "somebody else's tool",
        "outside__post",
        posts,
        lambda world: (world.base / "book").read_text().count("posted"),
        certain=False,
    ),
    Kind(
        "mail of a task that was handed on",
        "mail__send",
        asks_a_model,
        lambda world: world.sent,
        certain=False,
        relay=True,
        tasks=2,
        model=turns(
            call("delegate", title="Look for the keys", task="Look for the keys."),
            END,
            child=(call("mail__send", to=["bob@example.test"], subject="Keys", body="Where?"), END),
        ),
    ),
]


@contextmanager
def world_of(kind: Kind, folder: Path, dovecot: Dovecot | None = None) -> Iterator[World]:
    """A world in which the life of this kind is about to begin."""
    life = Life(folder, one_pass=watched_pass)
    world = World(kind, life)
    servers = Path(__file__).parents[2] / "mcp"
    if kind.tool == "outside__post":
        servers = folder / "servers"
        servers.mkdir()
        (servers / "outside_server.py").write_text(SERVER)
    life.env |= {"TRACE": str(folder / "trace"), "SERVERS": str(servers)}
    (folder / "book").touch()
    with ExitStack() as open_till_the_end:
        if kind.relay:
            world.relay = open_till_the_end.enter_context(Relay())
            life.env |= smtp(world.relay)
        if kind.mailbox:
            assert dovecot is not None
            dovecot.empty()
            world.dovecot = dovecot
            life.env |= dovecot.settings(ME)
            if kind.relay and world.relay:
                life.env |= smtp(world.relay)
        if kind.model:
            server = open_till_the_end.enter_context(ScriptedModelServer(kind.model))
            life.env |= {
                "FACTOTUM_MODEL": "test/scripted",
                "FACTOTUM_MODEL_BASE_URL": server.base_url,
                "FACTOTUM_MODEL_PRICE_IN": "1",
                "FACTOTUM_MODEL_PRICE_OUT": "1",
            }
        kind.begin(world)
        yield world


def check(world: World) -> int:
    """The promises, whatever was killed. Returns how often the effect has happened."""
    kind, life = world.kind, world.life
    happened = kind.count(world)
    assert happened <= 1, f"{kind.name} happened {happened} times"
    mine = [card for card in life.cards() if card.seal.tool == kind.tool]
    (card,) = [card for card in mine if card.status not in {"cancelled", "withdrawn"}]
    nothing_without_a_decision(life)
    notes = where_the_tasks_are(life)
    assert len(notes) == kind.tasks, f"{kind.tasks} tasks, but {notes}"
    assert life.scratch() == []
    if card.status == "unknown":
        assert not kind.certain
        assert len([p for p in life.files("Pending_Approval") if p.name == card.name]) == 1
        assert any("waiting" in path.parts for path in notes.values())
    else:
        assert (card.status, happened) == ("succeeded", 1)
        assert all("Done" in path.parts for path in notes.values()), notes
        assert all(path.read_text().count("## Receipts") == 1 for path in notes.values())
        assert life.files("Pending_Approval") == life.files("Approved") == []
    return happened


def nothing_without_a_decision(life: Life) -> None:
    """Every attempt stands on a yes to exactly what it did, and came after it."""
    ledger = Ledger(life.state / "ledger.db")
    try:
        rows = ledger.db.execute(
            "SELECT a.card, a.version, d.verdict, d.digest = s.digest AS same FROM attempt a"
            " LEFT JOIN decision d ON (d.card, d.version) = (a.card, a.version)"
            " LEFT JOIN seal s ON (s.card, s.version) = (a.card, a.version)"
        ).fetchall()
    finally:
        ledger.close()
    assert [row["card"] for row in rows if row["verdict"] != "approve" or not row["same"]] == []


def where_the_tasks_are(life: Life) -> dict[str, Path]:
    """The note of each task. AssertionError if one stands twice."""
    found: dict[str, Path] = {}
    for path in life.tasks():
        id = task_id(life.note(path))
        assert id not in found, f"{id} lies at {found[id]} and at {path}"
        found[id] = path
    return found
