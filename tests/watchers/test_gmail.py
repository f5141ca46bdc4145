"""A Gmail account by its API: what comes is a task, once, and nothing is changed there."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from factotum.ears import beats
from factotum.model import Trust
from factotum.settings import SettingsError, load
from factotum.watcher import Premises, Source, SourceError
from tests.cli.terminal import terminal_of
from tests.office import TestOffice
from tests.patience import PATIENCE_S
from tests.servers.gmail import CLIENT, ME, REFRESH, GmailServer, Refusal
from tests.watchers.listening import Listening, handbook, listening
from watchers import mail_watcher
from watchers.mail.gmail_api import Api
from watchers.mail.gmail_keys import Client, Keys
from watchers.mail.gmail_keys import keys as read_keys

AUTHORIZED = {"type": "authorized_user", **CLIENT, "refresh_token": REFRESH}


def letter(
    subject: str = "Invoice 1042", *headers: str, sender: str = "ada@rossi.example"
) -> bytes:
    lines = [
        "Authentication-Results: mx.google.com; dmarc=pass header.from=rossi.example",
        *headers,
        f"From: Ada Rossi <{sender}>",
        f"To: {ME}",
        f"Subject: {subject}",
        f"Message-ID: <{subject.replace(' ', '-')}@rossi.example>",
    ]
    return "\r\n".join([*lines, "", "Could you send it again?"]).encode()


@pytest.fixture
def google() -> Iterator[GmailServer]:
    with GmailServer() as server:
        yield server


@pytest.fixture
def office(tmp_path: Path, google: GmailServer) -> TestOffice:
    made = TestOffice(tmp_path, {"FACTOTUM_GMAIL_URL": google.url})
    made.env["FACTOTUM_GMAIL_CREDENTIALS"] = str(given(made, AUTHORIZED))
    return made


def given(office: TestOffice, keys: Any, name: str = "gmail.json", mode: int = 0o600) -> Path:
    path = office.folder / name
    path.write_text(keys if isinstance(keys, str) else json.dumps(keys))
    path.chmod(mode)
    return path


def source(premises: Premises) -> Source:
    (found,) = mail_watcher.sources(premises)
    return found


def account(office: TestOffice) -> AbstractContextManager[Listening]:
    return listening(office, source)


def begun(office: TestOffice) -> None:
    """It was listened to before."""
    with account(office) as ear:
        ear.look()


def fetched(google: GmailServer) -> int:
    return sum("/messages/" in one for one in google.asked)


# -- what comes


def test_a_letter_becomes_a_task_once_and_nothing_is_changed_at_google(
    office: TestOffice, google: GmailServer
) -> None:
    begun(office)
    id = google.deliver(letter())
    with account(office) as ear:
        ear.look()
        ear.look()
        (task,) = ear.tasks
    with account(office) as ear:
        ear.look()
        assert len(ear.tasks) == 1
    assert (task.title, task.source, task.source_id) == ("Invoice 1042", "mail Gmail", id)
    assert task.facts["properties"]["message_id"] == "<Invoice-1042@rossi.example>"
    assert all(one.startswith(("GET /gmail", "POST /token")) for one in google.asked)
    assert google.letters[id].labels == {"INBOX", "UNREAD"}
    assert fetched(google) == 1


def test_who_wrote_is_proved_by_what_google_stamped(
    office: TestOffice, google: GmailServer
) -> None:
    office.env["FACTOTUM_MAIL_AUTHSERV"] = "mx.google.com"
    (office.root / "Office/Contacts/Ada Rossi.md").write_text(
        "---\nemail: ada@rossi.example\nknown: true\n---\n"
    )
    begun(office)
    google.deliver(letter())
    google.deliver(letter("Forged", sender="ada@evil.example"))
    with account(office) as ear:
        ear.look()
        labels = {task.title: task.trust for task in ear.tasks}
    assert labels == {"Invoice 1042": Trust.KNOWN, "Forged": Trust.STRANGER}


def test_at_first_only_what_is_unread_and_came_lately_is_taken(
    office: TestOffice, google: GmailServer
) -> None:
    now = office.hands.wall
    google.deliver(letter("New"), at=now - 3600)
    google.deliver(letter("Read"), "INBOX", at=now - 3600)
    google.deliver(letter("Old"), at=now - 3 * 86400)
    google.deliver(letter("Spam"), "SPAM", "UNREAD", at=now - 3600)
    with account(office) as ear:
        ear.look()
        ear.look()
        assert ear.titles == ["New"]


def test_what_is_no_letter_that_came_is_left_alone(office: TestOffice, google: GmailServer) -> None:
    begun(office)
    google.deliver(letter("Sent"), "INBOX", "SENT")
    google.deliver(letter("Draft"), "DRAFT")
    google.deliver(letter("Archived"), "CATEGORY_UPDATES")
    google.deliver(letter("Mine", sender=ME))
    google.deliver(letter("News", "List-Id: <news.example>"))
    gone = google.deliver(letter("Gone"))
    google.delete(gone)
    with account(office) as ear:
        ear.look()
        assert ear.titles == []  # the list's is told with the day's


def test_many_pages_are_gone_through_in_order(office: TestOffice, google: GmailServer) -> None:
    begun(office)
    google.page = 3
    for n in range(10):
        google.deliver(letter(f"Letter {n}", sender=f"ada{n}@rossi.example"))
    with account(office) as ear:
        ear.look()
        assert ear.titles == [f"Letter {n}" for n in range(10)]
        asked = len(google.asked)
        ear.look()
        assert len(google.asked) == asked + 1, "an idle look is one request"


def test_a_history_that_google_forgot_is_found_anew_without_doubles(
    office: TestOffice, google: GmailServer
) -> None:
    begun(office)
    google.deliver(letter("Before"), at=office.hands.wall + 10)
    with account(office) as ear:
        ear.look()
        office.hands.go(20 * 86400)
        google.deliver(letter("Meanwhile"), at=office.hands.wall - 86400)
        google.forget()
        google.deliver(letter("After"), at=office.hands.wall)
        google.oldest = google.history
        ear.look()
        ear.look()
        assert ear.titles == ["Before", "Meanwhile", "After"]


def test_with_a_query_a_letter_counts_when_it_comes_to_fit(
    office: TestOffice, google: GmailServer
) -> None:
    office.env["FACTOTUM_GMAIL_QUERY"] = "is:unread is:important"
    begun(office)
    late = google.deliver(letter("Late"), at=office.hands.wall + 1)
    google.deliver(letter("At once"), "INBOX", "UNREAD", "IMPORTANT", at=office.hands.wall + 2)
    google.deliver(letter("Read"), "INBOX", "IMPORTANT", at=office.hands.wall + 3)
    with account(office) as ear:
        ear.look()
        assert ear.titles == ["At once"]
        google.label(late, "IMPORTANT")
        ear.look()
        ear.look()
        assert ear.titles == ["At once", "Late"]


def test_the_rules_of_mail_hold_and_a_wrong_one_is_said(
    office: TestOffice, google: GmailServer
) -> None:
    begun(office)
    handbook(office, "mail", {"from": "*@rossi.example", "do": "ignore"})
    google.deliver(letter())
    with account(office) as ear:
        ear.look()
        assert ear.titles == []
        handbook(office, "mail", {"from": "*@rossi.example", "do": "nothing"})
        google.deliver(letter("Second"))
        ear.look()
        assert ear.titles == ["Second"]
        assert "none of your rules for mail counts" in ear.remarks["rules"]


def test_a_huge_letter_is_told_by_its_beginning_and_a_broken_one_too(
    office: TestOffice, google: GmailServer
) -> None:
    office.env["FACTOTUM_MAIL_MOST_MB"] = "1"
    begun(office)
    google.deliver(letter("Huge") + b"x" * 3_000_000)
    google.deliver(b"\xff\x00 no mail at all")
    with account(office) as ear:
        ear.look()
        assert ear.titles == ["Huge", "A mail that could not be read"]
        assert "How it begins" in ear.notes[1] + ear.notes[0]
        assert any("which is more than is fetched" in note for note in ear.notes)


def test_a_mailbox_that_is_listened_to_twice_is_told_of(
    office: TestOffice, google: GmailServer
) -> None:
    office.env |= {"FACTOTUM_IMAP_HOST": "imap.gmail.com", "FACTOTUM_IMAP_USER": ME.upper()}
    with listening(office, lambda premises: mail_watcher.sources(premises)[-1]) as ear:
        ear.look()
        assert "each letter makes two tasks" in ear.remarks["twice"]


# -- Google says no


@pytest.mark.parametrize(
    ("status", "reason", "words", "login", "again_s"),
    [
        (403, "rateLimitExceeded", "asked too often", False, 60),
        (403, "userRateLimitExceeded", "asked too often", False, 60),
        (429, "", "asked too often", False, 60),
        (403, "insufficientPermissions", "lack gmail.readonly", True, 0),
        (403, "accessNotConfigured", "not switched on", True, 0),
        (500, "backendError", "fault of its own", False, 15),
        (400, "badRequest", "refuses what it is asked", False, 0),
    ],
)
def test_a_refusal_says_what_to_do(
    google: GmailServer, status: int, reason: str, words: str, login: bool, again_s: float
) -> None:
    google.refuse("/profile", status, reason)
    api = Api(lambda: Keys(Client(**named(google)), REFRESH), google.url)
    try:
        with pytest.raises(SourceError, match=words) as refused:
            api.profile()
        assert (refused.value.login, refused.value.again_s) == (login, again_s)
        assert api.profile()["emailAddress"] == ME
    finally:
        api.close()


def named(google: GmailServer) -> dict[str, str]:
    id, secret = CLIENT.values()
    return {"id": id, "secret": secret, "token_url": f"{google.url}/token"}


def test_a_refusal_in_the_middle_loses_nothing(office: TestOffice, google: GmailServer) -> None:
    begun(office)
    google.deliver(letter("First"))
    last = google.deliver(letter("Second"))
    google.refuse(f"/messages/{last}", 403, "rateLimitExceeded")
    with account(office) as ear:
        with pytest.raises(SourceError, match="asked too often"):
            ear.look()
        ear.look()
        assert ear.titles == ["First", "Second"]


def test_google_is_left_alone_for_as_long_as_it_says(
    office: TestOffice, google: GmailServer
) -> None:
    google.refuse("/profile", 429, Retry_After="120")
    with account(office) as ear, pytest.raises(SourceError) as refused:
        ear.look()
    assert refused.value.again_s == 120


def test_a_letter_that_google_never_gives_keeps_nobody_waiting_for_ever(
    office: TestOffice, google: GmailServer
) -> None:
    begun(office)
    bad = google.deliver(letter("Bad"))
    google.deliver(letter("Good"))
    google.refuse(f"/messages/{bad}", 400, "failedPrecondition", times=99)
    with account(office) as ear:
        for _ in range(2):
            with pytest.raises(SourceError):
                ear.look()
        ear.look()
        assert ear.titles == ["A mail that could not be read", "Good"]


def test_access_that_ended_is_asked_for_anew_and_kept_nowhere(
    office: TestOffice, google: GmailServer
) -> None:
    with account(office) as ear:
        ear.look()
        google.access.clear()  # taken back before its time
        ear.look()
        assert len(google.forms) == 2
    written = [path for path in office.folder.rglob("*") if path.is_file()]
    assert all(b"ya29." not in path.read_bytes() for path in written)
    google.expires_in = 30
    with account(office) as ear:
        ear.look()
        ear.look()
        assert len(google.forms) >= 4


def test_a_login_that_ended_says_how_to_log_in_anew(
    office: TestOffice, google: GmailServer
) -> None:
    google.refresh_tokens.clear()
    with account(office) as ear:
        with pytest.raises(SourceError, match="factotum watchers login gmail") as refused:
            ear.look()
        assert refused.value.login
        google.refresh_tokens.add("1//new")
        given(office, {**AUTHORIZED, "refresh_token": "1//new"})
        ear.look()  # without a restart


def test_when_the_login_will_end_is_told_before(office: TestOffice, google: GmailServer) -> None:
    google.refresh_expires_in = 604_799
    with account(office) as ear:
        ear.look()
        (beat,) = [one for one in beats.read(office.state) if one.source == "mail Gmail"]
    assert beat.login_ends > 604_000


def test_a_machine_that_is_not_online_is_told_so(office: TestOffice, google: GmailServer) -> None:
    office.env["FACTOTUM_GMAIL_URL"] = "http://127.0.0.1:9"
    with account(office) as ear, pytest.raises(SourceError, match="cannot be reached"):
        ear.look()


def test_what_is_no_answer_of_gmail_is_told_so(office: TestOffice, google: GmailServer) -> None:
    google.refusals.append(Refusal("/profile", 200, b"<html>Please log in</html>"))
    google.refusals.append(Refusal("/profile", 302, {}, {"Location": "http://127.0.0.1:9/"}))
    google.refuse("/profile", 404, "notFound")
    with account(office) as ear:
        for _ in range(3):
            with pytest.raises(SourceError, match="Gmail"):
                ear.look()


# -- the owner's files


def test_the_files_that_google_writes_are_understood(
    office: TestOffice, google: GmailServer
) -> None:
    given(office, {"installed": {**CLIENT, "redirect_uris": ["http://localhost"]}})
    given(office, {"token": "old", "refresh_token": REFRESH, **CLIENT}, "token.json")
    begun(office)
    (office.folder / "token.json").unlink()
    office.state.mkdir(exist_ok=True)
    given(office, {"refresh_token": REFRESH}, f"state-{office.instance}/gmail-token.json")
    begun(office)
    assert len(google.forms) == 2


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("no json", "is not the JSON"),
        ("[]", "is not the JSON"),
        ({}, "no client_id"),
        ({"installed": CLIENT}, "factotum watchers login gmail"),
        ({"type": "service_account", "client_email": "x"}, "service account"),
        ({"web": CLIENT}, "Desktop app"),
        ({**AUTHORIZED, "refresh_token": 7}, "no refresh_token"),
    ],
)
def test_a_file_that_does_not_do_says_what_to_do(office: TestOffice, keys: Any, words: str) -> None:
    given(office, keys)
    with pytest.raises(SourceError, match=words) as refused:
        read_keys(office.settings(), office.state)
    assert "s-secret" not in str(refused.value) and "refresh_token=" not in str(refused.value)


def test_keys_that_others_can_read_or_that_lie_in_the_vault_are_refused(
    office: TestOffice,
) -> None:
    path = given(office, AUTHORIZED, mode=0o644)
    with pytest.raises(SourceError, match=f"chmod 600 {path}"):
        read_keys(office.settings(), office.state)
    office.env["FACTOTUM_GMAIL_CREDENTIALS"] = str(given(office, AUTHORIZED, "vault/keys.json"))
    with pytest.raises(SourceError, match="lies in the vault"):
        read_keys(office.settings(), office.state)
    office.env["FACTOTUM_GMAIL_CREDENTIALS"] = str(office.folder / "nowhere.json")
    with pytest.raises(SourceError, match="cannot be read"):
        read_keys(office.settings(), office.state)


def test_a_login_that_is_still_to_come_is_asked_for_and_taken_up_when_it_came(
    office: TestOffice, google: GmailServer
) -> None:
    given(office, {"installed": CLIENT})
    with account(office) as ear:
        with pytest.raises(SourceError, match="factotum watchers login gmail") as refused:
            ear.look()
        assert refused.value.login
        given(office, {"refresh_token": REFRESH}, f"state-{office.instance}/gmail-token.json")
        ear.look()


@pytest.mark.parametrize("uri", ["http://oauth2.googleapis.com/token", "https://evil.example/t"])
def test_keys_are_given_to_google_alone(office: TestOffice, uri: str) -> None:
    del office.env["FACTOTUM_GMAIL_URL"]
    given(office, {**AUTHORIZED, "token_uri": uri})
    with pytest.raises(SourceError, match="no address of Google's"):
        read_keys(office.settings(), office.state)


def test_an_address_in_the_open_is_refused(office: TestOffice) -> None:
    office.env["FACTOTUM_GMAIL_URL"] = "http://gmail.example"
    with pytest.raises(SourceError, match="https"), account(office):
        pass


def test_the_name_that_others_use_for_the_setting_means_the_same(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    assert load({"GMAIL_CREDENTIALS": str(path)}).path("GMAIL_CREDENTIALS") == path
    both = {"GMAIL_CREDENTIALS": "/a.json", "FACTOTUM_GMAIL_CREDENTIALS": str(path)}
    assert load(both).path("GMAIL_CREDENTIALS") == path
    (tmp_path / ".env").write_text("GMAIL_CREDENTIALS=here.json\n")
    (tmp_path / ".env").chmod(0o600)
    found = load({}, [tmp_path / ".env"])
    assert found.path("GMAIL_CREDENTIALS") == tmp_path / "here.json"
    assert not load({}).given("GMAIL_CREDENTIALS")
    with pytest.raises(SettingsError):
        load({"FACTOTUM_GMAIL_CREDENTIAL": "x"})


def test_keys_show_in_no_repr() -> None:
    assert "s-secret" not in repr(Keys(Client("id", "s-secret"), "1//refresh"))
    assert "1//refresh" not in repr(Keys(Client("id", "s-secret"), "1//refresh"))


@pytest.mark.slow
def test_killed_again_and_again_each_letter_is_one_task(
    office: TestOffice, google: GmailServer
) -> None:
    begun(office)
    office.env |= {"FACTOTUM_TASKS_PER_SOURCE": "10000"}
    kills = n = 0
    for place in ("kept", "registered", "dropped", "seen"):
        for _ in range(60):  # more than are handed in at once
            address = f"ada{n}@rossi.example"
            google.deliver(letter(f"Letter {n}", sender=address), at=office.hands.wall)
            n += 1
        google.oldest = google.history  # it is looked for by time, which names all of them
        office.env["FACTOTUM_FAILPOINT"] = f"watch.{place}"
        with terminal_of(office).start("watchers", "run", "mail", "--once") as process:
            process.communicate(timeout=PATIENCE_S)
        kills += process.returncode == -signal.SIGKILL
    del office.env["FACTOTUM_FAILPOINT"]
    assert terminal_of(office)("watchers", "run", "mail", "--once").code == 0
    notes = office.files("Needs_Action")
    assert (len(notes), kills) == (n, 4)
    assert len({office.note(path).props["title"] for path in notes}) == n


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/profile", {"emailAddress": [], "historyId": "x"}),
        ("/history", {"historyId": "no number", "history": [{"messagesAdded": [7, {}]}]}),
        ("/history", {"historyId": {}, "history": 5, "nextPageToken": 3}),
        ("format=raw", {"labelIds": 7, "raw": "%%", "internalDate": "9" * 400}),
        ("format=raw", {"labelIds": [{}], "raw": None, "internalDate": float("inf")}),
        ("format=raw", {"labelIds": ["INBOX"], "raw": "x" * 2_000_000}),
        ("format=metadata", {"labelIds": True, "sizeEstimate": {}, "payload": [], "snippet": 5}),
        ("format=metadata", {"sizeEstimate": float("nan"), "payload": {"headers": [{}, 4]}}),
    ],
)
def test_answers_that_are_none_are_told_or_survived_and_heard_again_later(
    office: TestOffice, google: GmailServer, path: str, body: Any
) -> None:
    office.env["FACTOTUM_MAIL_MOST_MB"] = "1"
    google.refusals.append(Refusal("/profile", 200, body if path == "/profile" else {}))
    google.refusals.append(Refusal(path, 200, body, left=2))
    with account(office) as ear:
        for n in range(8):
            google.deliver(letter(f"Mail {n}") + b"x" * (1_500_000 if n % 2 else 0))
            try:
                ear.look()
            except SourceError:
                assert n < 4
            office.hands.go(120)
        assert {f"Mail {n}" for n in range(4, 8)} <= set(ear.titles)
