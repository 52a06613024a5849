"""Limits of every sandbox that works here: time, progress, talk, memory, files, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from media.limits import Rejected
from media.sandbox import PROVIDERS, Job, Provider, run, works
from media.sandbox import job as jobs
from tests.vectors.media import inputs

HERE = [provider for provider in PROVIDERS if works(provider)]


@pytest.fixture(params=HERE, ids=lambda p: p.name)
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider that works here."""
    return request.param  # type: ignore[no-any-return]


def _python(folder: Path, code: str, **limits: float) -> Job:
    folder.mkdir(exist_ok=True)
    return Job(folder=folder, program=Path(sys.executable), arguments=("-I", "-u", "-c", code), **limits)  # type: ignore[arg-type]


def test_time_is_limited(provider: Provider, tmp_path: Path) -> None:
    """A child that goes on for too long is ended, even when it ignores TERM."""
    code = "import signal,time\nsignal.signal(15, signal.SIG_IGN)\nwhile True: print(1); time.sleep(.05)"
    begun = time.monotonic()
    with pytest.raises(Rejected) as refused:
        run(provider, _python(tmp_path / "f", code, seconds=1.0))
    assert refused.value.code == "took_too_long"
    assert time.monotonic() - begun < 6


def test_no_progress_is_limited(provider: Provider, tmp_path: Path) -> None:
    """A child that says things but gets nowhere is ended."""
    code = "import time\nwhile True: print('still here'); time.sleep(.05)"
    with pytest.raises(Rejected) as refused:
        run(provider, _python(tmp_path / "f", code, seconds=30, stall_seconds=0.7), lambda _line: False)
    assert (refused.value.code, refused.value.detail) == ("took_too_long", "stall")


def test_output_is_capped(provider: Provider, tmp_path: Path) -> None:
    """A child that talks without end neither fills memory nor blocks."""
    outcome = run(provider, _python(tmp_path / "f", "import sys\nfor _ in range(200): sys.stdout.write('x'*65536)"))
    assert (outcome.code, len(outcome.out)) == (0, 4 << 20)


def test_memory_and_file_size_are_limited(provider: Provider, tmp_path: Path) -> None:
    """More memory than allowed is not given, a file cannot grow past its limit."""
    code = "try: bytearray(1<<30)\nexcept MemoryError: print('memory')\nopen('f','wb').write(bytes(3<<20))"
    outcome = run(provider, _python(tmp_path / "f", code, memory_bytes=512 << 20, file_bytes=1 << 20))  # type: ignore[arg-type]
    assert outcome.out.strip() == b"memory"
    assert outcome.code != 0
    assert (tmp_path / "f" / "f").stat().st_size <= 1 << 20


def test_ffmpeg_itself_reads_no_other_file(provider: Provider, tmp_path: Path) -> None:
    """Even ffmpeg told to follow playlists and all protocols gets no byte of a canary next door."""
    canary = inputs.video(tmp_path / "canary.ts", "-f", "mpegts", seconds=1)
    given = inputs.playlist(tmp_path / "list.m3u8", canary)
    folder = tmp_path / "f"
    folder.mkdir()
    loose = (
        "-protocol_whitelist",
        "file,fd",
        "-allowed_extensions",
        "ALL",
        "-extension_picky",
        "0",
        "-f",
        "hls",
    )
    arguments = ("-v", "error", "-fd", "3", *loose, "-i", "fd:", "-c", "copy", "out.ts")
    outcome = run(provider, Job(folder=folder, program=inputs.FFMPEG, arguments=arguments, input=given))
    assert outcome.code != 0
    assert [path for path in folder.iterdir() if path.stat().st_size] == []


def test_nothing_is_left_of_the_group(provider: Provider, tmp_path: Path) -> None:
    """When a run ends early no process of it goes on."""
    marker = f"marker-{os.getpid()}-{provider.name}"
    with pytest.raises(Rejected):
        run(provider, _python(tmp_path / "f", f"import time; '{marker}'; time.sleep(60)", seconds=0.6))
    found = subprocess.run(["pgrep", "-f", marker], capture_output=True, text=True, check=False).stdout.split()
    assert [pid for pid in found if int(pid) != os.getpid()] == []


def test_a_provider_that_fails_is_not_trusted(tmp_path: Path) -> None:
    """The probe tells a provider that confines nothing from one that does."""

    class Open:
        name = f"open-{signal.SIGTERM}"

        def command(self, job: Job) -> tuple[list[str], tuple[int, ...]]:
            code = "import runpy,sys; sys.argv=sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
            return [sys.executable, "-c", code, str(jobs.INSIDE / "probe.py"), *job.arguments], ()

    assert works(Open()) is False
