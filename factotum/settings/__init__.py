"""The settings of Factotum: one table, read once at the start, strict about what it is given.

A setting comes from the environment, else from one `.env` file, else from its default. What is
misspelt or out of bounds is refused, all of it at once, and no value is ever part of a message.
Nothing heavy is imported here: every command pays for it.
"""

from factotum.settings.load import apart, env_files, load
from factotum.settings.row import PREFIX, Setting
from factotum.settings.rows import SETTINGS
from factotum.settings.values import Settings, SettingsError

__all__ = [
    "PREFIX",
    "SETTINGS",
    "Setting",
    "Settings",
    "SettingsError",
    "apart",
    "env_files",
    "load",
]
