"""A real Dovecot (IMAP, LMTP, submission) on free loopback ports, in a folder of its own.

with Dovecot() as dovecot:
    dovecot.deliver("ann@example.test", b"Subject: hello\\r\\n\\r\\nhi\\r\\n")
    dovecot.messages("ann@example.test")
"""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import pwd
import re
import shutil
import smtplib
import subprocess
import tempfile
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import pytest

from tests.patience import PATIENCE_S
from tests.servers.certificate import Pair
from tests.servers.ports import free_port, wait_for

USERS = {"ann@example.test": "annpw", "bob@example.test": "bobpw"}

_CONFIG = """\
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp submission
{tls}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{d}/mail/%u
first_valid_uid = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {d}/users
}}
userdb {{
  driver = static
  args = uid={mail} gid={mail_group} home={d}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = {ssl}
  }}
}}
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {submission}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
{extra}
"""


@dataclass(frozen=True)
class Kept:
    """One letter in a mailbox, with its flags."""

    message: EmailMessage
    flags: frozenset[str]


class Dovecot:
    """Runs while its `with` block runs. Works as root and as an ordinary user.

    `extra` is more configuration. `relay_port` is where its submission service hands mail on.
    Skips the test where Dovecot is not installed; fails it if the environment says STRICT.
    """

    def __init__(self, *, tls: Pair | None = None, extra: str = "", relay_port: int = 9) -> None:
        if (program := shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")) is None:
            if os.environ.get("STRICT"):
                pytest.fail("dovecot is not installed: apt-get install dovecot-imapd dovecot-lmtpd")
            pytest.skip("dovecot is not installed: apt-get install dovecot-imapd dovecot-lmtpd")
        self._program = program
        self.imap_port, self.imaps_port = free_port(), free_port()
        self.lmtp_port, self.submission_port = free_port(), free_port()
        self._tls, self._extra, self._relay_port = tls, extra, relay_port
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # Its own short folder: sockets lie in it, and the mail user must get through to it.
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.folder.chmod(0o755)
        (self.folder / "mail").mkdir()
        users = "".join(f"{name}:{{PLAIN}}{word}::::::\n" for name, word in USERS.items())
        (self.folder / "users").write_text(users)
        (self.folder / "dovecot.conf").write_text(self._config())
        command = [self._program, "-F", "-c", str(self.folder / "dovecot.conf")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            for port in (self.imap_port, self.lmtp_port):
                wait_for(port)
        except TimeoutError:
            log = self.folder / "dovecot.log"
            said = log.read_text() if log.exists() else "nothing"
            self._stop()
            raise RuntimeError(f"dovecot did not start; it said: {said}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def messages(self, user: str, folder: str = "INBOX") -> list[Kept]:
        """The letters in a folder, oldest first; none where there is no such folder."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port) as box:
            box.login(user, USERS[user])
            if box.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            _, (found, *_) = box.search(None, "ALL")
            return [_kept(box, number.decode()) for number in found.split()]

    def deliver(self, user: str, data: bytes, sender: str = "carol@example.test") -> None:
        """Puts a letter into a user's INBOX by LMTP."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as lmtp:
            lmtp.sendmail(sender, [user], data)

    def empty(self) -> None:
        """Takes every letter and folder away."""
        for home in (self.folder / "mail").iterdir():
            shutil.rmtree(home)

    def settings(self, user: str) -> dict[str, str]:
        """The settings of this mailbox, as a tool server gets them."""
        return {
            "FACTOTUM_IMAP_HOST": "127.0.0.1",
            "FACTOTUM_IMAP_PORT": str(self.imap_port),
            "FACTOTUM_IMAP_USER": user,
            "FACTOTUM_IMAP_PASSWORD": USERS[user],
            "FACTOTUM_IMAP_SECURITY": "none",
        }

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _config(self) -> str:
        names = _as_root(self.folder) if os.geteuid() == 0 else _as_oneself()
        tls = "ssl = no"
        if self._tls:
            tls = f"ssl = yes\nssl_cert = <{self._tls.certificate}\nssl_key = <{self._tls.key}"
        return _CONFIG.format(
            d=self.folder,
            tls=tls,
            ssl="yes" if self._tls else "no",
            imap=self.imap_port,
            imaps=self.imaps_port if self._tls else 0,
            lmtp=self.lmtp_port,
            submission=self.submission_port,
            relay=self._relay_port,
            extra=self._extra,
            **names,
        )


def _as_root(folder: Path) -> dict[str, str]:
    """Root starts it, an account without rights owns the mail."""
    for name in ("vmailtest", "mail", "nobody"):
        try:
            owner = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
        return {
            "internal": "nobody",
            "internal_group": grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name,
            "login": "nobody",
            "mail": name,
            "mail_group": grp.getgrgid(owner.pw_gid).gr_name,
        }
    raise RuntimeError("no account to own the mail; run: useradd -r -M vmailtest")


def _as_oneself() -> dict[str, str]:
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    return {
        "internal": user,
        "internal_group": group,
        "login": user,
        "mail": user,
        "mail_group": group,
    }


def _kept(box: imaplib.IMAP4, number: str) -> Kept:
    _, answer = box.fetch(number, "(FLAGS BODY.PEEK[])")
    head, body = cast(tuple[bytes, bytes], answer[0])
    tail = answer[1] if isinstance(answer[1], bytes) else b""
    found = re.search(rb"FLAGS \(([^)]*)\)", head + tail)
    flags = frozenset(found[1].decode().split()) if found else frozenset()
    return Kept(message_from_bytes(body, policy=default), flags - {"\\Recent"})
