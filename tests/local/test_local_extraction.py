"""Bytes to text: what each kind of file comes to, and what is said of those that cannot be read."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest

from assistctl.local.vector_stores import extraction
from assistctl.local.vector_stores.extraction import extract
from assistctl.local.vector_stores.unreadable import UnreadableError

PAGE = b"""<!DOCTYPE html><html><head><title>Opening  hours</title><style>p {color: red}</style></head>
<body><script>var x = "<p>no</p>";</script><h1>Hours &amp; <em>days</em></h1>
<p>Open<br>daily,
from 9&nbsp;to 5</p><template><p>never</p></template><ul><li>Mon<li>Tue</ul></body></html>"""
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(*pages: str) -> bytes:
    """A small PDF with a line of text on each page."""
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    font = 3 + 2 * len(pages)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
    ]
    for number, line in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({line}) Tj ET"
        page = (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
            f" /Resources << /Font << /F1 {font} 0 R >> >> /Contents {4 + 2 * number} 0 R >>"
        )
        objects += [page, f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream"]
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    out, offsets = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode())
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write("".join(f"{offset:010d} 00000 n \n" for offset in offsets).encode())
    out.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def docx(*paragraphs: str) -> bytes:
    """A small DOCX: paragraphs, and a table with one cell."""
    text = "".join(f"<w:p><w:r><w:t>{paragraph}</w:t></w:r></w:p>" for paragraph in paragraphs)
    table = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>in a cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>'
    )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{kind}" Target="word/document.xml"/></Relationships>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", relations)
        body = f'<w:document xmlns:w="{WORD}"><w:body>{text}{table}</w:body></w:document>'
        archive.writestr("word/document.xml", body)
    return out.getvalue()


def read(tmp_path: Path, name: str, content: bytes) -> str:
    path = tmp_path / "content"
    path.write_bytes(content)
    return "".join(extract(path, name))


READABLE = [
    ("a.txt", b"plain\r\ntext", "plain\r\ntext"),
    ("A.MD", "# \u00dcber".encode(), "# \u00dcber"),
    ("a.txt", b"\xef\xbb\xbfwith a mark", "with a mark"),
    ("a.txt", "sixteen bits".encode("utf-16"), "sixteen bits"),
    ("a.txt", b"\xfe\xff" + "big end first".encode("utf-16-be"), "big end first"),
    ("a.json", b'{"a": 1}', '{"a": 1}'),
    ("a.csv", b"a,b\n1,2\n", "a,b\n1,2\n"),
    ("two.dots.py", b"print()", "print()"),
    ("a.html", PAGE, "Opening hours\nHours & days\nOpen\ndaily, from 9 to 5\nMon\nTue"),
    ("a.html", b"<p>no head, no body, no end", "no head, no body, no end"),
    ("a.html", b"<head><meta charset=utf-8><body>text</p></b>", "text"),
    ("a.pdf", pdf("First page", "Second page"), "First page\n\nSecond page\n\n"),
    ("a.docx", docx("One &amp; two", "Three"), "One & two\n\nThree\n\nin a cell\n\n"),
]


@pytest.mark.parametrize(("name", "content", "text"), READABLE)
def test_what_is_read(tmp_path: Path, name: str, content: bytes, text: str) -> None:
    assert read(tmp_path, name, content) == text


def test_every_extension_of_the_service_is_read_or_explained(tmp_path: Path) -> None:
    documented = "c cpp cs css doc docx go html java js json md pdf php pptx py rb sh tex ts txt".split()  # noqa: SIM905 - as it stands in the guide
    told = set()
    for extension in documented:
        try:
            read(tmp_path, f"a.{extension}", b"some text")
        except UnreadableError as error:
            told.add((extension, error.code))
    assert told == {
        ("doc", "unsupported_file"),
        ("pptx", "unsupported_file"),
        ("docx", "invalid_file"),
        ("pdf", "invalid_file"),
    }


UNREADABLE = [
    ("a.png", b"\x89PNG", "unsupported_file", "The file type is not supported."),
    ("a", b"text", "unsupported_file", "The file type is not supported."),
    (".txt", b"text", "unsupported_file", "The file type is not supported."),
    ("a.xlsx", b"PK", "unsupported_file", "The file type is not supported."),
    ("a.doc", b"\xd0\xcf", "unsupported_file", "does not read .doc files. Save it as .docx."),
    ("a.txt", b"caf\xe9", "invalid_file", "neither UTF-8 nor UTF-16"),
    ("a.txt", b"\xff\xfea", "invalid_file", "neither UTF-8 nor UTF-16"),
    ("a.txt", b"a\0b", "invalid_file", "its content is not text"),
    ("a.txt", b" \n\t", "invalid_file", "it has no text"),
    ("a.html", b"<script>only()</script>", "invalid_file", "it has no text"),
    ("a.pdf", b"%PDF-1.4\ngarbage", "invalid_file", "could not be parsed"),
    ("a.pdf", pdf(""), "invalid_file", "it has no text"),
    ("a.docx", b"PK\x03\x04garbage", "invalid_file", "could not be parsed"),
    ("a.docx", b"", "invalid_file", "could not be parsed"),
]


@pytest.mark.parametrize(("name", "content", "code", "message"), UNREADABLE)
def test_what_cannot_be_read(tmp_path: Path, name: str, content: bytes, code: str, message: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(tmp_path, name, content)
    assert caught.value.code == code
    assert message in caught.value.message


def test_an_encrypted_pdf_says_so(tmp_path: Path) -> None:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("secret")))
    writer.encrypt("password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(UnreadableError, match="it is encrypted"):
        read(tmp_path, "a.pdf", out.getvalue())


@pytest.mark.parametrize(("name", "library"), [("a.pdf", "pypdf"), ("a.docx", "mammoth")])
def test_a_missing_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UnreadableError) as caught:
        read(tmp_path, name, b"x")
    assert caught.value.code == "unsupported_file"
    assert f"with {library}, which is missing" in caught.value.message
    assert "pip install 'assistctl[documents]'" in caught.value.message


def test_a_file_that_is_gone_is_an_error_of_the_server(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError) as caught:
        list(extract(tmp_path / "gone", "a.txt"))
    assert caught.value.code == "server_error"


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_MAX_TOKENS", 3)
    assert read(tmp_path, "a.txt", b"one two three") == "one two three"
    with pytest.raises(UnreadableError, match="too large"):
        read(tmp_path, "a.txt", b"one two three four")
    monkeypatch.setattr(extraction, "_MAX_UNPACKED_BYTES", 100)
    with pytest.raises(UnreadableError, match="too large"):
        read(tmp_path, "a.docx", docx("x" * 100))
    monkeypatch.setattr(extraction, "_MAX_BYTES", 5)
    with pytest.raises(UnreadableError, match="too large"):
        read(tmp_path, "a.txt", b"123456")
