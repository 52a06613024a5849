"""What was taken out of a message and why, in plain words; never what stood there. For the team and for the author."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exchange.core.edits import MACHINE, Doing, Why
from exchange.core.places import clock
from exchange.web.frame import N_, gettext

WHYS: dict[str, str] = {
    Why.CONTACT: N_("It says how somebody can be reached"),
    Why.WHEREABOUTS: N_("It says where somebody lives, works, learns or goes"),
    Why.NAME: N_("It says a name that is not agreed"),
    Why.OTHERS: N_("It is about somebody else"),
    Why.AGREED: N_("You agreed with us to leave it out"),
    Why.OTHER: N_("Another reason"),
}
"""Read by the author too: `you` is the author."""
_VOICES: dict[str, str] = {
    "lower": N_("The voice sounds lower."),
    "higher": N_("The voice sounds higher."),
    MACHINE: N_("A machine reads the words aloud. The voice itself is not heard."),
}
_SPANS: dict[str, str] = {
    Doing.MUTE: N_("From %(start)s to %(end)s the sound is silent."),
    Doing.BLEEP: N_("From %(start)s to %(end)s there is a tone over the sound."),
    Doing.CUT: N_("From %(start)s to %(end)s it is cut out."),
}
_PICTURE: dict[tuple[str, bool, bool], str] = {
    (Doing.BLUR, True, True): N_("From %(start)s to %(end)s a part of the picture is blurred."),
    (Doing.BLUR, True, False): N_("A part of the picture is blurred, from beginning to end."),
    (Doing.BLUR, False, True): N_("From %(start)s to %(end)s the whole picture is blurred."),
    (Doing.BLUR, False, False): N_("The whole picture is blurred, from beginning to end."),
    (Doing.COVER, True, True): N_("From %(start)s to %(end)s a part of the picture is covered."),
    (Doing.COVER, True, False): N_("A part of the picture is covered, from beginning to end."),
    (Doing.COVER, False, True): N_("From %(start)s to %(end)s the whole picture is covered."),
    (Doing.COVER, False, False): N_("The whole picture is covered, from beginning to end."),
}


@dataclass(frozen=True)
class Told:
    """One change: what is different, why (in the page's language), and the facilitator's own words about it."""

    what: str
    why: str
    words: str


def told(edits: Iterable[Mapping[str, Any]]) -> list[Told]:
    """Of a version, as `redact.as_told` keeps it."""
    return [Told(what(one), gettext(WHYS.get(one["why"], "")) if one["why"] else "", one["words"]) for one in edits]


def what(edit: Mapping[str, Any]) -> str:
    """What is different, and where."""
    doing, part = edit["doing"], edit["part"]
    times = {"start": clock(edit["start"]), "end": clock(edit["end"])}
    if doing == Doing.VOICE:
        sentence = _VOICES[edit["how"]]
        return gettext(sentence)
    if doing == Doing.STRIKE:
        return gettext("Words of the text are left out. In their place stands […].")
    if part.startswith("page-"):
        number = {"number": int(part.removeprefix("page-"))}
        if edit["box"]:
            return gettext("On page %(number)s a part is covered.") % number
        return gettext("Page %(number)s is covered.") % number
    if doing == Doing.FACES:
        return gettext("Every face that was found is blurred. Where none was found, the whole picture is.")
    if doing in _SPANS:
        return gettext(_SPANS[doing]) % times
    return gettext(_PICTURE[doing, bool(edit["box"]), bool(edit["end"])]) % times
