"""The standing permissions as rules: whether a call is more of what a person said yes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from factotum.addresses import exact
from factotum.gate import policy
from factotum.gate.facets import Facets
from factotum.gate.grants import PAGES, SAID, THREAD, TONIGHT, Grant, standing, thread_of
from factotum.gate.links import origin, plain_link
from factotum.gate.rows import row_of
from factotum.gate.rules import Quiet, Rule, Scene, Verb
from factotum.ledger import Ledger
from factotum.model import Risk, Task, Trust
from factotum.words import local

#: What a task and all that belong to it have used that told something.
_TOLD = """
WITH RECURSIVE family(task) AS (
 SELECT coalesce(json_extract(facts, '$.root'), id) FROM task WHERE id = ?
 UNION SELECT json_extract(step.data, '$.child') FROM step JOIN family USING (task)
 WHERE json_extract(step.data, '$.child') IS NOT NULL)
SELECT json_extract(data, '$.read') AS tool FROM step JOIN family USING (task)
UNION SELECT seal.tool FROM card JOIN family USING (task)
 JOIN seal ON seal.card = card.id AND seal.version = card.version
 JOIN outcome ON outcome.card = card.id
"""


def rules(ledger: Ledger, now: float) -> list[Rule]:
    """The standing permissions as rules, for a judgement."""
    return [_rule(one, lambda task: has_looked(ledger, task)) for one in standing(ledger, now)]


def has_looked(ledger: Ledger, task: str) -> bool:
    """Whether the task was told anything of what only the owner may read, or one that it
    handed on, or that handed it on."""
    rows = ledger.db.execute(_TOLD, (task,))
    found = (row_of(row["tool"]) for row in rows if row["tool"])
    return any(row.reads_private or not row.reviewed for row in found)


def _rule(grant: Grant, looked: Callable[[str], bool]) -> Rule:
    given = local(grant.at)
    return Rule(
        name=grant.id,
        verb=Verb.ALLOW,
        tools=(grant.tool,),
        said=f"your permission of {given:%H:%M}, “{SAID[grant.kind]}”",
        for_task=grant.task,
        conditions=(MoreOfTheSame(grant, looked),),
    )


@dataclass(frozen=True)
class MoreOfTheSame:
    """The one condition of a permission: the same tool, place and errand, caused by nobody
    whom the person had not seen, and nothing that asks with the strong word. `looked` tells
    whether a task was told of what is private."""

    grant: Grant
    looked: Callable[[str], bool] = lambda task: True
    key: str = "also"

    @property
    def written(self) -> str:
        return self.grant.kind

    @property
    def said(self) -> str:
        return f"as permitted: {SAID[self.grant.kind]}, {self.grant.where}"

    def why_not(self, rule: Rule, scene: Scene) -> str:
        return next(filter(None, _objections(self.grant, scene, self.looked)), "")


def _objections(grant: Grant, scene: Scene, looked: Callable[[str], bool]) -> Iterator[str]:
    task, house = scene.task, scene.house
    if scene.found.attachments:
        yield "it has files, which are asked about each time"
    if not _same_errand(grant, task):
        yield "it is about another task"
    yield _elsewhere(grant, scene.found)
    # Pages were to be read: what stands in them may say which other one of that host is next.
    if grant.kind != PAGES and task.trust.lowest(grant.trust) is not grant.trust:
        yield "words of others have come into the task since"
    strangers = task.trust is Trust.STRANGER and bool(task.sender)
    if grant.kind != PAGES and strangers and looked(task.id):
        yield "it has looked at what is yours, and a stranger would be told"
    if grant.kind == TONIGHT and house.now >= evening(house.now, grant.at, house.policy.quiet):
        yield "the quiet time has begun"
    without = policy.judge(scene.call, task, replace(house, grants=()))
    if isinstance(without, policy.Deny):
        yield f"a rule forbids it: {without.rule}"
    if isinstance(without, policy.Ask) and without.risk is Risk.HIGH:
        yield "it is of high risk, which no permission is for"


def _same_errand(grant: Grant, task: Task) -> bool:
    if task.id == grant.task:
        return True
    if grant.kind == TONIGHT:
        return grant.trust is Trust.OWNER and task.trust is Trust.OWNER
    if grant.kind == THREAD and task.trust is not Trust.STRANGER:
        wrote = [exact(task.sender)] == grant.scope["sender"]
        return wrote and bool(thread_of(task.properties) & set(grant.scope["thread"]))
    return False


def _elsewhere(grant: Grant, found: Facets) -> str:
    """Why it goes to somebody else, or touches something else, than what was approved."""
    checks: Sequence[tuple[tuple[str, ...] | None, str, Callable[[str], str]]] = (
        (found.recipients, "to", exact),
        (found.urls, "hosts", origin),
        (found.paths, "paths", str),
    )
    for values, name, key in checks:
        wanted = {key(one) for one in values or ()}
        if bool(wanted) != bool(grant.scope[name]) or not wanted <= set(grant.scope[name]):
            return f"it goes elsewhere than to {grant.where}"
    if not all(map(plain_link, found.urls or ())):
        return "its link may hold more than the name of a page"
    return ""


def evening(now: datetime, given: float, quiet: Quiet | None) -> datetime:
    """When “tonight” is over for a permission of that moment: as the quiet time begins."""
    at = datetime.fromtimestamp(given, now.tzinfo)
    if quiet is None:
        return at + timedelta(days=1)
    begins = at.replace(hour=quiet.start.hour, minute=quiet.start.minute, second=0, microsecond=0)
    return begins if begins > at else begins + timedelta(days=1)
