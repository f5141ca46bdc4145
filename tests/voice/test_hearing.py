"""A recording becomes text over a real connection, and every failure becomes a sentence."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from factotum.voice import Heard, Hearing, NotHeard
from factotum.voice.hearing import AGAIN_S, SIZE_BYTES_MOST
from tests.models.talking import Broke, Purse
from tests.patience import PATIENCE_S
from tests.servers.ports import Silent, free_port
from tests.servers.transcriber import Transcriber, Turn, cut, raw, slow, status
from tests.voice.recordings import EACH, NAME, NOTE, at, hear, lines, why

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_a_voice_note_becomes_its_words() -> None:
    with Transcriber() as server:
        server.knows(NOTE, " Please call Anna\n at nine. ")
        assert hear(at(server.base_url)) == Heard("Please call Anna at nine.", "", 3.0)
        (asked,) = server.asked
    assert asked.data == NOTE
    assert asked.fields == {"model": "whisper-large-v3", "response_format": "json"}
    assert "authorization" not in asked.headers


def test_the_name_of_the_file_stays_in_the_house_and_its_ending_is_one_that_all_take() -> None:
    with Transcriber() as server:
        for ending, data in EACH.items():
            server.knows(data, ending)
            assert hear(at(server.base_url), data, "Diagnosis of Anna.oga") == Heard(
                ending, "", 3.0
            )
        assert [asked.file_name for asked in server.asked] == [f"voice.{name}" for name in EACH]
        assert server.asked[0].file_type == "audio/ogg"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.7 and more", "letter.pdf"),
        (b"#!AMR\n" + bytes(20), "old-phone.amr"),
        (b"\xff\xf1" + bytes(20), "bare.aac"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "film.wav"),  # its bytes say that it is none
        (b"", "empty.ogg"),
    ],
)
def test_what_is_no_recording_is_not_sent(data: bytes, name: str) -> None:
    with Transcriber() as server:
        assert why(at(server.base_url), data, name) == NotHeard(
            f"transcription (127.0.0.1:{server.port}): this is no recording that can be heard. "
            f"Send ogg, mp3, m4a, mp4, wav, flac, webm"
        )
        assert server.asked == []


def test_bytes_that_say_nothing_are_what_their_name_says() -> None:
    with Transcriber() as server:
        server.knows(b"who knows", "yes")
        assert isinstance(hear(at(server.base_url), b"who knows", "NOTE.OPUS"), Heard)
        assert server.asked[0].file_name == "voice.ogg"


def test_the_key_and_the_language_are_sent_and_what_is_told_of_both_is_taken() -> None:
    with Transcriber(key="k-12345") as server:
        server.knows(NOTE, "Ruf Anna an.", language="de", duration=4.5)
        hearing = at(server.base_url, TRANSCRIBE_KEY="k-12345", TRANSCRIBE_LANGUAGE="it")
        assert hear(hearing) == Heard("Ruf Anna an.", "de", 4.5)
        assert server.asked[0].fields["language"] == "it"
        server.knows(NOTE, "Chiama Anna.", language="italian", duration="long")
        assert hear(hearing) == Heard("Chiama Anna.", "it", 3.0)  # no code, no number


@pytest.mark.parametrize(
    "text",
    ["", "  \n ", "[BLANK_AUDIO]", "(wind blowing) [MUSIC]", "♪ ♪", "...", "*laughs*\n[ Silence ]"],
)
def test_a_recording_without_words_is_not_heard(text: str) -> None:
    with Transcriber() as server:
        server.knows(NOTE, text)
        told = why(at(server.base_url))
        assert told.why.endswith("there are no words in the recording")
        assert told.again_s is None


@pytest.mark.parametrize("text", ["Yes.", "はい", "12", "[cough] Yes.", "ठीक है"])
def test_one_word_is_enough(text: str) -> None:
    with Transcriber() as server:
        server.knows(NOTE, text)
        assert hear(at(server.base_url)) == Heard(text, "", 3.0)


def test_no_line_of_what_was_heard_can_become_a_heading() -> None:
    with Transcriber() as server:
        server.knows(NOTE, "Note:\r\n# Heading\u2028---\x00\x1b[31m\nend\u200c.")
        outcome = hear(at(server.base_url))
    assert isinstance(outcome, Heard)
    assert outcome.text == "Note: # Heading --- [31m end\u200c."


@pytest.mark.parametrize("text", ["[ ]" * 50_000 + "x", "[(" * 100_000, "*" * 200_000])
def test_no_answer_takes_long_to_read(text: str) -> None:
    with Transcriber() as server:
        server.knows(NOTE, text)
        before = time.monotonic()
        hear(at(server.base_url))
        assert time.monotonic() - before < 15  # where each sign looks at all others: minutes


# -- what can go wrong


def later() -> str:
    return format_datetime(NOON.replace(minute=2), usegmt=True)


@pytest.mark.parametrize(
    ("turn", "said", "again_s"),
    [
        (status(401), "the key in FACTOTUM_TRANSCRIBE_KEY was refused (401). Correct it", None),
        (status(403), "the key in FACTOTUM_TRANSCRIBE_KEY was refused (403). Correct it", None),
        (status(413), "too long for it (no). Send a shorter one", None),
        (status(429, headers={"Retry-After": "7"}), "too many requests (429)", 7.0),
        (status(429, headers={"Retry-After": later(), "Date": later()}), "too many", 0.0),
        (status(429), "too many requests (429)", AGAIN_S),
        (status(429, "insufficient_quota"), "has no credit left", None),
        (status(402), "has no credit left", None),
        (status(500), "trouble at its end (500)", AGAIN_S),
        (status(503, headers={"Retry-After": "30"}), "overloaded (503)", 30.0),
        (status(400, "file is corrupt"), "the request was refused (400 file is corrupt)", None),
        (status(307, headers={"Location": "http://127.0.0.1:1/"}), "leads to another", None),
        (status(404, "Model 'x' is not installed"), "not found there (Model 'x' is not", None),
        (raw(b"<html>hello</html>"), "the answer is no JSON", None),
        (raw([1]), "there is no text in the answer", None),
        (raw({"text": 7}), "there is no text in the answer", None),
        (raw({"error": "failed to read WAV file"}), "(failed to read WAV file)", None),
        (raw(b"[" * 100_000), "the answer is no JSON", None),
        (raw({"text": "x" * 9_000_000}), "is larger than", None),
        (cut(), "the connection broke", AGAIN_S),
    ],
)
def test_each_failure_says_what_to_do_and_when(
    turn: Turn, said: str, again_s: float | None
) -> None:
    with Transcriber() as server:
        server.next(turn)
        told = why(at(server.base_url, TRANSCRIBE_KEY="a-key"))
        assert told.why.startswith(f"transcription (127.0.0.1:{server.port}): ")
        assert said in told.why
        assert told.again_s == again_s


def test_a_server_that_is_not_there_is_worth_asking_again() -> None:
    told = why(at(f"http://127.0.0.1:{free_port()}/v1"))
    assert "it could not be reached" in told.why
    assert told.again_s == AGAIN_S


def patient(url: str, timeout_s: float) -> Hearing:
    way = at(url).way
    return Hearing(way, 0.0, timeout_s=timeout_s)


def test_a_server_that_hangs_is_left() -> None:
    with Silent() as silent:
        told = why(patient(f"http://127.0.0.1:{silent.port}/v1", 0.2), seconds=0.05)
    assert "no answer within 0.2 s" in told.why
    assert told.again_s == AGAIN_S


def test_a_slow_machine_of_ones_own_may_take_twice_as_long_as_the_recording() -> None:
    with Transcriber() as server:
        server.knows(NOTE, "Heard.")
        late = raw({"text": "At last."})
        server.next(slow(0.3, late), slow(PATIENCE_S, late))
        assert hear(patient(server.base_url, 0.1), seconds=5.0) == Heard("At last.", "", 5.0)
        assert "no answer within 0.1 s" in why(patient(server.base_url, 0.1), seconds=0.05).why


def test_a_large_or_endless_recording_is_not_sent() -> None:
    with Transcriber() as server:
        big = why(at(server.base_url), NOTE + bytes(SIZE_BYTES_MOST))
        assert big.why.endswith("has 25 MB, and at most 25 are taken. Send it in parts")
        long = why(at(server.base_url), seconds=3 * 3600.0)
        assert long.why.endswith(
            "is 3.0 hours long, and at most 2 are listened to. Send it in parts"
        )
        assert server.asked == []


def test_no_other_host_hears_it_by_a_redirect() -> None:
    with Transcriber() as server, Transcriber() as other:
        server.next(status(308, headers={"Location": f"{other.base_url}/audio/transcriptions"}))
        assert "leads to another address" in why(at(server.base_url)).why
        assert other.asked == []


def test_neither_key_nor_words_stand_in_a_log_or_in_what_is_told() -> None:
    with Transcriber(key="another") as server, lines() as told:
        refused = why(at(server.base_url, TRANSCRIBE_KEY="sk-canary-0000-not-a-key"))
        server.knows(NOTE, "the secret plan")
        assert isinstance(hear(at(server.base_url, TRANSCRIBE_KEY="another")), Heard)
        assert "sk-canary" in server.refused[0]  # the server shows the key that it refuses
    for hidden in ("sk-canary", "secret plan", "file_17"):
        assert hidden not in told.getvalue() + refused.why
    first, second = map(json.loads, told.getvalue().splitlines())
    assert first["event"] == "a recording was not heard"
    assert second["event"] == "a recording was heard"
    assert second["size_bytes"] == len(NOTE)
    assert "left_out" not in first | second


# -- money


def paid(url: str) -> Hearing:
    return at(url, TRANSCRIBE_PRICE="0.006")


def told(purse: Purse) -> float | None:
    """What the one reservation came to."""
    ((number, cost_usd),) = purse.released
    assert number == 1
    return cost_usd


def hear_for(purse: Purse, hearing: Hearing, seconds: float = 30.0) -> Heard | NotHeard:
    return asyncio.run(hearing.hear(NOTE, NAME, seconds, purse))


def test_money_is_set_aside_before_and_settled_after() -> None:
    purse = Purse()
    with Transcriber() as server:
        server.knows(NOTE, "Heard.", duration=20.0)
        outcome = hear_for(purse, paid(server.base_url))
    assert purse.reserved == [(f"transcription (127.0.0.1:{server.port})", 0.003)]
    assert told(purse) == pytest.approx(0.002)
    assert outcome.cost_usd == pytest.approx(0.002)


@pytest.mark.parametrize(
    ("turn", "cost_usd"),
    [
        (status(429), 0.0),
        (status(401), 0.0),
        (status(500), 0.003),  # nobody knows
        (raw(b"nonsense"), 0.003),
        (raw({"text": ""}), 0.003),
        (raw({"text": "yes", "duration": 60}), 0.003),  # more than was set aside
        (raw({"text": "yes", "duration": 9000}), 0.003),  # more than there can be
        (raw({"text": "yes", "duration": 1}), 0.001),  # ten seconds are charged at least
    ],
)
def test_a_failure_costs_nothing_only_where_that_is_certain(turn: Turn, cost_usd: float) -> None:
    purse = Purse()
    with Transcriber() as server:
        server.next(turn)
        assert hear_for(purse, paid(server.base_url)).cost_usd == pytest.approx(cost_usd)
    assert told(purse) == pytest.approx(cost_usd)


def test_without_money_nothing_is_sent() -> None:
    with Transcriber() as server, pytest.raises(Broke):
        hear_for(Purse(left_usd=0.0), paid(server.base_url))
    assert server.asked == []


def test_what_costs_nothing_asks_for_no_money() -> None:
    purse = Purse()
    with Transcriber() as server:
        server.knows(NOTE, "Heard.")
        assert hear_for(purse, at(server.base_url)) == Heard("Heard.", "", 30.0)
    assert purse.reserved == []


def test_a_recording_that_is_given_up_counts_as_all_that_it_can_cost() -> None:
    purse = Purse()

    async def whole(hearing: Hearing) -> None:
        task = asyncio.create_task(hearing.hear(NOTE, NAME, 30.0, purse))
        await asyncio.to_thread(silent.hears)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Silent() as silent:
        asyncio.run(whole(paid(f"http://127.0.0.1:{silent.port}/v1")))
    assert purse.released == [(1, None)]
