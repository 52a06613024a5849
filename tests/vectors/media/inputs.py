"""Inputs for the media tests, made on the spot: real files of every kind, good and bad. No file is kept."""

import io
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import docx
import imageio_ffmpeg
import pillow_heif
from PIL import Image, ImageDraw, TiffImagePlugin

MARK = "PLANTED"
FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100")
TAGS = tuple(
    part
    for tag in ("title", "artist", "author", "comment", "location", "make", "model", "copyright", "encoder")
    for part in ("-metadata", f"{tag}={MARK}-{tag}")
)


def ffmpeg(path: Path, *options: str, seconds: float = 2.0) -> Path:
    """Run the wheel's ffmpeg on made-up signals and write `path`."""
    command = [str(FFMPEG), "-v", "error", "-nostdin", "-y", *options, "-t", str(seconds), str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def video(path: Path, *options: str, seconds: float = 2.0) -> Path:
    """Moving pictures with a tone, planted tags and a location, as a phone would write them."""
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    return ffmpeg(path, *PICTURE, *SOUND, *codecs, *TAGS, *options, seconds=seconds)


def turned(path: Path, folder: Path) -> Path:
    """A video with a rotation flag of 90 degrees, a GPS position and a chapter."""
    flat = video(folder / "flat.mp4", "-metadata", "location=+51.5074-000.1278/")
    command = [str(FFMPEG), "-v", "error", "-nostdin", "-y", "-display_rotation", "90", "-i", str(flat)]
    tags = [
        "-movflags",
        "use_metadata_tags",
        "-map_metadata",
        "0",
        *TAGS,
        "-metadata",
        "location=+51.5074-000.1278/",
    ]
    subprocess.run([*command, *tags, "-c", "copy", str(path)], check=True, timeout=60)
    return path


def live_webm(path: Path, seconds: float = 2.0) -> Path:
    """What MediaRecorder writes: webm to a pipe, so without a duration."""
    codecs = (
        "-c:v",
        "libvpx",
        "-deadline",
        "realtime",
        "-c:a",
        "libopus",
        "-f",
        "webm",
        "-live",
        "1",
        "-t",
        str(seconds),
        "pipe:1",
    )
    command = [str(FFMPEG), "-v", "error", "-nostdin", *PICTURE, *SOUND, *codecs]
    path.write_bytes(subprocess.run(command, check=True, timeout=60, capture_output=True).stdout)
    return path


def photo(path: Path, **options: object) -> Path:
    """A sideways phone photo (EXIF orientation 6) with planted maker, GPS, thumbnail, comment, XMP."""
    image = drawing()
    exif = Image.Exif()
    exif[0x0112] = 6
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):
        exif[tag] = f"{MARK}-{tag:x}"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = (
        "N",
        (TiffImagePlugin.IFDRational(51), TiffImagePlugin.IFDRational(30), TiffImagePlugin.IFDRational(7)),
    )
    gps[29] = f"{MARK}-gps"
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{MARK}-xmp</x:xmpmeta>".encode()
    image.save(path, exif=exif, comment=f"{MARK}-comment".encode(), xmp=xmp, **options)  # type: ignore[arg-type]
    return path


def drawing(width: int = 640, height: int = 480) -> Image.Image:
    """A page-like picture, black in its upper left corner only."""
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).rectangle((0, 0, width // 4, height // 4), fill="black")
    return image


def picture(path: Path) -> Path:
    """A drawing in the format that the name asks for."""
    pillow_heif.register_heif_opener()
    drawing().save(path)
    return path


def scan(path: Path, pages: int = 3) -> Path:
    """A TIFF of several pages with planted tags."""
    first, *rest = [drawing(300 + number, 400) for number in range(pages)]
    first.save(path, save_all=True, append_images=rest, description=f"{MARK}-tiff", software=f"{MARK}-software")
    return path


def huge_png(path: Path, side: int = 60_000) -> Path:
    """A PNG whose header says side × side, and little more."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9000))) + chunk(b"IEND", b"")
    )
    return path


def word(path: Path) -> Path:
    """A Word document: heading, Welsh, list, table, photo, deleted and hidden words, planted properties."""
    document = docx.Document()
    document.add_heading("A letter", 1)
    document.add_paragraph("Annwyl ŵr a ŷch, diolch. Seen by the reader.")
    document.add_paragraph("first point", style="List Bullet")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "left cell", "right cell"
    document.add_paragraph().add_run(f"{MARK}-hidden").font.hidden = True
    paragraph = document.add_paragraph("kept")
    _deleted(paragraph, f"{MARK}-deleted")
    inner = io.BytesIO()
    drawing().save(inner, "JPEG", comment=f"{MARK}-inner".encode())
    inner.seek(0)
    document.add_picture(inner)
    properties = document.core_properties
    properties.author = properties.comments = properties.last_modified_by = f"{MARK}-author"
    document.sections[0].header.paragraphs[0].text = f"{MARK}-header"
    document.save(str(path))
    return path


def _deleted(paragraph: object, words: str) -> None:
    """A tracked deletion (ECMA-376 part 1, 17.13.5.14)."""
    from docx.oxml import parse_xml

    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    xml = f'<w:del {names} w:id="1" w:author="{MARK}"><w:r><w:delText>{words}</w:delText></w:r></w:del>'
    paragraph._p.append(parse_xml(xml))  # type: ignore[attr-defined]


def pdf(path: Path, words: str = "Words in a PDF", pages: int = 2) -> Path:
    """A PDF by hand: text, author, a script that runs on opening."""
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /S /JavaScript /JS (app.alert\\('{MARK}-script'\\)) >>",
    ]
    for number in range(pages):
        stream = f"BT /F1 24 Tf 72 700 Td ({words} {number + 1}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {6 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects.append(f"<< /Author ({MARK}-author) /Title ({MARK}-title) >>")
    path.write_bytes(_assembled(objects, f"/Info {len(objects)} 0 R"))
    return path


def pdf_page(path: Path, drawn: str, more: str = "") -> Path:
    """A PDF with one page on which just this is drawn (ISO 32000-1, 9.4), Helvetica as /F1."""
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {more} /Contents 5 0 R "
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        page + "/Resources << /Font << /F1 3 0 R >> >> >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
    ]
    path.write_bytes(_assembled(objects, ""))
    return path


def _assembled(objects: list[str], trailer: str) -> bytes:
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\n"
    return out + f"{end}startxref\n{len(out)}\n%%EOF\n".encode()


def locked_pdf(path: Path) -> Path:
    """A PDF whose standard security handler knows no empty password (ISO 32000-1, 7.6.3)."""
    plain = pdf(path, pages=1).read_bytes()
    odd = "A5" * 32
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{odd}> /U <{odd}> >> /ID [<00> <00>]"
    path.write_bytes(plain.replace(b"/Info", lock.encode() + b" /Info"))
    return path


def plain_zip(path: Path) -> Path:
    """A zip that is no Word document."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "not a letter")
    return path


def bomb(path: Path, megabytes: int = 1100) -> Path:
    """A Word-shaped zip that inflates to more than a gigabyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
        with archive.open("word/media/zeros", "w", force_zip64=True) as entry:
            for _ in range(megabytes):
                entry.write(bytes(1 << 20))
    return path


def playlist(path: Path, canary: Path) -> Path:
    """An HLS playlist that points at a local file."""
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{canary}\n#EXT-X-ENDLIST\n")
    return path


def concat(path: Path, canary: Path) -> Path:
    """An ffconcat script that points at a local file."""
    path.write_text(f"ffconcat version 1.0\nfile '{canary}'\n")
    return path


def photo_as(path: Path) -> Path:
    """A photo under another file's name."""
    path.write_bytes(photo(path.with_suffix(".jpg")).read_bytes())
    return path


def cover(path: Path) -> Path:
    """A song with a cover picture: a video stream in name only."""
    art = picture(path.with_suffix(".png"))
    sound = ffmpeg(path.with_name("bare.m4a"), *SOUND, "-c:a", "aac")
    command = [
        str(FFMPEG),
        "-v",
        "error",
        "-nostdin",
        "-y",
        "-i",
        str(sound),
        "-i",
        str(art),
        "-map",
        "0",
        "-map",
        "1",
    ]
    subprocess.run([*command, "-c", "copy", "-disposition:v:0", "attached_pic", str(path)], check=True, timeout=60)
    return path
