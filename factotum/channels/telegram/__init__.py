"""Telegram, by its Bot API. The library is imported with the first use."""

import os

#: The library gives times as timedeltas then, as its next version will.
os.environ.setdefault("PTB_TIMEDELTA", "true")
