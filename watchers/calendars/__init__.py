"""Listening to calendars: which events there are, and when which of them is to be told."""
