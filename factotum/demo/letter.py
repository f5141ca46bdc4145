"""The mail that the demo drops into the Inbox, with a PDF that is made here by code."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

SENDER = "Ada Rossi <ada@rossi.example>"
OWNER = "Marco Conti <marco@conti.example>"
SUBJECT = "Invoice 1042, once more"

TEXT = """\
Hi Marco,

our new bookkeeper cannot find your invoice 1042 from September. Could you
send me a copy again? Our order is attached, so that you find it quickly.

Thank you and best wishes from Turin
Ada

Ada Rossi · Studio Rossi · Via Po 12, Torino
"""

ORDER = (
    "Studio Rossi, Via Po 12, 10123 Torino",
    "",
    "Purchase order 2026-117",
    "To: Marco Conti, carpenter",
    "",
    "1 oak table, 200 x 90 cm           1 480.00 EUR",
    "6 chairs, oak, oiled               1 320.00 EUR",
    "Total                              2 800.00 EUR",
    "",
    "Your invoice 1042 refers to this order.",
)

#: The name of the dropped file, and of the PDF in it.
FILE = "Invoice 1042, once more.eml"
PDF = "Order-2026-117.pdf"


def letter(sent: datetime, number: int = 1) -> bytes:
    """The mail as bytes, as a mail program saves it. `number` makes it another one."""
    message = EmailMessage()
    message["From"] = SENDER
    message["To"] = OWNER
    message["Subject"] = SUBJECT
    message["Date"] = format_datetime(sent)
    message["Message-ID"] = f"<ask-{number}@rossi.example>"
    message.set_content(TEXT)
    message.add_attachment(pdf(ORDER), maintype="application", subtype="pdf", filename=PDF)
    return message.as_bytes(policy=SMTP)


def pdf(lines: tuple[str, ...]) -> bytes:
    """One A4 page with these lines of plain ASCII, as PDF 1.4."""
    shown = "\n".join(f"({_escaped(line)}) Tj T*" for line in lines)
    content = f"BT /F1 12 Tf 16 TL 72 770 Td\n{shown}\nET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    )
    return _file(objects)


def _escaped(line: str) -> str:
    return "".join(f"\\{char}" if char in "()\\" else char for char in line)


def _file(objects: tuple[bytes, ...]) -> bytes:
    """The objects with their table of places and the trailer (ISO 32000-1, 7.5)."""
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)
