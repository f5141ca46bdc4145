"""What went wrong on the line to a mailbox, in words that say what to do. Pure."""

from __future__ import annotations

import re
import socket
import ssl

from imap_tools.errors import MailboxFolderSelectError, MailboxLoginError

from factotum.watcher import SourceError
from watchers.mail.accounts import Account

#: How long a server that has had too much is left alone, in seconds.
AGAIN_S = 300.0

#: What servers say when it is not the password that is wrong but the hour.
_BUSY = re.compile(
    r"\[(?:UNAVAILABLE|INUSE|LIMIT|OVERQUOTA|SERVERBUG)\]|too many|simultaneous|connections?\b.*"
    r"(?:limit|exceed)|exceed\w* (?:command|bandwidth)|try again later|temporar",
    re.IGNORECASE,
)
#: Where a password of its own is needed for each program, and where that is made.
_APP_PASSWORDS = (
    ("gmail.com", "an app password (myaccount.google.com/apppasswords), not that of the account"),
    ("googlemail.com", "an app password (myaccount.google.com/apppasswords)"),
    ("yahoo.", "an app password (login.yahoo.com, Account Security)"),
    ("aol.com", "an app password (login.aol.com, Account Security)"),
    ("me.com", "an app-specific password (account.apple.com)"),
    ("icloud.com", "an app-specific password (account.apple.com)"),
    ("fastmail.", "an app password (Settings, Privacy & Security)"),
    ("gmx.", "IMAP to be switched on in the settings of the mailbox, on the web"),
    ("web.de", "IMAP to be switched on in the settings of the mailbox, on the web"),
)
_MICROSOFT = ("outlook.", "office365.", "hotmail.")


def plainly(account: Account, doing: str, broken: BaseException) -> SourceError:
    """What `broken` means for the owner. `doing` is what was being done."""
    at = f"{account.host}:{account.port}"
    match broken:
        case ssl.SSLCertVerificationError():
            return SourceError(
                f"the certificate of {at} is not to be trusted ({broken.verify_message}). "
                f"Check {account.told('host')}",
                login=True,
            )
        case ssl.SSLError():
            return SourceError(
                f"{at} does not speak TLS as it was asked ({_words(broken.reason or broken)}). "
                f"Check {account.told('port')} and {account.told('security')}: 993 goes with tls, "
                f"143 with starttls"
            )
        case socket.gaierror():
            return SourceError(
                f"the name {account.host!r} is not found. Check {account.told('host')}, and "
                f"whether this machine is online"
            )
        case ConnectionRefusedError():
            return SourceError(
                f"nothing answers at {at}. Check {account.told('host')} and {account.told('port')}"
            )
        case TimeoutError():
            return SourceError(f"{at} does not answer (when {doing})")
        case MailboxFolderSelectError():
            return SourceError(
                f"{at}, when {doing}: {_words(broken)}. Check {account.told('folders')}"
            )
    said = _words(broken)
    if _BUSY.search(said):
        return SourceError(f"{at} has had too much for now: {said}", again_s=AGAIN_S)
    if isinstance(broken, MailboxLoginError) or (doing == "logging in" and _is_no(broken)):
        return _not_let_in(account, said)
    return SourceError(f"{at} failed when {doing}: {said}")


def _not_let_in(account: Account, said: str) -> SourceError:
    text = f"{account.host} did not let {account.user!r} in: {said.rstrip('.')}. "
    host = f".{account.host.lower()}"
    if any(part in host for part in _MICROSOFT):
        text += "Microsoft lets no program in with a password any more; forward that mail instead"
    elif needed := next((what for part, what in _APP_PASSWORDS if part in host), ""):
        text += f"It needs {needed}. Write it as {account.told('password')}"
    else:
        text += f"Check {account.told('user')} and {account.told('password')}"
    return SourceError(text, login=True)


def _is_no(broken: BaseException) -> bool:
    """Whether the server said no, rather than going away."""
    import imaplib

    return isinstance(broken, imaplib.IMAP4.error) and not isinstance(broken, imaplib.IMAP4.abort)


def _words(broken: object) -> str:
    """What the server said, on one line, without the wrapping of libraries."""
    result = getattr(broken, "command_result", None)
    if isinstance(result, tuple) and len(result) == 2:
        parts = result[1] if isinstance(result[1], list) else [result[1]]
        broken = b" ".join(part for part in parts if isinstance(part, bytes)) or result[0]
    text = broken.decode("utf-8", "replace") if isinstance(broken, bytes) else str(broken)
    return " ".join(text.split())[:300] or type(broken).__name__
