"""Pictures through Pillow: decoded to bare pixels, and encoded anew from these alone.

What the encoder is given has no metadata to copy: no EXIF, XMP, IPTC, comments, colour profile, text or thumbnail, no
further frames, nothing after the end. Colours are taken as sRGB. What is transparent becomes white, so that nothing
stays hidden under it. Pixels themselves can still carry a hidden message: nobody can promise that they do not.
"""

from __future__ import annotations

import io
import struct
import threading
import zlib

from PIL import ExifTags, Image

from mithaq.adapters.pictures.known import sort_of
from mithaq.errors import Invalid, Malformed
from mithaq.kernel.attachment.descriptor import LARGEST, LONGEST, MAGIC
from mithaq.kernel.ports import Picture

PIXELS = 40_000_000
AT_ONCE = 2  # pictures decoded at the same time: each may take a few hundred MB
QUALITIES = (90, 80, 65)
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}
_TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_BROKEN = (
    OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AssertionError, struct.error,
    zlib.error,
)  # fmt: skip
"""What Pillow raises for a file that is not as it should be."""


class PillowPictures:
    """Reads JPEG and PNG, by their first bytes and by no other decoder."""

    def __init__(self) -> None:
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def clean(self, data: bytes) -> Picture:
        media_type = next((name for name, begins in MAGIC.items() if data.startswith(begins)), None)
        if media_type is None:
            sort = sort_of(data)
            raise Invalid("not-a-picture", f"this is {sort.name}", hint=sort.hint)
        if len(data) > LARGEST:
            raise Invalid("too-large", f"{len(data)} bytes; the limit is {LARGEST}", hint="make the picture smaller")
        with self._room:
            return _cleaned(data, media_type)


def _cleaned(data: bytes, media_type: str) -> Picture:
    name = _FORMATS[media_type]
    try:
        with Image.open(io.BytesIO(data), formats=[name]) as opened:
            _check_pixels(opened.size)
            opened.load()
            turned = _TURNED.get(_orientation(opened))
            bare = _bare(opened)
    except _BOMB:
        raise _too_many() from None
    except _BROKEN:
        raise Malformed("broken", f"the {name} picture cannot be read to its end", hint="take it again") from None
    given = bare.size
    bare.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    scaled = bare.size != given
    upright = bare.transpose(turned) if turned is not None else bare
    return Picture(media_type, _encoded(upright, name), *upright.size, scaled)


def _bare(opened: Image.Image) -> Image.Image:
    """The pixels alone, in grey or in colours, on white."""
    shown = opened
    if shown.mode.startswith("I"):  # 16 bits of grey: the upper 8 are what a screen shows
        shown = shown.convert("I").point(lambda value: value / 256).convert("L")
    if shown.has_transparency_data:
        shown = shown.convert("RGBA")
        bare = Image.new("RGB", shown.size, "white")
        bare.paste(shown, mask=shown.getchannel("A"))
        return bare
    mode = "L" if shown.mode in ("1", "L") else "RGB"
    bare = Image.new(mode, shown.size)
    bare.paste(shown.convert(mode))
    return bare


def _orientation(opened: Image.Image) -> int:
    """Which way is up, as EXIF says; 1 where it says nothing that can be read."""
    try:
        return int(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except _BROKEN:
        return 1


def _encoded(bare: Image.Image, name: str) -> bytes:
    """The bytes of the picture; a JPEG that would be too large is made coarser."""
    for quality in QUALITIES if name == "JPEG" else (None,):
        made = io.BytesIO()
        bare.save(made, name, **({"quality": quality} if quality else {}))
        if made.tell() <= LARGEST:
            return made.getvalue()
    raise Invalid("too-large", f"as a {name} it has more than {LARGEST} bytes", hint="make it smaller, or a JPEG")


def _check_pixels(size: tuple[int, int]) -> None:
    if size[0] * size[1] > PIXELS:
        raise _too_many()


def _too_many() -> Invalid:
    return Invalid("too-many-pixels", f"more than {PIXELS} pixels", hint="make the picture smaller")
