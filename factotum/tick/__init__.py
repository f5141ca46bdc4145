"""The parts of a tick: what one look does, when it may be left out, and what is shown of it.

Looks and shows alone: what is found to do is run and carried out by the worker.
"""
