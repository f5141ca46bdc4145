"""Recordings that are sent as files, and round videos: heard; who speaks to us says their own
words, a file is what anybody may have said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from factotum.model import Trust
from tests.channels.talking import Desk, desk, looked
from tests.channels.test_every_channel import comes_to
from tests.reading.samples import flac, mp3, wav
from tests.servers.telegram.chats import Message
from tests.servers.transcriber import Transcriber, status
from tests.voice.recordings import EACH, m4a

ROUND = EACH["mp4"]
SAID = "Call Anna about the roof."
FILES = {
    "memo.m4a": ("audio/mp4", m4a(2)),
    "memo.mp3": ("audio/mpeg", mp3(2, "A memo")),
    "memo.ogg": ("audio/ogg", EACH["ogg"]),
    "memo.wav": ("audio/x-wav", wav(2)),
    "memo.flac": ("", flac(2)),
}


@pytest.fixture
def heard() -> Iterator[Transcriber]:
    with Transcriber() as server:
        for data in (ROUND, *(data for _, data in FILES.values())):
            server.knows(data, SAID)
        yield server


def sends_round(at: Desk, data: bytes = ROUND, **more: Any) -> Message:
    note = {**at.me.keeps("video_note", data), "length": 240, "duration": 3}
    return at.me.sends_other(video_note=note, **more)


def test_a_round_video_is_the_owners_own_words(tmp_path: Path, heard: Transcriber) -> None:
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url) as at:
        sent = sends_round(at)
        assert at.me.waits_to_see(f"I heard: “{SAID}”").reply_to == sent.id
        at.answered(sent)
        assert f"The owner wrote:\n\n{SAID}" in at.told()
        task = at.task()
        assert (task.trust, task.words, task.facts["spoken"]) == (Trust.OWNER, Trust.OWNER, True)
        assert [one["name"] for one in task.facts["attachments"]] == [f"video_note-{sent.id}.mp4"]
        (asked,) = heard.asked
        assert (asked.file_name, asked.file_type) == ("voice.mp4", "audio/mp4")


@pytest.mark.slow
def test_a_round_video_that_is_passed_on_or_cannot_be_heard_is_told_as_that(
    tmp_path: Path, heard: Transcriber
) -> None:
    eve = {"id": 99, "is_bot": False, "first_name": "Eve"}
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url) as at:
        sends_round(at, forward_origin={"type": "user", "sender_user": eve, "date": 1})
        at.me.waits_to_see("Looked at it.")
        told = at.told()
        assert SAID in told[told.index("```outsider") :]
        assert "not written down" not in told
        assert (at.task().trust, at.task().words) == (Trust.STRANGER, Trust.STRANGER)
        heard.next(status(503), status(503))
        at.answered(sends_round(at))
        assert at.tasks()[-1].title == "A round video that could not be heard"


@pytest.mark.parametrize(
    "name", ["memo.m4a", *(pytest.param(n, marks=pytest.mark.slow) for n in list(FILES)[1:])]
)
def test_what_is_said_in_a_file_stands_in_its_task_and_is_nobodys_order(
    tmp_path: Path, heard: Transcriber, name: str
) -> None:
    mime, data = FILES[name]
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url) as at:
        sent = at.me.sends_document(data, name, mime)
        assert at.me.waits_to_see(f"In {name} I heard: “{SAID}”").reply_to == sent.id
        at.answered(sent)
        told = at.told()
        assert f"as it was heard:\n\n{SAID}" in told[told.index("```outsider") :]
        task = at.task()
        assert (task.trust, task.words) == (Trust.STRANGER, Trust.STRANGER)
        assert "spoken" not in task.facts
        (file,) = task.facts["attachments"]
        assert (file["name"], (at.office.root / file["path"]).read_bytes()) == (name, data)
        assert heard.asked[0].file_name == f"voice.{name[5:]}"  # its own name stays here


def test_what_is_written_below_a_file_is_the_owners_and_what_is_said_in_it_is_not(
    tmp_path: Path, heard: Transcriber
) -> None:
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url) as at:
        sent = at.me.sends_audio(FILES["memo.mp3"][1], "memo.mp3", 2, "What is it about?")
        at.answered(sent)
        told = at.told()
        assert "The owner wrote:\n\nWhat is it about?" in told
        assert SAID in told[told.index("```outsider") :]
        task = at.task()
        assert (task.trust, task.words) == (Trust.STRANGER, Trust.OWNER)
        # what was heard in a file is not the owner's word when it is replied to
        shown = at.me.waits_to_see("In memo.mp3 I heard")
        at.answered(at.me.says("Is that so?", reply_to=shown.id))
        told = at.told(1)
        assert SAID in told[told.index("```outsider") :]


def as_music(at: Desk) -> Message:
    return at.me.sends_audio(FILES["memo.mp3"][1], "song.mp3", 40 * 60)


def as_a_document(at: Desk) -> Message:
    """Of a document Telegram does not say how long it lasts; the file does."""
    return at.me.sends_document(m4a(40 * 60), "song.m4a", "audio/mp4")


@pytest.mark.parametrize("sends", [as_music, pytest.param(as_a_document, marks=pytest.mark.slow)])
def test_a_long_file_is_kept_and_costs_nothing_and_it_is_said_what_to_do(
    tmp_path: Path, heard: Transcriber, sends: Callable[[Desk], Message]
) -> None:
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url, TRANSCRIBE_PRICE="0.006") as at:
        sent = sends(at)
        shown = at.me.waits_to_see("I did not hear song.m")
        assert "it lasts 40 min, and files are listened to up to 30 min" in shown.text
        assert "FACTOTUM_TRANSCRIBE_FILE_MINUTES" in shown.text
        at.answered(sent)
        assert heard.asked == []
        assert "it was not heard" in at.office.one("Done").read_text()
        assert at.task().facts["attachments"][0]["name"].startswith("song.m")


@pytest.mark.slow
@pytest.mark.parametrize("env", [{}, {"TRANSCRIBE_FILE_MINUTES": "0"}])
def test_where_no_file_is_heard_it_is_kept_without_a_word(
    tmp_path: Path, heard: Transcriber, env: dict[str, str]
) -> None:
    url = {"TRANSCRIBE_URL": heard.base_url} if env else {}
    with desk(tmp_path, looked, **env, **url) as at:
        at.answered(at.me.sends_audio(FILES["memo.mp3"][1], "song.mp3", 2))
        assert "What is said in it was not written down." in at.told()
        assert not at.me.chat.find("🎙")
        assert heard.asked == []


@pytest.mark.slow
def test_all_recordings_of_an_album_are_heard_and_one_that_is_not_leaves_the_others(
    tmp_path: Path, heard: Transcriber
) -> None:
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url) as at:
        said = {"one.mp3": mp3(1, "1"), "two.mp3": mp3(2, "2"), "three.mp3": mp3(3, "3")}
        for name in ("one.mp3", "three.mp3"):
            heard.knows(said[name], f"This is {name}.")
        for n, (name, data) in enumerate(said.items()):
            audio = {**at.me.keeps("audio", data), "duration": 1, "file_name": name}
            caption = {} if n else {"caption": "Write them down"}
            at.me.sends_other(audio=audio, media_group_id="album-1", **caption)
        at.me.waits_to_see("Looked at it.")
        told = at.told()
        places = [told.index(f"## {name}") for name in said]
        assert places == sorted(places)
        assert "This is one.mp3." in told and "This is three.mp3." in told
        assert "there are no words in the recording" in told
        assert len(at.tasks()) == 1


@pytest.mark.slow
def test_what_it_costs_is_shown_where_a_voice_message_is(
    tmp_path: Path, heard: Transcriber
) -> None:
    with desk(tmp_path, looked, TRANSCRIBE_URL=heard.base_url, TRANSCRIBE_PRICE="0.006") as at:
        at.answered(at.me.sends_audio(FILES["memo.mp3"][1], "memo.mp3", 60))
        at.me.says("/cost")
        shown = at.me.waits_to_see("Who got it this month")
        assert "0.0060 USD transcription" in shown.text
        comes_to(lambda: len(heard.asked) == 1)
