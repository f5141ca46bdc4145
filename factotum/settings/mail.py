"""The settings of the owner's mail account: where letters are sent through, and the mailbox."""

from __future__ import annotations

from factotum.settings.row import Setting


def _mail(service: str, what: str, ports: str, security: str) -> tuple[Setting, ...]:
    return (
        Setting(
            f"{service}_HOST",
            str,
            None,
            f"The server {what}.",
            pattern=r"[^\s/:@]+|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?",
            form="a host name or address alone, without a port or a path",
            otherwise="no such server",
        ),
        Setting(
            f"{service}_PORT", int, None, "Its port.", at_least=1, at_most=65535, otherwise=ports
        ),
        Setting(f"{service}_USER", str, None, "The name to log in with.", otherwise="no login"),
        Setting(
            f"{service}_PASSWORD",
            str,
            None,
            "The password to log in with.",
            secret=True,
            otherwise="none",
        ),
        Setting(
            f"{service}_SECURITY",
            str,
            None,
            "How the connection is protected; `none` only to a server on this machine.",
            one_of=("tls", "starttls", "none"),
            otherwise=security,
        ),
    )


MAIL: tuple[Setting, ...] = (
    *_mail(
        "SMTP",
        "that letters are sent through",
        "465 with `tls`, 587 with `starttls`, 25 with `none`",
        "`tls` at port 465, else `starttls`",
    ),
    *_mail(
        "IMAP",
        "where the mailbox is",
        "993 with `tls`, else 143",
        "`starttls` at port 143, else `tls`",
    ),
    Setting(
        "MAIL_FROM",
        str,
        None,
        "Whom letters are from: `Ann Example <ann@example.org>`.",
        otherwise="the SMTP user, if it is an address",
    ),
    Setting(
        "MAIL_AUTHSERV",
        str,
        None,
        "By which names your mail server signs its `Authentication-Results`, with commas between "
        "them: `mx.google.com` (docs/contacts.md says how to find it).",
        pattern=r"[A-Za-z0-9._-]+(?:\s*,\s*[A-Za-z0-9._-]+)*",
        form="names of servers with commas between them",
        otherwise="no sender of a mail counts as proved, so everybody is a stranger",
    ),
)
