"""Tasks in daily notes: which folders are looked at, and which line is which."""
