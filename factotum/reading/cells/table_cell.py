"""A table as text (`.csv`, `.tsv`): what separates its columns, its first rows, how many."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from typing import Any

ROWS_MOST = 200
COLUMNS_MOST = 30
FIELD_MOST = 200

#: What may separate columns. The comma is last: it also stands inside numbers.
SEPARATORS = ("\t", ";", "|", ",")
_TRIED_LINES = 50
_TRIED_CHARACTERS = 20_000


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """`separator`, the first `rows`, `count` (of rows that are not empty), `columns` of the
    widest, `whole` (whether the end was reached)."""
    text = data.decode("utf-8", errors="replace")
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        separator, text = first[4], rest
    else:
        separator = _separator(text)
    csv.field_size_limit(len(text) + 1)
    rows: list[list[str]] = []
    count = columns = length = 0
    whole = True
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        if not any(row):
            continue
        count += 1
        columns = max(columns, len(row))
        if len(rows) < ROWS_MOST and length < most:
            rows.append([field[: FIELD_MOST + 1] for field in row[:COLUMNS_MOST]])
            length += sum(map(len, rows[-1]))
        elif count % 1000 == 0 and time.monotonic() > until_s:
            whole = False
            break
    return {
        "separator": separator,
        "rows": rows,
        "count": count,
        "columns": columns,
        "whole": whole,
    }


def _separator(text: str) -> str:
    """The first that splits nearly all lines into the same number of columns, else the best."""
    lines = [line for line in text[:_TRIED_CHARACTERS].split("\n") if line.strip()]
    sample = "\n".join(lines[:_TRIED_LINES])
    csv.field_size_limit(len(sample) + 1)
    best, best_share = ",", 0.0
    for separator in SEPARATORS:
        widths = Counter(
            len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        )
        width, times = widths.most_common(1)[0] if widths else (1, 0)
        share = times / widths.total() if width > 1 else 0.0
        if share >= 0.9:
            return separator
        if share > best_share:
            best, best_share = separator, share
    return best
