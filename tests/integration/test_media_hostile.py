"""A sample of the hostile campaign (`make hostile` runs all of it): each family of the corpus, sandboxes in turn.

First it is shown that the traps work: without a sandbox the listener hears and the canaries are found.
"""

import hashlib
import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import media
from media.sandbox import PROVIDERS, Job, Provider, works
from tests.support import campaign
from tests.support.traps import Watch, watching
from tests.vectors.media import inputs
from tests.vectors.media.hostile import corpus, good, mutating
from tests.vectors.media.hostile.case import Case

HERE = [provider for provider in PROVIDERS if works(provider)]
LOOSE = ("-protocol_whitelist", "file,http,tcp,udp,crypto,data", "-allowed_extensions", "ALL", "-extension_picky", "0")


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """The traps, laid once."""
    with watching(tmp_path_factory.mktemp("traps")) as laid:
        yield laid


def _of(watch: Watch, of: str, name: str) -> Case:
    return next(case for case in corpus.classes(watch.traps) if (case.of, case.name) == (of, name))


def _loosely(case: Case, folder: Path, *out: str) -> list[Path]:
    """What a careless service would make of the file: ffmpeg that guesses, with all protocols, unconfined."""
    (folder / case.name).write_bytes(case.data)
    command = [str(inputs.FFMPEG), "-v", "quiet", "-nostdin", "-y", "-rw_timeout", "1000000", "-f", "hls", *LOOSE]
    subprocess.run([*command, "-i", case.name, *out], cwd=folder, check=False, timeout=60)
    return sorted(path for path in folder.iterdir() if path.name != case.name)


def test_without_a_sandbox_the_listener_would_hear(watch: Watch, tmp_path: Path) -> None:
    """A playlist with an address makes a careless ffmpeg call; a datagram is heard too."""
    assert watch.heard() == 0
    _loosely(_of(watch, "HLS: an address", "clip.mp4"), tmp_path, "out.mp4")
    assert watch.heard() > 0
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"leak", ("127.0.0.1", watch.traps.port))
    assert watch.heard() == 1


def test_without_a_sandbox_the_canaries_would_be_found(watch: Watch, tmp_path: Path) -> None:
    """A playlist with a file makes a careless ffmpeg bring picture and sound of it; words are found in any coding."""
    case = _of(watch, "HLS: a file", "clip.mp4")
    film, still = _loosely(case, tmp_path, "out.mp4", "-frames:v", "1", "out.jpg")[::-1]
    words = tmp_path / "text"
    words.write_bytes(b"\0\xff" + watch.words.encode("utf-16-be"))
    parts = (
        media.Part("picture", "video/mp4", film),
        media.Part("poster", "image/jpeg", still),
        media.Part("text", "text/plain; charset=utf-8", words),
    )
    assert watch.leaks(media.Product("video", parts, 1.0)) == ["picture: tone", "poster: colour", "text: words"]


class _Raises:
    """A sandbox that fails in a way of its own."""

    name = "raises"

    def command(self, _job: Job) -> tuple[list[str], Sequence[int]]:
        raise RuntimeError("neither")


class _Dies:
    """A sandbox that takes the worker with it."""

    name = "dies"

    def command(self, _job: Job) -> tuple[list[str], Sequence[int]]:
        os._exit(9)


class _Leaves:
    """A sandbox that lets a process go on."""

    name = "leaves"

    def command(self, _job: Job) -> tuple[list[str], Sequence[int]]:
        subprocess.Popen(["/bin/sleep", "6"])
        raise media.Rejected("damaged")


@pytest.mark.parametrize(
    ("provider", "said"), [(_Raises(), "neither a product"), (_Dies(), "the worker died"), (_Leaves(), "a process was")]
)
def test_the_campaign_notices_what_must_not_be(
    provider: Provider, said: str, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another error than a refusal, a worker that dies, a process left behind: each is told."""
    monkeypatch.setattr("media.sandbox.choose", lambda providers: providers[0])
    kind, data = good.files()["photo.jpg"]
    ran = campaign.run(Case("good", kind, "photo.jpg", data), provider, watch)
    assert [said in what for what in ran.wrong] == [True]


def test_the_campaign_notices_time_and_memory(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """With limits that nothing can keep, a good photo breaks both."""
    kind, data = good.files()["photo.jpg"]
    case = Case("good", kind, "photo.jpg", data)
    (fine,) = [campaign.run(case, HERE[0], watch)]
    assert (fine.said, fine.wrong) == ("made", ())
    # the kernel counts what the process that forks holds as its child's own: a tester of many tests holds a GiB
    assert 20 << 20 < fine.peak < fine.worker + (1 << 30)
    monkeypatch.setattr(campaign, "PEAK", 20 << 20)
    monkeypatch.setattr(campaign, "LONGEST", 0.001)
    assert campaign.run(case, HERE[0], watch).wrong[-2:] == ("it took too long", "it took too much memory")


def test_the_corpus_is_large_and_the_same_for_the_same_seed() -> None:
    """Every format that is taken is broken in every way; the same seed gives the same files, another seed others."""
    some = [[hashlib.sha256(case.data).digest() for case in mutating.mutations(seed, 12)] for seed in (1, 1, 2)]
    assert len(some[0]) == 12 * len(good.files()) == 348
    assert some[0] == some[1]
    assert len(set(some[0]) & set(some[2])) < 40
    endings = {case.name.rpartition(".")[2] for case in mutating.mutations(1, 1)}
    assert {
        "pdf",
        "docx",
        "txt",
        "jpg",
        "png",
        "heic",
        "tiff",
        "mp4",
        "mov",
        "mkv",
        "webm",
        "avi",
        "wav",
        "w64",
    } <= endings
    assert {"3gp", "ogg", "opus", "ogv", "flac", "mp3", "aac", "amr", "wma", "wmv", "aiff", "caf", "m4a"} <= endings


def _sample(watch: Watch) -> list[tuple[Case, Provider]]:
    """One small file of each family and of every second good file's mutations; the sandboxes in turn."""
    small = [case for case in corpus.classes(watch.traps) if len(case.data) < 50_000 and case.of not in corpus.LONG]
    first = {corpus.family(case.of): case for case in reversed(small)}
    mutated = list(mutating.mutations(7, 1))[::2]
    return [(case, HERE[number % len(HERE)]) for number, case in enumerate([*first.values(), *mutated])]


@pytest.mark.slow
def test_hostile_files_end_in_a_product_or_a_refusal(watch: Watch) -> None:
    """No worker dies, nothing leaves, no canary is in any product, nothing stays behind; in time and in memory."""
    runs = [campaign.run(case, provider, watch) for case, provider in _sample(watch)]
    assert campaign.broken(runs) == []
    assert len(runs) > 70
    assert {ran.provider for ran in runs} == {provider.name for provider in HERE}
