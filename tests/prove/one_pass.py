"""One pass of the orchestrator as a program of its own: `python -m tests.prove.one_pass`.

Takes its settings from the environment. Run under strace by the tests.
"""

from __future__ import annotations

import os

from tests.prove.life import pass_once

if __name__ == "__main__":
    pass_once({key: value for key, value in os.environ.items() if key.startswith("FACTOTUM_")})
