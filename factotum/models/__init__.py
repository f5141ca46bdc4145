"""The models: who is asked, by which route, at what price, and who comes next.

What is said and what comes back is plain data (`factotum.agent.talk`). Nothing here knows a
task, a vault or the ledger. Importing it is cheap: HTTP and litellm come with the first call.
"""

from factotum.models.chain import Chain, Purse
from factotum.models.choose import Choice, Proposal, choose
from factotum.models.errors import Busy, Garbled, ModelError, Refusing, TooLong
from factotum.models.models import Models
from factotum.models.price import Price
from factotum.models.route import Route
from factotum.models.way import surroundings

__all__ = [
    "Busy",
    "Chain",
    "Choice",
    "Garbled",
    "ModelError",
    "Models",
    "Price",
    "Proposal",
    "Purse",
    "Refusing",
    "Route",
    "TooLong",
    "choose",
    "surroundings",
]
