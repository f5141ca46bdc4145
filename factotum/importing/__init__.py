"""Bringing over what another agent kept: its schedules, notes and settings.

Read once from its own folder, which is never written to. First it is said what would be done;
done twice, it brings nothing new. No value of a key is ever shown or written into the vault.
"""
