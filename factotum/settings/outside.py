"""The settings of what is listened to outside the vault: folders and calendars."""

from __future__ import annotations

from factotum.settings.row import Setting

OUTSIDE: tuple[Setting, ...] = (
    Setting(
        "FOLDERS",
        str,
        None,
        "Folders outside the vault, with colons between them: `~/Scans:/mnt/nas/post`. Each new "
        "file in them becomes a task; the file stays where it is.",
        otherwise="none but the Inbox",
    ),
)
