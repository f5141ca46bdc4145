"""Doing the work: claiming tasks, running their turns, carrying out what was approved."""
