"""What no tus client sends, and what a bad line does: numbers that are none, two at once, a cut in the middle."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import func, select

from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.tus import BODY_TYPE
from tests.support.figures import say
from tests.support.putting_in import read_back
from tests.support.tus_desk import PREFIX, Desk, tus_desk

NO_NUMBERS = [b"-1", b"+5", b"5_0", b"0x5", b"1e3", b"5.0", b"5 5", b"", b"\xd9\xa1\xd9\xa2", b"\xef\xbc\x95", b"nan",
              b"9" * 16, b"9" * 17, b"9" * 4000, b"9007199254740993", b"18446744073709551616", b"5\x00"]  # fmt: skip
ROUNDS = 12


@pytest.fixture
async def desk(service: Service) -> AsyncIterator[Desk]:
    """A running end point."""
    async with tus_desk(service) as found:
        yield found


async def raw(desk: Desk, head: bytes, body: bytes = b"") -> bytes:
    """The status of what a server says to these very bytes; b"" where it hangs up."""
    host, port = desk.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    writer.write(head + b"\r\nHost: test\r\nTus-Resumable: 1.0.0\r\n" + length + body)
    try:
        await writer.drain()
        return (await reader.readline())[9:12]
    except ConnectionError:
        return b""
    finally:
        writer.close()


def at(desk: Desk, where: str) -> bytes:
    """An address as it stands in a request's first line."""
    return where.removeprefix(desk.url).encode()


async def test_no_number_of_a_header_is_taken_for_one(desk: Desk) -> None:
    """Signs, other scripts' digits, points, exponents and numbers beyond 2**53: 400, nothing changes."""
    where, kind = await desk.create(None), b"Content-Type: " + BODY_TYPE.encode()
    told = b"Upload-Metadata: " + desk.told()["Upload-Metadata"].encode()
    for number in NO_NUMBERS:
        patch = b"PATCH " + at(desk, where) + b" HTTP/1.1\r\n" + kind + b"\r\nUpload-Offset: "
        assert await raw(desk, patch + number, b"12345") == b"400", number
        assert await raw(desk, patch + b"0\r\nUpload-Length: " + number, b"12345") == b"400", number
        post = b"POST " + PREFIX.encode() + b" HTTP/1.1\r\n" + told + b"\r\nUpload-Length: "
        assert await raw(desk, post + number) == b"400", number
    assert (await desk.head(where))[1]["Upload-Offset"] == "0"
    async with reading(desk.service) as conn:
        assert await conn.scalar(select(func.count()).select_from(t.upload)) == 1


async def test_headers_without_end_are_refused(desk: Desk) -> None:
    """Metadata of 5 kB and of 1 MB, a thousand keys, bytes that are no text: refused or hung up, never a fault."""
    post = b"POST " + PREFIX.encode() + b" HTTP/1.1\r\nUpload-Length: 5\r\nUpload-Metadata: "
    for untrusted in (b"a" * 5000, b"a" * 1_000_000, b",".join(b"k%d QQ==" % n for n in range(1000)), b"\xff\xfe QQ=="):
        assert await raw(desk, post + untrusted) in (b"400", b"404", b"431", b""), untrusted[:20]
    assert (await desk.head(await desk.create(5)))[0] == 200


async def test_a_message_of_somebody_else_takes_no_file(service: Service, desk: Desk) -> None:
    """Whose message it is decides: another team's message, and one that is not there, are the same 404."""
    async with tus_desk(service) as other:
        for metadata in (other.told(), {"Upload-Metadata": "message QUFB"}):
            sent = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"} | metadata
            async with desk.client.post(desk.url + PREFIX, headers=sent) as answer:
                assert answer.status == 404
        where = await other.create(5)
        stolen = f"{desk.url}{PREFIX}/{where.rsplit('/', 1)[1]}"
        assert (await desk.head(stolen))[0] == 404
        assert (await desk.patch(stolen, 0, b"12345"))[0] == 404
        assert (await other.head(where))[1]["Upload-Offset"] == "0"


async def _slowly(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 64 * 1024):
        yield data[start : start + 64 * 1024]
        await asyncio.sleep(0)


async def test_of_two_patches_at_once_one_counts(desk: Desk) -> None:
    """Two bodies for the same offset at the same time: one 204, the other 409, the file the first's, whole."""
    sizes = 1024 * 1024
    bodies = [hashlib.shake_256(name).digest(sizes) for name in (b"one", b"two")]
    lost = 0
    for _ in range(ROUNDS):
        where = await desk.create(sizes)
        answers = await asyncio.gather(*(desk.patch(where, 0, _slowly(body)) for body in bodies))
        statuses = [status for status, _ in answers]
        assert set(statuses) <= {204, 409}
        assert statuses.count(204) == 1
        lost += statuses.count(409)
        kept = await read_back(desk.service, UUID(where.rsplit("/", 1)[1]))
        assert kept == bodies[statuses.index(204)]
    say(f"two PATCHes at once: {ROUNDS} rounds, {lost} refused with 409, every file bit-identical to what won")


async def test_many_cuts_in_the_middle_lose_nothing_that_was_told(desk: Desk) -> None:
    """A line that breaks again and again: what HEAD tells is durable, and the file comes out bit-identical."""
    data = hashlib.shake_256(b"cut").digest(3 * 1024 * 1024)
    where, sent, cuts = await desk.create(len(data)), 0, 0
    while (offset := int((await desk.head(where))[1]["Upload-Offset"])) < len(data):
        if cuts == 10:
            assert (await desk.patch(where, offset, data[offset:]))[0] == 204
            sent += len(data) - offset
            continue
        sent += await _cut(desk, where, offset, data[offset : offset + 300_000 - 7 * cuts])
        cuts += 1
    assert await read_back(desk.service, UUID(where.rsplit("/", 1)[1])) == data
    assert cuts == 10
    say(f"{cuts} cuts: {sent} bytes sent for a file of {len(data)}, {100 * (sent - len(data)) / len(data):.1f} % twice")
    assert sent - len(data) <= 0.05 * len(data)


async def _cut(desk: Desk, where: str, offset: int, part: bytes) -> int:
    """Announce more than is sent, send a part, vanish; how many bytes were sent. Waits until the server has noticed."""
    host, port = desk.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"PATCH {where.removeprefix(desk.url)} HTTP/1.1\r\nHost: test\r\nTus-Resumable: 1.0.0\r\n"
    head += f"Upload-Offset: {offset}\r\nContent-Type: {BODY_TYPE}\r\nContent-Length: {len(part) + 1000}\r\n\r\n"
    writer.write(head.encode() + part)
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    await writer.wait_closed()
    for _ in range(100):
        if int((await desk.head(where))[1]["Upload-Offset"]) > offset:
            break
        await asyncio.sleep(0.05)
    return len(part)
