"""The gate: nothing outward happens that a person, or a rule of theirs, did not allow.

judge (policy.py) → seal (sealing.py) → card (card.py) → decision (observe.py, heed.py,
register.py) → begin, end (attempts.py), reconcile (effect.py).
Synchronous, without network, without a model.
"""
