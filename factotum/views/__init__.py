"""The faces of the office: what is shown of it, in the vault, on the screen, in a file.

Views show the snapshot and the ledger; they decide nothing and keep no truth of their own.
"""
