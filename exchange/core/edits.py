"""What a facilitator takes out of a message before it may be shared, and where that fits (RULES 7, 17). Pure.

An edit names a part of the *clean revision* of a round, and a place in it: all edits of a round together make the next
version from that one, so any of them can be taken back by making another version. What the media then look like is the
work of `media.redaction`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from exchange.core.errors import BadInput
from exchange.core.model import Kind

MOST = 300
"""Edits of one message; more would be another message."""
MOST_OF: dict[str, int] = {"blur": 20, "cut": 60, "voice": 1, "faces": 1}
MACHINE = "machine"
"""As the voice: the captions are read aloud by a machine, and nothing of the recording is heard."""
VOICES = ("lower", "higher", MACHINE)
WHOLE = 10_000
"""Places on a page or picture are in ten-thousandths of its width and height."""

Box = tuple[int, int, int, int]


class Doing(StrEnum):
    """What is done to a place."""

    COVER = "cover"
    BLUR = "blur"
    FACES = "faces"
    STRIKE = "strike"
    MUTE = "mute"
    BLEEP = "bleep"
    CUT = "cut"
    VOICE = "voice"


class Why(StrEnum):
    """Why it is done; each is a sentence that the author reads (rule 7)."""

    CONTACT = "contact"
    WHEREABOUTS = "whereabouts"
    NAME = "name"
    OTHERS = "others"
    AGREED = "agreed"
    OTHER = "other"


@dataclass(frozen=True)
class Edit:
    """One thing to take out.

    `part`: page-001 …, text, sound or picture. `start`, `end` (behind the last): milliseconds of a recording,
    characters of a text; 0, 0 of a picture: from beginning to end. `box`: left, top, width, height in ten-thousandths,
    None for the whole picture. `how`: of a voice, one of VOICES.
    """

    doing: Doing
    part: str
    start: int = 0
    end: int = 0
    box: Box | None = None
    how: str = ""


FITTING: dict[Kind, dict[Doing, str]] = {
    Kind.LETTER: {Doing.COVER: "page-", Doing.STRIKE: "text"},
    Kind.AUDIO: dict.fromkeys((Doing.MUTE, Doing.BLEEP, Doing.CUT, Doing.VOICE), "sound"),
    Kind.VIDEO: dict.fromkeys((d for d in Doing if d is not Doing.STRIKE), "picture"),
}
TELLS_WORDS = (Doing.STRIKE, Doing.MUTE, Doing.BLEEP, Doing.CUT)
OF_SOUND = (Doing.MUTE, Doing.BLEEP, Doing.VOICE)


def check(edit: Edit, kind: Kind, parts: Mapping[str, Mapping[str, Any]], others: Sequence[Edit] = ()) -> None:
    """Raise BadInput, with the field, unless this fits these parts (name: facts) and the edits there already."""
    wanted = FITTING[kind].get(edit.doing)
    if wanted is None or not edit.part.startswith(wanted) or edit.part not in parts:
        raise BadInput("That cannot be done to this part of the message. Nothing was changed.", field="doing")
    facts = parts[edit.part]
    if edit.doing in OF_SOUND and facts.get("sound") is False:
        raise BadInput("This video has no sound.", field="doing")
    if edit in others:
        raise BadInput("This is in the list already.", field="doing")
    same = sum(other.doing is edit.doing for other in others)
    if same >= MOST_OF.get(edit.doing, MOST) or len(others) >= MOST:
        raise BadInput("There are too many changes of this kind. Take one back first.", field="doing")
    _check_box(edit)
    _check_span(edit, facts)


def _check_box(edit: Edit) -> None:
    if edit.box is None:
        return
    left, top, width, height = edit.box
    inside = min(left, top) >= 0 and min(width, height) > 0 and max(left + width, top + height) <= WHOLE
    if edit.doing not in (Doing.COVER, Doing.BLUR) or not inside:
        raise BadInput("The place must lie on the picture, and have a width and a height.", field="box")


def _check_span(edit: Edit, facts: Mapping[str, Any]) -> None:
    if edit.doing is Doing.VOICE:
        if edit.how not in VOICES or (edit.start, edit.end) != (0, 0):
            raise BadInput("Choose what becomes of the voice.", field="how")
        if edit.how == MACHINE and edit.part != "sound":
            raise BadInput("Only a recording of sound can be read aloud by a machine.", field="how")
        return
    whole = (edit.start, edit.end) == (0, 0) and edit.doing in (Doing.COVER, Doing.BLUR, Doing.FACES)
    if edit.how or (not whole and (edit.doing is Doing.FACES or edit.part.startswith("page-"))):
        raise BadInput("That cannot be done to this part of the message. Nothing was changed.", field="doing")
    if whole:
        return
    text = edit.doing is Doing.STRIKE
    longest = int(facts.get("characters", 0)) if text else int(1000 * float(facts.get("seconds", 0)))
    if not 0 <= edit.start < edit.end:
        raise BadInput("The end must come after the beginning.", field="end")
    if edit.start >= longest or (text and edit.end > longest):
        raise BadInput("This lies behind the end of the message.", field="start")


def words_taken_out(edits: Sequence[Edit]) -> set[Edit]:
    """Those that take out words, which another text beside the message may still say."""
    return {edit for edit in edits if edit.doing in TELLS_WORDS or edit.part.startswith("page-")}


def to_json(edit: Edit) -> str:
    """As it is sealed."""
    return json.dumps(asdict(edit), separators=(",", ":"))


def from_json(text: str) -> Edit:
    """What `to_json` gave; what else is said beside it is left out."""
    found = {field.name: json.loads(text)[field.name] for field in fields(Edit)}
    box = found["box"]
    return Edit(**{**found, "doing": Doing(found["doing"]), "box": tuple(box) if box else None})
