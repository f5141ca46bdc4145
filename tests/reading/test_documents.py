"""Word files, tables, JSON and appointments: what a person would read in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from factotum.reading import read
from factotum.reading.repeats import repeats
from tests.reading.samples import docx, paragraph, pptx, word_table, xlsx


def test_a_word_file_gives_headings_lists_and_tables() -> None:
    body = paragraph("Offer", "Heading1") + paragraph("Dear Ada")
    body += paragraph("one", "ListBullet") + paragraph("two", "ListBullet")
    body += word_table([["Item", "Price"], ["Paper", "3"]])
    reading = read(docx(body), "offer.docx")
    assert (reading.kind, reading.title, reading.remarks) == ("file", "offer", ())
    assert reading.text == (
        "# Offer\n\nDear Ada\n\n- one\n- two\n\n| Item | Price |\n| --- | --- |\n| Paper | 3 |"
    )


def test_a_word_file_under_another_name_is_read_and_the_name_is_said() -> None:
    reading = read(docx(paragraph("Hello")), "letter.pdf")
    assert reading.text == "Hello"
    assert reading.remarks == ("its name ends in .pdf, but it is a Word document",)


def test_macros_are_not_run_and_nothing_elsewhere_is_loaded() -> None:
    outside = b'<R><Relationship Id="1" Type="http://x/attachedTemplate"'
    outside += b' Target="http://evil.example/t.dotm" TargetMode="External"/></R>'
    more = {"word/vbaProject.bin": b"x", "word/_rels/settings.xml.rels": outside}
    reading = read(docx(paragraph("Hello"), more=more), "a.docm")
    assert reading.text == "Hello"
    assert reading.remarks == (
        "the document carries macros: they were not run",
        "the document wants to load things from elsewhere: nothing was loaded",
    )


def test_a_damaged_word_file_is_kept_with_a_word() -> None:
    reading = read(docx(paragraph("Hello"))[:300] + b"word/document", "a.docx")
    assert reading.remarks == ("the document could not be read: it is damaged (BadZipFile)",)
    assert "It was kept" in reading.text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a,b\n1,2\n", "2 rows with 2 columns, separated by commas"),
        ("Name;Preis\nAda;1,50\nBea;2,00\n".encode("cp1252"), "separated by semicolons"),
        (b"a\tb,c\n1\t2,5\n", "separated by tabs"),
        (b"a|b\n1|2\n", "separated by bars"),
        (b"sep=_\na_b\n1_2\n", "2 rows with 2 columns, separated by “_”"),
        (b"alone\n", "1 row with 1 column"),
        (b"\n\n", "A table without rows."),
    ],
)
def test_a_table_says_how_it_is_built(data: bytes, said: str) -> None:
    assert said in read(data, "a.csv").text


def test_a_table_is_laid_out_and_its_formulas_are_text() -> None:
    reading = read('Name,Sum\n"Köln, x|y\nz",=1+1\n'.encode(), "a.csv")
    assert reading.text.endswith("| Name | Sum |\n| --- | --- |\n| Köln, x\\|y z | =1+1 |")
    assert reading.remarks == ()


def test_of_a_long_table_the_first_rows_are_shown_and_all_are_counted() -> None:
    reading = read(b"n,m\n" + b"1,2\n" * 5_000, "a.csv")
    assert reading.text.startswith(
        "A table of 5,001 rows with 2 columns, separated by commas. Here are the first 200 rows."
    )
    assert reading.text.count("\n") == 202


def test_a_workbook_gives_the_values_of_its_sheets() -> None:
    prices: list[list[str | float]] = [["Item", "Price"], ["Paper", 3], ["Ink", 12.5]]
    reading = read(xlsx({"Prices": prices, "Empty": []}), "prices.xlsx")
    assert (reading.title, reading.remarks) == ("prices", ())
    assert reading.text == (
        "## Prices\n\nA table of 3 rows with 2 columns.\n\n"
        "| Item | Price |\n| --- | --- |\n| Paper | 3 |\n| Ink | 12.5 |\n\n"
        "## Empty\n\nA table without rows."
    )


def test_of_a_workbook_the_first_sheets_and_rows_are_shown() -> None:
    reading = read(xlsx({f"S{n}": [["x"]] * 300 for n in range(25)}), "a.xlsx")
    assert reading.text.count("## S") == 20
    assert "A table of 300 rows with 1 column. Here are the first 200 rows." in reading.text
    assert reading.remarks == ("the workbook has 25 sheets: the first 20 were read",)


def test_slides_give_their_words_in_order() -> None:
    reading = read(pptx(*(f"word {n}" for n in range(1, 12))), "a.pptx")
    assert reading.text.startswith("## Slide 1\n\nword 1\n\n## Slide 2\n\nword 2")
    assert reading.text.endswith("## Slide 11\n\nword 11")


def test_json_is_laid_out_and_loses_no_digit() -> None:
    reading = read(b'{"a": [1.10, 12345678901234567890.123, {}], "b": "\\u00e9"}', "a.json")
    assert reading.text == (
        "JSON: an object with 2 names.\n\n"
        '{\n  "a": [\n    1.10,\n    12345678901234567890.123,\n    {}\n  ],\n  "b": "é"\n}'
    )
    assert reading.remarks == ()


def test_wrong_json_is_shown_as_it_is() -> None:
    reading = read(b'{"a": 1,\n}', "a.json")
    assert (reading.text, reading.remarks) == (
        '{"a": 1,\n}',
        ("it is no valid JSON (line 2); it is shown as it is",),
    )


INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:1
DTSTART;TZID=Europe/Berlin:20261130T100000
DTEND;TZID=Europe/Berlin:20261130T110000
SUMMARY:Team meeting
LOCATION:Room 1
RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=10
ORGANIZER;CN=Ada Rossi:mailto:ada@rossi.example
ATTENDEE;CN=Bea;PARTSTAT=ACCEPTED:mailto:bea@x.example
DESCRIPTION:line one\\nline two
END:VEVENT
END:VCALENDAR
"""


def test_an_invitation_is_told_in_plain_words() -> None:
    reading = read(INVITATION.replace("\n", "\r\n").encode(), "invite.ics")
    assert (reading.title, reading.remarks) == ("Team meeting", ())
    assert reading.text == (
        "It is an invitation.\n\n## Team meeting\n"
        "When: Mon 30 Nov 2026 10:00 to 11:00 (Europe/Berlin, +01:00)\n"
        "Repeats: every week on Monday, 10 times\n"
        "Where: Room 1\n"
        "Organizer: Ada Rossi <ada@rossi.example>\n"
        "People: Bea <bea@x.example> (comes)\n\n"
        "line one\nline two"
    )


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        ("DTSTART:20261130T090000Z", "Mon 30 Nov 2026 09:00 (UTC)"),
        ("DTSTART:20261130T090000", "Mon 30 Nov 2026 09:00 (no zone is given)"),
        ("DTSTART:20261130T090000Z\nDURATION:PT90M", "Mon 30 Nov 2026 09:00 to 10:30 (UTC)"),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261225", "Thu 24 Dec 2026, all day"),
        (
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227",
            "Thu 24 Dec 2026 to Sat 26 Dec 2026, all day",  # the end is not part of it
        ),
        (
            "DTSTART:20261130T230000Z\nDTEND:20261201T010000Z",
            "Mon 30 Nov 2026 23:00 (UTC) to Tue 1 Dec 2026 01:00 (UTC)",
        ),
    ],
)
def test_a_time_is_given_with_its_zone(lines: str, when: str) -> None:
    event = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
    assert f"When: {when}\n" in read(event.encode(), "a.ics").text + "\n"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, ""),
        ({"FREQ": ["DAILY"]}, "every day"),
        ({"FREQ": ["WEEKLY"], "INTERVAL": ["2"], "BYDAY": ["MO", "FR"]},
         "every 2 weeks on Monday and Friday"),
        ({"FREQ": ["MONTHLY"], "BYDAY": ["-1FR"]}, "every month on the last Friday"),
        ({"FREQ": ["MONTHLY"], "BYMONTHDAY": ["1", "15"]}, "every month on day 1 and 15"),
        ({"FREQ": ["YEARLY"], "BYMONTH": ["3"], "UNTIL": ["2030-03-01"]},
         "every year in March, until Fri 1 Mar 2030"),
        ({"FREQ": ["YEARLY"], "BYWEEKNO": ["20"]}, "every year (and by BYWEEKNO)"),
        ({"FREQ": ["OFTEN"]}, "by a rule that is not understood"),
    ],
)  # fmt: skip
def test_how_often_it_repeats_is_said_in_words(rule: dict[str, list[str]], words: str) -> None:
    assert repeats(rule) == words


def test_a_calendar_without_appointments_is_shown_as_text() -> None:
    reading = read(b"BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", "a.ics")
    assert "VERSION:2.0" in reading.text
    assert "there is none in it" in reading.remarks[0]


def test_the_page_of_the_inbox_names_every_ending() -> None:
    from factotum.reading.kinds import BY_ENDING, PROMISES

    page = (Path(__file__).parents[2] / "docs/inbox.md").read_text()
    assert [ending for ending in {*BY_ENDING, *PROMISES} if f"`{ending}`" not in page] == []
