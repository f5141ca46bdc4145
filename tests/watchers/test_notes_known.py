"""However lines are moved about, each keeps the task that it was, and no two have the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from factotum.worker.mentions import Line, find
from watchers.notes.known import OLD, Change, Known, follow, load

WORDS = ("call the dentist", "water plants", "buy 20 stamps", "xyz")
NOTES = ("a.md", "b.md", "c.md")


class Vault:
    """Notes of lines, and what is known of them: as the source keeps it, without any file."""

    def __init__(self) -> None:
        self.known = {path: Known() for path in NOTES}
        self.lines: dict[str, list[Line]] = {path: [] for path in NOTES}
        self.open: set[str] = set()

    def look(self, texts: dict[str, Sequence[str]]) -> list[str]:
        """Which words became a task of their own."""
        changes = []
        for path in NOTES:
            body = "\n".join(f"- [ ] @fac {words}" for words in texts.get(path, ()))
            lines = find(body.encode(), "@fac")
            was = Counter(line.words for line in self.lines[path])
            changes.append(Change(path, self.known[path], was, lines))
            self.lines[path] = lines
        follow(changes, self.known, lambda one: one in self.open)
        made = []
        for change in changes:
            for line in change.extra():
                id = change.known.fresh_id(change.path, line.words)
                change.give(line.words, id)
                self.open.add(id)
                made.append(line.title)
        return made

    def ids(self) -> list[str]:
        held = [ids for known in self.known.values() for ids in known.lines.values()]
        return [id for ids in held for id in ids if id != OLD]


TEXTS = st.dictionaries(
    st.sampled_from(NOTES), st.lists(st.sampled_from(WORDS), max_size=4), max_size=3
)


@given(st.lists(TEXTS, max_size=6))
def test_no_two_lines_are_one_task_and_none_is_lost(steps: list[dict[str, Sequence[str]]]) -> None:
    vault = Vault()
    for texts in steps:
        vault.look(texts)
        assert len(set(vault.ids())) == len(vault.ids())
        assert vault.look(texts) == []
        for path, known in vault.known.items():
            count = Counter(texts.get(path, ()))
            for words, n in count.items():
                assert len(known.lines[f"@fac {words}"]) >= n
            assert load(known.text()) == known


@given(st.lists(st.sampled_from(WORDS), max_size=6), st.data())
def test_lines_that_only_change_places_make_no_new_task(
    words: list[str], data: st.DataObject
) -> None:
    vault = Vault()
    assert sorted(vault.look({"a.md": words})) == sorted(words)
    for _ in range(3):
        texts: dict[str, list[str]] = {path: [] for path in NOTES}
        for one in data.draw(st.permutations(words)):
            texts[data.draw(st.sampled_from(NOTES))].append(one)
        assert vault.look(dict(texts)) == []
        assert len(vault.ids()) == len(words)
