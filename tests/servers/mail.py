"""Calling the mail server in memory, as a test or another client would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio

from factotum.tooling.tools import META_PREFIX, load_server

MCP = Path(__file__).parents[2] / "mcp"

#: What one attempt carries, without the files.
RUN = {"message_id": "<a-7f3k.1@example.test>", "date": "Sat, 21 Nov 2026 09:00:00 +0100"}

#: The arguments of a letter that nothing is wrong with.
LETTER: dict[str, Any] = {"to": ["bob@example.test"], "subject": "Hello", "body": "Hi Bob.\n"}


def mail_server(env: Mapping[str, str], **more: Any) -> Any:
    return load_server(MCP / "mail_server.py").build(env, **more)


def over(port: int, **more: str) -> dict[str, str]:
    """The settings of a relay on loopback."""
    return {
        "FACTOTUM_SMTP_HOST": "127.0.0.1",
        "FACTOTUM_SMTP_PORT": str(port),
        "FACTOTUM_SMTP_SECURITY": "none",
        "FACTOTUM_MAIL_FROM": "Ann Example <ann@example.test>",
        **more,
    }


class SaidNo(Exception):
    """A tool answered with an error; the message is its words."""


def call(server: Any, tool: str, args: Mapping[str, Any], run: Mapping[str, Any]) -> Any:
    """The structured answer of one call. Raises SaidNo."""
    from mcp.client import Client

    async def once() -> Any:
        async with Client(server) as client:
            meta: Any = {META_PREFIX + key: value for key, value in run.items()} or None
            return await client.call_tool(tool, dict(args), meta=meta)

    answer = anyio.run(once)
    if answer.is_error:
        raise SaidNo(answer.content[0].text)
    return answer.structured_content


def tools(server: Any) -> list[str]:
    from mcp.client import Client

    async def once() -> list[str]:
        async with Client(server) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    return anyio.run(once)


def phases(path: Path) -> list[str]:
    """The phases that a file records, in order; none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line)["phase"] for line in path.read_text().splitlines()]
