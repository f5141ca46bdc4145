"""The bytes of a dropped file become words a task can use.

A format is one small file here and one row in the tables of `kinds.py`. Reading never raises
for hostile bytes, never unpacks an archive, never runs or fetches anything; what it could not
read it says in `Reading.remarks`. It knows neither the vault nor the ledger.
The readers are loaded with the first file: most offices idle for hours without one.
"""

from __future__ import annotations

from factotum.reading.shape import Part, Reading

__all__ = ["Part", "Reading", "read"]


def read(data: bytes, name: str) -> Reading:
    """What the file called `name` says, whatever is in it."""
    from factotum.reading import whole

    return whole.read(data, name)
