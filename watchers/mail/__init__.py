"""What the watcher of mail consists of: the line to a server, what a mail is, what is made of it.

Nothing here writes in the vault or the ledger.
"""
