"""A workbook: the values of each sheet as they were last worked out. No formula is."""

from __future__ import annotations

import io
import time
from datetime import date, datetime
from datetime import time as clock
from itertools import islice
from typing import Any

SHEETS_MOST = 20
ROWS_MOST = 200
COLUMNS_MOST = 30
FIELD_MOST = 200


def read(data: bytes, most: int, until_s: float) -> dict[str, Any]:
    """The first `sheets` with `name`, `rows` (the first), `count`, `columns` and `whole`, and
    the `count` of all sheets."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets: list[dict[str, Any]] = []
    length = 0
    for name in book.sheet_names[:SHEETS_MOST]:
        sheet = book.get_sheet_by_name(name)
        rows = [
            [_shown(value) for value in row[:COLUMNS_MOST]]
            for row in islice(sheet.iter_rows(), ROWS_MOST)
        ]
        sheets.append(
            {
                "name": name[:FIELD_MOST],
                "rows": rows,
                "count": sheet.height,
                "columns": sheet.width,
                "whole": True,
            }
        )
        length += sum(len(field) for row in rows for field in row)
        if length > most or time.monotonic() > until_s:
            break
    return {"sheets": sheets, "count": len(book.sheet_names)}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, date | clock):
        return value.isoformat()
    return str(value)[: FIELD_MOST + 1]
