"""What was written before a question stood there is no answer to it, however late it comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.phone import Phone, phone_of
from tests.office import TestOffice


def asked(phone: Phone) -> str:
    """The id of a question about what was said here, which stands there now."""
    phone.says("What shall I do with the first paper?")
    phone.work()
    return phone.see("what shall I do?").id


@pytest.mark.parametrize(("written_after", "tasks"), [(True, 1), (False, 2)])
def test_words_without_a_reply_answer_what_they_were_written_after(
    tmp_path: Path, written_after: bool, tasks: int
) -> None:
    with phone_of(TestOffice(tmp_path)) as phone:
        question = int(asked(phone))
        phone.says("The second paper, too.", id=str(question + 1 if written_after else 0))
        phone.work()
        (found,) = phone.rooms.ledger.db.execute("SELECT count(*) FROM task").fetchone()
        assert found == tasks


def test_a_reply_is_an_answer_whenever_it_was_written(tmp_path: Path) -> None:
    with phone_of(TestOffice(tmp_path)) as phone:
        asked(phone)
        phone.says("drop", to=phone.see("what shall I do?"), id="0")
        phone.work()
        assert "Answered" in phone.see("what shall I do?").text


def test_words_that_go_with_a_file_that_was_not_taken_answer_no_question(tmp_path: Path) -> None:
    with phone_of(TestOffice(tmp_path)) as phone:
        question = int(asked(phone))
        phone.says("look at this", id=str(question + 1), remarks=("film.mov has 30.0 MB",))
        phone.work()
        assert "Answered" not in phone.see("What shall I do with the first paper?").text
        (found,) = phone.rooms.ledger.db.execute("SELECT count(*) FROM task").fetchone()
        assert found == 2
