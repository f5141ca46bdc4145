"""Makes the files beside the mail server importable, as the toolbox does."""

from factotum.tooling.tools import load_server
from tests.servers.mail import MCP

load_server(MCP / "mail_server.py")
