"""`python -m factotum.cli`: the same as `factotum`, where that is not installed."""

from __future__ import annotations

from factotum.cli import main

raise SystemExit(main())
