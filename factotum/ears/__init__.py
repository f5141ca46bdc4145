"""The ears: finds the watchers, runs their sources, and tells which of them hear nothing.

A source may fail, hang or be killed; none can take another one, or the office, with it.
"""
