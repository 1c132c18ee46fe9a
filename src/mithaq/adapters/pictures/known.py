"""What a file is, told from its first bytes: so that what is not taken is refused by its name."""

from __future__ import annotations

from msgspec import Struct

_TAKES = "give a JPEG or PNG picture"


class Sort(Struct, frozen=True):
    """A sort of file, and what to do with one instead."""

    name: str
    hint: str = _TAKES


PDF = Sort("a PDF", "save each page that matters as a JPEG or PNG picture: a PDF can hold programs and hidden layers")
_CONVERT = "save it as a JPEG or PNG picture"
_OFFICE = Sort("a ZIP archive or an Office document", "give a JPEG or PNG picture of what is to be seen")
_BEGINS = {
    b"GIF87a": Sort("a GIF", _CONVERT),
    b"GIF89a": Sort("a GIF", _CONVERT),
    b"BM": Sort("a BMP", _CONVERT),
    b"II*\0": Sort("a TIFF or a camera's raw file", _CONVERT),
    b"MM\0*": Sort("a TIFF or a camera's raw file", _CONVERT),
    b"\0\0\0\x0cJXL ": Sort("a JPEG XL", _CONVERT),
    b"\xff\x0a": Sort("a JPEG XL", _CONVERT),
    b"\0\0\0\x0cjP  ": Sort("a JPEG 2000", _CONVERT),
    b"\0\0\1\0": Sort("an icon", _CONVERT),
    b"PK\3\4": _OFFICE,
    b"PK\5\6": _OFFICE,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": Sort("an Office document", _OFFICE.hint),
    b"{\\rtf": Sort("a text document", _OFFICE.hint),
    b"Rar!": Sort("a RAR archive"),
    b"7z\xbc\xaf\x27\x1c": Sort("a 7-Zip archive"),
    b"\x1f\x8b": Sort("a gzip archive"),
    b"MZ": Sort("a program for Windows"),
    b"\x7fELF": Sort("a program for Linux"),
    b"\x1aE\xdf\xa3": Sort("a Matroska or WebM video"),
}
_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF", b"msf1": "HEIF", b"avif": "AVIF", b"avis": "AVIF"}
LOOK = 1024  # bytes within which a PDF or an SVG may begin


def sort_of(data: bytes) -> Sort:
    """What these bytes are, if they are neither JPEG nor PNG."""
    if b"%PDF-" in data[:LOOK]:
        return PDF
    if data[:4] == b"RIFF":
        return Sort("a WebP", _CONVERT) if data[8:12] == b"WEBP" else Sort("a sound or video")
    if data[4:8] == b"ftyp":
        brand = _BRANDS.get(data[8:12])
        return Sort(f"a {brand}", _CONVERT) if brand else Sort("an MP4 or QuickTime video")
    found = next((sort for begins, sort in _BEGINS.items() if data.startswith(begins)), None)
    if found is not None:
        return found
    if b"<svg" in data[:LOOK].lower():
        return Sort("an SVG", _CONVERT)
    return Sort("neither a JPEG nor a PNG picture")
