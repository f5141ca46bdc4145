"""A model in a process of its own that answers at once: first a tool call, then `finish`.

python bench/model_server.py    prints its port, serves until it is killed
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

_LENGTH = re.compile(rb"content-length: *(\d+)", re.I)
_TOOL_SAID = re.compile(rb'"role": ?"tool"')


def _answer(name: str, args: dict[str, Any]) -> bytes:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(args)},
    }
    choice = {
        "index": 0,
        "finish_reason": "tool_calls",
        "message": {"role": "assistant", "content": None, "tool_calls": [call]},
    }
    usage = {"prompt_tokens": 900, "completion_tokens": 20, "total_tokens": 920}
    whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "bench"}
    body = json.dumps({**whole, "choices": [choice], "usage": usage}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


READ = _answer("notes__read", {"note": "House"})
FINISH = _answer("finish", {"summary": "The house note says where the key lies."})


class Mouth(asyncio.Protocol):
    """One connection. What was asked decides which of two answers is said, nothing else."""

    def __init__(self) -> None:
        self.got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data
        head, blank, body = self.got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if blank and length and len(body) >= int(length[1]):
            self.got = b""
            self.transport.write(FINISH if _TOOL_SAID.search(body) else READ)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Mouth, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
