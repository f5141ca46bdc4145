"""Asking web servers for what the owner named: feeds, pages and calendars."""
