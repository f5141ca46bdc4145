"""Channels: how a person is told, asked and heard away from the vault.

A channel is a guest of the office: it knows the ledger and what is written there, writes down
what a person said, and wakes the executor. It thinks nothing and carries out nothing.
"""
