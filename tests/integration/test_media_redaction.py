"""What is taken out is gone from the media themselves: two inputs that differ only there become the same bytes.

The inputs are lossless here, so that nothing of what is taken out lies elsewhere in them to begin with.
"""

import io
import subprocess
import wave
from array import array
from dataclasses import dataclass
from math import cos, log10, pi
from pathlib import Path

import pytest
import tesserocr
from PIL import Image, ImageChops, ImageDraw

import media
from media import video
from media.redaction import GONE, struck
from media.text import clean
from tests.vectors.media import inputs

HERTZ = 48000


@dataclass(frozen=True)
class Edit:
    """What `media.redact` is asked."""

    doing: str
    part: str
    start: int = 0
    end: int = 0
    box: tuple[int, int, int, int] | None = None
    how: str = ""


def sound_part(path: Path, *options: str, seconds: float = 4.0) -> media.Part:
    """A sound without loss in the box that our products have."""
    made = inputs.ffmpeg(
        path,
        *options,
        "-ac",
        "1",
        "-ar",
        str(HERTZ),
        "-c:a",
        "alac",
        "-f",
        "ipod",
        "-movflags",
        "+faststart",
        seconds=seconds,
    )
    return media.Part("sound", "audio/mp4", made, {"seconds": seconds})


def picture_part(path: Path, drawn: str, seconds: float = 3.0) -> media.Part:
    """A video without loss, with a tone."""
    source = ("-f", "lavfi", "-i", f"testsrc2=s=320x240:r=25,{drawn}", *inputs.SOUND)
    exact = (
        "-c:v",
        "libx264",
        "-qp",
        "0",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "alac",
        "-f",
        "mp4",
        "-movflags",
        "+faststart",
    )
    made = inputs.ffmpeg(path, *source, *exact, seconds=seconds)
    return media.Part("picture", "video/mp4", made, {"seconds": seconds, "sound": True})


def redacted(tmp_path: Path, parts: list[media.Part], *edits: Edit) -> dict[str, bytes]:
    """The bytes of every part that is different now."""
    return {part.name: part.path.read_bytes() for part in media.redact(parts, edits, tmp_path)}


def samples(data: bytes, start: float, end: float) -> array:  # type: ignore[type-arg]
    """Samples of a product between two seconds, 16 bits, one channel."""
    command = [str(inputs.FFMPEG), "-v", "error", "-i", "pipe:0", "-ac", "1", "-ar", str(HERTZ), "-f", "wav", "pipe:1"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    with wave.open(io.BytesIO(done.stdout)) as read:
        found = array("h", read.readframes(10 * 60 * HERTZ)[: 2 * read.getnframes()])
    return found[int(start * HERTZ) : int(end * HERTZ)]


def loudest(found: array) -> float:  # type: ignore[type-arg]
    """The peak in dBFS; silence is below -90 (one step of 16 bits is -90.3)."""
    peak = max(abs(sample) for sample in found)
    return 20 * log10(peak / 32768) if peak else -120.0


def strength(found: array, hertz: float) -> float:  # type: ignore[type-arg]
    """How much of one tone there is (Goertzel), 1.0 being full scale."""
    coefficient, before, last = 2 * cos(2 * pi * hertz / HERTZ), 0.0, 0.0
    for sample in found:
        before, last = last, sample / 32768 + coefficient * last - before
    power = last * last + before * before - coefficient * last * before
    return 2 * max(power, 0.0) ** 0.5 / len(found)


def frame(data: bytes, at: float) -> Image.Image:
    """One picture of a product."""
    command = [str(inputs.FFMPEG), "-v", "error", "-i", "pipe:0", "-ss", str(at), "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "pipe:1"]  # fmt: skip  # noqa: E501
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return Image.open(io.BytesIO(done.stdout)).convert("RGB")


def test_a_muted_span_is_silence_and_its_neighbours_are_heard(tmp_path: Path) -> None:
    """At most -90 dBFS within the span; a tenth of a second beside it everything is as it was."""
    part = sound_part(tmp_path / "tone.m4a", *inputs.SOUND)
    made = redacted(tmp_path, [part], Edit("mute", "sound", 1000, 2000))
    assert set(made) == {"sound", "waveform"}
    assert loudest(samples(made["sound"], 1.0, 2.0)) <= -90
    for start, end in ((0.2, 0.9), (2.15, 3.5)):
        assert strength(samples(made["sound"], start, end), 440) == pytest.approx(
            strength(samples(part.path.read_bytes(), start, end), 440), rel=0.05
        )


def test_nothing_of_a_muted_span_is_left_anywhere(tmp_path: Path) -> None:
    """Speech or noise in the span: the new revision is the same to the last byte, waveform and all."""
    made = []
    for name, expression in (("one", "0.3*sin(900*t)"), ("two", "0.9*random(0)")):
        spoken = f"aevalsrc='if(between(t,1,2),{expression},0.3*sin(2764*t))':s={HERTZ}"
        part = sound_part(tmp_path / f"{name}.m4a", "-f", "lavfi", "-i", spoken)
        made.append(redacted(tmp_path, [part], Edit("mute", "sound", 1000, 2000)))
    assert made[0] == made[1]


def test_a_bleep_covers_what_was_there(tmp_path: Path) -> None:
    """The tone of the bleep is heard, nothing of the sound below it; beside it no bleep."""
    part = sound_part(tmp_path / "tone.m4a", *inputs.SOUND)
    made = redacted(tmp_path, [part], Edit("bleep", "sound", 1000, 2000))["sound"]
    inside, outside = samples(made, 1.1, 1.9), samples(made, 2.2, 3.0)
    assert strength(inside, 800) > 0.02
    assert strength(inside, 440) < 0.0005
    assert strength(outside, 440) > 0.05
    assert strength(outside, 800) < 0.0005


def test_a_cut_span_is_not_there_and_the_rest_follows_on(tmp_path: Path) -> None:
    """Four seconds without two spans; what follows is what came after."""
    source = f"aevalsrc='0.3*sin(2*PI*t*if(lt(t,1),300,if(lt(t,2),500,if(lt(t,3),700,900))))':s={HERTZ}"
    part = sound_part(tmp_path / "steps.m4a", "-f", "lavfi", "-i", source)
    found = media.redact([part], [Edit("cut", "sound", 1000, 2000), Edit("cut", "sound", 3500, 9000)], tmp_path)
    assert found[0].facts["seconds"] == pytest.approx(2.5, abs=0.05)
    made = found[0].path.read_bytes()
    assert strength(samples(made, 0.1, 0.9), 300) > 0.1
    assert strength(samples(made, 1.1, 1.9), 700) > 0.1
    assert strength(samples(made, 1.1, 1.9), 500) < 0.01
    assert strength(samples(made, 2.05, 2.4), 900) > 0.1


def test_nothing_is_left_of_a_recording_cut_whole(tmp_path: Path) -> None:
    """Refused with a sentence, and no half product lies about."""
    part = sound_part(tmp_path / "tone.m4a", *inputs.SOUND, seconds=2.0)
    with pytest.raises(media.Rejected) as refused:
        media.redact([part], [Edit("cut", "sound", 0, 5000)], tmp_path)
    assert refused.value.code is media.Code.EMPTY
    assert [path.name for path in tmp_path.iterdir()] == ["tone.m4a"]


def test_what_was_muted_is_not_heard_through_a_masked_voice(tmp_path: Path) -> None:
    """The mask works on what is left; its smear into the silence is taken away too."""
    part = sound_part(tmp_path / "tone.m4a", *inputs.SOUND)
    edits = Edit("mute", "sound", 1000, 2000), Edit("voice", "sound", how="lower")
    made = redacted(tmp_path, [part], *edits)["sound"]
    assert loudest(samples(made, 1.0, 2.0)) <= -90
    assert strength(samples(made, 2.3, 3.3), 440) < 0.01
    assert loudest(samples(made, 2.3, 3.3)) > -40


@pytest.mark.parametrize("doing", ["cover", "cover_all"])
def test_nothing_of_a_covered_region_is_left_anywhere(
    doing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stood there: picture, poster and storyboard are the same to the last byte."""
    # libx264 in several threads does not make the same bytes of the same pictures every time
    monkeypatch.setitem(video.ENCODING, "threads", 1)
    box = None if doing == "cover_all" else (3000, 3000, 3000, 3000)
    made = []
    for name, colour in (("one", "red"), ("two", "white")):
        within = "x=112:y=80:w=64:h=48" if box else "x=0:y=0:w=320:h=240"
        part = picture_part(tmp_path / f"{name}.mp4", f"drawbox={within}:color={colour}:t=fill:enable='between(t,1,2)'")
        made.append(redacted(tmp_path, [part], Edit("cover", "picture", 1000, 2000, box)))
    assert set(made[0]) == {"picture", "poster", "storyboard"}
    assert made[0] == made[1]
    shown = frame(made[0]["picture"], 1.5)
    assert max(high for _, high in shown.crop((112, 80, 176, 128)).getextrema()) < 24  # type: ignore[misc]
    assert max(high for _, high in frame(made[0]["picture"], 0.5).getextrema()) > 128  # type: ignore[misc]


def test_a_blurred_region_keeps_a_few_colours_and_no_writing(tmp_path: Path) -> None:
    """Two patterns that a reader could tell apart and that have the same mean look the same."""
    made = []
    for name, grid in (("one", "4"), ("two", "8")):
        drawn = f"drawgrid=w={grid}:h={grid}:t={int(grid) // 4}:color=white,hue=s=0"
        part = picture_part(tmp_path / f"{name}.mp4", f"drawbox=c=black:t=fill,{drawn}")
        made.append(redacted(tmp_path, [part], Edit("blur", "picture", 0, 0, (0, 0, 10_000, 10_000)))["picture"])
    before = [frame((tmp_path / f"{name}.mp4").read_bytes(), 1.0) for name in ("one", "two")]
    after = [frame(data, 1.0) for data in made]
    assert _apart(*before) > 200
    assert _apart(*after) < 20
    for shown in after:
        assert _edges(shown) < 0.05 * _edges(before[0])


def test_a_cut_video_keeps_picture_and_sound_in_step(tmp_path: Path) -> None:
    """White with a high tone, black with a low one: after a cut they still go together."""
    drawn = "drawbox=c=black:t=fill,drawbox=c=white:t=fill:enable='gte(t,2)'"
    part = picture_part(tmp_path / "steps.mp4", drawn)
    found = media.redact([part], [Edit("cut", "picture", 500, 1500)], tmp_path)
    made = found[0].path.read_bytes()
    assert found[0].facts["seconds"] == pytest.approx(2.0, abs=0.1)
    assert frame(made, 0.8).getpixel((160, 120))[0] < 40  # type: ignore[index]
    assert frame(made, 1.2).getpixel((160, 120))[0] > 200  # type: ignore[index]
    assert len(samples(made, 0, 10)) / HERTZ == pytest.approx(2.0, abs=0.1)


def test_nothing_of_a_covered_line_of_a_page_is_left(tmp_path: Path) -> None:
    """Two letters that differ in one covered line become the same bytes; the lines beside it stay."""
    made = []
    for name, words in (("one", "12 Quay Street"), ("two", "9 Mill Lane, top floor")):
        page = Image.new("RGB", (640, 800), "white")
        pen = ImageDraw.Draw(page)
        pen.text((64, 64), "Dear you,", fill="black", font_size=32)
        pen.text((64, 160), words, fill="black", font_size=32)
        pen.text((64, 320), "I am sorry.", fill="black", font_size=32)
        page.save(tmp_path / f"{name}.jpg", quality=85)
        part = media.Part("page-001", "image/jpeg", tmp_path / f"{name}.jpg", {"width": 640, "height": 800})
        made.append(redacted(tmp_path, [part], Edit("cover", "page-001", box=(1000, 2000, 8000, 600))))
    assert made[0] == made[1]
    shown = Image.open(io.BytesIO(made[0]["page-001"])).convert("L")
    assert max(shown.crop((64, 160, 576, 208)).getextrema()) < 12  # type: ignore[type-var]
    assert min(shown.crop((64, 320, 576, 368)).getextrema()) < 60  # type: ignore[type-var]


def test_a_machine_reads_nothing_of_a_covered_line(tmp_path: Path) -> None:
    """Tesseract reads the line before, and the lines beside it before and after."""
    page = Image.new("RGB", (1240, 800), "white")
    pen = ImageDraw.Draw(page)
    for top, words in ((80, "Dear you,"), (240, "I live at Quay Street"), (480, "I am sorry.")):
        pen.text((80, top), words, fill="black", font_size=56)
    page.save(tmp_path / "page.jpg", quality=90)
    part = media.Part("page-001", "image/jpeg", tmp_path / "page.jpg", {"width": 1240, "height": 800})
    covered = redacted(tmp_path, [part], Edit("cover", "page-001", box=(500, 2800, 9000, 1200)))["page-001"]
    before, after = read_by_machine(page), read_by_machine(Image.open(io.BytesIO(covered)))
    assert "Quay Street" in before
    assert "Quay" not in after
    assert "Street" not in after
    assert "am sorry" in before
    assert "am sorry" in after


def read_by_machine(page: Image.Image) -> str:
    """What Tesseract reads of a page."""
    with tesserocr.PyTessBaseAPI(path=str(Path(media.__file__).parent / "inside" / "tessdata"), lang="eng") as reader:
        reader.SetImage(page)
        return str(reader.GetUTF8Text())


def test_struck_words_are_gone(tmp_path: Path) -> None:
    """The mark tells neither their letters nor how many they were."""
    text = "I live at 12 Quay Street now.\nRing me."
    assert struck(text, [(10, 24), (10, 12), (30, 37)]) == f"I live at {GONE} now.\n{GONE}."
    (tmp_path / "text").write_text(clean(text), encoding="utf-8")
    part = media.Part("text", "text/plain", tmp_path / "text", {"ticked": True})
    found = media.redact([part], [Edit("strike", "text", 10, 24)], tmp_path)
    assert found[0].path.read_text(encoding="utf-8") == clean(f"I live at {GONE} now.\nRing me.")
    assert found[0].facts == {"ticked": True, "characters": len(found[0].path.read_text(encoding="utf-8"))}


def _apart(one: Image.Image, two: Image.Image) -> int:
    return max(high for _, high in ImageChops.difference(one, two).getextrema())  # type: ignore[misc]


def _edges(shown: Image.Image) -> float:
    """How much each pixel differs from the next."""
    grey = shown.convert("L")
    moved = ImageChops.offset(grey, 1, 0)
    histogram = ImageChops.difference(grey, moved).histogram()
    return sum(level * count for level, count in enumerate(histogram)) / (grey.width * grey.height)
