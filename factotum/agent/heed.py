"""What is taken of a model's reply: tools by their own names, and no more than can be used.

It is done once, before the reply is recorded, so that what a model pours out neither fills
the ledger nor comes back in every later request.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace

from factotum.agent.talk import Reply, Wanted
from factotum.agent.transcript import cut

#: How much of what a model says beside its calls is kept, in characters.
TEXT_MOST_CHARS = 20_000
#: How long all arguments of one turn may be together, in characters: three long notes.
ARGUMENTS_MOST_CHARS = 200_000
#: How many calls of a turn are kept; those beyond are counted with the last.
CALLS_KEPT = 100
#: A longer name of a tool is none.
NAME_MOST_CHARS = 200

_TOO_MUCH = (
    f"the arguments of one turn may have {ARGUMENTS_MOST_CHARS:,} characters together, and with "
    f"this call they have more, or are nested too deeply. Make it by itself, or a shorter one"
)


def heeded(reply: Reply, known: Collection[str]) -> Reply:
    """The reply as it is recorded. `known` are the names of the tools that there are."""
    calls, left = [], ARGUMENTS_MOST_CHARS
    for call in reply.calls[:CALLS_KEPT]:
        call = replace(call, tool=_named(call.tool, known))
        size = _size(call)
        if size > left:
            call = Wanted(call.id, call.tool, broken=call.broken or _TOO_MUCH)
        else:
            left -= size
        calls.append(call)
    return replace(reply, text=cut(reply.text, TEXT_MOST_CHARS), calls=tuple(calls))


def _size(call: Wanted) -> int:
    try:
        return len(json.dumps(dict(call.args), ensure_ascii=False))
    except RecursionError:  # nested so deeply that nothing further on could write it down
        return ARGUMENTS_MOST_CHARS + 1


#: How tools of ours are called where somebody's agents come from.
ELSEWHERE = {"message": "message__send"}


def _named(tool: str, known: Collection[str]) -> str:
    """The tool by its full name: some models leave out a prefix or add one of their own."""
    name = tool[:NAME_MOST_CHARS].removeprefix("functions.")
    if name not in known:
        name = {one.casefold(): one for one in known}.get(name.casefold(), name)
    if name not in known and ELSEWHERE.get(name) in known:
        name = ELSEWHERE[name]
    return name
