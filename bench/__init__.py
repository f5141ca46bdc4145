"""Measures what docs/performance.md promises. Never run by the tests."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
