"""Telegram, by its Bot API. The library is imported with the first use."""
