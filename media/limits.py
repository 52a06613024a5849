"""How much is taken, and what people are told when something is not (DESIGN section 10).

All sentences of this package are in `SENTENCES`, in English; the English string is the msgid.
A sentence says what happened, that nothing is lost, and what to do next. None holds a file name,
a number from the file or any other hostile value.
"""

from dataclasses import dataclass
from enum import StrEnum

GIB = 1 << 30


class Code(StrEnum):
    """Why a file was not taken: one word for logs and the API, one sentence for people."""

    WRONG_TYPE = "wrong_type"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    PASSWORD = "password"  # noqa: S105 - a reason, not a secret
    DISGUISED = "disguised"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_LONG = "too_long"
    NO_SOUND = "no_sound"
    NO_PICTURE = "no_picture"
    DAMAGED = "damaged"
    UNSAFE = "unsafe"
    NEEDS_OFFICE = "needs_office"
    NO_SANDBOX = "no_sandbox"
    TOOK_TOO_LONG = "took_too_long"
    NO_FACES = "no_faces"
    NO_LETTERS = "no_letters"


SENTENCES: dict[Code, str] = {
    Code.WRONG_TYPE: (
        "We cannot use this kind of file here. Nothing is lost: your file is unchanged. For a "
        "letter send a PDF, a Word document, a text file or photos of the pages; for sound or video "
        "send a recording from a phone or computer."
    ),
    Code.EMPTY: (
        "This file is empty. Nothing is lost: look at the file on your own device, and send the one "
        "that has something in it."
    ),
    Code.TRUNCATED: (
        "The end of this file is missing, so it was probably cut off while being saved or sent. "
        "Nothing is lost: the file on your own device is unchanged. Check that it opens there, and "
        "send it again."
    ),
    Code.TOO_LARGE: (
        "This file is larger than this service takes. Nothing is lost: make it shorter or save it "
        "in a smaller size, or ask the service for help."
    ),
    Code.PASSWORD: (
        "This document is locked with a password. Nothing is lost: save it without a password, or "
        "print and photograph it, and send that."
    ),
    Code.DISGUISED: (
        "What is in this file does not match its name, so it was not opened. Nothing is lost: save "
        "it again from the program you made it with, and send that."
    ),
    Code.TOO_MANY_PIXELS: (
        "This picture is far larger than a page needs, so it was not opened. Nothing is lost: save "
        "it in a smaller size or photograph the page again, and send that."
    ),
    Code.TOO_MANY_PAGES: (
        "This has more pages than this service takes at once. Nothing is lost: split it into "
        "shorter parts, and send them one after the other."
    ),
    Code.TOO_LONG: (
        "This recording is longer than this service takes at once. Nothing is lost: cut it into "
        "shorter parts, and send them one after the other."
    ),
    Code.NO_SOUND: (
        "There is no sound in this recording. Nothing is lost: check on your own device that you "
        "can hear it, switch the microphone on, and record it again."
    ),
    Code.NO_PICTURE: (
        "There are no pictures in this recording, only sound. Nothing is lost: put it in again as "
        "an audio message, or send a video."
    ),
    Code.DAMAGED: (
        "This file is damaged and cannot be read to its end. Nothing is lost: check that it opens "
        "on your own device, save it again, and send that."
    ),
    Code.UNSAFE: (
        "Something in this file did not pass our safety check, so nothing of it was kept for "
        "showing. Nothing is lost: save it in another form, or print and photograph it, and send "
        "that."
    ),
    Code.NEEDS_OFFICE: (
        "This service cannot read this kind of document. Nothing is lost: save it as a PDF or as a "
        "Word document (.docx), and send that."
    ),
    Code.NO_SANDBOX: (
        "This file cannot be opened safely on this computer at the moment, so it was not opened. "
        "Nothing is lost: it stays locked away until the service has been put right."
    ),
    Code.TOOK_TOO_LONG: (
        "Making a safe copy of this file took too long, so we stopped. Nothing is lost: try again "
        "later, or send it in shorter parts."
    ),
    Code.NO_FACES: (
        "This service has nothing that finds faces in a video, so nothing was changed. Nothing is lost: take that "
        "change back, and cover or blur a part of the picture, or all of it."
    ),
    Code.NO_LETTERS: (
        "This is written in letters that this service cannot set in a PDF yet. Nothing is lost: print the page in your "
        "browser instead."
    ),
}


class Rejected(Exception):
    """The file is not taken. `code` is for programs, `sentence` (also `str(error)`) for people.

    `detail` is for the operator's log only: it may quote a tool, never the file's content or name.
    """

    def __init__(self, code: Code | str, sentence: str | None = None, *, detail: str = "") -> None:
        self.code = Code(code)
        self.sentence = sentence or SENTENCES[self.code]
        self.detail = detail
        super().__init__(self.sentence)


@dataclass(frozen=True)
class Limits:
    """Caps on what goes in and what comes out. Bytes, pixels, seconds, counts."""

    max_bytes: int = 4 * GIB
    max_sources: int = 100
    max_pages: int = 200
    max_pixels: int = 120_000_000
    max_side: int = 30_000
    page_side: int = 2480
    max_text: int = 1_000_000
    max_document_bytes: int = 512 << 20
    max_zip_entries: int = 5_000
    max_zip_bytes: int = 1 * GIB
    audio_seconds: float = 4 * 3600.0
    video_seconds: float = 2 * 3600.0
    video_long_side: int = 1920
    video_short_side: int = 1080
    video_fps: int = 30
    product_bytes: int = 8 * GIB
    probe_seconds: float = 30.0
    work_seconds: float = 60.0
    document_seconds: float = 110.0  # so that with TERM and KILL nothing takes two minutes
    stall_seconds: float = 60.0
    reading_seconds: float = 1200.0
    page_seconds: float = 30.0
    memory_bytes: int = 4 * GIB

    def seconds(self, kind: str) -> float:
        """The longest recording of this kind, in seconds."""
        return self.video_seconds if kind == "video" else self.audio_seconds


DEFAULT = Limits()
