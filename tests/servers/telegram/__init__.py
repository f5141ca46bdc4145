"""Plays Telegram's Bot API on loopback, as its public description tells, and the people behind it.

    with server_running() as server:
        bot = telegram.Bot(server.token, base_url=server.base_url,
                           base_file_url=server.base_file_url)
        ada = server.person(7, "Ada", "ada")
        ada.says("hello")  # an update "message"; says(text, reply_to=id) answers one
        card = ada.waits_to_see("Pay 120,00 €")  # the bot's newest message with these words
        tap = ada.taps(card.id, "Yes")  # an update "callback_query"; taps(id, data=…) forges one
        ada.waits_for_answer(tap).text  # what answerCallbackQuery showed
        ada.waits_for(lambda chat: chat.message(card.id).labels == [])
        assert card.edits[0].text               # what it said before it was changed
        assert [call.params["text"] for call in server.called("sendMessage")]

`person.chat` has what stands there now: `messages` (each with text, entities, rows, labels,
silent, reply_to, file, edits), `deleted`, `pinned`, `actions`. Nobody can be written to who never
wrote: `person.starts()`. Groups and channels: `server.group(-5, "Team")`, `server.channel(…)`,
then `person.says(text, chat=group)`, `channel.posts(text)`. A person also `edits`, `forwards`,
`sends_photo`, `sends_document`, `sends_voice`, `sends_audio`, `blocks` and `unblocks`;
`group.throws_out_the_bot()`.

What goes wrong: `server.fails(method, status, description, times=)`, `server.drops(method,
done=True)` (done, and the answer lost), `server.hangs(method, silent_s)`,
`server.garbles(method)`, `server.limits()` (429), `server.cut()` and `server.mend()` (no network),
`server.taps.lasts_s = 0` (taps too old), `server.updates.again(update)` (the same update twice).

Sources: core.telegram.org/bots/api, core.telegram.org/bots/faq; the words of the errors are those
of the published server. Two things are simpler here: any getUpdates ends one that waits (there,
only one that waits itself), and a channel's or group's rights are not played.
"""

from tests.servers.telegram.server import TOKEN, TelegramServer, server_running

__all__ = ["TOKEN", "TelegramServer", "server_running"]
