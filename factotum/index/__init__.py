"""Finding notes by their words; see `store.py`."""

from factotum.index.places import Places, title_of, top_of
from factotum.index.store import Index, IndexFault

__all__ = ["Index", "IndexFault", "Places", "title_of", "top_of"]
