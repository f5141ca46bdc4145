"""A mail server that misbehaves: no letter is lost to it, and none is skipped for another."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from factotum.watcher import Premises, Source, SourceError
from tests.office import TestOffice
from tests.patience import PATIENCE_S, SOON_S
from tests.servers.certificate import Pair, self_signed
from tests.servers.dovecot import Dovecot
from tests.servers.imap import Faulty
from tests.watchers.listening import Listening, listening
from watchers import mail_watcher
from watchers.mail.accounts import accounts
from watchers.mail.folders import Habits, Mailbox
from watchers.mail.line import Line
from watchers.mail.making import Maker

ANN = "ann@example.test"


def letter(n: int) -> bytes:
    head = f"From: Ada <ada@rossi.example>\r\nSubject: Letter {n}\r\nMessage-ID: <{n}@x.example>"
    return f"{head}\r\n\r\nWords {n}.\r\n".encode()


LETTERS = {n: letter(n) for n in (1, 2, 3)}


def office_at(tmp_path: Path, server: Faulty) -> TestOffice:
    made = TestOffice(tmp_path, server.settings(ANN))
    made.hands.wall = time.time()
    return made


def mail(premises: Premises) -> Source:
    (found,) = mail_watcher.sources(premises)
    return found


def looks(ear: Listening, most: int = 12) -> int:
    """Looks till all is well, as the runner does; how many went wrong."""
    for n in range(most):
        try:
            ear.look()
            return n
        except SourceError:
            ear.source.close()
    raise AssertionError("it never went well")


@pytest.mark.parametrize("heads", [True, False])
def test_a_letter_that_the_server_does_not_give_is_told_and_stops_no_other(
    tmp_path: Path, heads: bool
) -> None:
    with (
        Faulty(LETTERS, refuses={2}, heads=heads) as server,
        listening(office_at(tmp_path, server), mail) as ear,
    ):
        assert 0 < looks(ear) < 6
        shown = "Letter 2" if heads else "A mail that could not be read"
        assert ear.titles == ["Letter 1", shown, "Letter 3"]
        (note,) = [one for one in ear.notes if "does not give this mail" in one]
        assert "that letter is damaged" in note
        assert looks(ear) == 0
        assert len(ear.titles) == 3


def test_a_letter_that_is_gone_by_now_is_no_loss(tmp_path: Path) -> None:
    with (
        Faulty(LETTERS, gone={2}) as server,
        listening(office_at(tmp_path, server), mail) as ear,
    ):
        assert looks(ear) == 0
        assert ear.titles == ["Letter 1", "Letter 3"]


def test_a_letter_of_which_nothing_comes_is_told(tmp_path: Path) -> None:
    with (
        Faulty(LETTERS, empty={2}) as server,
        listening(office_at(tmp_path, server), mail) as ear,
    ):
        assert looks(ear) == 0
        assert ear.titles == ["Letter 1", "Letter 2", "Letter 3"]
        assert sum("gives only a part of this mail" in note for note in ear.notes) == 1


def test_a_server_that_is_busy_is_left_alone_and_costs_no_letter(tmp_path: Path) -> None:
    with (
        Faulty(LETTERS) as server,
        listening(office_at(tmp_path, server), mail) as ear,
    ):
        server.says = {"FETCH": "NO [UNAVAILABLE] try again later"}
        for _ in range(5):
            with pytest.raises(SourceError) as refused:
                ear.look()
            assert refused.value.again_s == 300.0
            ear.source.close()
        server.says = {}
        ear.look()
        assert ear.titles == ["Letter 1", "Letter 2", "Letter 3"]


def test_very_many_are_read_beside_and_come_in_order(tmp_path: Path) -> None:
    many = {n: letter(n) for n in range(1, 121)}
    with Faulty(many, refuses={70}, heads=True) as server:
        office = office_at(tmp_path, server)
        office.env["FACTOTUM_TASKS_PER_SENDER"] = "1000"

        def of(premises: Premises) -> Source:
            (account,) = accounts(office.settings())
            maker = Maker("mail", premises.read, premises.zone)
            return Mailbox("mail", account, ("INBOX",), maker, Habits(ahead_from=20))

        with listening(office, of) as ear:
            looks(ear)
            assert ear.titles == [f"Letter {n}" for n in range(1, 121)]


@pytest.mark.parametrize("at", ["CAPABILITY", "LOGIN", "EXAMINE", "FETCH", "NOOP"])
def test_a_server_that_hangs_up_is_called_again(tmp_path: Path, at: str) -> None:
    with (
        Faulty(LETTERS) as server,
        listening(office_at(tmp_path, server), mail) as ear,
    ):
        if at == "NOOP":
            ear.look()
        server.hangs_up = {at}
        with pytest.raises(SourceError) as broken:
            ear.look()
        assert not broken.value.login
        ear.source.close()
        server.hangs_up = set()
        ear.look()
        assert ear.titles == ["Letter 1", "Letter 2", "Letter 3"]


def test_what_a_server_hides_in_a_name_is_shown_as_text(tmp_path: Path) -> None:
    said = "NO ![[x]] \x07 [[Secret]]"
    with (
        Faulty({}, says={"LOGIN": said}) as server,
        listening(office_at(tmp_path, server), mail) as ear,
        pytest.raises(SourceError) as refused,
    ):
        ear.look()
    assert refused.value.login and "\n" not in str(refused.value)


def protected(office: TestOffice, pair: Pair, *, trusted: bool) -> Callable[[Premises], Source]:
    """The mailbox over TLS; `trusted`: by somebody who vouches for this very certificate."""
    context = ssl.create_default_context(cafile=str(pair.certificate) if trusted else None)

    def of(premises: Premises) -> Source:
        (account,) = accounts(office.settings())
        maker = Maker("mail", premises.read, premises.zone)
        connect = partial(Line, tls=context)
        return Mailbox("mail", account, ("INBOX",), maker, Habits(), connect=connect)

    return of


@pytest.mark.slow
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_over_tls_it_is_told_too_and_only_by_whom_somebody_vouches_for(
    tmp_path: Path, security: str
) -> None:
    pair = self_signed(tmp_path)
    with Dovecot(tls=pair) as dovecot:
        port = dovecot.imaps_port if security == "tls" else dovecot.imap_port
        env = {"FACTOTUM_IMAP_SECURITY": security, "FACTOTUM_IMAP_PORT": str(port)}
        office = TestOffice(tmp_path / "office", dovecot.settings(ANN) | env)
        office.hands.wall = time.time()
        with listening(office, protected(office, pair, trusted=False)) as ear:
            with pytest.raises(SourceError) as refused:
                ear.look()
            assert "the certificate of 127.0.0.1" in str(refused.value)
            assert refused.value.login
        with listening(office, protected(office, pair, trusted=True)) as ear:
            ear.look()
            dovecot.deliver(ANN, letter(1))
            began = time.monotonic()
            ear.source.rest(ear.post, PATIENCE_S)
            assert time.monotonic() - began < SOON_S
            ear.look()
            assert ear.titles == ["Letter 1"]
