"""What may be taken out of what: refused with a sentence unless it fits (RULES 7, 17)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.core.edits import MOST_OF, Doing, Edit, check, from_json, to_json
from exchange.core.errors import BadInput
from exchange.core.model import Kind

PARTS: dict[Kind, dict[str, dict[str, Any]]] = {
    Kind.LETTER: {"page-001": {"width": 800}, "text": {"characters": 100}},
    Kind.AUDIO: {"sound": {"seconds": 12.5}, "waveform": {}},
    Kind.VIDEO: {"picture": {"seconds": 60.0, "sound": True}, "poster": {}},
}
GOOD = (
    (Kind.LETTER, Edit(Doing.COVER, "page-001", box=(0, 0, 10_000, 10_000))),
    (Kind.LETTER, Edit(Doing.COVER, "page-001")),
    (Kind.LETTER, Edit(Doing.STRIKE, "text", 99, 100)),
    (Kind.AUDIO, Edit(Doing.MUTE, "sound", 0, 1)),
    (Kind.AUDIO, Edit(Doing.BLEEP, "sound", 12_000, 13_000)),
    (Kind.AUDIO, Edit(Doing.CUT, "sound", 1, 2)),
    (Kind.AUDIO, Edit(Doing.VOICE, "sound", how="lower")),
    (Kind.VIDEO, Edit(Doing.MUTE, "picture", 5, 9)),
    (Kind.VIDEO, Edit(Doing.BLUR, "picture")),
    (Kind.VIDEO, Edit(Doing.BLUR, "picture", 100, 200, (1, 2, 3, 4))),
    (Kind.VIDEO, Edit(Doing.COVER, "picture", 100, 200)),
    (Kind.VIDEO, Edit(Doing.FACES, "picture")),
)
BAD = (
    (Kind.LETTER, Edit(Doing.COVER, "page-002"), "doing"),
    (Kind.LETTER, Edit(Doing.COVER, "text"), "doing"),
    (Kind.LETTER, Edit(Doing.MUTE, "text", 1, 2), "doing"),
    (Kind.LETTER, Edit(Doing.COVER, "page-001", 1, 2), "doing"),
    (Kind.LETTER, Edit(Doing.COVER, "page-001", box=(9_000, 0, 2_000, 10)), "box"),
    (Kind.LETTER, Edit(Doing.COVER, "page-001", box=(0, 0, 0, 10)), "box"),
    (Kind.LETTER, Edit(Doing.COVER, "page-001", box=(-1, 0, 10, 10)), "box"),
    (Kind.LETTER, Edit(Doing.STRIKE, "text", 0, 101), "start"),
    (Kind.LETTER, Edit(Doing.STRIKE, "text", 5, 5), "end"),
    (Kind.LETTER, Edit(Doing.STRIKE, "text", 5, 9, (0, 0, 1, 1)), "box"),
    (Kind.AUDIO, Edit(Doing.MUTE, "sound"), "end"),
    (Kind.AUDIO, Edit(Doing.MUTE, "sound", 12_500, 13_000), "start"),
    (Kind.AUDIO, Edit(Doing.CUT, "sound", 9, 3), "end"),
    (Kind.AUDIO, Edit(Doing.CUT, "sound", -5, 3), "end"),
    (Kind.AUDIO, Edit(Doing.MUTE, "waveform", 1, 2), "doing"),
    (Kind.AUDIO, Edit(Doing.BLUR, "sound"), "doing"),
    (Kind.AUDIO, Edit(Doing.VOICE, "sound", how="funny"), "how"),
    (Kind.VIDEO, Edit(Doing.VOICE, "picture", how="machine"), "how"),
    (Kind.AUDIO, Edit(Doing.VOICE, "sound", 1, 2, how="lower"), "how"),
    (Kind.AUDIO, Edit(Doing.MUTE, "sound", 1, 2, how="lower"), "doing"),
    (Kind.VIDEO, Edit(Doing.STRIKE, "picture", 1, 2), "doing"),
    (Kind.VIDEO, Edit(Doing.BLUR, "poster"), "doing"),
    (Kind.VIDEO, Edit(Doing.FACES, "picture", 1, 2), "doing"),
    (Kind.VIDEO, Edit(Doing.FACES, "picture", box=(0, 0, 1, 1)), "box"),
    (Kind.AUDIO, Edit(Doing.FACES, "sound"), "doing"),
)


@pytest.mark.parametrize(("kind", "edit"), GOOD)
def test_what_fits_is_taken(kind: Kind, edit: Edit) -> None:
    """And comes back from the sealed form as it was."""
    check(edit, kind, PARTS[kind])
    assert from_json(to_json(edit)) == edit


@pytest.mark.parametrize(("kind", "edit", "field"), BAD)
def test_what_does_not_fit_is_refused(kind: Kind, edit: Edit, field: str) -> None:
    """With the field that is wrong."""
    with pytest.raises(BadInput) as refused:
        check(edit, kind, PARTS[kind])
    assert refused.value.field == field


def test_a_video_without_sound_cannot_be_muted() -> None:
    """Nothing to silence."""
    with pytest.raises(BadInput):
        check(Edit(Doing.MUTE, "picture", 1, 2), Kind.VIDEO, {"picture": {"seconds": 9.0, "sound": False}})


def test_the_list_has_an_end_and_nothing_twice() -> None:
    """One voice, so many blurs and cuts, and no edit that is there already."""
    one = Edit(Doing.CUT, "sound", 1, 2)
    with pytest.raises(BadInput):
        check(one, Kind.AUDIO, PARTS[Kind.AUDIO], [one])
    with pytest.raises(BadInput):
        check(
            Edit(Doing.VOICE, "sound", how="lower"), Kind.AUDIO, PARTS[Kind.AUDIO],
            [Edit(Doing.VOICE, "sound", how="higher")],
        )  # fmt: skip
    many = [replace(one, start=n, end=n + 1) for n in range(2, 2 + MOST_OF["cut"])]
    with pytest.raises(BadInput):
        check(one, Kind.AUDIO, PARTS[Kind.AUDIO], many)


NUMBERS = st.integers(-20_000, 80_000)
EDITS = st.builds(
    Edit,
    st.sampled_from(Doing),
    st.sampled_from(["page-001", "text", "sound", "picture", "poster", "../text", ""]),
    NUMBERS,
    NUMBERS,
    st.none() | st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.sampled_from(["", "lower", "higher", "x"]),
)


@given(st.sampled_from(Kind), EDITS)
def test_whatever_is_taken_lies_within_the_message(kind: Kind, edit: Edit) -> None:
    """Refused with BadInput, or inside."""
    try:
        check(edit, kind, PARTS[kind])
    except BadInput:
        return
    assert edit.part in PARTS[kind]
    assert edit.start >= 0
    assert edit.end > edit.start or (edit.start, edit.end) == (0, 0)
    left, top, width, height = edit.box or (0, 0, 1, 1)
    assert min(left, top) >= 0 < min(width, height)
    assert max(left + width, top + height) <= 10_000
