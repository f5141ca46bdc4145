"""What sort a mail is, and what becomes of it by the owner's rules; accounts; answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum import watching
from factotum.fenced import BlockError
from factotum.settings import Settings, load
from factotum.watcher import SourceError
from watchers.mail.accounts import accounts, names_of
from watchers.mail.answers import entries, file_names
from watchers.mail.bounce import bounce_of
from watchers.mail.refusals import plainly
from watchers.mail.rules import Do, Mail, decide, read
from watchers.mail.sorting import Sort, head_of

ME = frozenset({"ann@example.test"})


def head(*headers: str) -> bytes:
    return "\r\n".join(["From: Ada Rossi <Ada@Rossi.example>", *headers, "", "x"]).encode()


# -- sorts


@pytest.mark.parametrize(
    ("header", "sort"),
    [
        ("X: y", Sort.PERSONAL),
        ("Auto-Submitted: no", Sort.PERSONAL),
        ("Precedence: first-class", Sort.PERSONAL),
        ("List-Id: <news.shop.example>", Sort.LIST),
        ("List-Unsubscribe: <https://shop.example/u>", Sort.LIST),
        ("Precedence: bulk", Sort.LIST),
        ("Auto-Submitted: auto-replied; x=y", Sort.AUTO),
        ("auto-submitted: Auto-Generated", Sort.AUTO),
        ("Precedence: auto_reply", Sort.AUTO),
        ("X-Auto-Response-Suppress: All", Sort.AUTO),
        ("Subject: Out of Office: back in June", Sort.AUTO),
        ("Subject: =?utf-8?q?Abwesenheitsnotiz=3A_Urlaub?=", Sort.AUTO),
        ("Subject: Officers of the court", Sort.PERSONAL),
        ("Content-Type: multipart/report; report-type=disposition-notification", Sort.AUTO),
        ('Content-Type: multipart/report;\r\n report-type="delivery-status"', Sort.BOUNCE),
        ("X-Failed-Recipients: bob@gone.example", Sort.BOUNCE),
        ("Return-Path: <>", Sort.PERSONAL),  # anybody may send with an empty one
    ],
)
def test_what_sort_a_mail_is(header: str, sort: Sort) -> None:
    assert head_of(head(header), ME).sort is sort


def test_a_postman_and_oneself_are_known_by_their_address() -> None:
    postman = b"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\n\r\n"
    assert head_of(postman, ME).sort is Sort.BOUNCE
    assert head_of(b"From: Ann <ANN@example.test>\r\n\r\n", ME).sort is Sort.OWN
    assert head_of(b"From: Ann <ANN@example.test>\r\n\r\n", frozenset()).sort is Sort.PERSONAL


# -- rules


def rules(*lines: str) -> list[object]:
    block = "\n".join(["```yaml watching", "mail:", *(f"  - {line}" for line in lines), "```"])
    return list(read(watching.sections(block)["mail"]))


def fate(line: str, mail: Mail) -> Do:
    return decide(rules(line), mail)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ('from: "*@rossi.example"', True),
        ("from: ada@ROSSI.example", True),
        ('from: "ada rossi"', True),
        ('from: "*@bank.example"', False),
        ('from: ["*@bank.example", "*@rossi.example"]', True),
        ("subject: invoice", True),
        ('subject: "invoice*"', False),  # with a star it is the whole subject
        ('subject: "*1042"', True),
        ("to: ann@example.test", True),
        ('list: "*"', False),
        ("is: personal", True),
        ("is: [list, auto]", False),
        ("known: true", True),
        ("unread: true", False),
        ("flagged: true", True),
        ("answered: false", True),
        ("folder: inbox", True),
        ("account: work", True),
        ('from: "*@rossi.example", unread: true', False),  # all of it must fit
    ],
)
def test_a_rule_fits_or_not(rule: str, fits: bool) -> None:
    found = head_of(head("To: ann@example.test", "Subject: Your Invoice 1042"), ME)
    mail = Mail(found, "INBOX", "work", frozenset({"\\Seen", "\\Flagged"}), known=True)
    assert fate(f"{{{rule}, do: ignore}}", mail) is (Do.IGNORE if fits else Do.TASK)


def test_the_first_rule_that_fits_decides() -> None:
    mail = Mail(head_of(head("List-Unsubscribe: <https://shop.example>"), ME))
    found = rules('{list: "*", do: task}', '{from: "*", do: ignore}')
    assert decide(found, mail) is Do.TASK  # type: ignore[arg-type]
    assert decide([], mail) is Do.DIGEST


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('{from: "*"}', "the rule lacks `do`"),
        ('{from: "*", do: forward}', "`do: forward` is nothing"),
        ("{do: ignore}", "says nothing of which mails"),
        ('{sender: "*", do: task}', "`sender` is nothing that a rule of mail asks"),
        ("{unread: maybe, do: task}", "`unread` is true or false"),
        ("{is: spam, do: ignore}", "`is: spam` is no sort of mail"),
        ("{from: bank.example, do: task}", 'write "*@bank.example"'),
        ("{from: [], do: task}", "nothing"),
        ("ignore everything", "is written like"),
    ],
)
def test_a_rule_that_is_wrong_names_its_line(rule: str, said: str) -> None:
    if rule == "{from: [], do: task}":
        mail = Mail(head_of(head(), ME))
        assert fate(rule, mail) is Do.TASK  # of nobody: it fits none
        return
    with pytest.raises(BlockError) as wrong:
        rules('{from: "*", do: task}', rule)
    assert said in str(wrong.value)
    assert wrong.value.line == 4


# -- failure notices


def test_a_notice_without_a_form_still_names_whom_it_is_about() -> None:
    raw = b"From: MAILER-DAEMON@x.example\r\nX-Failed-Recipients: bob@gone.example\r\n\r\nno"
    assert bounce_of(raw).title == "Not delivered: a mail to bob@gone.example"
    assert bounce_of(b"").title == "Not delivered: a mail of yours"


def test_a_notice_of_a_delay_says_that_it_is_still_tried() -> None:
    raw = (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n"
        b"--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        b"Final-Recipient: rfc822; bob@slow.example\r\nAction: delayed\r\nStatus: 4.4.1\r\n\r\n"
        b"--B\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <s@x.example>\r\n"
        b"Subject: Hi\r\n\r\n--B--\r\n"
    )
    found = bounce_of(raw)
    assert found.title == "Not delivered yet: Hi"
    assert found.of == "<s@x.example>"
    assert "still tried" in found.told and "4.4.1" in found.told


# -- accounts


def settings(tmp_path: Path, text: str = "", mode: int = 0o600, **more: str) -> Settings:
    env = {"FACTOTUM_VAULT": str(tmp_path / "vault"), "FACTOTUM_STATE_DIR": str(tmp_path / "s")}
    if text:
        path = tmp_path / "mail.toml"
        path.write_text(text)
        path.chmod(mode)
        env["FACTOTUM_MAIL_ACCOUNTS"] = str(path)
    return load({**env, **{f"FACTOTUM_{name}": value for name, value in more.items()}})


GOOD = """
[work]
host = "imap.work.example"
user = "ann@work.example"
password = "secret-word"
folders = ["INBOX", "Projects/*", "Clients"]
addresses = ["a.n@work.example"]
"""


def test_further_mailboxes_stand_in_a_file(tmp_path: Path) -> None:
    given = settings(
        tmp_path, GOOD, IMAP_HOST="localhost", IMAP_USER="ann@example.test", IMAP_PASSWORD="p"
    )
    first, work = accounts(given)
    assert [name for name, _ in names_of(first)] == ["mail"]
    assert first.port == 993
    assert dict(names_of(work)) == {
        "mail work": ("INBOX",),
        "mail work/Clients": ("Clients",),
        "mail work folders": ("Projects/*",),
    }
    assert work.addresses == {"ann@work.example", "a.n@work.example"}
    assert "secret-word" not in repr(work)
    assert accounts(settings(tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (GOOD, 0o644, "Run: chmod 600"),
        (GOOD.replace("user =", "name ="), 0o600, "'name' is no setting of an account"),
        (GOOD.replace('user = "ann@work.example"', ""), 0o600, "user is missing"),
        (GOOD + "port = 70000", 0o600, "port must be"),
        (GOOD + 'security = "ssl"', 0o600, "security must be"),
        (GOOD + 'security = "none"', 0o600, "in the open"),
        (GOOD.replace("[work]", "[Work Mail]"), 0o600, "is no TOML"),
        (GOOD.replace("[work]", '["Work Mail"]'), 0o600, "is no account"),
        (GOOD.replace('["INBOX", "Projects/*", "Clients"]', '"INBOX"'), 0o600, "folders must be"),
        ("password", 0o600, "is no TOML"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, mode: int, said: str) -> None:
    with pytest.raises(SourceError) as wrong:
        accounts(settings(tmp_path, text, mode))
    assert said in str(wrong.value)
    assert "secret-word" not in str(wrong.value)


def test_passwords_do_not_lie_in_the_vault(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    path = tmp_path / "vault" / "mail.toml"
    path.write_text(GOOD)
    path.chmod(0o600)
    with pytest.raises(SourceError, match="lies in the vault"):
        accounts(settings(tmp_path, MAIL_ACCOUNTS=str(path)))


# -- what servers answer


def test_answers_are_read_in_all_their_forms() -> None:
    data = [
        (b'1 (UID 7 FLAGS (\\Seen) INTERNALDATE "30-Nov-2026 08:00:00 +0100" '
         b"RFC822.SIZE 5 BODY[] {5}", b"hello"),
        b")",
        b"9 (FLAGS (\\Seen))",  # a notice of another letter
        (b"2 (BODY[] {2}", b"hi"),
        b" UID 8 FLAGS ())",
        b'3 (UID 9 BODY[] "a\\"b")',
        b"4 (UID 10 BODY[] NIL)",
        None,
    ]  # fmt: skip
    first, second, third, fourth = entries(data)
    assert (first.uid, first.body, first.size_bytes) == (7, b"hello", 5)
    assert first.at == 1796022000.0
    assert first.flags == {"\\Seen"}
    assert (second.uid, second.body) == (8, b"hi")
    assert third.body == b'a"b'
    assert fourth.body is None


def test_the_files_of_a_letter_are_named_from_its_structure() -> None:
    said = (
        b'1 (UID 1 BODYSTRUCTURE (("TEXT" "PLAIN" NIL NIL NIL "7BIT" 9 1)("APPLICATION" "PDF" '
        b'("NAME" "a.pdf") NIL NIL "BASE64" 9 NIL ("ATTACHMENT" ("FILENAME" "a.pdf")))'
        b'("IMAGE" "PNG" ("NAME" "b\\"c.png")) "MIXED"))'
    )
    assert file_names(said) == ("a.pdf", 'b"c.png')


@pytest.mark.parametrize(
    ("host", "said", "login", "words"),
    [
        ("imap.gmail.com", "[AUTHENTICATIONFAILED] Invalid", True, "myaccount.google.com/app"),
        ("imap.mail.me.com", "[AUTHENTICATIONFAILED] no", True, "app-specific password"),
        ("outlook.office365.com", "LOGIN failed.", True, "Microsoft lets no program in"),
        ("imap.x.example", "no", True, "Check FACTOTUM_IMAP_USER and FACTOTUM_IMAP_PASSWORD"),
        ("imap.gmail.com", "Too many simultaneous connections.", False, "too much for now"),
        ("imap.x.example", "[UNAVAILABLE] later", False, "too much for now"),
    ],
)
def test_a_refused_login_says_what_to_do(
    tmp_path: Path, host: str, said: str, login: bool, words: str
) -> None:
    from imap_tools.errors import MailboxLoginError

    given = settings(tmp_path, IMAP_HOST=host, IMAP_USER="ann", IMAP_PASSWORD="secret-word")
    (account,) = accounts(given)
    told = plainly(account, "logging in", MailboxLoginError(("NO", [said.encode()]), "OK"))
    assert told.login is login
    assert bool(told.again_s) is not login
    assert words in str(told) and "secret-word" not in str(told)
