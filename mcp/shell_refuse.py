"""Commands that nobody wants, found by reading them: a seat belt for who approves in haste.

It is no wall. A command can be spelt in endless ways, by another program, out of pieces or
from a file; what holds then is the cage that the command runs in. It refuses what is spelt
plainly, behind `sudo`, `env` or a path, in quotes, in `$(…)` or after `sh -c`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

#: Programs that are never run, by what they do.
NEVER = {
    "dd": "copies over disks",
    "format": "formats a disk",
    "halt": "stops the machine",
    "mke2fs": "formats a disk",
    "mkfs": "formats a disk",
    "poweroff": "stops the machine",
    "reboot": "restarts the machine",
    "shred": "destroys files",
    "shutdown": "stops the machine",
    "wipefs": "formats a disk",
}
#: A function that calls itself twice for ever.
FORK_BOMB = re.compile(r"(?<![\w:.])([\w:.]{1,64})\s*\(\s*\)\s*\{[^}]*?\1\s*\|\s*\1")
TO_A_DISK = re.compile(r">\s*/dev/(?:sd|hd|vd|nvme|mmcblk|disk)")

#: Words before the program's own name.
BEFORE = frozenset(
    "! builtin busybox command do doas else env exec if ionice nice nohup setsid stdbuf sudo then"
    " time timeout until while xargs".split()
)
SHELLS = frozenset({"ash", "bash", "dash", "ksh", "sh", "zsh"})
#: After these words of `find` comes a command.
FOLLOWED = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
#: How deep commands within commands are looked into.
DEEP = 5


def refusal(command: str, deep: int = 0) -> str:
    """Why this command is not run, or an empty string."""
    if "\0" in command:
        return "it holds a byte that ends a text"
    if FORK_BOMB.search(command):
        return "it starts itself without end"
    if TO_A_DISK.search(command):
        return "it writes over a disk"
    if deep > DEEP:
        return "its parts lie too deep in one another to be read"
    try:
        simple = list(_simple(command))
    except ValueError:  # quotes that do not match: a text handed over by << may hold some
        simple = list(_simple(command.replace("'", " ").replace('"', " ")))
    for words in simple:
        if why := _refused(words, deep):
            return why
    return ""


def _simple(command: str) -> Iterator[list[str]]:
    """The simple commands of a line, each as its words without their quotes."""
    lexer = shlex.shlex(command.replace("\\\n", ""), posix=True, punctuation_chars="();<>|&\n`{}")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("();|&\n`{}"):
            yield words
            words = []
        else:
            words.append(word)
    yield words


def _refused(words: Sequence[str], deep: int) -> str:
    for word in words:
        if ("$(" in word or "`" in word) and (why := refusal(_within(word), deep + 1)):
            return why
    for program, args in _programs(words):
        if why := _by_name(program, args):
            return why
        if program == "eval":
            return refusal(" ".join(args), deep + 1)
        if program in SHELLS and (script := _script(args)):
            return refusal(script, deep + 1)
    return ""


def _within(word: str) -> str:
    return word.replace("$(", "\n").replace(")", "\n").replace("`", "\n").replace('"', " ")


def _programs(words: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Each program that these words run, by its bare name, with its arguments."""
    at_start = True
    for place, word in enumerate(words):
        name = word.rpartition("/")[2].lower()
        if word in FOLLOWED:
            at_start = True
        elif (
            not at_start or re.fullmatch(r"\w+=.*|-.*|\d+\w?", word) or word.startswith(("<", ">"))
        ):
            continue
        elif name not in BEFORE:
            yield name, words[place + 1 :]
            at_start = False


def _by_name(program: str, args: Sequence[str]) -> str:
    stem = program.partition(".")[0]
    if stem in NEVER:
        return f"{program} {NEVER[stem]}"
    if program == "rm" and any(map(_recursive, args)):
        return "rm with -r removes whole folders"
    if program == "find" and "-delete" in args:
        return "find with -delete removes whole folders"
    if program in ("init", "telinit") and {"0", "6"} & set(args):
        return f"{program} stops the machine"
    if program == "systemctl" and {"poweroff", "reboot", "halt", "kexec"} & set(args):
        return "systemctl stops the machine"
    return ""


def _recursive(option: str) -> bool:
    if option.startswith("--"):
        return len(option) > 3 and "--recursive".startswith(option)
    return option.startswith("-") and "r" in option.lower()


def _script(args: Sequence[str]) -> str:
    for place, arg in enumerate(args):
        if re.fullmatch(r"-\w*c", arg):
            return args[place + 1] if place + 1 < len(args) else ""
    return ""
