"""Reading a page of the public Internet: one GET to one address, and its words.

It holds no key and no login. An address is itself a message to whoever owns the page, so
whoever calls this has a yes, or a rule, behind them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from web_fetch import PAGE_MOST_BYTES, Fetcher, Page, Refused, Unanswered
from web_text import decoded, words_of

ENV = ("FACTOTUM_WEB", "FACTOTUM_WEB_INSIDE")

#: The settings that each tool cannot do without.
NEEDS = {"read": ("FACTOTUM_WEB",)}

#: How much of a page is told at once, in characters.
TEXT_MOST = 20_000


def build(env: Mapping[str, str], *, fetcher: Fetcher | None = None) -> MCPServer:
    server = MCPServer("web")
    inside = [host.strip() for host in env.get("FACTOTUM_WEB_INSIDE", "").split(",")]
    fetch = fetcher or Fetcher([host for host in inside if host])

    @server.tool()
    def read(url: str, start: int = 0) -> str:
        """Read a web page as text, from its character `start` on. The owner sees the whole
        address before it is asked, so put nothing private into it:
        'https://example.org/opening-hours'."""
        try:
            page = fetch.page(url)
        except (Refused, Unanswered) as why:
            raise ToolError(str(why)) from None
        return _told(page, max(0, start))

    return server


def _told(page: Page, start: int) -> str:
    """What is known of the page in lines, an empty line, its text."""
    told = [f"Address: {page.url}", f"Status: {page.status}"]
    if page.elsewhere:
        told.append(f"It sends to another site, which was not asked: {page.elsewhere}")
        return "\n".join(told)
    text, title = decoded(page.data, page.charset), ""
    if page.kind in ("text/html", "application/xhtml+xml"):
        title, text = words_of(text)
    if title:
        told.append(f"Title: {title}")
    end = start + TEXT_MOST
    if page.cut:
        told.append(f"Cut: only its first {PAGE_MOST_BYTES} bytes were read")
    if len(text) > end:
        told.append(f"More: {len(text) - end} characters; read on with start={end}")
    return "\n".join([*told, "", text[start:end]])


if __name__ == "__main__":
    build(os.environ).run("stdio")
