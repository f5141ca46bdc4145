"""Real files of each kind, made by hand, so that the tests need no files of their own."""

from __future__ import annotations

import io
import struct
import tarfile
import wave
import zipfile
import zlib
from email.message import EmailMessage


def pdf(*pages: str) -> bytes:
    """A PDF with one line of text on each page; an empty line makes an empty page."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for text in pages:
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode() if text else b""
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
            b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1"
            b" /BaseFont /Helvetica >> >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    return assembled(objects)


def assembled(objects: list[bytes]) -> bytes:
    """A PDF file out of its numbered objects; the first is the catalogue."""
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + trailer % (len(objects) + 1, start)


def locked_pdf() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("secret"))))
    writer.encrypt("a password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def mail(**headers: str) -> EmailMessage:
    """A mail with sensible headers; `Reply_To="…"` sets or replaces one."""
    message = EmailMessage()
    given = {
        "From": "Ada Rossi <ada@rossi.example>",
        "To": "marco@example.org",
        "Subject": "Invoice 1042",
        "Date": "Sat, 21 Nov 2026 11:00:00 +0100",
        "Message-ID": "<m1@rossi.example>",
    }
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in given.items():
        message[name] = value
    return message


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    """A picture without any camera's data."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, kind)
    return out.getvalue()


def photo() -> bytes:
    """A JPEG as a phone writes it, with the place where it was taken."""
    from PIL import Image

    exif = Image.Exif()
    exif[271], exif[272] = "Fairphone", "Fairphone 5"
    exif.get_ifd(0x8769).update({36867: "2026:11:21 11:02:03", 36881: "+01:00"})
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 15.25), 3: "E", 4: (11.0, 34.0, 30.5)})
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def claimed_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as this."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def heic(width: int, height: int) -> bytes:
    """The boxes of an HEIC file that say its size: a tile first, then the whole."""
    sizes = ((512, 512), (width, height))
    boxes = b"".join(struct.pack(">I4sIII", 20, b"ispe", 0, *size) for size in sizes)
    return struct.pack(">I8sI4s", 20, b"ftypheic", 0, b"mif1") + boxes


def wav(seconds: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000 * seconds))
    return out.getvalue()


def mp3(seconds: int, title: str) -> bytes:
    """Silent frames of 1/38 s behind a tag with the title."""
    words = b"\x03" + title.encode()
    frame = b"TIT2" + struct.pack(">I", len(words)) + b"\x00\x00" + words
    tag = b"ID3\x03\x00\x00" + bytes((0, 0, len(frame) >> 7, len(frame) & 127)) + frame
    return tag + (b"\xff\xfb\x90\x00" + bytes(413)) * (seconds * 38)


def flac(seconds: int) -> bytes:
    rate, samples = 8000, 8000 * seconds
    packed = (rate << 44) | (0 << 41) | (15 << 36) | samples
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + b"\x80" + len(info).to_bytes(3, "big") + info


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def paragraph(text: str, style: str = "") -> str:
    shaped = f'<w:pStyle w:val="{style}"/>' if style else ""
    if style == "ListBullet":
        shaped += '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    shaped = f"<w:pPr>{shaped}</w:pPr>"
    return f"<w:p>{shaped}<w:r><w:t>{text}</w:t></w:r></w:p>"


def docx(body: str, before: str = "", more: dict[str, bytes] | None = None) -> bytes:
    """A Word document with this body (WordprocessingML), `before` it in the same part."""
    kinds = (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
        '"/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument'
        '.wordprocessingml.document.main+xml"/></Types>'
    )
    first = (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"'
        f' Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'
    )
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/></w:style>'
        for id, name in (("Heading1", "heading 1"), ("ListBullet", "List Bullet"))
    )
    bullets = (
        f'<w:numbering xmlns:w="{WORD}"><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0">'
        '<w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="1">'
        '<w:abstractNumId w:val="1"/></w:num></w:numbering>'
    )
    text = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    linked = (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="s1"'
        f' Type="{OFFICE}/styles" Target="styles.xml"/><Relationship Id="n1"'
        f' Type="{OFFICE}/numbering" Target="numbering.xml"/></Relationships>'
    )
    return zipped(
        {
            "[Content_Types].xml": kinds.encode(),
            "_rels/.rels": first.encode(),
            "word/document.xml": (before + text).encode(),
            "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>'.encode(),
            "word/numbering.xml": bullets.encode(),
            "word/_rels/document.xml.rels": linked.encode(),
            **(more or {}),
        }
    )


def word_table(rows: list[list[str]]) -> str:
    cells = ["".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows]
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx(sheets: dict[str, list[list[str | float]]], more: str = "") -> bytes:
    """A workbook; `more` is XML of further rows in the first sheet."""
    names, links, files = "", "", {}
    for n, (name, rows) in enumerate(sheets.items(), 1):
        names += f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>'
        links += f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>'
        lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
        data = f'<worksheet xmlns="{SHEET}"><sheetData>{lines}{more}</sheetData></worksheet>'
        files[f"xl/worksheets/s{n}.xml"] = data.encode()
    book = f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'
    rels = f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
    kinds = f'<Types xmlns="{PACKAGE}/content-types"/>'
    first = (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"'
        f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    )
    return zipped(
        {
            "[Content_Types].xml": kinds.encode(),
            "_rels/.rels": first.encode(),
            "xl/workbook.xml": book.encode(),
            "xl/_rels/workbook.xml.rels": rels.encode(),
            **files,
        }
    )


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><f>1+1</f><v>{value}</v></c>"


def pptx(*slides: str, before: str = "") -> bytes:
    """Slides with one line each."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    parts = {
        f"ppt/slides/slide{n}.xml": (
            f'{before}<s xmlns:a="{drawing}"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></s>'
        ).encode()
        for n, text in enumerate(slides, 1)
    }
    return zipped({"ppt/presentation.xml": b"<p/>", **parts})
