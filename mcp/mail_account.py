"""Where a mail service is and how to log in there: one account read from its settings.

Nothing here opens a connection. A password is never part of a message or a repr.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

#: The port when none is set, by service and security.
PORTS = {
    ("SMTP", "tls"): 465,
    ("SMTP", "starttls"): 587,
    ("SMTP", "none"): 25,
    ("IMAP", "tls"): 993,
    ("IMAP", "starttls"): 143,
    ("IMAP", "none"): 143,
}

#: The security when none is set, by port; any other port of a service has the second table's.
SECURITY_BY_PORT = {465: "tls", 587: "starttls", 993: "tls", 143: "starttls"}
SECURITY = {"SMTP": "starttls", "IMAP": "tls"}


class AccountError(ValueError):
    """A setting of the account is wrong: which one, why, what to write instead."""


@dataclass(frozen=True)
class Account:
    """One mail service. `security` is tls, starttls or none; `user` may be empty."""

    service: str
    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)

    def setting(self, name: str) -> str:
        """The setting that holds `name` of this account, for a message."""
        return f"FACTOTUM_{self.service}_{name}"


def account(env: Mapping[str, str], service: str) -> Account | None:
    """The account of SMTP or IMAP, or None where no host is set. Raises AccountError."""
    prefix = f"FACTOTUM_{service}_"
    host = env.get(prefix + "HOST", "").strip()
    if not host:
        return None
    given = env.get(prefix + "PORT", "").strip()
    if given and not (given.isascii() and given.isdigit() and 0 < int(given) < 65536):
        raise AccountError(f"{prefix}PORT is {given!r}; it must be a number from 1 to 65535")
    security = env.get(prefix + "SECURITY", "").strip().lower()
    security = security or SECURITY_BY_PORT.get(int(given or 0), SECURITY[service])
    if (service, security) not in PORTS:
        raise AccountError(f"{prefix}SECURITY is {security!r}; it must be tls, starttls or none")
    if security == "none" and not _loopback(host):
        raise AccountError(
            f"{prefix}SECURITY is none, but {host} is another machine, and mail and password "
            f"would cross the network in the open; use tls or starttls"
        )
    return Account(
        service,
        host,
        int(given) if given else PORTS[(service, security)],
        security,
        env.get(prefix + "USER", ""),
        env.get(prefix + "PASSWORD", ""),
    )


def _loopback(host: str) -> bool:
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
