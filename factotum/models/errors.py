"""What can go wrong between us and a model.

    ModelError
    ├── Busy       not now: too many requests, overloaded, no answer in time, no connection
    ├── Refusing   not like this: a key, a name or an address in the settings is wrong
    ├── TooLong    the messages do not fit into the model's window
    └── Garbled    what came back is no answer

A message names the model and the setting to mend, in one line for each route; never a key.
What the purse raises (`factotum.models.chain.Purse`) passes through and is none of these.
"""

from __future__ import annotations


class ModelError(Exception):
    """No answer. `retry_after_s` is when it is worth asking again, if somebody said so;
    `free` whether it is certain that nothing was charged."""

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, free: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.free = free


class Busy(ModelError):
    """Asking again later may help."""


class Refusing(ModelError):
    """Asking again helps nothing before a person changes a setting. Nothing was charged."""

    def __init__(self, message: str) -> None:
        super().__init__(message, free=True)


class TooLong(ModelError):
    """The messages must become shorter. Nothing was charged."""

    def __init__(self, message: str) -> None:
        super().__init__(message, free=True)


class Garbled(ModelError):
    """The answer cannot be read; it may have been charged all the same."""
