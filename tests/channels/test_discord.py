"""A webhook of Discord as a channel: what it shows, and how a send can fail."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.blobs import Blobs
from factotum.channels.contract import (
    Attached,
    ChannelError,
    Gone,
    Lost,
    Message,
    NotSent,
    Refused,
)
from factotum.channels.discord import Discord
from factotum.channels.discord_words import MOST_UNITS, markdown
from factotum.channels.ways import CHAT
from factotum.channels.words import Words
from tests.servers.webhook import TOKEN, Fails, Webhooks

HERE = Path(tempfile.gettempdir())


@pytest.fixture
def there() -> Iterator[Webhooks]:
    with Webhooks() as there:
        yield there


def message(text: str, **more: object) -> Message:
    return Message(Words.of(text), **more)  # type: ignore[arg-type]


def says(
    there: Webhooks, *messages: Message, url: str = "", blobs: Path | None = None
) -> list[str]:
    """Sends them in order; the ids."""

    async def all_of_them() -> list[str]:
        discord = Discord(url or there.url, Blobs(blobs or HERE))
        try:
            return [await discord.send(CHAT, one) for one in messages]
        finally:
            await discord.close()

    return asyncio.run(all_of_them())


def changes(there: Webhooks, id: str, text: str) -> None:
    async def one() -> None:
        discord = Discord(there.url, Blobs(HERE))
        try:
            await discord.edit(CHAT, id, message(text))
        finally:
            await discord.close()

    asyncio.run(one())


def test_a_message_is_sent_and_changed_in_place(there: Webhooks) -> None:
    (id,) = says(there, message("It failed."))
    assert there.texts == ["It failed."]
    changes(there, id, "It works again.")
    assert there.texts == ["It works again."]


def test_nobody_is_mentioned_and_nothing_is_fetched(there: Webhooks) -> None:
    says(there, message("@everyone look"), message("hush", silent=True))
    loud, quiet = there.messages.values()
    assert loud["allowed_mentions"] == {"parse": []} and loud["content"] == "\\@everyone look"
    assert (loud["flags"], quiet["flags"]) == (4, 4 | 4096)


def test_an_address_with_a_thread_keeps_it(there: Webhooks) -> None:
    says(there, message("Hi"), url=f"{there.url}?thread_id=7")
    assert there.asked[0][1].endswith("?thread_id=7&wait=true")


def test_a_file_goes_along(there: Webhooks, tmp_path: Path) -> None:
    sha = Blobs(tmp_path).put(b"1,2,3")
    file = Attached(sha, "list.csv", 5)
    says(there, Message(Words.of("The list"), file=file), blobs=tmp_path)
    (said,) = there.messages.values()
    assert (said["content"], said["files"]) == ("The list", {"list.csv": b"1,2,3"})
    with pytest.raises(Refused, match="and Discord takes 10"):
        says(there, Message(Words.of("x"), file=Attached(sha, "big", 11 << 20)), blobs=tmp_path)
    absent = Attached(hashlib.sha256(b"gone").hexdigest(), "gone", 4)
    with pytest.raises(Refused, match="gone cannot be read"):
        says(there, Message(Words.of("x"), file=absent), blobs=tmp_path)


def test_a_long_one_is_several(there: Webhooks) -> None:
    words = " ".join(f"word{n}" for n in range(500))
    there.fails.extend([Fails(200, {"id": "7"}, done=True), Fails(429, {"retry_after": 0.01})])
    assert says(there, message(words)) == ["7"]
    assert len(there.texts) > 1 and " ".join(there.texts).split() == words.split()
    there.fails.extend([Fails(200, {"id": "8"}, done=True), Fails(500)])
    with pytest.raises(Lost, match="only its beginning stands in Discord"):
        says(there, message(words))


# -- how a send can fail

BODY = {"message": "You are being rate limited.", "retry_after": 0.65, "global": False}


@pytest.mark.parametrize(
    ("fails", "error", "said"),
    [
        (Fails(401, {"code": 50027}), Refused, "does not know the webhook any more"),
        (Fails(404, {"code": 10015}), Refused, "FACTOTUM_DISCORD_WEBHOOK_URL"),
        (Fails(404), Refused, "Integrations, Webhooks"),
        (Fails(302, None, {"Location": "https://elsewhere.example/"}), Refused, "has moved"),
        (Fails(400, {"message": "Invalid Form Body"}), Refused, "400, Invalid Form Body"),
        (Fails(413, "what"), Refused, r"does not take it \(413\)"),
        (Fails(503), NotSent, "broken"),
        (Fails(500), Lost, "may stand there"),
        (Fails(502, done=True), Lost, "may stand there"),
        (Fails(drop=True, done=True), Lost, "before its answer came"),
        (Fails(200, {"no": "id"}, done=True), Lost, "did not say as what"),
    ],
)
def test_each_failure_says_what_is_known(
    there: Webhooks, fails: Fails, error: type[ChannelError], said: str
) -> None:
    there.fails.append(fails)
    with pytest.raises(error, match=said) as found:
        says(there, message("Hi"))
    assert TOKEN not in str(found.value) and len(there.asked) == 1
    assert found.value.__cause__ is None


@pytest.mark.parametrize(
    ("fails", "wait_s"),
    [
        (Fails(429, BODY), 0.65),
        (Fails(429, BODY, {"Retry-After": "3"}), 3.0),
        (Fails(429, None, {"Retry-After": "0.1"}), 0.5),
        (Fails(429, {"retry_after": "soon"}), 0.5),
        (Fails(429, {"retry_after": 1e9}), 3600.0),  # nobody waits for that: it is asked again
    ],
)
def test_a_pause_is_as_long_as_it_wants(there: Webhooks, fails: Fails, wait_s: float) -> None:
    there.fails.append(fails)
    with pytest.raises(NotSent) as found:
        says(there, message("Hi"))
    assert (found.value.again_s, found.value.flood) == (wait_s, True)
    assert there.messages == {}


def test_where_nobody_listens_nothing_was_sent(there: Webhooks) -> None:
    there.cut()
    with pytest.raises(NotSent, match="not reached"):
        says(there, message("Hi"))
    there.mend()
    says(there, message("Hi"))
    assert there.texts == ["Hi"]


def test_what_is_changed_can_be_changed_again_or_is_gone(there: Webhooks) -> None:
    (id,) = says(there, message("one"))
    there.fails.append(Fails(500))
    with pytest.raises(NotSent):
        changes(there, id, "two")
    there.fails.append(Fails(drop=True, done=True))
    with pytest.raises(NotSent):
        changes(there, id, "two")
    changes(there, id, "two")
    assert there.texts == ["two"]
    there.messages.clear()
    with pytest.raises(Gone):
        changes(there, id, "three")


# -- how words look there


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (Words.of("a*b_c~d`e|f"), r"a\*b\_c\~d\`e\|f"),
        (Words.of("# not a heading\n- nor a list\n1. nor this\n> nor a quote"),
         "\\# not a heading\n\\- nor a list\n1\\. nor this\n\\> nor a quote"),
        (Words.of("<@42> [x](https://a.example/y_z)"),
         r"\<\@42\> \[x\]\(<https://a.example/y_z>\)"),
        (Words.of("See https://a.example/b_c."), "See <https://a.example/b_c>."),
        (Words.bold("Yes ") + "or " + Words.italic("no"), "**Yes** or *no*"),
        (Words.bold("a*b"), r"**a\*b**"),
        (Words.bold(Words.of("very ") + Words.italic("sure")), "**very *sure***"),
        (Words.code("a*b"), "`a*b`"),
        (Words.code("a`b"), "`` a`b ``"),
        (Words.pre("x = 1\n```\ny"), "```\nx = 1\n'''\ny\n```"),
        (Words.quote("one\ntwo"), "> one\n> two"),
        (Words.link("here", "https://a.example/"), "[here](<https://a.example/>)"),
        (Words.link("here", "javascript:alert(1)"), "here"),
        (Words.link("here", "https://a.example/> [x](y)"), "here"),
        (Words.spoiler("who"), "||who||"),
    ],
)  # fmt: skip
def test_words_look_as_they_are(words: Words, shown: str) -> None:
    assert markdown(words) == shown


@given(st.text(max_size=200))
def test_no_text_makes_a_mark(text: str) -> None:
    shown = markdown(Words.of(text.replace("http", "")))
    at = 0
    while at < len(shown):
        if shown[at] == "\\":
            at += 2
            continue
        assert shown[at] not in "*_~`|<>[]#@"
        at += 1


@pytest.mark.parametrize("text", ["x" * 5000, "*" * 1999, "🙂*" * 1500, "a b " * 700])
def test_no_message_is_longer_than_it_may_be(text: str) -> None:
    shown = markdown(Words.bold(text))
    assert MOST_UNITS - 10 < len(shown.encode("utf-16-le")) // 2 <= MOST_UNITS
    assert "…" in shown[-5:]


def test_it_can_be_asked_whether_it_answers(there: Webhooks) -> None:
    async def check() -> None:
        discord = Discord(there.url, Blobs(HERE))
        try:
            await discord.check()
        finally:
            await discord.close()

    asyncio.run(check())
    there.cut()
    with pytest.raises(NotSent, match="not reached"):
        asyncio.run(check())
    there.mend()
