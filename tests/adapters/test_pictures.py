"""Pictures: what is seen on them stays, everything else that a file can carry is gone, and other files are refused."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageDraw, PngImagePlugin

from mithaq.adapters.pictures.pillow import PIXELS, PillowPictures
from mithaq.errors import Invalid, Malformed, MithaqError, Unavailable
from mithaq.kernel.attachment.descriptor import LARGEST, LONGEST
from mithaq.kernel.ports import NoPictures, Picture

PLANTED = b"planted-41.9028N-secret"
PICTURES = PillowPictures()


def drawn(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """A picture on which the left half is dark and the right one light."""
    made = Image.new("L", (width, height), 30)
    ImageDraw.Draw(made).rectangle((width // 2, 0, width, height), fill=220)
    return made.convert(mode)


def written(image: Image.Image, sort: str, **options: Any) -> bytes:
    into = io.BytesIO()
    image.save(into, sort, **options)
    return into.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    """A camera's EXIF with a place, a maker and the planted bytes."""
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    made[ExifTags.Base.Make] = PLANTED.decode()
    made[ExifTags.Base.ImageDescription] = PLANTED.decode()
    made.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    made.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = PLANTED
    return made


def archive() -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as made:
        made.writestr("planted.txt", PLANTED)
    return into.getvalue()


def laden_jpeg() -> bytes:
    """A JPEG with EXIF and GPS, XMP, IPTC, a colour profile, a comment and an archive after its end."""
    xmp = b"<x:xmpmeta>" + PLANTED + b"</x:xmpmeta>"
    made = written(drawn(), "JPEG", exif=exif(), xmp=xmp, comment=PLANTED, icc_profile=b"\0" * 128 + PLANTED)
    iptc = b"Photoshop 3.0\0" + PLANTED
    return made[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + made[2:] + archive()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def laden_png() -> bytes:
    """A PNG with eXIf, the three sorts of text, a time, a profile, a private chunk and an archive after its end."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", PLANTED.decode())
    text.add_text("Long", PLANTED.decode() * 3, zip=True)
    text.add_itxt("XML:com.adobe.xmp", PLANTED.decode())
    text.add(b"tIME", struct.pack(">HBBBBB", 2026, 11, 20, 4, 10, 33))
    made = written(drawn(), "PNG", pnginfo=text, exif=exif(), icc_profile=b"\0" * 128 + PLANTED)
    return made[:33] + chunk(b"prVt", PLANTED) + made[33:] + archive()


def inflated(data: bytes) -> bytes:
    """The bytes, and whatever in them can be inflated from any place on."""
    found = [data]
    for start in range(len(data)):
        if data[start] == 0x78:
            try:
                found.append(zlib.decompressobj().decompress(data[start:], 100_000))
            except zlib.error:
                continue
    return b"".join(found)


def chunks(png: bytes) -> list[bytes]:
    found, at = [], 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        found.append(png[at + 4 : at + 8])
        at += size + 12
    return found


def markers(jpeg: bytes) -> set[int]:
    """The markers of a JPEG before its scan."""
    found, at = set(), 2
    while jpeg[at + 1] != 0xDA:
        found.add(jpeg[at + 1])
        at += 2 + int(struct.unpack(">H", jpeg[at + 2 : at + 4])[0])
    return found


def pixel(picture: Picture, x: int, y: int) -> Any:
    return Image.open(io.BytesIO(picture.data)).convert("L").getpixel((x, y))


@pytest.mark.parametrize("laden", [laden_jpeg(), laden_png()], ids=["jpeg", "png"])
def test_nothing_that_was_planted_in_a_file_is_left(laden: bytes) -> None:
    assert PLANTED in inflated(laden)
    assert b"PK\3\4" in laden
    picture = PICTURES.clean(laden)
    left = inflated(picture.data)
    for planted in (PLANTED, b"PK\3\4", b"Exif", b"GPS", b"xmp", b"Photoshop", b"ICC"):
        assert planted not in left, planted
    assert (picture.width, picture.height, picture.scaled) == (64, 48, False)
    again = Image.open(io.BytesIO(picture.data))
    assert not again.getexif()
    assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_jpeg_has_no_segment_left_but_what_draws_it() -> None:
    assert markers(laden_jpeg()) >= {0xE1, 0xED, 0xFE}
    picture = PICTURES.clean(laden_jpeg())
    assert picture.media_type == "image/jpeg"
    assert markers(picture.data) <= {0xE0, 0xDB, 0xC0, 0xC4}  # JFIF, tables and frame
    assert picture.data.endswith(b"\xff\xd9")
    assert picture.data.count(b"\xff\xd9") == 1


def test_a_png_has_no_chunk_left_but_what_draws_it() -> None:
    laden = set(chunks(laden_png()[: -len(archive())]))
    assert laden >= {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME", b"prVt", b"iCCP"}
    picture = PICTURES.clean(laden_png())
    assert picture.media_type == "image/png"
    assert set(chunks(picture.data)) == {b"IHDR", b"IDAT", b"IEND"}


def test_what_is_seen_stays_as_it_was() -> None:
    picture = PICTURES.clean(written(drawn(), "PNG"))
    assert (pixel(picture, 5, 5), pixel(picture, 60, 40)) == (30, 220)
    jpeg = PICTURES.clean(written(drawn(), "JPEG"))
    assert abs(pixel(jpeg, 5, 5) - 30) < 6
    assert abs(pixel(jpeg, 60, 40) - 220) < 6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("sort", ["JPEG", "PNG"])
def test_a_picture_is_turned_as_its_camera_was_held(sort: str, orientation: int) -> None:
    made = Image.new("L", (64, 48), 30)
    made.paste(220, (0, 0, 32, 24))  # the upper left quarter is light
    picture = PICTURES.clean(written(made, sort, exif=exif(orientation)))
    assert (picture.width, picture.height) == ((64, 48) if orientation < 5 else (48, 64))
    light = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[orientation]
    quarters = [(x, y) for x in (0, 1) for y in (0, 1)]
    found = [
        (x, y) for x, y in quarters
        if pixel(picture, picture.width // 4 * (1 + 2 * x), picture.height // 4 * (1 + 2 * y)) > 150
    ]  # fmt: skip
    assert found == [light]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_every_sort_of_png_is_read(mode: str) -> None:
    made = drawn(mode="L").convert("I").point(lambda v: v * 256).convert("I;16") if mode == "I;16" else drawn(mode=mode)
    picture = PICTURES.clean(written(made, "PNG"))
    assert pixel(picture, 5, 5) < 60
    assert pixel(picture, 60, 40) > 180


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_sort_of_jpeg_is_read(mode: str) -> None:
    picture = PICTURES.clean(written(drawn(mode=mode), "JPEG"))
    assert pixel(picture, 5, 5) < 60
    assert pixel(picture, 60, 40) > 180


def test_what_is_transparent_hides_nothing() -> None:
    made = drawn().convert("RGBA")
    made.putalpha(Image.new("L", made.size, 0))
    picture = PICTURES.clean(written(made, "PNG"))
    assert Image.open(io.BytesIO(picture.data)).mode == "RGB"
    assert pixel(picture, 5, 5) == 255


def test_only_the_first_frame_of_an_animation_is_left() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "green")]
    moving = written(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert b"fdAT" in moving
    picture = PICTURES.clean(moving)
    assert set(chunks(picture.data)) == {b"IHDR", b"IDAT", b"IEND"}
    assert Image.open(io.BytesIO(picture.data)).convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_a_picture_in_a_picture_is_gone() -> None:
    second = written(drawn(), "JPEG", comment=PLANTED)
    both = written(drawn(), "MPO", save_all=True, append_images=[Image.open(io.BytesIO(second))])
    assert PICTURES.clean(both).data.count(b"\xff\xd8\xff") == 1


def test_a_large_picture_is_made_smaller_and_says_so() -> None:
    picture = PICTURES.clean(written(drawn(5000, 2500), "JPEG"))
    assert (picture.width, picture.height, picture.scaled) == (LONGEST, LONGEST // 2, True)


def test_the_same_picture_gives_the_same_bytes() -> None:
    once = PICTURES.clean(laden_png())
    assert PICTURES.clean(laden_png()) == once
    assert PICTURES.clean(once.data).data == once.data


OTHERS = [
    (b"%PDF-1.7\n", "PDF"), (b"\n\n%PDF-1.4", "PDF"), (b"GIF89a", "GIF"), (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
    (b"RIFF\0\0\0\0AVI ", "video"), (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"), (b"\0\0\0\x18ftypavif", "AVIF"),
    (b"\0\0\0\x18ftypisom", "MP4"), (b"II*\0", "TIFF"), (b"MM\0*", "TIFF"), (b"BM\0\0", "BMP"),
    (b'<?xml version="1.0"?><SVG xmlns=', "SVG"), (b"PK\3\4", "ZIP"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
    (b"MZ\x90\0", "Windows"), (b"\x7fELF\2", "Linux"), (b"hello", "neither"), (b"", "neither"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"), (b"{\\rtf1", "document"), (b"Rar!\x1a", "RAR"), (b"\x1aE\xdf\xa3", "WebM"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "named"), OTHERS, ids=[f"{n}-{each[1]}" for n, each in enumerate(OTHERS)])
def test_what_is_no_jpeg_or_png_is_refused_by_its_name(data: bytes, named: str) -> None:
    with pytest.raises(Invalid) as refused:
        PICTURES.clean(data)
    assert refused.value.code == "not-a-picture"
    assert named in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("sort", ["GIF", "WEBP", "TIFF", "BMP", "PDF"])
def test_real_files_of_other_formats_are_refused(sort: str) -> None:
    with pytest.raises(Invalid, match=sort if sort != "WEBP" else "WebP"):
        PICTURES.clean(written(drawn(), sort))


@pytest.mark.parametrize("laden", [laden_jpeg(), laden_png()], ids=["jpeg", "png"])
def test_a_picture_that_ends_too_early_or_is_spoilt_is_malformed(laden: bytes) -> None:
    whole = laden[: -len(archive())]
    for end in (12, 20, 40, len(whole) // 2, len(whole) - 40):
        with pytest.raises(Malformed):
            PICTURES.clean(whole[:end])


def test_a_spoilt_png_is_malformed() -> None:
    made = bytearray(written(drawn(), "PNG"))
    for at in (18, 45, 60):  # in the header's size, and in the pixels
        spoilt = bytearray(made)
        spoilt[at] ^= 0xFF
        with pytest.raises(MithaqError) as refused:
            PICTURES.clean(bytes(spoilt))
        assert refused.value.code in ("broken", "too-many-pixels")


@pytest.mark.parametrize("side", [7000, 11_000, 20_000, 60_000])
def test_a_bomb_of_pixels_is_refused_before_it_is_unpacked(side: int) -> None:
    assert side * side > PIXELS
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with pytest.raises(Invalid) as refused:
        PICTURES.clean(bomb)
    assert refused.value.code == "too-many-pixels"


def test_a_bomb_of_text_is_refused() -> None:
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)))
    made = written(drawn(), "PNG")
    with pytest.raises(Malformed):
        PICTURES.clean(made[:33] + text + made[33:])


def test_more_bytes_than_the_limit_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        PICTURES.clean(written(drawn(), "PNG") + bytes(LARGEST))
    assert refused.value.code == "too-large"


def test_a_jpeg_that_would_be_too_large_is_made_coarser_and_a_png_is_refused() -> None:
    noise = Image.effect_noise((4000, 4000), 200)
    colours = Image.merge("RGB", (noise, noise.rotate(90), noise.rotate(180)))
    coarse = written(colours, "JPEG", quality=50)
    assert len(coarse) <= LARGEST
    assert len(written(colours, "JPEG", quality=90)) > LARGEST
    assert len(PICTURES.clean(coarse).data) <= LARGEST
    few = Image.frombytes("P", (3300, 3000), noise.tobytes()[: 3300 * 3000])
    few.putpalette(random.Random(6).randbytes(768))
    bare = written(few, "PNG")
    assert len(bare) <= LARGEST
    with pytest.raises(Invalid) as refused:  # as colours it has three times the bytes
        PICTURES.clean(bare)
    assert refused.value.code == "too-large"
    assert "JPEG" in refused.value.hint


def test_many_at_once_give_what_one_gives() -> None:
    given = [written(drawn(200 + n, 100), "PNG") for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(PICTURES.clean, given)) == [PICTURES.clean(each) for each in given]


def test_a_node_that_cannot_read_pictures_takes_none() -> None:
    with pytest.raises(Unavailable):
        NoPictures().clean(written(drawn(), "PNG"))
