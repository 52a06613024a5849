"""Making recordings safe beside bare ffmpeg commands of the same settings, in turns: time, memory, two at once.

    python -m bench.transcode --minutes 5 --rounds 3

Bare is what somebody would type who trusts the file: one command that measures the loudness and one that makes the
product, with the same binary, filters and encoder options. `media.make` has on top of it: the probe, the sandbox, the
sum of all packets, the check of the product to its end, poster, storyboard and waveform.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg

import media
from bench.recordings import interview, phone, sound, studio
from media import audio, ffmpegs, loudness, video
from media.limits import DEFAULT
from media.workbench import Workbench

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
TICKS = os.sysconf("SC_CLK_TCK")


class Watched:
    """All ffmpeg processes below this one: CPU seconds and the largest resident size (MiB), looked at as they run."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[float, float]] = {}
        self.over = threading.Event()

    @property
    def cpu(self) -> float:
        return sum(seconds for seconds, _ in self.seen.values())

    @property
    def peak(self) -> float:
        return max((size for _, size in self.seen.values()), default=0.0)

    def look(self) -> None:
        """Until it is over, ten times a second: oftener it would be a load of its own."""
        while not self.over.wait(0.1):
            parents = dict(_processes())
            for pid, (above, name) in parents.items():
                while above in parents and above != os.getpid():
                    above, _ = parents[above]  # noqa: PLW2901 - up to ourselves
                if above == os.getpid() and name.startswith("ffmpeg"):
                    self._note(pid)

    def _note(self, pid: int) -> None:
        try:
            times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            size = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        except OSError:
            return
        if size:
            self.seen[pid] = ((int(times[11]) + int(times[12])) / TICKS, int(size[1]) / 1024)


def _processes() -> Iterator[tuple[int, tuple[int, str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                head, _, rest = (folder / "stat").read_text().rpartition(")")
            except OSError:
                continue
            yield int(folder.name), (int(rest.split()[1]), head.partition("(")[2])


@contextmanager
def watched() -> Iterator[Watched]:
    """Watch what runs meanwhile."""
    seen = Watched()
    looking = threading.Thread(target=seen.look)
    looking.start()
    try:
        yield seen
    finally:
        seen.over.set()
        looking.join()


def bare(kind: str, path: Path, folder: Path) -> None:
    """What somebody would type: two commands, one where there is no sound."""
    given = ffmpeg.input(str(path), threads=ffmpegs.THREADS)
    meter = loudness.joined(given["a:0"]).filter("ebur128", peak="sample", framelog="quiet")
    said = _run(ffmpeg.output(meter, "-", f="null"))
    found = re.findall(r"I: +(-?[\d.]+) LUFS", said)
    heard = loudness.lifted(loudness.joined(given["a:0"]), loudness.TARGET - float(found[-1]))
    if kind == "audio":
        _run(ffmpeg.output(heard, str(folder / "bare.m4a"), f="ipod", movflags="+faststart", **audio.ENCODING))
        return
    limits: Any = Workbench.__new__(Workbench)
    object.__setattr__(limits, "limits", DEFAULT)
    picture = video.scaled(given["V:0"], limits)
    _run(
        ffmpeg.output(
            picture, heard, str(folder / "bare.mp4"), movflags="+faststart", **video.ENCODING, **audio.ENCODING
        )
    )


def _run(output: Any) -> str:
    words = ffmpeg.compile(output, cmd=FFMPEG, overwrite_output=True)
    command = [
        words[0],
        "-nostdin",
        "-hide_banner",
        "-nostats",
        "-filter_complex_threads",
        str(ffmpegs.THREADS),
        *words[1:],
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def ours(kind: str, path: Path, folder: Path) -> None:
    """The whole of it."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        media.make(kind, [media.Source(path, path.name)], Path(scratch))


def timed(act: Callable[[], object]) -> float:
    """Seconds by the wall clock."""
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def beside(kind: str, path: Path, length: float, rounds: int, folder: Path) -> None:
    """In turns; medians and their ratio."""
    walls: dict[str, list[float]] = {"bare": [], "ours": []}
    cpus: dict[str, list[float]] = {"bare": [], "ours": []}
    peak = 0.0
    for _ in range(rounds):
        for name, act in (("bare", bare), ("ours", ours)):
            with watched() as seen:
                walls[name].append(timed(lambda act=act: act(kind, path, folder)))  # type: ignore[misc]
            cpus[name].append(seen.cpu)
            peak = max(peak, seen.peak)
    wall = {name: statistics.median(found) for name, found in walls.items()}
    cpu = {name: statistics.median(found) for name, found in cpus.items()}
    ratios = [made / plain for made, plain in zip(walls["ours"], walls["bare"], strict=True)]
    print(
        f"{path.name}: {length:.0f} s long, {path.stat().st_size / 2**20:.0f} MiB;"
        f" bare {wall['bare']:.1f} s, made safe {wall['ours']:.1f} s: {statistics.median(ratios):.2f} x"
        f" (rounds {', '.join(f'{ratio:.2f}' for ratio in ratios)}); CPU {cpu['bare']:.1f} and {cpu['ours']:.1f} s:"
        f" {cpu['ours'] / cpu['bare']:.2f} x; {length / wall['ours']:.1f} times real time;"
        f" largest child {peak:.0f} MiB, this process {_own():.0f} MiB; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def together(path: Path, folder: Path) -> None:
    """Two of the same at once beside one after the other."""
    one = timed(lambda: [ours("video", path, folder) for _ in range(2)])
    with ThreadPoolExecutor(2) as pool:
        both = timed(lambda: list(pool.map(lambda _: ours("video", path, folder), range(2))))
    print(f"two of {path.name}: one after the other {one:.1f} s, at once {both:.1f} s: {both / one:.2f} x", flush=True)


def _own() -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=5, help="of interview; a fifth of it of portrait video")
    parser.add_argument("--sound", type=float, default=60, help="minutes of sound")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--studio", type=int, default=0, metavar="MIB", help="one large recording of a studio as well")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="transcode-") as name:
        folder = Path(name)
        long, short = asked.minutes * 60, asked.minutes * 12
        film = interview(folder / "interview-720p.mp4", long)
        beside("video", film, long, asked.rounds, folder)
        together(interview(folder / "short-720p.mp4", min(60, long)), folder)
        beside("video", phone(folder / "phone-1080p.mov", short), short, asked.rounds, folder)
        beside("audio", sound(folder / "sound.m4a", asked.sound * 60), asked.sound * 60, asked.rounds, folder)
        if asked.studio:
            large, seconds = studio(folder / "studio.wav", asked.studio)
            beside("audio", large, seconds, 1, folder)


if __name__ == "__main__":
    main()
