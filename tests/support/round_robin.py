"""A load balancer in miniature: `python -m tests.support.round_robin PORT BACKEND-PORT…`, all on loopback.

Each request goes to the next process that is ready, as `/readyz` says five times a second; one that does not
answer is passed over, as nginx and a cluster's service do. Every request gets a connection of its own, so that two
requests of one page seldom reach the same process. Bytes go through as they come, in both directions; a connection
that breaks on one side is broken on the other. It holds little of an answer, as `deploy/` tells nginx: what
lies here when a film is stopped still reaches whoever watches it.
"""

import asyncio
import itertools
import re
import socket
import sys
from contextlib import suppress

LOOK_SECONDS = 0.2
MOST_HEAD = 128 * 1024
MOST_AT_ONCE = 16 * 1024
HELD = 16 * 1024
CONNECTION = re.compile(rb"\r\nConnection:[^\r]*", re.IGNORECASE)
NOBODY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Balancer:
    """Hands requests to the processes behind it in turn."""

    def __init__(self, backends: list[int]) -> None:
        self._backends = backends
        self._ready: set[int] = set()
        self._turn = itertools.cycle(backends)

    async def look_forever(self) -> None:
        """Keep `_ready` true."""
        while True:
            found = await asyncio.gather(*map(_is_ready, self._backends))
            self._ready = {port for port, ready in zip(self._backends, found, strict=True) if ready}
            await asyncio.sleep(LOOK_SECONDS)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            first, rest = CONNECTION.sub(b"", head[:-4]).split(b"\r\n", 1)
            behind = await self._next()
            if behind is None:
                writer.write(NOBODY)
                return
            behind[1].write(first + b"\r\nConnection: close\r\n" + rest + b"\r\n\r\n")
            await _both_ways((reader, writer), behind)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            writer.transport.abort()
        finally:
            writer.close()

    async def _next(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        in_turn = list(itertools.islice(self._turn, len(self._backends)))
        # where none is ready all are tried: on a busy machine `/readyz` is late, and pages still come
        for port in sorted(in_turn, key=lambda one: one not in self._ready):
            with suppress(OSError):
                return await asyncio.open_connection(sock=await _narrow(port), limit=MOST_AT_ONCE)
        return None


async def _narrow(port: int) -> socket.socket:
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, HELD)
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    except OSError:
        made.close()
        raise
    return made


async def _both_ways(
    front: tuple[asyncio.StreamReader, asyncio.StreamWriter], behind: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    """Until the answer has ended, or either side has gone."""
    asked = asyncio.create_task(_pass_on(front[0], behind[1]))
    answered = asyncio.create_task(_pass_on(behind[0], front[1]))
    await asyncio.wait((asked, answered), return_when=asyncio.FIRST_COMPLETED)
    broken = not answered.done() or answered.result()
    asked.cancel()
    answered.cancel()
    behind[1].transport.abort()
    if broken:
        front[1].transport.abort()


async def _pass_on(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> bool:
    """All that comes; True if it ended by a broken connection."""
    try:
        while data := await source.read(MOST_AT_ONCE):
            to.write(data)
            await to.drain()
    except ConnectionError:
        return True
    return False


async def _is_ready(port: int) -> bool:
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = await reader.readline()
            writer.close()
            return b" 200 " in answer
    except (OSError, TimeoutError):
        return False


async def main(port: int, backends: list[int]) -> None:
    """Serve until ended."""
    balancer = Balancer(backends)
    looking = asyncio.create_task(balancer.look_forever())
    front = socket.create_server(("127.0.0.1", port), backlog=4096)
    front.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HELD)  # those it accepts have it from it
    server = await asyncio.start_server(balancer.serve, sock=front, limit=MOST_HEAD, backlog=4096)
    async with server:
        await asyncio.gather(looking, server.serve_forever())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), [int(one) for one in sys.argv[2:]]))
