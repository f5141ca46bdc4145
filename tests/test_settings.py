"""Settings: where they come from, what is refused, and that no message gives one away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factotum.settings import SETTINGS, SettingsError, apart, dotenv, env_files, load

ROOT = Path(__file__).parents[1]


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    file.touch(mode=0o600)
    return file


def refused(environ: dict[str, str], *files: Path) -> str:
    with pytest.raises(SettingsError) as error:
        load(environ, files)
    return str(error.value)


def test_nothing_set_gives_the_defaults() -> None:
    settings = load({"HOME": "/somewhere"})
    assert settings.seconds("SETTLE_S") == 120.0
    assert settings.seconds("STABLE_S") == 2.0
    assert settings.seconds("SCAN_S") == 30.0
    assert settings.seconds("REGRET_S") == 60.0
    assert settings.seconds("EXPIRY_S") == 7 * 24 * 3600
    assert settings.count("WORKERS") == 4
    assert settings.text("WATCHERS") == "all"
    assert settings.text("SMTP_HOST") == ""
    assert settings.path("VAULT") == Path("/somewhere/AI_Employee_Vault")
    assert settings.path("STATE_DIR") == Path("/somewhere/.local/state/factotum")


def test_the_instance_is_named_after_the_host() -> None:
    instance = load({}).text("INSTANCE")
    assert instance
    assert load({"FACTOTUM_INSTANCE": instance}).text("INSTANCE") == instance


@pytest.mark.parametrize(
    ("base", "folder"),
    [
        ("/state", "/state/factotum"),
        ("state", "/h/.local/state/factotum"),  # the standard says: ignore a relative one
        ("", "/h/.local/state/factotum"),
    ],
)
def test_the_state_lies_where_the_desktop_says(base: str, folder: str) -> None:
    assert load({"HOME": "/h", "XDG_STATE_HOME": base}).path("STATE_DIR") == Path(folder)


def test_the_environment_wins_over_the_file(env_file: Path) -> None:
    env_file.write_text("FACTOTUM_SETTLE_S=5\nFACTOTUM_SCAN_S=6\n")
    settings = load({"FACTOTUM_SETTLE_S": "0.5"}, [env_file])
    assert settings.seconds("SETTLE_S") == 0.5
    assert settings.seconds("SCAN_S") == 6.0


def test_an_empty_value_means_not_set(env_file: Path) -> None:
    env_file.write_text("FACTOTUM_SETTLE_S=5\n")
    assert load({"FACTOTUM_SETTLE_S": ""}, [env_file]).seconds("SETTLE_S") == 120.0


def test_only_the_first_file_that_exists_is_read(tmp_path: Path) -> None:
    here, root = tmp_path / "here", tmp_path / "root"
    for folder, text in ((here, "FACTOTUM_SCAN_S=1"), (root, "FACTOTUM_SCAN_S=2")):
        folder.mkdir()
        (folder / ".env").touch(mode=0o600)
        (folder / ".env").write_text(text)
    assert load({}, env_files(here, root)).seconds("SCAN_S") == 1.0
    (here / ".env").unlink()
    assert load({}, env_files(here, root)).seconds("SCAN_S") == 2.0


def test_a_relative_path_in_the_file_starts_from_the_file(env_file: Path) -> None:
    env_file.write_text("FACTOTUM_VAULT=notes\nFACTOTUM_STATE_DIR=~/state\n")
    settings = load({"HOME": "/h"}, [env_file])
    assert settings.path("VAULT") == env_file.parent / "notes"
    assert settings.path("STATE_DIR") == Path("/h/state")


def test_a_relative_path_in_the_environment_starts_from_here() -> None:
    assert load({"FACTOTUM_VAULT": "notes"}).path("VAULT") == Path.cwd() / "notes"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("FACTOTUM_SETLE_S", "FACTOTUM_SETTLE_S"),
        ("FACTOTUM_SETTLE", "FACTOTUM_SETTLE_S"),
        ("FACTOTUM_SMTP_PASSWD", "FACTOTUM_SMTP_PASSWORD"),
        ("FACTOTUM_SMTPHOST", "FACTOTUM_SMTP_HOST"),
        ("factotum_vault", "FACTOTUM_VAULT"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_right_one(
    wrong: str, right: str, env_file: Path
) -> None:
    assert f"{wrong} (the environment): " in refused({wrong: "1"})
    assert f"Did you mean {right}?" in refused({wrong: "1"})
    env_file.write_text(f"\n{wrong}=1\n")
    assert f"{wrong} ({env_file}, line 2)" in refused({}, env_file)


def test_a_name_that_is_near_to_nothing_points_to_the_list() -> None:
    assert "docs/settings.md" in refused({"FACTOTUM_QQQQQQQ": "1"})


def test_names_of_others_pass(env_file: Path) -> None:
    env_file.write_text("OPENAI_KEY=abc\nFACTORY=1\n")
    assert load({"PATH": "/bin", "FACTO": "1"}, [env_file]).count("WORKERS") == 4


def test_every_problem_is_told_at_once() -> None:
    message = refused({"FACTOTUM_SCAN_S": "soon", "FACTOTUM_X_Y": "1", "FACTOTUM_WORKERS": "0"})
    assert len(message.splitlines()) == 3


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("SETTLE_S", "two minutes", "a number of seconds from 0 upwards"),
        ("SETTLE_S", "-1", "a number of seconds"),
        ("SETTLE_S", "nan", "a number of seconds"),
        ("SETTLE_S", "inf", "a number of seconds"),
        ("SETTLE_S", "1e3", "a number of seconds"),
        ("SETTLE_S", "1_000", "a number of seconds"),
        ("SETTLE_S", "٣", "a number of seconds"),  # a digit elsewhere
        ("WORKERS", "0", "a whole number from 1 to 64"),
        ("WORKERS", "2.5", "a whole number"),
        ("WORKERS", "65", "a whole number from 1 to 64"),
        ("SMTP_PORT", "0", "a whole number from 1 to 65535"),
        ("SMTP_PORT", "65536", "a whole number from 1 to 65535"),
        ("IMAP_PORT", "imaps", "a whole number"),
        ("SMTP_SECURITY", "ssl", "one of tls, starttls, none"),
        ("IMAP_SECURITY", "TLS", "one of tls, starttls, none"),
        ("SMTP_HOST", "smtp.example.org:587", "without a port"),
        ("SMTP_HOST", "smtps://smtp.example.org", "a host name"),
        ("INSTANCE", "My Laptop", "a-z, 0-9 and hyphens"),
        ("INSTANCE", "../other", "a-z, 0-9 and hyphens"),
        ("WATCHERS", "mail watcher", "names with commas"),
        ("LOG_LEVEL", "verbose", "one of debug, info, warning, error"),
        ("MAIL_FROM", "Ann\r\nBcc: x@example.org", "text that can be printed"),
        ("FAILPOINT", "effect.before:0", "name or name:n"),
    ],
)
def test_a_value_out_of_bounds_is_refused(name: str, text: str, said: str) -> None:
    message = refused({f"FACTOTUM_{name}": text})
    assert message.startswith(f"FACTOTUM_{name} (the environment) must be ")
    assert said in message
    assert text not in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SETTLE_S", "0"),
        ("REGRET_S", "0.25"),
        ("SMTP_HOST", "::1"),
        ("SMTP_HOST", "[::1]"),
        ("IMAP_HOST", "127.0.0.1"),
        ("IMAP_HOST", "mail.example.org"),
        ("WATCHERS", "none"),
        ("WATCHERS", "mail, calendar_events"),
        ("MAIL_FROM", "Zoë Müller <zoe@example.org>"),
        ("FAILPOINT", "mail.sent_copy:12"),
    ],
)
def test_what_fits_is_taken(name: str, text: str) -> None:
    assert load({f"FACTOTUM_{name}": text}).env_for([f"FACTOTUM_{name}"]) == {
        f"FACTOTUM_{name}": text
    }


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("mail.example.org", False),
        ("192.168.1.2", False),  # a house is a network too
        ("127.0.0.1.example.org", False),
    ],
)
@pytest.mark.parametrize("service", ["SMTP", "IMAP"])
def test_a_password_crosses_no_network_in_the_open(service: str, host: str, taken: bool) -> None:
    environ = {f"FACTOTUM_{service}_HOST": host, f"FACTOTUM_{service}_SECURITY": "none"}
    if taken:
        load(environ)
    else:
        assert f"FACTOTUM_{service}_SECURITY is none" in refused(environ)


def test_a_state_directory_inside_the_vault_is_refused(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    (vault / "state").mkdir(parents=True)
    (tmp_path / "elsewhere").symlink_to(vault / "state")
    for state in (vault, vault / "state", tmp_path / "elsewhere", vault / ".." / "vault" / "x"):
        assert "inside the vault" in refused(
            {"FACTOTUM_VAULT": str(vault), "FACTOTUM_STATE_DIR": str(state)}
        )
    apart(vault, tmp_path / "vault-state")  # only looks as if


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o610])
def test_a_file_that_others_can_get_at_is_refused(env_file: Path, mode: int) -> None:
    env_file.write_text("FACTOTUM_SMTP_PASSWORD=hunter2\n")
    env_file.chmod(mode)
    message = refused({}, env_file)
    assert str(env_file) in message
    assert f"{mode:04o}" in message
    assert f"chmod 600 '{env_file}'" in message
    assert "hunter2" not in message


def test_a_file_that_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert "not a regular file" in refused({}, tmp_path / "pipe")
    assert "not a regular file" in refused({}, tmp_path / "folder")
    assert "cannot be read" in refused({}, tmp_path / "gone")


def test_a_file_of_another_kind_is_refused(env_file: Path) -> None:
    env_file.write_text("FACTOTUM_SCAN_S=1\n", encoding="utf-16")
    assert "not UTF-8" in refused({}, env_file)
    env_file.write_bytes(b"#" * 300_000)
    assert "larger than" in refused({}, env_file)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  A = b  ", "b"),
        ("export A=b", "b"),
        ("A=", ""),
        ("A=b c", "b c"),
        ("A=b # why", "b"),
        ("A=b#c", "b#c"),  # passwords have them
        ("A=# why", ""),
        ("A=a=b", "a=b"),
        ("A=$HOME/x", "$HOME/x"),
        ("A='b # c'  # why", "b # c"),
        ('A="b # c"# why', "b # c"),
        ('A="say \\"hi\\" \\\\ \\n"', 'say "hi" \\ \\n'),
        ("A='it\\'", "it\\"),
        ('A=""', ""),
        ("A=zoë", "zoë"),
        ("A=b\r", "b"),
        ("\ufeffA=b", "b"),
    ],
)
def test_how_a_line_is_read(line: str, value: str, env_file: Path) -> None:
    env_file.write_bytes(f"{line}\n".encode())
    assert dotenv.parse(dotenv.read(env_file), env_file) == {"A": (value, 1)}


@pytest.mark.parametrize(
    "line",
    [
        "A",
        "A: b",
        "1A=b",
        "A-B=c",
        "=b",
        'A="b',
        "A='b",
        'A="b" c',
        "A=\x00",
        "A=b\x1b[2J",
        "- A=b",
    ],
)
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(dotenv.DotenvError, match=r"^\.env, line 3: "):
        dotenv.parse(f"# first\n\n{line}\n", Path(".env"))


def test_a_name_stands_once() -> None:
    with pytest.raises(dotenv.DotenvError, match="line 2: A stands in line 1 already"):
        dotenv.parse("A=1\nA=2\n", Path(".env"))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_whatever_stands_in_double_quotes_comes_back(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert dotenv.parse(f'A="{quoted}"', Path(".env")) == {"A": (value, 1)}


def test_a_secret_is_shown_nowhere(env_file: Path) -> None:
    env_file.write_text("FACTOTUM_SMTP_PASSWORD='hunter2 is'\nFACTOTUM_SMTP_USER=ann\n")
    settings = load({}, [env_file])
    assert "hunter2" not in repr(settings) + str(settings) + f"{settings!r:>200}"
    assert settings.secrets() == ("hunter2 is",)
    assert "SMTP_PASSWORD" in repr(settings)  # that it is set may be seen


def test_a_server_gets_its_share_and_no_more() -> None:
    settings = load({"FACTOTUM_SMTP_HOST": "localhost", "FACTOTUM_IMAP_PASSWORD": "hunter2"})
    names = ["FACTOTUM_SMTP_HOST", "FACTOTUM_SMTP_PORT", "LANG"]
    assert settings.env_for(names) == {"FACTOTUM_SMTP_HOST": "localhost"}


def test_asking_for_the_wrong_type_is_an_error() -> None:
    settings = load({})
    for wrong in (lambda: settings.count("SCAN_S"), lambda: settings.text("SMTP_PORT")):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(SettingsError, match="FACTOTUM_SMTP_PORT is not set"):
        settings.count("SMTP_PORT")
    with pytest.raises(KeyError):
        settings.text("NO_SUCH_NAME")


def test_every_row_says_what_it_is() -> None:
    for row in SETTINGS:
        assert row.meaning.endswith("."), row.name
        assert row.default is not None or row.otherwise, row.name
        assert not row.pattern or row.form, row.name
        assert row.name.endswith("_S") == (row.unit == "seconds"), row.name
        named = bool({"PASSWORD", "KEY", "ICS", "TOKEN", "WEBHOOK"} & set(row.name.split("_")))
        login = row.name in {"TELEGRAM_PROXY", "NOTIFY_URLS"}  # addresses that may hold one
        assert row.secret == (named or login), row.name


@pytest.mark.parametrize(("kind", "file"), [("env", ".env.example"), ("docs", "docs/settings.md")])
def test_the_printed_table_is_the_table(kind: str, file: str) -> None:
    printed = subprocess.run(
        [sys.executable, ROOT / "scripts" / "print_settings.py", kind],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert (ROOT / file).read_text() == printed, f"run: scripts/print_settings.py {kind} > {file}"


def test_the_example_changes_nothing_until_a_line_is_changed(env_file: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    env_file.write_text(example)
    assert repr(load({}, [env_file])) == "Settings()"
    env_file.write_text(example.replace("#FACTOTUM_", "FACTOTUM_"))
    load({}, [env_file])


def test_settings_cost_little_to_import() -> None:
    code = "import factotum.settings, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert "factotum.settings" in loaded
    assert not {"dataclasses", "difflib", "inspect", "pydantic", "yaml"} & set(loaded)


@pytest.mark.parametrize("how", ["looks", "environment", "file", "default", "below"])
def test_no_settings_are_taken_from_a_vault(tmp_path: Path, how: str) -> None:
    vault, root = tmp_path / "AI_Employee_Vault", tmp_path / "root"
    here = vault / "Projects" if how == "below" else vault
    for folder in (here, root):
        folder.mkdir(parents=True)
    if how in ("looks", "below"):
        (vault / ".obsidian").mkdir()
    if how == "file":
        (root / ".env").touch(mode=0o600)
        (root / ".env").write_text(f"FACTOTUM_VAULT={vault}\n")
    planted = here / ".env"
    planted.touch(mode=0o600)
    planted.write_text("FACTOTUM_SANDBOX=off\nFACTOTUM_VAULT=/elsewhere\n")
    environ = {"FACTOTUM_VAULT": str(vault)} if how == "environment" else {}
    environ |= {"HOME": str(tmp_path)} if how == "default" else {"HOME": str(tmp_path / "no")}
    with pytest.raises(SettingsError, match="lies in a vault"):
        load(environ, env_files(here, root))
