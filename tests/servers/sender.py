"""A process that sends one letter and is killed at a point; run by the crash tests.

    python -m tests.servers.sender POINT < job.json

`job.json` is {"env", "args", "run"}. Prints the outcome as JSON if it lives that long.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from tests.servers.mail import call, mail_server


def main() -> None:
    job = json.load(sys.stdin)
    point = sys.argv[1]

    def hit(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    print(json.dumps(call(mail_server(job["env"], hit=hit), "send", job["args"], job["run"])))


if __name__ == "__main__":
    main()
