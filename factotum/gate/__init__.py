"""The gate: nothing outward happens that a person, or a rule of theirs, did not allow.

judge (policy.py) → seal (seal.py) → card (card.py) → decision (register.py, observe.py)
→ begin, end, reconcile (effect.py). Synchronous, without network, without a model.
"""
