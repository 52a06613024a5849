"""Recordings of every kind that people send, whose picture and sound tell what time it is.

Each second has a colour and a tone of its own, an octave above the last: red 400 Hz, green 800 Hz, blue 1,600 Hz.
"""

import subprocess
from pathlib import Path

from tests.vectors.media.inputs import FFMPEG

SECONDS = 3
COLOURS = ("red", "lime", "blue")
TONES = (400, 800, 1600)
PICTURE = tuple(word for colour in COLOURS for word in ("-f", "lavfi", "-i", f"color={colour}:s=160x120:r=10:d=1"))
SOUND = ("-f", "lavfi", "-i", "aevalsrc='0.4*sin(2*PI*400*pow(2,floor(t))*t)':s=48000:d=3")
QUICK = ("-c:v", "libx264", "-preset", "ultrafast")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1", "-c:a", "aac")

FILMS: dict[str, tuple[str, ...]] = {
    "phone.mp4": (*QUICK, "-c:a", "aac"),
    "newer-phone.mov": HEVC,
    "screen.mkv": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
    "recorder.webm": (*VP8, "-f", "webm", "-live", "1"),
    "recorder.mp4": (*QUICK, "-c:a", "aac", "-movflags", "+empty_moov+default_base_moof", "-frag_duration", "250000"),
    "camera.avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "old-phone.3gp": ("-c:v", "h263", "-s", "176x144", "-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"),
    "disc.mpg": ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2", "-f", "mpeg"),
    "windows.wmv": ("-c:v", "wmv2", "-c:a", "wmav2", "-f", "asf"),
    "still-camera.mov": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le"),
    "free.ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "uneven.mp4": (*QUICK, "-c:a", "aac", "-fps_mode", "vfr"),
    "odd.mp4": (*QUICK, "-c:a", "aac"),
    "no-sound.mp4": QUICK,
    "telephone.mkv": (*QUICK, "-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1"),
    "six-channels.mkv": (*QUICK, "-c:a", "ac3", "-ac", "6"),
}
CHANGES = {
    "uneven.mp4": ",select='not(eq(mod(n,5),2))'",
    "odd.mp4": ",scale=161:121,format=yuv444p",
}
SOUNDS: dict[str, tuple[str, ...]] = {
    "memo.m4a": ("-c:a", "aac"), "song.mp3": ("-c:a", "libmp3lame"), "dictated.wav": (), "archive.flac": (),
    "free.ogg": ("-c:a", "libvorbis"), "message.opus": ("-c:a", "libopus"),
    "old-phone.amr": ("-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1"), "bare.aac": ("-c:a", "aac"),
    "recorder.webm": ("-c:a", "libopus", "-f", "webm", "-live", "1"), "windows.wma": ("-c:a", "wmav2", "-f", "asf"),
}  # fmt: skip


def film(folder: Path, name: str) -> Path:
    """One of FILMS."""
    graph = f"[0:v][1:v][2:v]concat=n=3,format=yuv420p{CHANGES.get(name, '')}[seen]"
    silent = name == "no-sound.mp4"
    streams = ("-filter_complex", graph, "-map", "[seen]", *(() if silent else ("-map", "3:a")))
    return _written(folder / name, *PICTURE, *SOUND, *streams, *FILMS[name])


def sound(folder: Path, name: str) -> Path:
    """One of SOUNDS."""
    return _written(folder / name, *SOUND, *SOUNDS[name])


def turned(folder: Path) -> Path:
    """A film that was held upright: lying, with a flag."""
    lying = film(folder, "phone.mp4")
    return _written(folder / "upright.mov", "-display_rotation", "90", "-i", str(lying), "-c", "copy")


def _written(path: Path, *options: str) -> Path:
    command = [str(FFMPEG), "-v", "error", "-nostdin", "-y", *options, "-t", str(SECONDS)]
    if "-live" in options:  # to a pipe, as a recorder in a page does it: no length is ever written
        path.write_bytes(subprocess.run([*command, "pipe:1"], check=True, capture_output=True, timeout=60).stdout)
    else:
        subprocess.run([*command, str(path)], check=True, timeout=60)
    return path
