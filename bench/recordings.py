"""Made recordings of any length: somebody who sits and talks, sometimes moves; a phone held upright; a voice."""

import subprocess
from pathlib import Path

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
VOICE = (
    "(0.35*sin(2*PI*(130+20*sin(1.3*t))*t)+0.2*sin(2*PI*(720+60*sin(3*t))*t)+0.1*sin(2*PI*1900*t)"
    "+0.01*(random(0)-0.5))*pow(abs(sin(2*PI*1.9*t)),2)*gt(mod(t,11),2.5)*(0.3+0.7*gt(mod(t,47),15))"
)
"""Syllables, pauses, a near and a far speaker."""
HEAD = (
    "color=c=0xc09070:s={0}x{1}:r=30,format=yuva420p,geq=lum='p(X,Y)+20*sin(X/9)*sin(Y/11)':cb='p(X,Y)':cr='p(X,Y)'"
    ":a='255*lt(hypot((X-{0}/2)/({0}/2),(Y-{1}/2)/({1}/2)),1)',trim=end_frame=1,loop=-1:1,setpts=N/30/TB"
)
ROOM = "mandelbrot=size={0}x{1}:rate=30:start_scale=0.2:maxiter=400,trim=end_frame=1,gblur=2,loop=-1:1,setpts=N/30/TB"
MOVES = (
    "x='(W-w)/2+if(lt(mod(t,20),12),0.03*W*sin(2*t)+0.01*W*sin(5.3*t),0)':y='(H-h)/2+if(lt(mod(t,20),12),9*sin(3*t),0)'"
)
CYCLE = 60
"""Seconds that are made; the rest is the same again, with the time going on."""


def interview(path: Path, seconds: float) -> Path:
    """720p at 30 pictures a second with the grain of a camera, about 8 Mbit/s."""
    return _film(path, seconds, (1280, 720), (260, 340))


def phone(path: Path, seconds: float) -> Path:
    """1080p as a phone held upright keeps it: on its side, with a flag that turns it."""
    return _film(path, seconds, (1920, 1080), (340, 420), turned=True)


def sound(path: Path, seconds: float) -> Path:
    """A voice, mono, AAC at 96 kbit/s."""
    cycle = path.with_name("cycle.m4a")
    _run("-f", "lavfi", "-i", f"aevalsrc='{VOICE}':s=48000", "-t", str(CYCLE), "-c:a", "aac", "-b:a", "96k", str(cycle))
    _run("-stream_loop", "-1", "-i", str(cycle), "-c", "copy", "-t", str(seconds), str(path))
    return path


def studio(path: Path, mib: int) -> tuple[Path, float]:
    """A recording of a studio, 96 kHz, 24 bits, stereo, so many MiB; its seconds."""
    seconds = mib * 2**20 / (96000 * 3 * 2)
    cycle = path.with_name("cycle.wav")
    form = ("-ar", "96000", "-ac", "2", "-c:a", "pcm_s24le")
    _run("-f", "lavfi", "-i", f"aevalsrc='{VOICE}':s=96000", "-t", str(CYCLE), *form, str(cycle))
    _run("-stream_loop", "-1", "-i", str(cycle), "-c", "copy", "-t", str(seconds), str(path))
    return path, seconds


def _film(path: Path, seconds: float, size: tuple[int, int], head: tuple[int, int], *, turned: bool = False) -> Path:
    cycle = path.with_name("cycle.mp4")
    sources = ["-f", "lavfi", "-i", ROOM.format(*size), "-f", "lavfi", "-i", HEAD.format(*head)]
    sources += ["-f", "lavfi", "-i", f"aevalsrc='{VOICE}':s=48000"]
    graph = f"[0:v][1:v]overlay={MOVES},noise=alls=3:allf=t,format=yuv420p[seen]"
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "19", "-g", "60", "-c:a", "aac", "-b:a", "128k"]
    _run(*sources, "-filter_complex", graph, "-map", "[seen]", "-map", "2:a", "-t", str(CYCLE), *codecs, str(cycle))
    turn = ["-display_rotation", "90"] if turned else []
    _run(*turn, "-stream_loop", "-1", "-i", str(cycle), "-c", "copy", "-t", str(seconds), str(path))
    cycle.unlink()
    return path


def _run(*arguments: str) -> None:
    subprocess.run([FFMPEG, "-v", "error", "-nostdin", "-y", *arguments], check=True)
