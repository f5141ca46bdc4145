"""The rules of the house decide as they are written, and a mistake is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from factotum.gate.contact import Contact
from factotum.gate.facets import facets
from factotum.gate.policy import Allow, Ask, Deny, judge
from factotum.gate.rules import House, Policy, Quiet
from factotum.gate.rules_check import warnings
from factotum.gate.rules_text import PolicyError, one_rule, parse
from factotum.gate.rules_words import plain, render
from factotum.model import Call, Risk, Task, Trust

ADA, NEW = "ada@rossi.example", "zed@new.example"
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
BANK = {"bank__transfer": {"recipients": ["payee"], "amount": ["sum"], "currency": ["cur"]}}


def known(address: str) -> Contact:
    return Contact(address, listed=address == ADA)


def policy(text: str) -> Policy:
    found = parse(f"# Handbook\n\n```yaml policy\n{text}\n```\n")
    assert found is not None
    return found


def house(*rules: str, at: datetime = NOON, used: int = 0) -> House:
    listed = "\n".join(f"  - {{{rule}}}" for rule in rules)
    declared = "tools: {bank__transfer: {recipients: [payee], amount: [sum], currency: [cur]}}"
    held = policy(f"rules:\n{listed}\n{declared}")
    return House(at, held, known, lambda rule, seconds: used)


def task(trust: Trust = Trust.OWNER, **more: Any) -> Task:
    return Task("t-1", "note", "A task", "text", trust, **more)


def mail(*to: str, **more: Any) -> Call:
    return Call("mail__send", {"to": list(to), "subject": "Hi", "body": "Hello.", **more})


def pay(amount: object = "40", currency: object = "EUR") -> Call:
    return Call("bank__transfer", {"payee": [ADA], "sum": amount, "cur": currency})


def read(url: str) -> Call:
    return Call("net__get", {"url": url})


# -- one condition at a time

#: A condition, a call, and whether it holds: for an allow, and for a deny.
CONDITIONS: list[tuple[str, Call, bool, bool]] = [
    ("recipient: known", mail(ADA), True, True),
    ("recipient: known", mail(NEW), False, False),
    ("recipient: known", mail(ADA, NEW), False, True),  # all for an allow, any for a deny
    ("recipient: known", mail(ADA, bcc=[NEW]), False, True),
    ("recipient: new", mail(NEW), True, True),
    ("recipient: new", mail(ADA), False, False),
    ("recipient: in rossi.example", mail(ADA), True, True),
    ("recipient: in rossi.example", mail("bo@mail.rossi.example"), True, True),
    ("recipient: in rossi.example", mail("bo@notrossi.example"), False, False),
    ("recipient: in rossi.example", mail("bo@rossi.example.evil.example"), False, False),
    ("recipient: in ROSSI.example.", mail("Ada@Rossi.Example"), True, True),
    ("recipient: in süd-bank.example", mail("k@xn--sd-bank-n2a.example"), True, True),
    ("recipient: in xn--sd-bank-n2a.example", mail("k@süd-bank.example"), True, True),
    (f"recipient: {ADA}", mail("ADA@rossi.example"), True, True),
    (f"recipient: {ADA}", mail("ada+x@rossi.example"), False, True),  # mostly reaches her
    (f"recipient: [{ADA}, {NEW}]", mail(ADA, NEW), True, True),
    ("recipient: known", mail(), False, True),  # nobody can be read
    ("recipient: known", Call("notes__write", {"title": "x"}), False, True),  # not declared
    ("amount: up to 50 EUR", pay("50"), True, True),
    ("amount: up to 50 EUR", pay("50.01"), False, False),
    ("amount: up to 50 EUR", pay("40", "USD"), False, True),  # of dollars it says nothing
    ("amount: up to 50 EUR", pay("40", None), False, True),
    ("amount: up to 50 EUR", pay("many"), False, True),
    ("amount: up to 50 EUR", pay("-40"), False, True),
    ("amount: up to 50 EUR", pay("NaN"), False, True),
    ("amount: up to 50 eur", pay("40", "eur"), True, True),
    ("amount: over 50 EUR", pay("9E+999999"), False, True),
    ("amount: up to 50 EUR", pay("1E-999999"), False, True),
    ("amount: over 50 EUR", pay("50"), False, False),
    ("amount: over 50 EUR", pay("50.01"), True, True),
    ("amount: from 10 to 50.00 EUR", pay("10"), True, True),
    ("amount: from 10 to 50.00 EUR", pay("9.99"), False, False),
    ("amount: over 50 EUR", mail(ADA), False, True),
    ("hour: 08:00-20:00", mail(ADA), True, True),
    ("hour: 12:00-13:00", mail(ADA), True, True),
    ("hour: 08:00-12:00", mail(ADA), False, False),  # its end is not in it
    ("hour: 22:00-12:30", mail(ADA), True, True),
    ("hour: 22:00-07:30", mail(ADA), False, False),
    ("hour: 20:00-24:00", mail(ADA), False, False),
    ("trust: owner", mail(ADA), True, True),
    ("trust: [known, stranger]", mail(ADA), False, False),
    ("attachments: none", mail(ADA), True, True),
    ("attachments: none", mail(ADA, attachments=["a.pdf"]), False, False),
    ("attachments: any", mail(ADA, attachments=["a.pdf"]), True, True),
    ("attachments: any", mail(ADA), True, False),  # allowed to have some, or forbidden if so
    ("attachments: none", pay(), False, True),  # nobody knows what that tool carries
    ("path: 'Office/Contacts/*'", Call("notes__change", {"note": "office/contacts/a/b.md"}),
     True, True),
    ("path: 'Drafts/*'", Call("notes__change", {"note": "Drafts/../SOUL.md"}), False, True),
    ("path: 'Drafts/*'", Call("notes__change", {"note": "SOUL.md"}), False, False),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "call", "allows", "denies"), CONDITIONS)
def test_an_allow_wants_all_and_a_deny_any(
    condition: str, call: Call, allows: bool, denies: bool
) -> None:
    open_ = house(f"allow: '*', {condition}")
    found = facets(call, open_.policy.tools.get(call.tool))
    assert (open_.policy.first(call, found, task(), open_) is not None) is allows
    shut = house(f"deny: '*', {condition}")
    assert isinstance(judge(call, task(), shut), Deny) is denies


@pytest.mark.parametrize(
    ("url", "allows", "denies"),
    [
        ("https://example.org/a", True, True),
        ("https://www.example.org", True, True),
        ("https://example.org.evil.example/", False, False),
        ("https://evil.example/?example.org", False, False),
        ("https://ada@example.org/", False, True),  # what stands before the @ may deceive
        ("https://example.org\\@evil.example/", False, True),
        ("https://example.org\\x/", False, True),  # a browser takes that for a slash
        ("https://exam\tple.org/", False, True),
        ("ftp://example.org/", False, True),
        ("https://example.org:99999/", False, True),
        ("no address", False, True),
    ],
)
def test_a_web_address_goes_by_its_host(url: str, allows: bool, denies: bool) -> None:
    declared = "tools: {net__get: {url: [url]}}"
    for verb, holds in (("allow", allows), ("deny", denies)):
        held = policy(f"rules:\n  - {{{verb}: net__get, url: in example.org}}\n{declared}")
        found = facets(read(url), held.tools["net__get"])
        assert (held.first(read(url), found, task(), House(NOON, held)) is not None) is holds


def test_one_host_is_that_host_alone() -> None:
    declared = "tools: {net__get: {url: [url]}}"
    held = policy(f"rules:\n  - {{allow: net__get, url: www.example.org}}\n{declared}")
    yes, no = read("https://WWW.example.org/"), read("https://a.www.example.org/")
    there = House(NOON, held)
    assert held.first(yes, facets(yes, held.tools["net__get"]), task(), there)
    assert not held.first(no, facets(no, held.tools["net__get"]), task(), there)


@pytest.mark.parametrize("value", [5, True, "a.pdf", {"a": 1}, 0.5])
@pytest.mark.parametrize("tool", ["mail__send", "bank__transfer"])
def test_what_another_tool_calls_attachments_may_be_anything(tool: str, value: object) -> None:
    call = Call(tool, {"to": [ADA], "attachments": value})
    assert facets(call).attachments == 1
    assert isinstance(judge(call, task(), house("deny: mail__*, attachments: none")), Ask)


# -- several rules


def test_the_first_rule_that_fits_decides() -> None:
    rules = (f"deny: mail__send, recipient: {NEW}", "allow: mail__send", "deny: '*'")
    assert judge(mail(ADA), task(), house(*rules)) == Allow(
        "house rule 2, “allow mail__send”", "allow mail__send"
    )
    assert isinstance(judge(mail(NEW), task(), house(*rules)), Deny)
    assert isinstance(judge(Call("x__y", {}), task(), house(*rules)), Deny)


def test_a_call_that_no_rule_fits_is_judged_as_without_rules() -> None:
    plainly = judge(mail(ADA), task())
    assert judge(mail(ADA), task(), house("deny: pay__*")) == plainly
    assert isinstance(plainly, Ask)


def test_the_strong_word_is_what_a_strong_rule_asks_for() -> None:
    verdict = judge(mail(ADA), task(), house("name: big ones, strong: mail__*"))
    assert verdict == Ask(Risk.HIGH, "house rule 1, “big ones”")


def test_no_rule_lets_through_what_others_caused() -> None:
    open_ = house("allow: '*'")
    stranger = task(Trust.STRANGER, sender=ADA)
    assert isinstance(judge(mail(ADA), stranger, open_), Ask)
    answer = mail(ADA, in_reply_to="<m1@rossi.example>")
    friend = task(Trust.KNOWN, sender=ADA, properties={"message_id": "<m1@rossi.example>"})
    assert isinstance(judge(answer, friend, open_), Allow)
    assert isinstance(judge(answer, replace(friend, trust=Trust.STRANGER), open_), Ask)
    handbook = Call("notes__change", {"note": "Company_Handbook.md"})
    assert isinstance(judge(handbook, task(), open_), Ask)


@pytest.mark.parametrize(("used", "asks"), [(0, False), (4, False), (5, True), (9, True)])
def test_over_its_rate_an_allow_does_not_fit(used: int, asks: bool) -> None:
    held = house("allow: mail__send, rate: [5 per hour]", used=used)
    assert isinstance(judge(mail(ADA), task(), held), Ask) is asks


def test_a_rate_counts_by_the_name_of_its_rule_within_its_time() -> None:
    asked: list[tuple[str, float]] = []

    def used(rule: str, seconds: float) -> int:
        asked.append((rule, seconds))
        return 0

    held = replace(
        house("name: replies, allow: mail__send, rate: [5 per hour, 20 per day]"), used=used
    )
    assert judge(mail(ADA), task(), held) == Allow("house rule 1, “replies”", "replies")
    assert set(asked) == {("replies", 3600.0), ("replies", 86400.0)}


def test_it_tells_of_each_rule_why_it_does_not_fit() -> None:
    held = house(
        "deny: pay__*", "allow: mail__send, recipient: known", "allow: mail__send, trust: stranger"
    )
    tried = held.policy.tried(mail(NEW), facets(mail(NEW)), task(), held)
    assert [why for _, why in tried] == [
        "it is about other tools",
        f"`{NEW}` is not somebody you know",
        "the task's label is owner",
    ]


# -- reading the block


WHOLE = """\
rules:
  - name: every payment asks            # a remark
    strong: ["pay__*", "bank__*"]
  - allow: mail__send
    recipient: [known, in accountant.example, ada@rossi.example]
    hour: 08:00-20:00
    trust: owner
    rate: 5 per hour, 20 per day
quiet: 22:00-07:30
budget: {day: 1.00 USD, task: 0.25 USD, month: 15 USD}
tools:
  bank__transfer: {recipients: [payee], amount: [sum], currency: [cur]}
"""


def test_a_whole_block_is_read() -> None:
    held = policy(WHOLE)
    first, second = (rule.said for rule in held.rules)
    assert first == "house rule 1, “every payment asks”"
    assert second.startswith("house rule 2, “allow mail__send; recipient known, in accountant.")
    assert second.endswith("…”") and len(second) < 130  # a card is narrow
    assert [rule.line for rule in held.rules] == [5, 7]
    assert held.quiet == Quiet(
        start=datetime(2026, 1, 1, 22).time(),  # noqa: DTZ001
        end=datetime(2026, 1, 1, 7, 30).time(),  # noqa: DTZ001
    )
    assert held.budgets == {"day": 1.0, "task": 0.25, "month": 15.0}
    assert {tool: dict(of) for tool, of in held.tools.items()} == {
        "bank__transfer": {"recipients": ("payee",), "amount": ("sum",), "currency": ("cur",)}
    }


def test_its_version_is_of_its_meaning_alone() -> None:
    held = policy(WHOLE)
    assert policy(render(held)) == held
    assert policy(WHOLE.replace("# a remark", "# another")).version == held.version
    assert policy(WHOLE.replace("5 per hour", "6 per hour")).version != held.version
    assert policy(WHOLE.replace("22:00-07:30", "22:00-07:31")).version != held.version


@pytest.mark.parametrize("text", ["", "# nothing yet", "rules:", "rules: []", "quiet: none"])
def test_an_empty_block_has_no_rules(text: str) -> None:
    held = policy(text)
    assert held.rules == () and held.quiet is None and held.version.startswith("rules-")


def test_a_note_without_a_block_has_no_policy() -> None:
    assert parse("# Handbook\n\n```yaml\nrules: []\n```\n") is None


#: What is written instead of a right line, and what is said of it.
MISTAKES = [
    ("trust: owner", "recipent: known",
     "line 10: `recipent` is no condition; did you mean `recipient`?"),
    ("- allow: mail__send", "- alow: mail__send",
     "line 7: `alow` is no condition; did you mean `allow`?"),
    ("trust: owner", "deny: mail__send",
     "line 7: the rule says both `allow` and `deny`: write one of allow, ask, strong, deny"),
    ("- allow: mail__send", "- name: nothing",
     "line 7: the rule says not what to do: write one of allow, ask, strong, deny"),
    ("- allow: mail__send", "- allow: send a mail",
     "line 7: `send a mail`: a tool is written mail__send, several with stars: `mail__*`"),
    ("- allow: mail__send", "- allow:",
     "line 7: a tool is written mail__send, several with stars: `mail__*`"),
    ("trust: owner", "trust: ownr", "line 10: `trust` is never `ownr`; did you mean `owner`?"),
    ("known, in", "everybody, in",
     "line 8: `recipient`: `everybody` is nobody; it can be: known, new, in example.org, "
     "ada@example.org"),
    ("in accountant.example", "accountant.example",
     "line 8: `recipient`: for a whole domain write `in accountant.example`"),
    ("ada@rossi.example", '"*@rossi.example"',
     "line 8: `recipient`: for a whole domain write `in rossi.example`"),
    ("ada@rossi.example", "ada@@rossi.example",
     "line 8: `recipient`: `ada@@rossi.example` is no mail address"),
    ("in accountant.example", "in example",
     "line 8: `recipient`: `example` is no domain; a domain is written `example.org`"),
    ("08:00-20:00", "8 to 20",
     "line 9: `hour`: `8 to 20` is no span of time; write two times as `08:00-20:00`"),
    ("08:00-20:00", "08:00-25:00",
     "line 9: `hour`: `08:00-25:00` holds a time that no clock shows"),
    ("08:00-20:00", "08:00-08:00",
     "line 9: `hour`: `08:00-08:00` ends where it begins: take it out"),
    ("trust: owner", "amount: 50 EUR",
     "line 10: `amount`: `50 EUR` is no amount; write `up to 50 EUR`, `over 50 EUR` or "
     "`from 10 to 50.00 EUR`"),
    ("trust: owner", "amount: from 50 to 10 EUR",
     "line 10: `amount`: `from 50 to 10 EUR` begins above its end"),
    ("trust: owner", "attachments: few",
     "line 10: `attachments`: `few` is neither `none` nor `any`"),
    ("trust: owner", "path: ../up", "line 10: `path`: `../up` is no plain path; write it from the "
     "top of the vault, as `Office/Contacts/*`"),
    ("trust: owner", "url: https://example.org/", "line 10: `url`: `https://example.org/`: a rule "
     "goes by the host alone: `in example.org`, or `www.example.org`"),
    ("5 per hour, 20 per day", "5 a day",
     "line 11: `rate`: `5 a day` is no rate; write `5 per hour`, `20 per day`, or both as a list"),
    ("5 per hour", "0 per hour",
     "line 11: `rate`: `0 per hour` is no rate; write `5 per hour`, `20 per day`, or both as a "
     "list"),
    ("strong: [", "rate: 1 per day\n    strong: [",
     "line 6: a `rate` belongs to an `allow`"),
    ("trust: owner", "trust: []",
     "line 10: `trust` is an empty list: take it out, or name something"),
    ("quiet:", "quite:", "line 12: no key is called `quite`: did you mean `quiet`?"),
    ("22:00-07:30", "at night",
     "line 12: `quiet`: `at night` is no span of time; write two times as `08:00-20:00`"),
    ("{day: 1.00 USD", "{week: 1.00 USD",
     "line 13: no budget is called `week`: it can be: day, task, month"),
    ("1.00 USD", "1.00 EUR", "line 13: `day`: write an amount in dollars as `1.00 USD`"),
    ("bank__transfer:", "mail__send:", "line 15: `mail__send`: what its arguments mean is known; "
     "here stand other people's tools"),
    ("recipients: [payee]", "recipient: [payee]",
     "line 15: `recipient` of `bank__transfer` is unknown; did you mean `recipients`?"),
    ("every payment asks  ", "many\\nlines {",
     "line 5: `name`: a name is a few plain words in one line, at most 60 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_line_and_word(right: str, wrong: str, said: str) -> None:
    assert WHOLE.count(right) == 1
    with pytest.raises(PolicyError) as raised:
        policy(WHOLE.replace(right, wrong))
    assert [str(one) for one in raised.value.mistakes] == [said]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("rules:\n\t- deny: mail__send", "line 5: a tab stands here: indent with spaces"),
        ("rules:\n  - deny: *", 'line 5: a text with a star is put in quotes: `"*"`'),
        ("rules:\n  - deny: mail__*\n   recipient: new", "line 6: this line is indented otherwise"),
        ("rules:\n  - deny: mail__send\n     hour: 08:00-09:00", "line 6: a colon too many, or"),
        ("rules:\n  - deny: mail__send\n    recipient", "line 6: a colon is missing"),
    ],
)
def test_a_slip_of_the_form_is_told_without_the_parser_s_words(wrong: str, said: str) -> None:
    with pytest.raises(PolicyError) as raised:
        policy(wrong)
    assert [str(one)[: len(said)] for one in raised.value.mistakes] == [said]


def test_all_mistakes_are_told_at_once() -> None:
    wrong = WHOLE.replace("hour:", "hours:").replace("owner", "ownr").replace("quiet", "quite")
    with pytest.raises(PolicyError) as raised:
        policy(wrong)
    assert [one.line for one in raised.value.mistakes] == [9, 10, 12]


def test_two_rules_of_one_name_are_told() -> None:
    twice = "rules:\n  - {name: A b, deny: x__y}\n  - {name: a B, deny: x__z}"
    with pytest.raises(PolicyError, match="line 6: “a B” stands in line 5 already"):
        policy(twice)
    with pytest.raises(PolicyError, match="stands in line 5 already"):
        policy("rules:\n  - deny: x__y\n  - deny: x__y")


HOSTILE = {
    "two blocks": "```yaml policy\n```\n```yaml policy\n```\n",
    "no end": "```yaml policy\nrules: []\n",
    "another word": "```yaml polcy\nrules: []\n```\n",
    "no map": "```yaml policy\n- allow: x__y\n```\n",
    "a word": "```yaml policy\nallow everything\n```\n",
    "alias": "```yaml policy\nrules: &a [*a]\n```\n",
    "star without quotes": "```yaml policy\nrules: [{deny: *}]\n```\n",
    "tag": "```yaml policy\nrules: !!python/object:os.system []\n```\n",
    "twice": "```yaml policy\nrules: []\nrules: []\n```\n",
    "deep": f"```yaml policy\nrules: {'[' * 500}{']' * 500}\n```\n",
    "huge": f"```yaml policy\nrules: [{'x, ' * 9000}]\n```\n",
    "no character": '```yaml policy\nrules: "\\UFFFFFFFF"\n```\n',
    "half a character": "```yaml policy\nrules: \ud800\n```\n",
    "control": "```yaml policy\nrules: \x00\n```\n",
    "merge": "```yaml policy\n<<: {rules: []}\n```\n",
    "list as name": "```yaml policy\n? [a]\n: b\n```\n",
    "rules as text": "```yaml policy\nrules: allow\n```\n",
    "a rule as list": "```yaml policy\nrules: [[allow, x]]\n```\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_block_is_refused_and_names_its_line(text: str) -> None:
    with pytest.raises(PolicyError, match=r"line \d+: "):
        parse(text)


# -- one rule, and rules told


@pytest.mark.parametrize(
    "text",
    [
        "allow: mail__send, recipient: known",
        "{allow: mail__send, recipient: [known]}",
        "allow: mail__send\nrecipient: known\n",
        "- allow: [mail__send]\n  recipient: known",
        "  - allow: mail__send\n    recipient: known",
    ],
)
def test_one_rule_is_read_however_it_is_typed(text: str) -> None:
    assert plain(one_rule(text)) == "mail__send to somebody you know: is done without asking"


@pytest.mark.parametrize("text", ["", "allow", "- allow: x\n- deny: y", "[", "rules: []", "- "])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        one_rule(text)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("{deny: mail__sent}", "there is no tool `mail__sent` now; did you mean `mail__send`?"),
        ("{allow: '*'}", "it allows every tool, also those that nobody has reviewed"),
        ("{allow: mail__send, amount: up to 5 EUR}", "`amount` is not known of mail__send"),
        (
            "{deny: mail__*, recipient: in a.example}",
            "`recipient` is not known of mail__read, mail__search",
        ),
        ("{allow: mail__send, trust: stranger}", "what others caused asks in any case"),
        ("{ask: mail__*}\n  - {allow: mail__send}", "it never decides: “ask mail__*” in line 5"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(rules: str, said: str) -> None:
    (found,) = warnings(policy(f"rules:\n  - {rules}"))
    assert said in str(found)


def test_a_sound_policy_has_no_warning() -> None:
    assert warnings(policy(WHOLE)) == []
