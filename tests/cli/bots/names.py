"""The settings of Telegram by their full names."""

FULL = "FACTOTUM_TELEGRAM_TOKEN"
CHAT = "FACTOTUM_TELEGRAM_CHAT_ID"
