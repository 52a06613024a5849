"""Photos and scans with everything that cameras, editors and scanners write beside the pixels."""

import io
import struct
from collections.abc import Iterator

import pillow_heif
from PIL import Image, ImageCms, TiffImagePlugin

from tests.vectors.media import inputs
from tests.vectors.media.hostile.pictures import chunk
from tests.vectors.media.marked.marks import Marked, mark

# Exif 3.0, tables 6 to 15: the tags that hold words
_IFD0 = {
    0x010D: "DocumentName", 0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software",
    0x0132: "DateTime", 0x013B: "Artist", 0x013C: "HostComputer", 0x8298: "Copyright", 0x9C9B: "XPTitle",
    0x9C9C: "XPComment", 0x9C9D: "XPAuthor", 0x9C9E: "XPKeywords", 0x9C9F: "XPSubject",
}  # fmt: skip
_EXIF = {
    0x9003: "DateTimeOriginal", 0x9004: "DateTimeDigitized", 0x9010: "OffsetTime", 0x9286: "UserComment",
    0x927C: "MakerNote", 0x9291: "SubSecTime", 0xA004: "RelatedSoundFile", 0xA420: "ImageUniqueID", 0xA430: "Owner",
    0xA431: "BodySerial", 0xA433: "LensMake", 0xA434: "LensModel", 0xA435: "LensSerial", 0xA436: "Title", 0xA437: "Photographer",
}  # fmt: skip
_GPS = {0x08: "Satellites", 0x12: "MapDatum", 0x1B: "GPSMethod", 0x1C: "GPSArea", 0x1D: "GPSDate"}
_XMP = (
    "creator",
    "rights",
    "title",
    "CreatorTool",
    "City",
    "Location",
    "SerialNumber",
    "History",
    "DocumentID",
    "PersonInImage",
)
_IPTC = {
    0x05: "ObjectName",
    0x19: "Keywords",
    0x50: "Byline",
    0x5A: "CityIPTC",
    0x5C: "Sublocation",
    0x65: "Country",
    0x74: "CopyrightIPTC",
    0x78: "Caption",
}
_TEXTS = (
    "Title",
    "Author",
    "Description",
    "Copyright",
    "CreationTime",
    "Software",
    "Disclaimer",
    "Warning",
    "Source",
    "Comment",
)


def exif() -> bytes:
    """An Exif block with every tag of words and a place."""
    made = Image.Exif()
    for tag, name in _IFD0.items():
        made[tag] = mark(name).encode("utf-16-le") if name.startswith("XP") else mark(name)
    inner, place = made.get_ifd(0x8769), made.get_ifd(0x8825)
    for tag, name in _EXIF.items():
        inner[tag] = mark(name).encode() if tag in (0x9286, 0x927C) else mark(name)
    for tag, name in _GPS.items():
        place[tag] = mark(name).encode() if tag in (0x1B, 0x1C) else mark(name)
    place[1], place[2] = "N", tuple(TiffImagePlugin.IFDRational(part) for part in (51, 30, 7))
    return made.tobytes()


def xmp(of: str) -> bytes:
    """An XMP packet (ISO 16684-1)."""
    fields = "".join(f"<x:{name}>{mark(f'xmp.{of}.{name}')}</x:{name}>" for name in _XMP)
    return f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{fields}</x:xmpmeta>".encode()


def iptc() -> bytes:
    """Records of IPTC IIM 4."""
    return b"".join(
        b"\x1c\x02" + bytes([tag]) + struct.pack(">H", len(mark(name))) + mark(name).encode()
        for tag, name in _IPTC.items()
    )


def profile() -> bytes:
    """An ICC profile whose description is a marker."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    words, at = mark("ICC").encode("utf-16-be"), bytes(made).index("sRGB".encode("utf-16-be"))
    made[at : at + len(words)] = words
    return bytes(made)


def files() -> Iterator[Marked]:
    """One of each format."""
    pillow_heif.register_heif_opener()
    image = inputs.drawing(160, 120)
    yield Marked("pictures", "letter", "photo.jpg", _jpeg(image), _saved(image, "JPEG"))
    yield Marked("pictures", "letter", "scan.png", _png(image), _saved(image, "PNG"))
    bare = _saved(image, "TIFF")
    yield Marked("pictures", "letter", "scan.tiff", _tiff(image), bare)
    heif = _saved(image, "HEIF", exif=exif(), xmp=xmp("heic"), icc_profile=profile())
    box = mark("free").encode()
    yield Marked(
        "pictures",
        "letter",
        "photo.heic",
        heif + struct.pack(">I", len(box) + 8) + b"free" + box,
        _saved(image, "HEIF"),
    )


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)  # type: ignore[arg-type]
    return out.getvalue()


def _segment(number: int, body: bytes) -> bytes:
    return b"\xff" + bytes([number]) + struct.pack(">H", len(body) + 2) + body


def _jpeg(image: Image.Image) -> bytes:
    """Exif with a thumbnail that has a comment, XMP and its extension, IPTC, profile, comments, what editors add."""
    thumbnail = _saved(image.resize((16, 12)), "JPEG", comment=mark("thumbnail").encode())
    resources = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iptc())) + iptc()
    resources += b"8BIM\x04\x0c\0\0" + struct.pack(">I", len(thumbnail)) + thumbnail
    more = (
        _segment(0xE0, b"JFXX\0\x10" + thumbnail),
        _segment(0xE1, b"Exif\0\0" + exif()[6 if exif()[:4] == b"Exif" else 0 :]),
        _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp("jpeg")),
        _segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + bytes(8) + mark("xmp.extended").encode()),
        _segment(0xE1, b"FLIR\0" + mark("FLIR").encode()),
        _segment(0xE2, b"ICC_PROFILE\0\x01\x01" + profile()),
        _segment(0xED, resources),
        _segment(0xEC, b"Ducky\0" + mark("Ducky").encode()),
        _segment(0xEA, mark("APP10").encode()),
        _segment(0xEB, b"HDR_RI " + mark("HDR").encode()),
        _segment(0xE5, b"RMETA\0" + mark("Ricoh").encode()),
        _segment(0xFE, mark("COM").encode()),
    )
    data = _saved(image, "JPEG")
    return data[:2] + b"".join(more) + data[2:] + mark("trailer").encode()


def _png(image: Image.Image) -> bytes:
    data = _saved(image, "PNG", icc_profile=profile())
    texts = [chunk(b"tEXt", name.encode() + b"\0" + mark(f"text.{name}").encode()) for name in _TEXTS]
    more = (
        *texts,
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp("png")),
        chunk(b"eXIf", exif().removeprefix(b"Exif\0\0")),
        chunk(b"sPLT", mark("sPLT").encode() + b"\0\x08"),
        chunk(b"prVt", mark("private").encode()),
        chunk(b"caBX", mark("C2PA").encode()),
    )
    return data[:33] + b"".join(more) + data[33:] + mark("trailer").encode()


def _tiff(image: Image.Image) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, name in {**_IFD0, 285: "PageName", 316: "Host", 337: "TargetPrinter", 65000: "private"}.items():
        tags[tag] = mark(f"tiff.{name}")
        tags.tagtype[tag] = 2
    for tag, body in {
        700: xmp("tiff"),
        33723: iptc(),
        34377: b"8BIM" + mark("resources").encode(),
        37724: mark("layers").encode(),
    }.items():
        tags[tag] = body
        tags.tagtype[tag] = 7
    return _saved(image, "TIFF", tiffinfo=tags, icc_profile=profile())
