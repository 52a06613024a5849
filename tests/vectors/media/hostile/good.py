"""A small good file of every format that is taken: what the mutations start from."""

import functools
import tempfile
from pathlib import Path

from PIL import Image

from tests.vectors.media import inputs

_SEEN = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10")
_HEARD = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000")
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")

# name of the file: kind of message, ffmpeg's options
_FILMS = {
    "film.mp4": _X264,
    "fragments.mp4": (*_X264, "-movflags", "+empty_moov+default_base_moof", "-frag_duration", "100000", "-g", "3"),
    "film.mov": ("-c:v", "mjpeg", "-q:v", "20", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le", "-ar", "8000"),
    "film.3gp": ("-c:v", "h263", "-s", "128x96", "-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"),
    "film.mkv": (*_X264[:-1], "flac"),
    "film.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-b:a", "16k"),
    "film.avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame", "-b:a", "16k"),
    "film.ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "film.wmv": ("-c:v", "wmv2", "-c:a", "wmav2", "-f", "asf"),
}
_SOUNDS = {
    "sound.m4a": ("-c:a", "aac"),
    "sound.mp3": ("-c:a", "libmp3lame", "-b:a", "16k"),
    "sound.wav": ("-ar", "8000"),
    "sound.w64": ("-ar", "8000", "-c:a", "pcm_s16le"),
    "sound.flac": ("-ar", "8000"),
    "sound.ogg": ("-c:a", "libvorbis"),
    "sound.opus": ("-c:a", "libopus", "-b:a", "16k"),
    "sound.aac": ("-c:a", "aac"),
    "sound.amr": ("-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"),
    "sound.wma": ("-c:a", "wmav2", "-f", "asf"),
    "sound.aiff": ("-ar", "8000"),
    "sound.caf": ("-c:a", "pcm_s16le", "-ar", "8000"),
}


@functools.cache
def files() -> dict[str, tuple[str, bytes]]:
    """The file's name: kind of message, bytes. Made once for a process."""
    with tempfile.TemporaryDirectory(prefix="good-") as name:
        folder = Path(name)
        made = {file.name: ("letter", file.read_bytes()) for file in _letters(folder)}
        for title, options in _FILMS.items():
            path = inputs.ffmpeg(folder / title, *_SEEN, *_HEARD, *options, seconds=0.4)
            made[title] = ("video", path.read_bytes())
        for title, options in _SOUNDS.items():
            path = inputs.ffmpeg(folder / title, *_HEARD, *options, seconds=0.4)
            made[title] = ("audio", path.read_bytes())
    return made


def _letters(folder: Path) -> list[Path]:
    small = inputs.drawing(64, 48)
    for name in ("scan.png", "photo.heic"):
        inputs.pillow_heif.register_heif_opener()
        small.save(folder / name)
    small.save(folder / "progressive.jpg", progressive=True)
    small.save(folder / "scan.tiff", save_all=True, append_images=[Image.new("L", (40, 30))], compression="tiff_lzw")
    (folder / "letter.txt").write_text("Dear you,\n\nI am well – “really”.\n", encoding="utf-8")
    made = [inputs.photo(folder / "photo.jpg"), inputs.pdf(folder / "letter.pdf"), inputs.word(folder / "letter.docx")]
    names = ("scan.png", "photo.heic", "progressive.jpg", "scan.tiff", "letter.txt")
    return made + [folder / name for name in names]
