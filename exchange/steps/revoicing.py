"""A recording whose captions are read aloud by a machine in place of the voice: nothing of the recording is heard.

What is said are the captions as the new version has them: words that are silent or cut out are not read.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import media
from exchange.core import captions as vtt
from exchange.core.captions import GONE, Piece, cue
from exchange.store.service import Service
from media import speech
from media.limits import Code, Rejected
from media.speech import Line, NoEngine

Beside = Mapping[str, tuple[Any, bytes]]
"""Texts of the new version: the part as it was typed, and its words (`retimed.retold`)."""


async def read_aloud(service: Service, beside: Beside, scratch: Path) -> tuple[tuple[media.Part, ...], Beside]:
    """The sound and its drawing, and the texts with the times of the reading. Raises Rejected."""
    if "captions" not in beside:
        raise Rejected(Code.EMPTY, detail="there are no captions to read")
    row, body = beside["captions"]
    lines = vtt.parse(body.decode("utf-8"))
    told = [Line(one.start, one.text.replace(GONE, " ")) for one in lines]
    language = str(row.facts.get("language", "en"))
    try:
        spoken = await asyncio.to_thread(speech.say, told, scratch, language=language, ffmpeg=service.settings.ffmpeg)
    except NoEngine:
        raise Rejected(Code.NO_SOUND, detail="no voice of this language") from None
    # a line of which nothing is left takes no time
    timed = [
        cue(start, max(end, start + 1), [Piece(one.text)])
        for one, (start, end) in zip(lines, spoken.times, strict=True)
    ]
    made = vtt.write(tuple(one for one in timed if one))
    return spoken.parts, {**beside, "captions": (row, made.encode())}
