"""The tables of types, limits and sentences hang together. Pure."""

import pytest

from media.ffmpegs import DECODERS, Facts, _facts, same_length
from media.limits import DEFAULT, SENTENCES, Code, Rejected
from media.sniff import FAMILIES, KINDS, TYPES


def test_every_type_has_a_family_that_a_kind_takes() -> None:
    """No type is in the table that no kind of message could hold, and no ending belongs to two families."""
    assert {found.family for found in TYPES.values()} == set(FAMILIES) == set().union(*KINDS.values())
    endings = [ending for family in FAMILIES.values() for ending in family]
    assert len(endings) == len(set(endings))


def test_recordings_name_their_demuxer() -> None:
    """Every audio and video type says which demuxer may read it; playlists are not among them."""
    demuxers = {found.demuxer for found in TYPES.values() if found.family == "av"}
    assert "" not in demuxers
    assert demuxers & {"hls", "concat", "dash", "sdp", "image2", "mpegts"} == set()


def test_a_rejection_is_its_sentence() -> None:
    """What people read is the table's sentence; the detail for the log is not part of it."""
    error = Rejected("password", detail="pdf refused")
    assert (error.code, str(error)) == (Code.PASSWORD, SENTENCES[Code.PASSWORD])
    assert "pdf refused" not in str(error)


def test_the_default_is_four_gibibytes() -> None:
    """The largest upload, unless configured otherwise."""
    assert DEFAULT.max_bytes == 4 * 1024**3


HEAD = (
    b"#software: x\n#media_type 0: video\n#codec_id 0: h264\n#dimensions 0: 640x480\n"
    b"#media_type 1: audio\n#codec_id 1: aac\n"
)


def test_facts_come_from_the_header_of_our_own_muxer() -> None:
    """Streams, codecs and size are read from framecrc's header lines."""
    assert _facts(HEAD, 2.5) == Facts(2.5, "h264", "aac", 640, 480)


def test_a_codec_that_is_not_listed_is_refused() -> None:
    """Only codecs of the table are decoded."""
    assert "magicyuv" not in DECODERS
    with pytest.raises(Rejected) as refused:
        _facts(HEAD.replace(b"h264", b"magicyuv"), 1.0)
    assert refused.value.code == "wrong_type"


@pytest.mark.parametrize(
    ("made", "given", "same"),
    [(2.0, 2.0, True), (2.9, 2.0, True), (0.0, 0.5, False), (98.5, 100, True), (90, 100, False)],
)
def test_same_length(made: float, given: float, same: bool) -> None:
    """A product may differ by a second, or two in a hundred, and never be empty."""
    assert same_length(made, given) is same
