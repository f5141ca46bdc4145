"""Which cage each tool server gets: what it needs for its work, and nothing of the office's.

Ours that run as a child see their code and the run data of an attempt; the shell sees its
folder; a third-party server sees a private folder and what its entry names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from factotum import sandbox
from factotum.sandbox import Cage, CageError, Isolation
from factotum.sandbox.places import system
from factotum.settings import Settings, env_files
from factotum.tooling.servers import ThirdParty, third_party
from factotum.tooling.tools import ToolboxError

#: Where the private folders of third-party servers lie in the state directory.
PRIVATE = "servers"

#: The whole environment of a third-party server beside what its entry names.
PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Cages:
    """`root` is the vault, `state` its state directory, `code` where the program lies, `env`
    where settings may lie. `off` is the owner's word that children may run without a cage.
    `found` stands for what this machine can do."""

    root: Path
    state: Path
    code: Path
    home: Path
    env: Sequence[Path] = ()
    shell: Path | None = None
    shell_network: bool = False
    off: bool = False
    found: Isolation | None = None

    @property
    def isolation(self) -> Isolation:
        """What this machine can do, or what it was said to be able to do."""
        return self.found or sandbox.isolation()

    def shown(self) -> str:
        """Why children run without a cage, or do not run at all; empty where all is well."""
        if self.off:
            return "tool processes run without a cage, by FACTOTUM_SANDBOX=off"
        return "" if self.isolation.possible else f"tool processes do not run: {self.isolation.why}"

    def ours(self, server: str, command: Sequence[str]) -> list[str]:
        """The command that runs a server of ours. Raises ToolboxError."""
        mcp = self.code / "mcp"
        if server != "shell":
            read = (*sandbox.interpreter(), mcp, self.state / "blobs")
            return self._run(server, Cage(read, (self.state / "phases",), network=True), command)
        if self.shell is None:
            raise ToolboxError("FACTOTUM_SHELL_FOLDER: needed by shell__run")
        self.shell_fits()
        cage = Cage(
            (*sandbox.interpreter(), mcp),
            (self.shell,),
            network=self.shell_network,
            cwd=self.shell,
        )
        return self._run(server, cage, [*command, str(self.shell)])

    def third_party(self, server: ThirdParty) -> tuple[list[str], dict[str, str]]:
        """The command and the environment of a server that is not ours. Raises ToolboxError."""
        private = self.state / PRIVATE / server.name
        (private / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
        self.fits(server)
        read = (*sandbox.interpreter(), *self._program(server), *server.read)
        cage = Cage(read, (private, *server.write), network=server.network, cwd=private)
        env = {"PATH": PATH, "HOME": str(private), "TMPDIR": str(private / "tmp")}
        command = self._run(server.name, cage, [server.command, *server.args])
        return command, {**env, "LANG": "C.UTF-8", **dict(server.env)}

    def shell_fits(self) -> None:
        """Raises ToolboxError if the shell's folder holds what no tool may see."""
        self._check("FACTOTUM_SHELL_FOLDER", (self.shell,) if self.shell else ())

    def fits(self, server: ThirdParty) -> None:
        """The same for the folders of a third-party server, and for its program."""
        self._check(f"the tool server {server.name}", (*server.read, *server.write))
        if not Path(server.command).is_file():
            raise ToolboxError(f"the tool server {server.name}: there is no {server.command}")

    def _run(self, server: str, cage: Cage, command: Sequence[str]) -> list[str]:
        if self.off:
            return list(command)
        try:
            self._check_system()
            return sandbox.caged(cage, command, self.isolation)
        except CageError as why:
            raise ToolboxError(
                f"{server} runs only in a cage, and there is none here: {why}. To run it without "
                f"one, where it can do all that you can: FACTOTUM_SANDBOX=off"
            ) from None

    def _program(self, server: ThirdParty) -> Iterator[Path]:
        """The program, and files among its arguments with what lies beside them, unless that
        is a place of ours or of the person's own."""
        for word in (server.command, *server.args):
            path = Path(word)
            if path.is_absolute() and path.is_file():
                if not any(self._forbidden((path,))):
                    yield path
                if not any(self._forbidden((path.parent,))):
                    yield path.parent

    def _check(self, who: str, places: Sequence[Path]) -> None:
        for place in places:
            if not place.is_dir() and not place.is_file():
                raise ToolboxError(f"{who}: there is no {place}; make it, or name another")
        if lies := next(self._forbidden(places), None):
            place, kept = lies
            raise ToolboxError(
                f"{who} may not have {place}: {kept} is there, which no tool may see. "
                f"Name another folder"
            )

    def _check_system(self) -> None:
        for shared in system():
            for kept in (self.root, self.state):
                if kept.resolve().is_relative_to(shared.resolve()):
                    raise CageError(f"{kept} lies in {shared}, which every program reads")

    def _forbidden(self, places: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
        """Each place with what lies in it, or in what it lies, that no tool may see."""
        for place in places:
            real = place.resolve()
            if self.home.resolve().is_relative_to(real):
                yield place, self.home
            yield from ((place, kept) for kept in self._kept() if sandbox.overlaps(place, kept))

    def _kept(self) -> Iterator[Path]:
        yield from (self.root, self.root.parent / ".obsidian", self.state, self.code, *self.env)
        yield from sandbox.secret_places(self.home)


def cages_of(settings: Settings, root: Path, state: Path, code: Path) -> Cages:
    """The cages of this installation; `code` is where the program lies."""
    shell = settings.path("SHELL_FOLDER") if settings.given("SHELL_FOLDER") else None
    listed = settings.path("TOOL_SERVERS") if settings.given("TOOL_SERVERS") else None
    return Cages(
        root,
        state,
        code,
        Path.home(),
        (*env_files(Path.cwd(), code), *([listed] if listed else [])),
        shell,
        settings.text("SHELL_NETWORK") == "yes",
        settings.text("SANDBOX") == "off",
    )


def others(settings: Settings, code: Path) -> list[ThirdParty]:
    """The third-party servers of this installation."""
    listed = settings.path("TOOL_SERVERS") if settings.given("TOOL_SERVERS") else None
    ours = [path.stem.removesuffix("_server") for path in (code / "mcp").glob("*_server.py")]
    return third_party(listed, ours, settings.path("VAULT"))
