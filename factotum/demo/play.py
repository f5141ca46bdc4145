"""The ordinary show: a mail comes in, is answered with a yes, and leaves a receipt."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from factotum.demo import letter, paper
from factotum.demo.house import REGRET_S, DemoError, House
from factotum.demo.letterbox import Letterbox
from factotum.demo.lookout import Lookout
from factotum.demo.stage import Stage

#: Nobody is there to be asked.
NOBODY = 2


def play(stage: Stage, *, yes: bool, keep: bool) -> int:
    """Plays the task through. Returns the exit code; raises DemoError."""
    with Letterbox() as post, House(post.port, keep=keep) as house:
        welcome(stage, house, post)
        with Lookout(house.root, stage) as lookout:
            code = _acts(stage, house, post, lookout, yes)
        house.stop()
        farewell(stage, house)
    return code


def welcome(stage: Stage, house: House, post: Letterbox) -> None:
    """Says what was set up, and starts the office in it."""
    stage.say(
        "One task, played through. No key, no network, nothing of yours is touched.", indent=0
    )
    pid = house.start()
    stage.say()
    stage.say(f"the vault        {house.root}")
    stage.say(f"a mail server    127.0.0.1:{post.port}, its mailbox in memory")
    stage.say(f"the office       python orchestrator.py, process {pid}")


def farewell(stage: Stage, house: House) -> None:
    if house.keep:
        stage.say(
            f"\nThe vault stays: open {house.root} in Obsidian. Remove {house.folder} when done.",
            indent=0,
        )
    else:
        stage.say(
            "\nThe vault is removed (--keep leaves it). Yours starts with: make run", indent=0
        )


def _acts(stage: Stage, house: House, post: Letterbox, lookout: Lookout, yes: bool) -> int:
    card = bring_request(stage, house, lookout)
    stage.step("You read the request")
    stage.sheet(paper.readable(card.read_bytes()))
    if yes:
        stage.say("\nSend it? yes (--yes)")
    elif not stage.can_ask:
        stage.say("\nSend it? Nobody is here to say yes, so nothing is sent.")
        stage.say("To say yes without a terminal: factotum demo --yes, or make demo YES=1")
        return NOBODY
    elif not stage.ask("Send it?"):
        return _no(stage, house, post, lookout, card)
    return _yes(stage, house, post, lookout, card)


def bring_request(stage: Stage, house: House, lookout: Lookout) -> Path:
    """The mail is dropped; returns the request that comes of it."""
    stage.step("A mail arrives")
    stage.say(f"{letter.SENDER} writes, with a PDF attached: “{letter.SUBJECT}”")
    house.drop(letter.FILE, letter.letter(datetime.now().astimezone()))
    lookout.look()
    stage.step("It becomes a task, and a playbook knows what to do")
    house.until(lambda: bool(house.cards("Pending_Approval", "pending")), "a request", lookout.tell)
    house.until(
        lambda: bool(house.notes("In_Progress/demo/waiting")), "the task to wait", lookout.tell
    )
    lookout.look()
    (card,) = house.cards("Pending_Approval", "pending")
    return card


def _yes(stage: Stage, house: House, post: Letterbox, lookout: Lookout, card: Path) -> int:
    stage.step("You say yes by moving the note (or tick `approve` in it)")
    house.move(card, "Approved")
    lookout.look()
    house.until(lambda: bool(house.cards("Approved", "approved")), "the yes", lookout.tell)
    if post.letters:
        raise DemoError("a mail was sent before the time for second thoughts was over")
    stage.say(
        f"The yes is in the ledger. It goes out in {REGRET_S:.0f} s (60 in earnest); a tick "
        f"on `cancel` would stop it."
    )
    stage.count_down(REGRET_S)
    house.until(lambda: bool(post.letters), "the mail to be sent", lookout.tell)
    stage.step("The mail is sent; this is what the mail server received")
    stage.sheet(paper.as_received(post.letters[0]))
    stage.step("The task is done, with a receipt that code has written from the ledger")
    house.until(lambda: bool(house.tasks("Done")), "the finished task", lookout.tell)
    house.until(lambda: bool(house.cards("Done", "succeeded")), "the receipt", lookout.tell)
    lookout.look()
    stage.sheet(paper.part(house.tasks("Done")[0].read_bytes(), "Receipts", "Summary"))
    return _count(stage, post, 1)


def _no(stage: Stage, house: House, post: Letterbox, lookout: Lookout, card: Path) -> int:
    stage.step("You say no by moving the note (or tick `reject` in it)")
    house.move(card, "Rejected")
    lookout.look()
    house.until(lambda: bool(house.cards("Rejected", "rejected")), "the no", lookout.tell)
    stage.step("The task is over, and says so")
    house.until(lambda: bool(house.tasks("Done")), "the finished task", lookout.tell)
    lookout.look()
    stage.sheet(paper.part(house.tasks("Done")[0].read_bytes(), "Receipts", "Summary"))
    return _count(stage, post, 0)


def _count(stage: Stage, post: Letterbox, wanted: int) -> int:
    count = len(post.letters)
    stage.say()
    stage.verdict(f"mailbox: {count} (expected {wanted})", good=count == wanted)
    return 0 if count == wanted else 1
