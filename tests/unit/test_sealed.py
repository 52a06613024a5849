import hashlib
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.core.errors import Unreadable
from exchange.core.sealed import (
    CHUNK,
    HEADER,
    RUN,
    SEALED_CHUNK,
    TAG,
    Bytes,
    RangeReader,
    Sealer,
    context,
    open_whole,
    plain_length,
    seal,
    seal_iter,
    sealed_length,
)

KEY = hashlib.sha256(b"a data key").digest()
NAMED = context("service", "case", "message", "part", "purpose")
PLAIN = b"".join(hashlib.sha512(bytes([n % 256, n // 256])).digest() for n in range(1 + 5 * CHUNK // 64))
FIVE = PLAIN[: 4 * CHUNK + 700]
SEALED = seal(KEY, NAMED, FIVE)


def reader(whole: bytes, key: bytes = KEY, named: bytes = NAMED) -> RangeReader:
    """A range reader that is told the true size."""
    return RangeReader(key, named, whole[:HEADER], len(whole))


def read(whole: bytes, start: int, stop: int) -> bytes:
    """One range through the range reader."""
    ranges = reader(whole)
    first, upto = ranges.span(start, stop)
    return ranges.open(start, stop, whole[first:upto])


def prove_end(whole: bytes) -> RangeReader:
    """A range reader that has opened the object's last chunk."""
    ranges = reader(whole)
    first, stop = ranges.end_span()
    ranges.check_end(whole[first:stop])
    return ranges


def refused(whole: bytes, start: int, stop: int) -> bool:
    """Whether the range reader gives no byte of the range."""
    try:
        read(whole, start, stop)
    except Unreadable:
        return True
    return False


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK])
def test_lengths_are_those_of_the_real_bytes(size: int) -> None:
    """sealed_length and plain_length are each other's inverse and agree with the library."""
    whole = seal(KEY, NAMED, PLAIN[:size])
    assert sealed_length(size) == len(whole)
    assert plain_length(len(whole)) == size
    assert open_whole(KEY, NAMED, whole) == PLAIN[:size]


def test_impossible_sizes_are_refused() -> None:
    """Every size that no plaintext has: negative, header only, cut at a boundary, cut inside a last tag."""
    possible = {sealed_length(size) for size in range(2 * CHUNK + 20)}
    tried = [*range(-3, 100), *range(HEADER + SEALED_CHUNK - 20, HEADER + SEALED_CHUNK + 40)]
    for size in tried:
        if size not in possible:
            with pytest.raises(Unreadable):
                plain_length(size)
    with pytest.raises(Unreadable):
        plain_length(HEADER + SEALED_CHUNK * (1 << 38) + TAG)
    for length in (-1, CHUNK << 38):
        with pytest.raises(ValueError, match="length"):
            sealed_length(length)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(0, 5 * CHUNK))
def test_range_reader_equals_the_library(data: st.DataObject, size: int) -> None:
    """For any size and any range, the range reader gives what Cobblestone256Decryptor gives."""
    whole = seal(KEY, NAMED, PLAIN[:size])
    plain = open_whole(KEY, NAMED, whole)
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    assert read(whole, start, stop) == plain[start:stop]


def test_ranges_at_every_edge() -> None:
    """Ranges that begin or end one byte around each chunk edge."""
    edges = sorted({min(len(FIVE), max(0, k * CHUNK + d)) for k in range(6) for d in (-1, 0, 1)})
    for start, stop in product(edges, edges):
        if start <= stop:
            assert read(SEALED, start, stop) == FIVE[start:stop]


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (5, 4), (0, len(FIVE) + 1), (len(FIVE) + 1, len(FIVE) + 1)])
def test_a_range_outside_the_object_is_refused(start: int, stop: int) -> None:
    """Asking for what is not there is Unreadable, not an empty answer."""
    with pytest.raises(Unreadable):
        reader(SEALED).span(start, stop)


def test_no_unauthenticated_byte_after_a_flip_in_any_chunk() -> None:
    """One bit changed in each chunk's body and tag: that chunk and the object are refused."""
    for number in range(5):
        at = HEADER + number * SEALED_CHUNK
        end = min(at + SEALED_CHUNK, len(SEALED))
        for place in (at, (at + end) // 2, end - TAG - 1, end - TAG, end - 1):
            bent = SEALED[:place] + bytes([SEALED[place] ^ 1]) + SEALED[place + 1 :]
            with pytest.raises(Unreadable):
                open_whole(KEY, NAMED, bent)
            for other in range(5):
                lo, hi = other * CHUNK, min((other + 1) * CHUNK, len(FIVE))
                if other == number:
                    assert refused(bent, lo, hi)
                else:
                    assert read(bent, lo, hi) == FIVE[lo:hi]
            assert refused(bent, 0, len(FIVE))


def test_no_unauthenticated_byte_after_a_cut_in_any_chunk() -> None:
    """Cut at every chunk edge and around it: never opened whole, its end never proved."""
    for number, by in product(range(1, 6), (-SEALED_CHUNK // 2, -17, -16, -1, 0, 1, 15, 16, 17)):
        cut = SEALED[: HEADER + number * SEALED_CHUNK + by]
        if len(cut) == len(SEALED):
            continue
        with pytest.raises(Unreadable):
            open_whole(KEY, NAMED, cut)
        with pytest.raises(Unreadable):
            prove_end(cut)


def test_a_header_bit_opens_nothing() -> None:
    """Any changed bit of salt or commitment is refused before any chunk."""
    for place in range(HEADER):
        bent = SEALED[:place] + bytes([SEALED[place] ^ 128]) + SEALED[place + 1 :]
        with pytest.raises(Unreadable):
            reader(bent)


def test_chunks_do_not_open_elsewhere() -> None:
    """Chunk a put where chunk b belongs is refused for every pair."""
    chunks = [SEALED[HEADER + k * SEALED_CHUNK :][:SEALED_CHUNK] for k in range(4)]
    ranges = reader(SEALED)
    pairs = [(a, b) for a, b in product(range(4), range(4)) if a != b]
    assert len(pairs) == 12
    for a, b in pairs:
        with pytest.raises(Unreadable):
            ranges.open(b * CHUNK, (b + 1) * CHUNK, chunks[a])


def test_a_run_of_another_length_is_refused() -> None:
    """A store that answers with fewer or more bytes than asked gets nothing opened."""
    ranges = reader(SEALED)
    first, stop = ranges.span(10, CHUNK + 10)
    for run in (
        SEALED[first : stop - 1],
        SEALED[first : stop + 1],
        b"",
        SEALED[first : first + SEALED_CHUNK],
    ):
        with pytest.raises(Unreadable):
            ranges.open(10, CHUNK + 10, run)
    with pytest.raises(Unreadable):
        ranges.check_end(b"")


def test_a_store_that_claims_another_size_is_caught_at_the_end() -> None:
    """A smaller or larger size than the real one never survives check_end, whatever bytes go with it."""
    for claimed in (sealed_length(len(FIVE) - 1), sealed_length(len(FIVE) + 1), sealed_length(CHUNK + 5)):
        ranges = RangeReader(KEY, NAMED, SEALED[:HEADER], claimed)
        first, stop = ranges.end_span()
        with pytest.raises(Unreadable):
            ranges.check_end((SEALED + bytes(99))[first:stop])
        assert not ranges.end_checked


def test_the_true_end_is_proved() -> None:
    """check_end on the real last chunk, a partly filled and an empty one."""
    for whole in (SEALED, seal(KEY, NAMED, PLAIN[: 2 * CHUNK]), seal(KEY, NAMED, b"")):
        assert not reader(whole).end_checked
        assert prove_end(whole).end_checked


def test_a_swapped_object_does_not_open() -> None:
    """Another key, context or key length is refused by both readers."""
    other = context("service", "case", "message", "part", "other purpose")
    for key, named in ((bytes(32), NAMED), (KEY, other), (KEY[:16], NAMED), (b"", NAMED)):
        with pytest.raises(Unreadable):
            reader(SEALED, key, named)
        with pytest.raises(Unreadable):
            open_whole(key, named, SEALED)
    with pytest.raises(Unreadable):
        RangeReader(KEY, NAMED, SEALED[: HEADER - 1], len(SEALED))


def test_runs_cover_a_range_once() -> None:
    """Read-ahead runs join to the range, none longer than RUN, all but the last ending on its multiples."""
    size = 3 * RUN + 5
    ranges = RangeReader(KEY, NAMED, SEALED[:HEADER], sealed_length(size))
    runs = list(ranges.runs(7, size))
    assert runs == [(7, RUN), (RUN, 2 * RUN), (2 * RUN, 3 * RUN), (3 * RUN, size)]
    assert list(ranges.runs(9, 9)) == []


def test_a_view_cannot_be_written() -> None:
    """open_view hands out a read-only view of exactly the range."""
    ranges = reader(SEALED)
    first, stop = ranges.span(100, 200)
    view = ranges.open_view(100, 200, memoryview(SEALED)[first:stop])
    assert view.readonly
    assert view == FIVE[100:200]


def test_streams_of_any_pieces_open_alike() -> None:
    """Sealer and seal_iter in odd pieces, bytearrays and views included, give one ordinary object."""
    pieces: list[Bytes] = [PLAIN[:1], bytearray(PLAIN[1:20_000]), memoryview(PLAIN)[20_000:50_000], b""]
    out = b"".join(seal_iter(KEY, NAMED, pieces))
    assert len(out) == sealed_length(50_000)
    assert open_whole(KEY, NAMED, out) == PLAIN[:50_000]
    sealer = Sealer(KEY, NAMED)
    unfinished = sealer.update(PLAIN[:CHUNK])
    with pytest.raises(Unreadable):
        open_whole(KEY, NAMED, unfinished)
    assert open_whole(KEY, NAMED, unfinished + sealer.finish()) == PLAIN[:CHUNK]


def test_the_same_plaintext_never_seals_alike() -> None:
    """Salts are fresh: twenty seals share neither header nor body."""
    seen = {seal(KEY, NAMED, b"the same") for _ in range(20)}
    assert len(seen) == len({whole[:24] for whole in seen}) == len({whole[HEADER:] for whole in seen}) == 20


def test_contexts_are_never_ambiguous() -> None:
    """All 3,072 contexts of short, empty and awkward texts and of piece places differ from each other."""
    texts, places = ("", "a", "aa", "\x00\x01a"), ((None, None), (0, 0), (0, 1))
    made = [
        context("s" + service, case, message, part, "p" + purpose, number=number, offset=offset)
        for service, case, message, part, purpose in product(texts, repeat=5)
        for number, offset in places
    ]
    assert len(set(made)) == len(made) == 3072


def test_a_context_must_say_service_purpose_and_whole_places() -> None:
    """What could be confused or left out by mistake is an error of the caller."""
    for fields in (("", "c", "m", "p", "x"), ("s", "c", "m", "p", "")):
        with pytest.raises(ValueError, match="context"):
            context(*fields)
    with pytest.raises(ValueError, match="context"):
        context("s", "c", "m", "p", "x", number=1)
