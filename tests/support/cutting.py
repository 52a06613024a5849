"""A line between a browser and a site that breaks: a TCP proxy that counts what the browser sends, and cuts."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

READ = 64 * 1024
IN_FLIGHT = 256 * 1024
"""Bytes that are between the two ends when the line breaks: 20 Mbit/s for 100 ms. Loopback itself holds megabytes."""


@dataclass
class Line:
    """Where it listens, bytes that came from the browser, and the marks (in bytes) at which everything is cut."""

    port: int
    marks: list[int]
    taken: int = 0
    cuts: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Every connection ends at once, as when a train goes into a tunnel."""
        self.cuts += 1
        for writer in self._writers:
            writer.transport.abort()

    def took(self, size: int) -> None:
        """Count, and cut where a mark was passed."""
        self.taken += size
        if self.marks and self.taken >= self.marks[0]:
            self.marks.pop(0)
            self.cut()


@asynccontextmanager
async def breaking_line(host: str, port: int, marks: list[int]) -> AsyncIterator[Line]:
    """A proxy on a free port of loopback to `host`:`port`."""
    line = Line(0, sorted(marks))

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, IN_FLIGHT // 2)
        narrow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(narrow, (host, port))
        far, out = await asyncio.open_connection(sock=narrow)
        line._writers |= {writer, out}  # its own
        try:
            await asyncio.gather(_pass(reader, out, line), _pass(far, writer, None))
        finally:
            line._writers -= {writer, out}  # its own
            for end in (writer, out):
                end.transport.abort()

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line | None) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(READ):
            if line is not None:
                line.took(len(data))
            writer.write(data)
            await writer.drain()
    writer.transport.abort() if writer.is_closing() else writer.close()
