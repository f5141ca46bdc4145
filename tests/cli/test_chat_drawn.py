"""A line that is typed on a real terminal while much is said: neither tears the other up."""

from __future__ import annotations

import asyncio
import os
import pty
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factotum.cli.chat_drawn import Drawn
from factotum.cli.chat_screen import Plain, Prompt, Screen, Typed
from tests.cli.glass import Glass

pytestmark = pytest.mark.anyio


class Ear:
    """Hears what is typed; what it answers at once stands in `answers`."""

    def __init__(self) -> None:
        self.lines: list[Typed] = []
        self.interrupts = self.ends = 0
        self.screen: Screen | None = None

    @property
    def said(self) -> list[str]:
        return [one.text for one in self.lines]

    def typed(self, line: Typed) -> None:
        self.lines.append(line)

    def interrupted(self) -> None:
        self.interrupts += 1

    def ended(self) -> None:
        self.ends += 1


class CountedDrawn(Drawn):
    """Knows how often something was read."""

    reads = 0

    def _came(self, data: bytes) -> None:
        super()._came(data)
        self.reads += 1


class CountedPlain(Plain):
    reads = 0

    def _came(self, data: bytes) -> None:
        super()._came(data)
        self.reads += 1


COUNTED: dict[type[Screen], type[CountedDrawn | CountedPlain]] = {
    Drawn: CountedDrawn,
    Plain: CountedPlain,
}


class Desk:
    """A screen on a pty of its own, and what stands on it."""

    def __init__(self, kind: type[Screen], columns: int = 80) -> None:
        self.outer, self.inner = pty.openpty()
        termios.tcsetwinsize(self.outer, (24, columns))
        self.ear = Ear()
        self.screen = COUNTED[kind](self.inner, os.fdopen(os.dup(self.inner), "w"))
        self.screen.listener = self.ear
        self.glass = Glass(columns)

    def looks(self) -> None:
        os.set_blocking(self.outer, False)
        try:
            while came := os.read(self.outer, 65_536):
                self.glass.write(came.decode())
        except BlockingIOError:
            pass

    async def presses(self, keys: str) -> None:
        reads = self.screen.reads
        os.write(self.outer, keys.encode())
        for n in range(50 if keys else 5):  # a line may be kept till it is whole
            await asyncio.sleep(0.002)
            if n >= 4 and self.screen.reads > reads:
                break
        self.looks()

    def close(self) -> None:
        with suppress(OSError):
            self.screen.out.close()
        for fd in (self.outer, self.inner):
            if fd >= 0:
                os.close(fd)


@asynccontextmanager
async def desk_of(kind: type[Screen] = Drawn, columns: int = 80) -> AsyncIterator[Desk]:
    desk = Desk(kind, columns)
    try:
        with desk.screen:
            desk.screen.ask("you> ")
            yield desk
    finally:
        desk.close()


async def test_what_is_said_stands_above_and_the_half_line_stays_whole() -> None:
    async with desk_of() as desk:
        await desk.presses("half a li")
        desk.screen.say("factotum> One.\n  Two.\n")
        await desk.presses("ne")
        desk.screen.say("factotum> Three.\n")
        desk.looks()
        assert desk.glass.lines == [
            "factotum> One.",
            "  Two.",
            "factotum> Three.",
            "you> half a line",
        ]
        assert desk.glass.last == "you> half a line"
        await desk.presses("\n")
        assert desk.ear.said == ["half a line"]
        assert desk.glass.last == "you> "


async def test_a_line_of_several_rows_is_taken_away_whole() -> None:
    async with desk_of(columns=20) as desk:
        await desk.presses("a message that needs three rows of it 日本")
        await desk.presses("\x1b[D" * 9)
        desk.screen.say("factotum> Word.\n")
        await desk.presses("!")
        desk.looks()
        assert desk.glass.lines[0] == "factotum> Word."
        shown = "".join(desk.glass.lines[1:]).replace(" ", "")
        assert shown == "you>amessagethatneedsthreerows!ofit日本"


async def test_what_is_said_is_broken_between_words_and_keeps_its_indent() -> None:
    for kind in (Drawn, Plain):
        async with desk_of(kind, columns=20) as desk:
            desk.screen.say("factotum> All that I know of it.\n  It is little, really.\n")
            desk.looks()
            said = [line for line in desk.glass.lines if not line.startswith("you>")]
            assert said == ["factotum> All that", "  I know of it.", "  It is little,", "  really."]


async def test_a_line_begun_means_what_stood_before_it_then() -> None:
    async with desk_of() as desk:
        await desk.presses("ye")
        desk.screen.ask("your choice> ", "a card")
        await desk.presses("s\n")
        await desk.presses("no\n")
        assert [(one.text, one.prompt.about) for one in desk.ear.lines] == [
            ("yes", None),
            ("no", "a card"),
        ]
        assert "your choice> no" in desk.glass.lines
        assert desk.ear.lines[0].begun < desk.ear.lines[1].prompt.since <= desk.ear.lines[1].begun


async def test_what_is_taken_away_makes_room_for_what_is_asked() -> None:
    async with desk_of() as desk:
        await desk.presses("ye")
        desk.screen.ask("your choice> ", "a card")
        await desk.presses("\x7f\x7f")
        assert desk.glass.last == "your choice> "


async def test_what_is_typed_while_it_is_held_comes_afterwards_and_was_begun_before() -> None:
    async with desk_of() as desk:
        desk.screen.hold()
        await desk.presses("yes\nand mo")
        assert desk.ear.said == []
        desk.screen.ask("your choice> ", "a card")
        desk.looks()
        (line,) = desk.ear.lines
        assert line.begun < line.prompt.since
        assert desk.glass.last == "your choice> and mo"


async def test_ctrl_c_takes_the_line_away_and_then_is_told() -> None:
    async with desk_of() as desk:
        await desk.presses("rm everything\x03")
        assert desk.ear.said == []
        assert desk.glass.lines == ["you> rm everything^C", "you>"]
        await desk.presses("\x03")
        assert (desk.ear.interrupts, desk.ear.ends) == (1, 0)
        await desk.presses("\x04")
        assert desk.ear.ends == 1


async def test_a_long_paste_is_one_line_and_stays_short_on_the_screen() -> None:
    async with desk_of() as desk:
        fifty = "\n".join(f"line {n}" for n in range(50))
        await desk.presses(f"\x1b[200~{fifty}\x1b[201~")
        assert desk.glass.pasting
        assert len(desk.glass.lines) <= 8
        await desk.presses("\n")
        assert desk.ear.said == [fifty]
        assert "… and 38 more lines" in desk.glass.lines


async def test_fifty_lines_that_no_terminal_marked_as_pasted_are_taken_one_by_one() -> None:
    for kind in (Drawn, Plain):
        async with desk_of(kind) as desk:
            await desk.presses("".join(f"line {n}\n" for n in range(50)))
            assert desk.ear.said == [f"line {n}" for n in range(50)]


async def test_the_terminal_is_given_back_as_it_was() -> None:
    desk = Desk(Drawn)
    found = termios.tcgetattr(desk.inner)
    with desk.screen:
        desk.screen.ask("you> ")
        await desk.presses("half")
        assert termios.tcgetattr(desk.inner) != found
    desk.looks()
    assert termios.tcgetattr(desk.inner) == found
    assert (desk.glass.lines, desk.glass.pasting) == ([""], False)
    desk.close()


async def test_what_is_said_after_the_end_has_no_line_below_it() -> None:
    for kind in (Drawn, Plain):
        desk = Desk(kind)
        with desk.screen:
            desk.screen.ask("you> ")
        desk.screen.say("factotum> Late.\n")
        desk.looks()
        assert desk.glass.lines[-2:] == ["factotum> Late.", ""]
        desk.close()


async def test_a_terminal_that_is_gone_is_told_once_something_is_said() -> None:
    async with desk_of() as desk:
        os.close(desk.outer)
        desk.outer = -1
        desk.screen.tell("Anybody?\n")
        assert desk.screen.gone
        await asyncio.sleep(0.01)
        assert desk.ear.ends >= 1


async def test_a_narrower_window_leaves_no_rests() -> None:
    async with desk_of(columns=40) as desk:
        await desk.presses("a line that nearly fills it, yes")
        termios.tcsetwinsize(desk.outer, (24, 20))
        desk.looks()
        desk.glass = Glass(20)  # the terminal has broken what stood there into two rows
        desk.glass.write("you> a line that nearly fills it, yes")
        desk.screen.say("factotum> Hm.\n")
        desk.looks()
        assert desk.glass.lines[0] == "factotum> Hm."
        assert "".join(desk.glass.lines[1:]).replace(" ", "") == "you>alinethatnearlyfillsit,yes"


async def test_a_plain_terminal_has_the_prompt_anew_below_what_is_said() -> None:
    async with desk_of(Plain) as desk:
        desk.screen.say("factotum> One.\n")
        await desk.presses("two\n")
        assert desk.ear.said == ["two"]
        assert desk.ear.lines[0].prompt == Prompt("you> ", None, desk.ear.lines[0].prompt.since)
        assert desk.glass.lines == ["you>", "factotum> One.", "you> two", "you>"]


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.text(alphabet="xyz 日", min_size=1, max_size=60)),
        st.tuples(st.just("type"), st.text(alphabet="ab 日👍\n\x01\x02\x05\x7f\x17", max_size=30)),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(DEEDS, st.sampled_from((12, 24, 80)))
def test_whatever_is_said_and_typed_each_stays_whole(
    deeds: list[tuple[str, str]], columns: int
) -> None:
    async def play() -> None:
        async with desk_of(columns=columns) as desk:
            told: list[str] = []
            for what, text in deeds:
                if what == "say":
                    desk.screen.say(f">{text}<\n")
                    told.append(f">{text}<")
                else:
                    await desk.presses(text)
            desk.looks()
            shown = "".join(line.ljust(columns) for line in desk.glass.lines)
            bare = "".join(shown.split())
            at = 0
            for one in told:
                at = bare.index("".join(one.split()), at)
            assert isinstance(desk.screen, Drawn)
            line = desk.screen._line
            assert desk.glass.last.endswith(line.text[: line.cursor].split("\n")[-1][-1:].strip())

    asyncio.run(play())
