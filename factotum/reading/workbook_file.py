"""A workbook (`.xlsx`, `.xls`, `.ods`): the first rows of each sheet, values and no formulas."""

from __future__ import annotations

from factotum.reading import cell, other_file
from factotum.reading.shape import Bounds, Reading, cut, one_line, stem
from factotum.reading.table_file import described


def read(data: bytes, name: str, bounds: Bounds) -> Reading:
    found = cell.run("workbook", data, bounds.text_most, bounds.wait_s)
    if isinstance(found, cell.Broken):
        kept = other_file.read(data, name, bounds)
        remark = f"the workbook could not be read: {found.reason}"
        return Reading("file", kept.title, kept.text, remarks=(remark,))
    sheets, count = found["sheets"], found["count"]
    blocks = [f"## {one_line(sheet['name'])}\n\n{described(sheet)}" for sheet in sheets]
    more: tuple[str, ...] = ()
    if count > len(sheets):
        more = (f"the workbook has {count} sheets: the first {len(sheets)} were read",)
    text, long = cut("\n\n".join(blocks), bounds.text_most, "the workbook")
    return Reading("file", stem(name), text, remarks=(*more, *long))
