"""`python -m watchers NAME`: one watcher in a process of its own, as PM2 starts it."""

from __future__ import annotations

import sys

from factotum.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["watchers", "run", *sys.argv[1:]]))
