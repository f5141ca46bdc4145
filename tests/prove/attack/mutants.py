"""The gate with one of its checks taken out, one line a mutant: which file, what stands there
and what stands there instead.

What stands there must be found exactly once: a check that was rewritten is looked for again by
a person, not silently left out. `by` is the proof that is tried first; a mutant that it does
not notice is put to all of the fast proof.
"""

# ruff: noqa: E501  (one line a mutant, however long)

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    id: str
    path: str
    old: str
    new: str
    by: str = "test_checks.py"


TABLE, HANDS = "test_table.py", "test_hands.py"
GATE = "factotum/gate"

BEGIN = (
    Mutant("begin: a pause", f"{GATE}/attempts.py", "if paused := pause.current(self.ledger):", "if (paused := pause.current(self.ledger)) and False:"),
    Mutant("begin: the version", f"{GATE}/attempts.py", "if found.version != card.version or found.ended or seal.closed:", "if found.ended or seal.closed:"),
    Mutant("begin: an outcome", f"{GATE}/attempts.py", "if found.version != card.version or found.ended or seal.closed:", "if found.version != card.version or seal.closed:"),
    Mutant("begin: what is closed", f"{GATE}/attempts.py", "if found.version != card.version or found.ended or seal.closed:", "if found.version != card.version or found.ended:"),
    Mutant("begin: a yes", f"{GATE}/attempts.py", 'if decision is None or decision.verdict != "approve":', "if decision is None:"),
    Mutant("begin: a strong yes", f"{GATE}/attempts.py", "if needs_strong(found) and decision.channel", "if False and decision.channel"),
    Mutant("begin: the digest of the yes", f"{GATE}/attempts.py", "if not decision.digest == seal.digest == seal.computed_digest():", "if not seal.digest == seal.computed_digest():"),
    Mutant("begin: the digest of the arguments", f"{GATE}/attempts.py", "if not decision.digest == seal.digest == seal.computed_digest():", "if not decision.digest == seal.digest:"),
    Mutant("begin: the ledger's epoch", f"{GATE}/attempts.py", "if seal.epoch != self.ledger.epoch:", "if False:"),
    Mutant("begin: a try under way", f"{GATE}/attempts.py", "        if last is not None and last[2] is None:\n            raise", "        if False:\n            raise"),
    Mutant("begin: three tries", f"{GATE}/attempts.py", "if found.attempts >= ATTEMPTS_MOST:", "if False:"),
    Mutant("end: once", "factotum/schema.py", "  at REAL NOT NULL,\n  PRIMARY KEY (card, version), FOREIGN KEY (card, version) REFERENCES seal (card, version)\n) STRICT;\nCREATE TABLE wish", "  at REAL NOT NULL,\n  FOREIGN KEY (card, version) REFERENCES seal (card, version)\n) STRICT;\nCREATE TABLE wish"),
)  # fmt: skip

SEAL = (
    Mutant("seal: the tool", f"{GATE}/seal.py", '            "tool": self.tool,\n', ""),
    Mutant("seal: the arguments", f"{GATE}/seal.py", '            "args": self.args,\n', ""),
    Mutant("seal: the files", f"{GATE}/seal.py", '"sha256": a.sha256} for a in self.attachments', '} for a in self.attachments[:0]'),
    Mutant("seal: the account", f"{GATE}/seal.py", '            "account": self.account,\n', ""),
    Mutant("seal: the label", f"{GATE}/seal.py", '            "taint": self.trust.value,\n', ""),
    Mutant("seal: the time", f"{GATE}/seal.py", '            "expires": int(self.ttl_s),\n', ""),
)  # fmt: skip

DECIDE = (
    Mutant("decide: the first word", f"{GATE}/register.py", "            if found.decision or closed or found.ended:\n                raise NotOpen(f\"{found.name}: {self.said(found)}\")\n            if found.seal.digest != digest:", "            if closed or found.ended:\n                raise NotOpen(f\"{found.name}: {self.said(found)}\")\n            if found.seal.digest != digest:"),
    Mutant("decide: what is closed", f"{GATE}/register.py", "            if found.decision or closed or found.ended:\n                raise NotOpen(f\"{found.name}: {self.said(found)}\")\n            if found.seal.digest != digest:", "            if found.decision or found.ended:\n                raise NotOpen(f\"{found.name}: {self.said(found)}\")\n            if found.seal.digest != digest:"),
    Mutant("decide: a yes that comes late", f"{GATE}/register.py", "            late_no = verdict == \"reject\" and found.status == \"expired\"", "            late_no = found.status == \"expired\""),
    Mutant("decide: a word before an edit", f"{GATE}/sealing.py", " or latest.decision != card.decision", ""),
    Mutant("decide: the digest", f"{GATE}/register.py", "if found.seal.digest != digest:", "if False:"),
    Mutant("decide: the strength", f"{GATE}/register.py", "(why_not := too_weak(found, channel, self.ledger))", "(why_not := too_weak(found, channel, self.ledger) and '')"),
    Mutant("strength: any channel", f"{GATE}/strength.py", "if card.seal.risk is not Risk.HIGH or card.kind", "if True or card.kind"),
    Mutant("strength: the typed word beside a strong channel", f"{GATE}/strength.py", "if there := set_up(ledger):", "if (there := set_up(ledger)) and channel != TYPED:"),
    Mutant("strength: a move", f"{GATE}/strength.py", "if channel == TYPED:", "if channel in (TYPED, 'move', 'tick'):"),
)  # fmt: skip

JUDGE = (
    Mutant("judge: secrets", f"{GATE}/policy.py", "if secret := house.secret(call.args):", "if (secret := house.secret(call.args)) and False:"),
    Mutant("judge: broken rules", f"{GATE}/policy.py", "if house.policy.broken:", "if False:"),
    Mutant("judge: a deny before permissions", f"{GATE}/policy.py", "if first is not None and first.verb in (Verb.DENY, Verb.STRONG):", "if False:"),
    Mutant("judge: what nobody reviewed", f"{GATE}/policy.py", "    if not row.reviewed:\n        return Ask(Risk.HIGH, ", "    if not row.reviewed:\n        return Allow("),
    Mutant("judge: what leaves or changes", f"{GATE}/policy.py", "    if row.egress or row.mutates:\n", "    if False:\n"),
    Mutant("judge: what leaves", f"{GATE}/policy.py", "    if row.egress or row.mutates:\n", "    if row.mutates:\n"),
    Mutant("judge: what changes", f"{GATE}/policy.py", "    if row.egress or row.mutates:\n", "    if row.egress:\n"),
    Mutant("judge: what is believed later", f"{GATE}/policy.py", "if row.asks_below_owner and task.trust is not Trust.OWNER:", "if False:"),
    Mutant("judge: files beside others' words", f"{GATE}/policy.py", 'if row.writes_own and call.args.get("attachments") and task.trust is not Trust.OWNER:', "if False:"),
    Mutant("never: the rules themselves", f"{GATE}/policy.py", "if any(HANDBOOK in fold(path) for path in found.paths or ()):", "if False:"),
    Mutant("never: all that others caused", f"{GATE}/policy.py", "if isinstance(built_in, Ask) and (why := _never(rule, call, found, task)):", "if isinstance(built_in, Ask) and (why := _never(rule, call, found, task)) and False:"),
    Mutant("never: the label", f"{GATE}/policy.py", "if task.trust is Trust.OWNER:\n        return \"\"", "if True:\n        return \"\""),
    Mutant("never: a permission for one task", f"{GATE}/policy.py", "if rule.for_task == task.id:", "if rule.for_task:"),
    Mutant("never: what began by itself", f"{GATE}/policy.py", "if task.by_itself and (row.recurs", "if False and (row.recurs"),
    Mutant("never: notes by which work begins", f"{GATE}/policy.py", "(row.recurs or any(map(recurs, found.paths or ()))):", "row.recurs:"),
    Mutant("built in: what began by itself", f"{GATE}/policy.py", "if row.recurs and task.by_itself:", "if False:"),
    Mutant("never: a stranger is somebody known", f"{GATE}/policy.py", "if task.trust is Trust.KNOWN and _answers(call, found, task):", "if _answers(call, found, task):"),
    Mutant("never: whatever somebody known wants", f"{GATE}/policy.py", "if task.trust is Trust.KNOWN and _answers(call, found, task):", "if task.trust is Trust.KNOWN:"),
    Mutant("never: notes that steer", f"{GATE}/policy.py", "if row.asks_below_owner or any(map(steers, found.paths or ())):\n        return \"fixed", "if False:\n        return \"fixed"),
    Mutant("answers: to that person alone", f"{GATE}/policy.py", "return alone and bool(thread)", "return bool(thread)"),
    Mutant("answers: in their thread", f"{GATE}/policy.py", "and replies_to == thread and", "and"),
    Mutant("answers: without files", f"{GATE}/policy.py", "replies_to == thread and not found.attachments", "replies_to == thread"),
    Mutant("risk: to others", f"{GATE}/policy.py", "high = outward or bool(found.attachments)", "high = bool(found.attachments)"),
    Mutant("risk: with files", f"{GATE}/policy.py", "high = outward or bool(found.attachments)", "high = outward"),
    Mutant("risk: notes that steer", f"{GATE}/policy.py", 'if call.tool == "notes__change" and any(map(steers, found.paths or ())):', "if False:"),
    Mutant("known: who looks like another", f"{GATE}/contact.py", "and not self.alike", ""),
    Mutant("steering: contacts", f"{GATE}/rows.py", '    "office/contacts/",\n', ""),
    Mutant("steering: skills", f"{GATE}/rows.py", '    "office/skills/",\n', ""),
    Mutant("steering: the owner's portrait", f"{GATE}/rows.py", '    "user.md",\n', ""),
    Mutant("facets: blind copies", f"{GATE}/rows.py", '        form=LETTER,\n        facets={"recipients": ("to", "cc", "bcc")},', '        form=LETTER,\n        facets={"recipients": ("to", "cc")},'),
)  # fmt: skip

LABELS = (
    Mutant("label: what a tool said", "factotum/worker/perform.py", "if row_of(card.seal.tool).reads_untrusted:", "if False:", TABLE),
    Mutant("label: what was read in a note", "factotum/worker/lookups.py", "self.ledger.lower_trust(step.run.task, trust, now)", "pass", TABLE),
    Mutant("label: what a task hands on", "factotum/worker/children.py", "parent.trust, DELEGATED", "Trust.OWNER, DELEGATED", TABLE),
    Mutant("label: what was dropped", "factotum/intake.py", "            Trust.STRANGER,\n", "            Trust.OWNER,\n", HANDS),
    Mutant("label: what says where it is from", "factotum/worker/labels.py", "return Trust.STRANGER if clipped else Trust.OWNER", "return Trust.OWNER", TABLE),
)  # fmt: skip

WAYS = (
    Mutant("calls: a tool that there is", "factotum/worker/by_model.py", "if asked.tool not in known:", "if False:", TABLE),
    Mutant("calls: the schema", "factotum/worker/by_model.py", "return self.office.check(call) or self._nobody(call) or misfits(call)", "return self._nobody(call) or misfits(call)", TABLE),
    Mutant("calls: what can be shown", "factotum/worker/by_model.py", "return self.office.check(call) or self._nobody(call) or misfits(call)", "return self.office.check(call) or self._nobody(call)", TABLE),
    Mutant("calls: how many notes unasked", "factotum/worker/calls.py", "if why := self._enough(call.tool):", "if why := self._enough(call.tool) and '':", TABLE),
    Mutant("notes: pictures and links lead nowhere", "factotum/worker/memory.py", "            text = led_nowhere(text)\n", "            pass\n", TABLE),
    Mutant("notes: the record of work", "factotum/worker/changes.py", "if fold(page.path).startswith(NOT_OURS):", "if False:", TABLE),
    Mutant("files: out of the vault by dots", "factotum/worker/attach.py", 'if wanted.is_absolute() or ".." in wanted.parts or any(p[0] == "." for p in wanted.parts):', "if False:", HANDS),
    Mutant("files: out of the vault by a link", "factotum/worker/attach.py", "if path.parent.resolve() != self.root.resolve().joinpath(*wanted.parts[:-1]):", "if False:", HANDS),
    Mutant("files: what is private", "factotum/worker/attach.py", "if not came and self._is_private(path, data):", "if False:", HANDS),
    Mutant("cards: an edit asks anew", f"{GATE}/heed.py", "        if edit := self._edit(card, note):\n            if self._tampered", "        if (edit := self._edit(card, note)) and False:\n            if self._tampered", HANDS),
    Mutant("cards: a change outside the form", f"{GATE}/heed.py", '        if self._tampered(card, note, now):\n            where =', "        if False:\n            where =", HANDS),
    Mutant("cards: both boxes", f"{GATE}/heed.py", 'if "reject" in ticks and ticks & {"approve", "answered"}:', "if False:", HANDS),
    Mutant("cards: two of one", f"{GATE}/observe.py", "        if len(entries) > 1:\n            entries = self._several", "        if False:\n            entries = self._several", HANDS),
    Mutant("cards: expiry", f"{GATE}/observe.py", "        if now < deadline:\n", "        if True:\n", HANDS),
)  # fmt: skip

MUTANTS: tuple[Mutant, ...] = (*BEGIN, *SEAL, *DECIDE, *JUDGE, *LABELS, *WAYS)
