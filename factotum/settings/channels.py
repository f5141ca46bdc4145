"""The settings of the channels by which a person is told and talks, away from the vault."""

from __future__ import annotations

from factotum.settings.row import Setting

CHANNELS: tuple[Setting, ...] = (
    Setting(
        "CHANNELS",
        str,
        "all",
        "Which channels run with `factotum up`: `all` that are set up, `none`, or names.",
        pattern=r"[a-z][a-z0-9_]*(?:\s*,\s*[a-z][a-z0-9_]*)*",
        form="all, none, or names with commas between them",
    ),
    Setting(
        "TELEGRAM_TOKEN",
        str,
        None,
        "The token of your bot on Telegram, as @BotFather gave it to you. `TELEGRAM_TOKEN` alone "
        "is read too.",
        pattern=r"[0-9]{1,20}:[A-Za-z0-9_-]{10,100}",
        form="the token alone, digits, a colon and letters",
        secret=True,
        otherwise="nothing is said on Telegram",
    ),
    Setting(
        "TELEGRAM_CHAT_ID",
        str,
        None,
        "The numeric ids of those whose words on Telegram are the owner's, with commas between "
        "them; the first one is told what there is to tell.",
        pattern=r"[1-9][0-9]{0,18}(?:\s*,\s*[1-9][0-9]{0,18})*",
        form="numbers with commas between them; a group (a negative number) is no owner",
        otherwise="who was paired by `factotum channels login telegram`",
    ),
    Setting(
        "TELEGRAM_PROXY",
        str,
        None,
        "The proxy by which Telegram is reached: `http://127.0.0.1:3128`.",
        pattern=r"https?://[^\s]+|socks5h?://[^\s]+",
        form="an address that begins with http://, https:// or socks5://",
        secret=True,
        otherwise="it is reached directly",
    ),
    Setting(
        "TELEGRAM_API_URL",
        str,
        None,
        "A Bot API server of your own, such as `http://127.0.0.1:8081`.",
        pattern=r"https://[^\s@?#]+|http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]+)?(?:/[^\s@?#]*)?",
        form="an address that begins with https://, or with http:// on this machine",
        otherwise="Telegram's own, api.telegram.org",
    ),
    Setting(
        "DISCORD_WEBHOOK_URL",
        str,
        None,
        "A webhook of Discord: what you are told goes there when Telegram fails. "
        "`DISCORD_WEBHOOK_URL` alone is read too.",
        pattern=r"https://[^\s]+|http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]+)?/[^\s]*",
        form="an address that begins with https://",
        secret=True,
        otherwise="Discord is told nothing",
    ),
    Setting(
        "NOTIFY_URLS",
        str,
        None,
        "Addresses of other services as the library apprise writes them, with blanks between "
        "them: `ntfy://ntfy.sh/your-topic`. Where Telegram and Discord fail, the first of them "
        "that takes it is told. Needs the library apprise.",
        pattern=r"[a-z][a-z0-9]*://\S+(?:\s+[a-z][a-z0-9]*://\S+)*",
        form="addresses such as ntfy://ntfy.sh/your-topic, with blanks between them",
        secret=True,
        otherwise="no other service is told",
    ),
    Setting(
        "ANCHOR_TELEGRAM",
        str,
        "no",
        "Whether you are told the head of the audit log once a day on Telegram, without a sound.",
        one_of=("yes", "no"),
    ),
    Setting(
        "TRANSCRIBE_URL",
        str,
        None,
        "The server that turns a recording into text, such as `http://127.0.0.1:9000/v1`; it "
        "speaks OpenAI's transcriptions. `none`: no recording is listened to.",
        pattern=r"https?://[^\s@?#]+|none",
        form="an address that begins with http:// or https://, without a login, or none",
        otherwise="Groq's, if you wrote a key of Groq into `.env`, else none",
    ),
    Setting(
        "TRANSCRIBE_KEY",
        str,
        None,
        "Its key. One of Groq's needs no address beside it.",
        pattern=r"[!-~]+",
        form="the key alone, without blanks",
        secret=True,
        otherwise="`GROQ_API_KEY` at Groq's, else none",
    ),
    Setting(
        "TRANSCRIBE_MODEL",
        str,
        "whisper-large-v3",
        "The model that it is asked for.",
        pattern=r"[!-~]{1,200}",
        form="a name without blanks",
    ),
    Setting(
        "TRANSCRIBE_LANGUAGE",
        str,
        None,
        "The language that you speak, as a code such as `de`: it is heard better where it is "
        "not guessed.",
        pattern=r"[a-z]{2,3}",
        form="a code of two or three small letters, such as en",
        otherwise="the server guesses",
    ),
    Setting(
        "TRANSCRIBE_PRICE",
        float,
        None,
        "What a minute of it costs, in USD.",
        at_least=0,
        at_most=10,
        otherwise="0 in your own network, 0.0019 at Groq's, else 0.006",
    ),
    Setting(
        "TRANSCRIBE_FILE_MINUTES",
        int,
        30,
        "The longest audio file that is listened to, in minutes; a longer one is kept. 0: none is "
        "listened to, only what you say yourself.",
        at_least=0,
        at_most=120,
    ),
    Setting(
        "SPEAK_VOICE",
        str,
        None,
        "The voice of Microsoft that answers are read in, such as `en-GB-SoniaNeural`.",
        pattern=r"[a-z]{2,3}(?:-[A-Za-z]+){1,2}-[A-Za-z]+Neural",
        form="a name such as en-US-AriaNeural",
        otherwise="one of the language that you speak, else one that speaks many",
    ),
)
