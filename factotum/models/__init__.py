"""The models: who is asked, by which route, at what price, and who comes next.

What is said and what comes back is plain data (`factotum.agent.talk`). Nothing here knows a
task, a vault or the ledger. Importing it is cheap: HTTP and litellm come with the first call.
"""
