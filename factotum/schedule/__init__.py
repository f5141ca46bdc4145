"""Schedules: what a note in Office/Schedules means, when it is due, what was missed.

Pure but for `book`, which keeps in the ledger how far each schedule has come. Nothing here waits,
makes a task or writes a note.
"""
