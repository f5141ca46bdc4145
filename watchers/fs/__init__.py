"""Listening to folders outside the vault: nothing in them is ever moved, changed or deleted."""
