"""`python -m factotum.views.telegram`: Telegram in a process of its own, as PM2 starts it."""

from __future__ import annotations

from factotum.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["channels", "run", "telegram"]))
