"""Markers: words that say where they were planted, and a count of those that really are in a file."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.vectors.media.inputs import MARK


@dataclass(frozen=True)
class Marked:
    """A file with markers, and the same without: what is made of both must be the same."""

    family: str
    kind: str
    name: str
    marked: bytes
    bare: bytes


def mark(place: str) -> str:
    """The marker of a place."""
    return f"{MARK}-{place}"


def places(data: bytes) -> set[str]:
    """The places whose markers are in these bytes, as they stand, inflated, unzipped, or in UTF-16."""
    return {found for layer in layers(data) for found in _found(layer)}


def _found(data: bytes) -> Iterator[str]:
    for coded in (data, data.replace(b"\0", b"")):
        yield from (hit.decode() for hit in re.findall(MARK.encode() + rb"-([a-zA-Z0-9_.]+)", coded))


def layers(data: bytes) -> Iterator[bytes]:
    """The bytes, and everything in them that can be inflated."""
    yield data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode() + b"\0" + archive.read(name)
    for start in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
        try:
            yield zlib.decompressobj().decompress(data[start.start() :], 1 << 22)
        except zlib.error:
            continue
