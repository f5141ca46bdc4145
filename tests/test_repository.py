"""The house rules that no tool checks by itself."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from factotum.log import FIELDS
from factotum.settings import PREFIX, SETTINGS

ROOT = Path(__file__).parents[1]
PRODUCT = ("factotum", "watchers", "mcp", "orchestrator.py")
LOCKS = ("requirements.lock", "requirements-lite.lock", "requirements-dev.lock")

#: Folders that are made here and belong to nobody's work.
MADE = re.compile(r"(^|/)(\.git|\.venv|build|dist|__pycache__|\.[a-z_]+_cache|\.hypothesis)(/|$)")


@cache
def everything() -> tuple[Path, ...]:
    """All files of the repository, without what is made here."""
    found: list[Path] = []
    for folder, inner, names in os.walk(ROOT):
        below = os.path.relpath(folder, ROOT)
        inner[:] = [name for name in inner if not MADE.search(os.path.join(below, name))]
        found += [Path(folder, name) for name in names if not MADE.search(name)]
    return tuple(sorted(path for path in found if path.is_file()))


def files(*tops: str, suffix: str = "") -> Iterator[Path]:
    """The files below these folders, or these files, of the whole repository by default."""
    for top in tops or (".",):
        for path in everything():
            if path.is_relative_to(ROOT / top) and path.name.endswith(suffix):
                yield path


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Each text file of the repository but this one, by its name."""
    found = []
    for path in files():
        name = str(path.relative_to(ROOT))
        if path == Path(__file__) or ".egg-info/" in name or name == ".env":
            continue
        try:
            found.append((name, path.read_text()))
        except UnicodeDecodeError:
            continue
    return tuple(found)


def places(pattern: str, *, within: str = "") -> list[str]:
    """Where the pattern stands, as `file:line: text`."""
    search = re.compile(pattern, re.MULTILINE)
    return [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts()
        if name.startswith(within) and search.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if search.search(line)
    ]


@cache
def imported(path: Path) -> frozenset[str]:
    """The top-level modules that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    return frozenset(found)


def says_what_it_is(path: Path) -> bool:
    """Whether its first word is a docstring. Only so much of it is read."""
    skipped = (tokenize.ENCODING, tokenize.COMMENT, tokenize.NL)
    with path.open("rb") as file:
        first = next(t for t in tokenize.tokenize(file.readline) if t.type not in skipped)
    return first.type == tokenize.STRING and bool(ast.literal_eval(first.string).strip())


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_search_finds_what_is_there() -> None:
    names = [name for name, _ in texts()]
    assert {"pyproject.toml", ".env.example", ".ci/run", "factotum/model.py"} <= set(names)
    assert places(r"^class State\(StrEnum\)") != []
    assert not any(".venv" in name for name in names)


def test_tests_patch_nothing() -> None:
    assert places(r"mock\.patch|MagicMock|AsyncMock|unittest.mock", within="tests/") == []
    assert places(r"monkeypatch\.(setattr|setitem|delattr)", within="tests/") == []


def test_nothing_is_left_half_done() -> None:
    assert places(r"\b(TODO|FIXME|XXX|NotImplementedError)\b") == []


def test_no_path_of_one_machine() -> None:
    assert places(r"(?<![\w.~])/(root|home/\w+|Users/\w+|work)/") == []


def test_no_address_of_a_registry() -> None:
    hosts = r"pypi\.(org|python)|pythonhosted|piwheels|npmjs|deb\.debian|conda\.|ghcr\.io"
    assert places(hosts) == []


def test_every_module_says_what_it_is() -> None:
    assert [name_of(path) for path in files(suffix=".py") if not says_what_it_is(path)] == []


def test_what_is_imported_is_declared() -> None:
    """What only another library brings along may be gone with its next version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = project["project"]["dependencies"]
    workshop = runtime + project["dependency-groups"]["dev"]
    ours = {"factotum", "orchestrator", "watchers", "tests"}
    ours |= {path.stem for path in files("mcp", suffix=".py")} | set(sys.stdlib_module_names)
    providers = packages_distributions()
    for declared, tops in ((runtime, PRODUCT), (workshop, ("tests",))):
        names = {re.split(r"[<>=[]", line)[0].replace("_", "-").lower() for line in declared}
        for path in files(*tops, suffix=".py"):
            for module in imported(path) - ours:
                given = {name.replace("_", "-").lower() for name in providers.get(module, [])}
                assert given & names, f"{path} imports {module}, which nothing declared brings"


def test_the_folder_mcp_is_no_package() -> None:
    """With an `__init__.py` it would hide the installed SDK of the same name."""
    assert not (ROOT / "mcp" / "__init__.py").exists()


def test_no_file_is_named_like_a_module_that_it_would_hide() -> None:
    """A file that is run by path has its folder first on the import path."""
    taken = set(sys.stdlib_module_names) | set(packages_distributions())
    ours = {path.stem for path in files("mcp", "watchers", suffix=".py")} - {"__init__"}
    assert ours
    assert ours & taken == set()


def test_a_tool_server_stands_alone() -> None:
    ours = {"factotum", "orchestrator", "watchers"}
    assert [name_of(path) for path in files("mcp", suffix=".py") if imported(path) & ours] == []


def test_the_door_knows_no_command() -> None:
    """It may start one, inside `main`, for whoever runs it by path; the commands open it."""
    top = ast.parse((ROOT / "orchestrator.py").read_text()).body
    lines = [ast.unparse(node) for node in top if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not any("factotum.cli" in line for line in lines)
    inside = files("factotum", suffix=".py")
    openers = [name_of(path) for path in inside if "orchestrator" in imported(path)]
    assert openers
    assert all(name.startswith("factotum/cli") for name in openers), openers


def test_every_room_has_its_place_in_the_chain() -> None:
    """A module that the layers do not name could use anything."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (chain,) = [contract for contract in config["contracts"] if contract["id"] == "chain"]
    placed = set(re.findall(r"[\w.]+", " ".join(chain["layers"])))
    rooms = {
        f"factotum.{path.stem}"
        for path in (ROOT / "factotum").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"factotum.__init__"} - placed == set()


def test_only_logged_fields_are_logged() -> None:
    unknown = {
        f"{name}:{key.lineno} {key.value!s}"
        for name, text in texts()
        if name.startswith(PRODUCT) and name.endswith(".py") and "extra=" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.keyword)
        and node.arg == "extra"
        and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant) and str(key.value) not in FIELDS
    }
    assert unknown == set()


def test_a_setting_that_is_named_exists() -> None:
    rows = {row.full for row in SETTINGS}
    named = {
        (name, found)
        for name, text in texts()
        if not name.startswith("tests/")
        for found in re.findall(rf"\b{PREFIX}[A-Z][A-Z0-9_]*[A-Z0-9]\b", text)
    }
    assert {(name, found) for name, found in named if found not in rows} == set()


def test_a_setting_that_exists_is_read() -> None:
    text = "\n".join(
        path.read_text() for path in files(*PRODUCT, suffix=".py") if path.parent.name != "settings"
    )
    unread = [row.name for row in SETTINGS if not re.search(rf'"({PREFIX})?{row.name}"', text)]
    assert unread == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_exact_versions_and_hashes(lock: str) -> None:
    pin = r"[a-z0-9-]+==[0-9][0-9a-z.]*(?: ; [^\\\n]+)?"
    digest = r" \\\n    --hash=sha256:[0-9a-f]{64}"
    assert re.fullmatch(rf"(?:{pin}(?:{digest})+\n)+", (ROOT / lock).read_text())


def pins(lock: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_locks_agree() -> None:
    full, lite, dev = (pins(lock) for lock in LOCKS)
    assert {"litellm==1.106.2", "mcp==2.3.0"} <= full
    assert lite < full
    assert not any(pin.startswith("litellm") for pin in lite)
    names = {pin.partition("==")[0] for pin in full}
    assert {pin for pin in dev if pin.partition("==")[0] in names} <= full


def test_secrets_are_not_committed_by_accident(tmp_path: Path) -> None:
    secret = [".env", ".env.local", "me.session", "credentials.json", "tokens/mail", ".venv/x"]
    public = [".env.example", "token.py", "docs/credentials.md", "mcp/mail_server.py"]
    (tmp_path / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=env, check=True)
    names = [f"{folder}{name}" for folder in ("", "a/b/") for name in secret + public]
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *names],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()
    assert ignored == [f"{folder}{name}" for folder in ("", "a/b/") for name in secret]


def test_a_command_starts_without_the_heavy_libraries() -> None:
    code = "import factotum.cli, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    heavy = {"bs4", "httpx", "litellm", "markdownify", "mcp", "pydantic", "pypdf", "rich"}
    assert heavy & set(done.stdout.split()) == set()
