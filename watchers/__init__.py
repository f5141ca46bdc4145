"""Watchers: each turns something outside into notes, and keeps its own cursor."""
