"""Asks clamd about a file: the INSTREAM command over its socket (clamd(8)), nothing installed for it.

Whether a missing scanner stops a message is policy (`Settings.malware_scan`, asked by the steps). Files beyond what
clamd takes count as not scanned, and the record says so. clamd tells that in three ways: it closes the connection
in the middle of a stream with a word about it (StreamMaxLength); it finds "Heuristics.Limits.Exceeded" (MaxFileSize
and its like, with `AlertExceedsMax yes`, as deploy/clamd.conf has it); and beyond 2 GB it says nothing at all.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from exchange.core.errors import StorageUnavailable

LARGEST = 2 * 1024**3 - 1
CHUNK = 256 * 1024
PATIENCE_SECONDS = 300
PING_SECONDS = 5
MOST = 4096


class ScannerUnavailable(StorageUnavailable):
    """The malware scanner cannot be reached at the moment. Nothing is lost; this is tried again by itself."""


class Scan(StrEnum):
    """What the scanner said, or that it was not asked."""

    CLEAN = "clean"
    FOUND = "found"
    NOT_SCANNED = "not_scanned"


async def scan(path: Path, file: Path) -> Scan:
    """Send a file to clamd. Raises ScannerUnavailable where it does not answer."""
    if _size(file) > LARGEST:
        return Scan.NOT_SCANNED
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return _verdict(await _asked(path, _stream(file)))
    except (OSError, TimeoutError) as error:
        raise ScannerUnavailable from error


async def ping(path: Path) -> None:
    """Whether it answers. Raises ScannerUnavailable."""
    try:
        async with asyncio.timeout(PING_SECONDS):
            if await _asked(path, [b"zPING\0"]) != "PONG":
                raise ScannerUnavailable
    except (OSError, TimeoutError) as error:
        raise ScannerUnavailable from error


def _stream(file: Path) -> Iterator[bytes]:
    yield b"zINSTREAM\0"
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            yield struct.pack("!I", len(chunk)) + chunk
    yield struct.pack("!I", 0)


async def _asked(path: Path, sent: Iterable[bytes]) -> str:
    """What it answers, up to a zero byte or its hanging up; at most `MOST` bytes."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, str(path))
        # one that has had enough answers and hangs up while we still send: its answer waits to be read
        with contextlib.suppress(ConnectionError):
            for chunk in sent:
                await loop.sock_sendall(sock, chunk)
        answer = b""
        while b"\0" not in answer and len(answer) < MOST and (more := await loop.sock_recv(sock, MOST)):
            answer += more
    return answer.partition(b"\0")[0].decode("utf-8", "replace")


def _size(file: Path) -> int:
    return file.stat().st_size


def _verdict(answer: str) -> Scan:
    """ "stream: OK", "stream: NAME FOUND", "INSTREAM size limit exceeded. ERROR"."""
    if answer.endswith(" FOUND"):
        return Scan.NOT_SCANNED if " Heuristics.Limits.Exceeded" in answer else Scan.FOUND
    if answer.endswith(" OK"):
        return Scan.CLEAN
    if "size limit" in answer:
        return Scan.NOT_SCANNED
    raise ScannerUnavailable
