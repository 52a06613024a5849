"""Inputs as people send them: a document, a phone's photo, speech, a phone's video. Each carries planted secrets."""

import shutil
from io import BytesIO
from pathlib import Path

import docx
import ffmpeg
import imageio_ffmpeg
from docx.shared import Pt
from PIL import ExifTags, Image, ImageDraw, ImageFont

SPOKEN = Path("/usr/share/sounds/alsa/Front_Center.wav")
"""A person says "front center": Debian's alsa-utils."""
AUTHOR = "Planted Author Quill"
DEVICE = "PlantedPhone 9000"
PLACE = "+51.5033-000.1276/"
HIDDEN = "planted hidden words under the letter"
VISIBLE = "I think about your garden gate."
SECRETS = (AUTHOR, DEVICE, "51.5033", "ISO6709", "planted comment")


def letter_docx(path: Path) -> Path:
    """A letter of one page with an author's name, a comment in its properties, and words that no page shows."""
    document = docx.Document()
    document.core_properties.author = AUTHOR
    document.core_properties.last_modified_by = AUTHOR
    document.core_properties.comments = "planted comment"
    document.add_heading("A letter", 1)
    for words in (VISIBLE, "I broke it, and with it the place where you felt safe.", "I will answer what you ask."):
        document.add_paragraph().add_run(words).font.size = Pt(14)
    document.add_paragraph().add_run(HIDDEN).font.hidden = True
    document.save(str(path))
    return path


def phone_photo(path: Path, words: str = "A page by hand") -> Path:
    """A photo of a page, 1600 × 1200, lying on its side as phones store it; with place, maker and thumbnail."""
    page = Image.new("RGB", (1200, 1600), (214, 208, 196))
    draw = ImageDraw.Draw(page)
    draw.rectangle((90, 120, 1110, 1480), fill=(252, 250, 244))
    for line, text in enumerate((words, "I am sorry about the gate.", "I mended it in my head", "a hundred times.")):
        draw.text((150, 220 + 130 * line), text, font=ImageFont.load_default(64), fill=(24, 32, 60))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = DEVICE
    exif[ExifTags.Base.Artist] = AUTHOR
    exif[ExifTags.Base.ImageDescription] = "planted comment"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", (51.0, 30.0, 12.0)
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "W", (0.0, 7.0, 39.0)
    page.transpose(Image.Transpose.ROTATE_90).save(path, "JPEG", quality=88, exif=exif)
    return path


def speech(path: Path) -> Path:
    """A person speaking, where the machine has the recording; else a voice-like sound of the same length."""
    if SPOKEN.exists():
        shutil.copyfile(SPOKEN, path)
        return path
    voice = "(0.3*sin(2*PI*(120+25*sin(9*t))*t)+0.2*sin(2*PI*720*t)+0.1*sin(2*PI*1240*t))*abs(sin(2*PI*2.2*t))"
    made = ffmpeg.input(f"aevalsrc={voice}:s=48000:d=2", f="lavfi")
    _run(ffmpeg.output(made, str(path), acodec="pcm_s16le"))
    return path


def camera_video(path: Path, seconds: int = 60) -> Path:
    """A phone's video held upright: stored 480 × 270 with a rotation flag, place and device in its tags."""
    flat = path.with_name("flat.mov")
    moving = ffmpeg.input(f"testsrc2=size=480x270:rate=15:duration={seconds}", f="lavfi")
    moving = moving.filter("noise", alls=9, allf="t")
    tone = ffmpeg.input(f"sine=frequency=330:beep_factor=4:sample_rate=48000:duration={seconds}", f="lavfi")
    _run(ffmpeg.output(
        moving, tone, str(flat), vcodec="libx264", preset="ultrafast", crf=27, g=50, pix_fmt="yuv420p", acodec="aac",
    ))  # fmt: skip
    tags = {
        "metadata:g:0": f"location={PLACE}",
        "metadata:g:1": f"com.apple.quicktime.location.ISO6709={PLACE}",
        "metadata:g:2": f"com.apple.quicktime.model={DEVICE}",
        "metadata:g:3": f"artist={AUTHOR}",
    }
    turned = ffmpeg.input(str(flat), display_rotation=90)
    _run(ffmpeg.output(turned, str(path), c="copy", movflags="use_metadata_tags", **tags))
    flat.unlink()
    return path


def is_picture(data: bytes) -> tuple[int, int]:
    """Width and height of a picture that decodes whole; raises otherwise."""
    with Image.open(BytesIO(data)) as image:
        image.load()
        assert not image.getexif()
        return image.size


def _run(stream: object) -> None:
    ffmpeg.run(stream, cmd=imageio_ffmpeg.get_ffmpeg_exe(), quiet=True, overwrite_output=True)
