"""What the proofs found, as files of figures: `<folder>/<name>.json` for each.

The folder is named by FACTOTUM_PROOF_OUT; without it nothing is kept.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def keep(name: str, **figures: Any) -> None:
    """Keeps what one proof found, in place of what it found before."""
    if folder := os.environ.get("FACTOTUM_PROOF_OUT"):
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        (path / f"{name}.json").write_text(json.dumps({"name": name, **figures}, indent=1) + "\n")


def kept(folder: Path) -> dict[str, dict[str, Any]]:
    """All figures in a folder, by the name of their proof."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
