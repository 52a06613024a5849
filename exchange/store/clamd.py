"""Asks clamd about a file: the INSTREAM command over its socket (clamd(8)), nothing installed for it.

Whether a missing scanner blocks is policy: where `clamd_socket` is set and does not answer, the message stays
quarantined and is tried again. Files beyond what clamd takes count as not scanned, and the record says so.
"""

import asyncio
import struct
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from exchange.core.errors import StorageUnavailable

LARGEST = 2 * 1024**3 - 1
CHUNK = 256 * 1024
PATIENCE_SECONDS = 300


class ScannerUnavailable(StorageUnavailable):
    """The malware scanner cannot be reached at the moment. Nothing is lost; this is tried again by itself."""


class Scan(StrEnum):
    """What the scanner said, or that it was not asked."""

    CLEAN = "clean"
    FOUND = "found"
    NOT_SCANNED = "not_scanned"


async def scan(socket: Path, file: Path) -> Scan:
    """Send a file to clamd. Raises ScannerUnavailable where it does not answer."""
    if _size(file) > LARGEST:
        return Scan.NOT_SCANNED
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return _verdict(await _instream(socket, file))
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        raise ScannerUnavailable from error


async def _instream(socket: Path, file: Path) -> str:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(b"zINSTREAM\0")
        for chunk in _chunks(file):
            writer.write(struct.pack("!I", len(chunk)) + chunk)
            await writer.drain()
        writer.write(struct.pack("!I", 0))
        await writer.drain()
        return (await reader.readuntil(b"\0"))[:-1].decode("utf-8", "replace")
    finally:
        writer.close()


def _size(file: Path) -> int:
    return file.stat().st_size


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            yield chunk


def _verdict(answer: str) -> Scan:
    """ "stream: OK", "stream: NAME FOUND", "INSTREAM size limit exceeded. ERROR"."""
    if answer.endswith(" FOUND"):
        return Scan.FOUND
    if answer.endswith(" OK"):
        return Scan.CLEAN
    if "size limit" in answer:
        return Scan.NOT_SCANNED
    raise ScannerUnavailable
