"""How much of made speech is recognised and how long it takes, how long a mask and a reading take.

    python -m bench.speech

The speech is eSpeak's, so the figures say what the machine does with clear voices; people are harder.
"""

import subprocess
import tempfile
import time
from pathlib import Path

import ffmpeg
import imageio_ffmpeg

import media
from media import speech, voice
from media.speech import Line
from tests.support import spoken

SAID = (
    "I am sorry for what I did to you", "I think about that night every day",
    "I want you to know that I have started to work", "I am trying to change my life",
    "You do not have to answer this", "I will understand if you never want to hear from me",
    "My mother told me what happened after", "I broke the window and I took your things",
)  # fmt: skip


def main() -> None:
    """Print a line for each voice, then the times."""
    with tempfile.TemporaryDirectory(prefix="speech-") as name:
        folder = Path(name)
        for sort in (spoken.CLEAREST, "en-us+f5", "en-us", "en-gb-x-rp", "en-gb-scotland"):
            said = spoken.speech(folder / "said.wav", *SAID, voice=sort)
            sound = media.make("audio", [media.Source(said, "said.wav")], folder)
            begun = time.monotonic()
            words = speech.hear(sound.parts[0].path, folder, language="en")
            took = time.monotonic() - begun
            wrong = spoken.word_errors(" ".join(SAID), " ".join(word.text for word in words))
            print(f"{sort}: word error rate {wrong:.2f}, {took / sound.length:.2f} x real time ({sound.length:.0f} s)")
        begun = time.monotonic()
        read = speech.say([Line(4000 * n, text) for n, text in enumerate(SAID)], folder, language="en")
        print(f"read aloud: {(time.monotonic() - begun) / float(read.parts[0].facts['seconds']):.3f} x real time")
        for how in voice.RATIOS:
            graph = ffmpeg.output(voice.masked(ffmpeg.input(str(said))["a:0"], how), "-", f="null")
            begun = time.monotonic()
            subprocess.run(ffmpeg.compile(graph, cmd=imageio_ffmpeg.get_ffmpeg_exe()), check=True, capture_output=True)
            print(f"masked {how}: {(time.monotonic() - begun) / sound.length:.3f} x real time")


if __name__ == "__main__":
    main()
