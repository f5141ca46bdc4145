"""Which reader a file gets: by what is in it, and by its name only where the bytes are silent."""

from __future__ import annotations

from collections.abc import Mapping

from factotum.reading import (
    archive_file,
    docx_file,
    email_file,
    html_file,
    ics_file,
    json_file,
    note_file,
    other_file,
    pdf_file,
    picture_file,
    slides_file,
    sound_file,
    table_file,
    text_file,
    workbook_file,
)
from factotum.reading.shape import Format
from factotum.reading.sniff import CALENDAR, PAGE, SVG, is_binary, is_pdf, what_is, what_text_is

#: The reader of each kind that the bytes themselves tell. Any other is kept unopened.
BY_WHAT: Mapping[str, Format] = {
    "a PDF": pdf_file.read,
    "a Word document": docx_file.read,
    "an Excel workbook": workbook_file.read,
    "an old Excel workbook": workbook_file.read,
    "an OpenDocument spreadsheet": workbook_file.read,
    "a PowerPoint presentation": slides_file.read,
    "a PNG picture": picture_file.read,
    "a JPEG picture": picture_file.read,
    "a GIF picture": picture_file.read,
    "a WebP picture": picture_file.read,
    "an HEIC picture": picture_file.read,
    "a TIFF picture": picture_file.read,
    "a BMP picture": picture_file.read,
    "a sound recording": sound_file.read,
    "a video": sound_file.read,
    "a ZIP archive": archive_file.read,
    "a tar archive": archive_file.read,
    "a gzip archive": archive_file.read,
    "a bzip2 archive": archive_file.read,
    "an xz archive": archive_file.read,
    CALENDAR: ics_file.read,
    SVG: picture_file.read_svg,
    PAGE: html_file.read,
}

#: The reader of a text, by the ending of its name. A text with any other is read as it stands.
BY_ENDING: Mapping[str, Format] = {
    ".eml": email_file.read,
    ".txt": text_file.read,
    ".text": text_file.read,
    ".md": note_file.read,
    ".markdown": note_file.read,
    ".html": html_file.read,
    ".htm": html_file.read,
    ".csv": table_file.read,
    ".tsv": table_file.read,
    ".json": json_file.read,
}

#: What a name promises by its ending; the first is what is missed when the bytes are no such.
PROMISES: Mapping[str, tuple[str, ...]] = {
    ".pdf": ("a PDF",),
    ".docx": ("a Word document",),
    ".docm": ("a Word document",),
    ".xlsx": ("an Excel workbook",),
    ".xlsm": ("an Excel workbook",),
    ".xls": ("an old Excel workbook",),
    ".ods": ("an OpenDocument spreadsheet",),
    ".pptx": ("a PowerPoint presentation",),
    ".png": ("a PNG picture",),
    ".jpg": ("a JPEG picture",),
    ".jpeg": ("a JPEG picture",),
    ".gif": ("a GIF picture",),
    ".webp": ("a WebP picture",),
    ".heic": ("an HEIC picture",),
    ".svg": (SVG,),
    ".mp3": ("a sound recording",),
    ".m4a": ("a sound recording", "a video"),
    ".ogg": ("a sound recording",),
    ".opus": ("a sound recording",),
    ".wav": ("a sound recording",),
    ".flac": ("a sound recording",),
    ".zip": ("a ZIP archive", "an empty ZIP archive"),
    ".tar": ("a tar archive",),
    ".tgz": ("a gzip archive",),
    ".gz": ("a gzip archive",),
    ".7z": ("a 7-Zip archive",),
    ".ics": (CALENDAR,),
    ".html": (PAGE,),
    ".htm": (PAGE,),
}

#: Texts in which a page or a drawing may stand as an example.
_MAY_QUOTE = (".md", ".markdown", ".eml", ".csv", ".tsv", ".json")

#: Readers with nothing to say beyond what the name of an attachment says.
SILENT = (other_file.read, picture_file.read, picture_file.read_svg, sound_file.read)


def choose(data: bytes, name: str) -> tuple[Format, str]:
    """The reader for the bytes, and a remark if the name promised something else."""
    ending = ending_of(name)
    what = what_is(data)
    if not what and ending == ".pdf" and is_pdf(data):
        what = "a PDF"
    if what:
        return BY_WHAT.get(what, other_file.read), _lie(ending, what)
    if ending != ".eml" and is_binary(data):
        return other_file.read, _lie(ending, "")
    what = "" if ending in _MAY_QUOTE else what_text_is(data)
    if what:
        return BY_WHAT[what], _lie(ending, what)
    if ending in BY_ENDING:
        return BY_ENDING[ending], ""
    return text_file.read, _lie(ending, "")


def ending_of(name: str) -> str:
    _, dot, ending = name.rpartition(".")
    return dot + ending.lower() if dot else ""


def _lie(ending: str, what: str) -> str:
    """What to say when a name ends in `ending` and the bytes are `what` (nothing known)."""
    promised = PROMISES.get(ending, ())
    if what in promised or not (promised or ending in BY_ENDING):
        return ""
    if what:
        return f"its name ends in {ending}, but it is {what}"
    missed = promised[0].partition(" ")[2] if promised else "text"
    return f"its name ends in {ending}, but it is no {missed}"
