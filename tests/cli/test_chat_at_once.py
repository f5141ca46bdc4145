"""An answer in the very moment in which a question stands there, before that is written down."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from factotum.channels.at_terminal import AtTerminal
from factotum.cli.chat_office import Office
from factotum.cli.chat_talk import Conversation
from tests.channels import rigs
from tests.channels.test_every_channel import house, the_card
from tests.patience import until


def test_an_answer_in_that_moment_is_an_answer(tmp_path: Path) -> None:
    with house("terminal", tmp_path) as (rig, office, _):
        at = cast("rigs.AtTerminal", rig)
        here = AtTerminal(at.service.window, at.channel, at.service)
        talk = Conversation(here, cast("Office", None))

        def answers() -> None:
            found = at.channel.current()
            if found is not None and len(talk.given) == 1:
                talk.hear("The one in Rome", found[0], found[1].words.text)

        at.channel.changed = answers
        at._do(lambda: talk.hear("question"))
        until(lambda: len(talk.given) == 2)
        until(lambda: the_card(office).status == "answered")
        decision = the_card(office).decision
        assert decision is not None and decision.why == "The one in Rome"
        assert talk.given[1].task == ""
