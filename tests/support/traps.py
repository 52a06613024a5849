"""Canaries that hostile files point at, a listener that hears what leaves, and the look for both in a product.

The picture canary is of one colour that no input has, the sound canary one high tone: both would be seen and
heard in a product after any re-encoding. The words are looked for in every byte.
"""

import math
import secrets
import socket
import subprocess
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

import media
from tests.vectors.media import inputs
from tests.vectors.media.hostile.case import Traps

COLOUR, NEAR, SHARE = (250, 100, 10), 24, 0.03
TONE, RATE = 2500, 16_000
PASSWD = b"root:x:0:0"


@dataclass
class Watch:
    """The traps as they lie, and who walked into them."""

    traps: Traps
    words: str
    tcp: socket.socket
    udp: socket.socket

    def heard(self) -> int:
        """Connections and datagrams since last asked."""
        return _all(self.tcp) + _all(self.udp)

    def leaks(self, product: media.Product) -> list[str]:
        """What of the canaries is in which part."""
        return [f"{part.name}: {what}" for part in product.parts for what in self._in(part)]

    def _in(self, part: media.Part) -> Iterator[str]:
        data = part.path.read_bytes()
        forms = [self.words.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")]
        if any(form in data for form in (*forms, PASSWD)):
            yield "words"
        if part.media_type.startswith("image/") and _coloured(part.path):
            yield "colour"
        if part.media_type in ("audio/mp4", "video/mp4") and _toned(part.path):
            yield "tone"


@contextmanager
def watching(folder: Path) -> Iterator[Watch]:
    """Canaries in `folder`, and a listener on loopback for TCP and UDP at the same port."""
    words = f"canary-{secrets.token_hex(12)}"
    (folder / "canary.txt").write_text(f"{words}\n")
    inputs.docx.Document().save(str(folder / "canary.docx"))
    Image.new("RGB", (320, 240), COLOUR).save(folder / "canary.png")
    colour, tone = "".join(f"{part:02x}" for part in COLOUR), f"sine=frequency={TONE}:sample_rate={RATE}"
    made = ("-f", "lavfi", "-i", f"color=0x{colour}:s=64x48:r=10", "-f", "lavfi", "-i", tone)
    inputs.ffmpeg(
        folder / "canary.ts", *made, "-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2", "-ar", "16000", seconds=1
    )
    inputs.ffmpeg(folder / "canary.wav", "-f", "lavfi", "-i", tone, seconds=1)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        yield Watch(Traps(folder, port), words, tcp, udp)


def _all(listener: socket.socket) -> int:
    listener.setblocking(False)
    count = 0
    while True:
        try:
            if listener.type == socket.SOCK_STREAM:
                listener.accept()[0].close()
            else:
                listener.recv(1)
            count += 1
        except BlockingIOError:
            return count


def _coloured(path: Path) -> bool:
    """Whether the canary's colour covers more than a spot."""
    with Image.open(path) as image:
        pixels = list(image.convert("RGB").resize((96, 96)).get_flattened_data())
    near = sum(all(abs(a - b) <= NEAR for a, b in zip(pixel, COLOUR, strict=True)) for pixel in pixels)
    return near > SHARE * len(pixels)


def _toned(path: Path) -> bool:
    """Whether the canary's tone is a good part of what is heard (Goertzel's algorithm, first two seconds)."""
    command = [str(inputs.FFMPEG), "-v", "quiet", "-nostdin", "-i", str(path), "-vn", "-t", "2"]
    form = ["-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1"]
    heard = subprocess.run([*command, *form], capture_output=True, check=False, timeout=60).stdout
    return tone_share(array("h", heard[: len(heard) // 2 * 2])) > 0.2


def tone_share(samples: Sequence[int]) -> float:
    """How much of the power of these samples lies at the canary's tone, 0.0 … 1.0."""
    power = sum(sample * sample for sample in samples)
    if power == 0:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * TONE / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    at_tone = before * before + last * last - turn * before * last
    return min(1.0, 2 * at_tone / (len(samples) * power))
