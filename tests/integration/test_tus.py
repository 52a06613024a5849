"""The tus 1.0.0 protocol, spoken by a plain client to a real server (tus.io/protocols/resumable-upload)."""

import asyncio
import base64
import hashlib
import io
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.tus import BODY_TYPE
from tests.support.putting_in import read_back
from tests.support.tus_desk import PREFIX, SPEAK, Desk, tus_desk


@pytest.fixture
async def desk(service: Service) -> AsyncIterator[Desk]:
    """A running end point."""
    async with tus_desk(service) as found:
        yield found


async def test_options_say_what_the_server_can(desk: Desk) -> None:
    """Version, extensions, checksums and the largest size are told."""
    async with desk.client.options(desk.url + PREFIX) as answer:
        assert answer.status == 204
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert set(answer.headers["Tus-Extension"].split(",")) == {
            "creation",
            "creation-with-upload",
            "creation-defer-length",
            "expiration",
            "termination",
            "checksum",
        }
        assert answer.headers["Tus-Max-Size"] == str(4 * 1024**3)
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha256,sha1"


async def test_create_patch_resume_and_read_back(desk: Desk) -> None:
    """A file sent in two requests, the offset asked in between, arrives bit-identical, its name sealed."""
    data = hashlib.shake_256(b"tus").digest(100)
    where = await desk.create(100, **desk.told("../../etc/passwd\n.wav"))
    assert await desk.patch(where, 0, data[:40]) == (204, "40")
    status, headers = await desk.head(where)
    assert (status, headers["Upload-Offset"], headers["Upload-Length"]) == (200, "40", "100")
    assert headers["Cache-Control"] == "no-store"
    assert "GMT" in headers["Upload-Expires"]
    assert await desk.patch(where, 40, data[40:]) == (204, "100")
    upload = UUID(where.rsplit("/", 1)[1])
    assert await read_back(desk.service, upload) == data
    async with reading(desk.service) as conn:
        row = (await conn.execute(select(t.upload).where(t.upload.c.id == upload))).one()
        opener = await opener_of(desk.service, conn, desk.case.id)
    assert opener.open(row.name_sealed, "upload.name", upload) == "../../etc/passwd.wav"


async def test_a_body_far_beyond_the_frameworks_limit(desk: Desk) -> None:
    """Our own counter decides, not `client_max_size`: 20 MiB pass through an app whose limit is 1 MiB."""
    data = hashlib.shake_256(b"big").digest(20 * 1024**2)
    where = await desk.create(len(data))
    assert await desk.patch(where, 0, io.BytesIO(data)) == (204, str(len(data)))
    assert await read_back(desk.service, UUID(where.rsplit("/", 1)[1])) == data


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_lost_connection_keeps_what_came(service: Service, cancelled: bool) -> None:
    """The client vanishes in the middle of a body; HEAD tells how much is durable, and the rest follows.

    `cancelled`: the server cancels handlers whose client has gone, or tells them by an error.
    """
    async with tus_desk(service, cancelled=cancelled) as desk:
        await _lose_and_go_on(desk)


async def _lose_and_go_on(desk: Desk) -> None:
    where = await desk.create(1000)
    host, port = desk.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    lines = [f"PATCH {where.removeprefix(desk.url)} HTTP/1.1", "Host: test", "Tus-Resumable: 1.0.0"]
    lines += ["Upload-Offset: 0", f"Content-Type: {BODY_TYPE}", "Content-Length: 1000", "", ""]
    writer.write("\r\n".join(lines).encode() + b"a" * 321)
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.transport.abort()
    for _ in range(100):
        _, headers = await desk.head(where)
        if headers["Upload-Offset"] != "0":
            break
        await asyncio.sleep(0.05)
    assert headers["Upload-Offset"] == "321"
    assert await desk.patch(where, 321, b"b" * 679) == (204, "1000")
    assert await read_back(desk.service, UUID(where.rsplit("/", 1)[1])) == b"a" * 321 + b"b" * 679


async def test_refusals_have_the_protocols_status(desk: Desk) -> None:
    """412 without the version, 409 for a wrong offset, 415, 400, 404, 413, 401; none changes anything."""
    where = await desk.create(100)
    async with desk.client.patch(where, data=b"x") as answer:
        assert (answer.status, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert (await desk.patch(where, 5, b"x"))[0] == 409
    assert (await desk.patch(where, 0, b"x", Content_Type="text/plain"))[0] == 415
    assert (await desk.patch(where, 0, b"x", Upload_Offset="-1"))[0] == 400
    assert (await desk.patch(where, 0, b"x" * 101))[0] == 413
    assert (await desk.patch(f"{desk.url}{PREFIX}/{uuid4()}", 0, b"x"))[0] == 404
    for headers, status in (
        ({"Upload-Length": str(4 * 1024**3 + 1)}, 413),
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Length": "five"}, 400),
        ({}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": "message !!"}, 400),
        ({"Upload-Length": "5", "Upload-Metadata": "message bm9uZQ=="}, 404),
        ({"Upload-Length": "5", "Authorization": "Bearer nobody"}, 401),
    ):
        async with desk.client.post(desk.url + PREFIX, headers=SPEAK | desk.told() | headers) as answer:
            assert answer.status == status, headers
            assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert (await desk.head(where))[1]["Upload-Offset"] == "0"


async def test_a_checksum_that_does_not_match_is_460(desk: Desk) -> None:
    """Nothing of such a body counts; an unknown algorithm is 400; the right one passes."""
    where = await desk.create(10)

    def told(algorithm: str, data: bytes) -> str:
        return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"

    assert (await desk.patch(where, 0, b"0123456789", Upload_Checksum=told("sha256", b"else")))[0] == 460
    assert (await desk.patch(where, 0, b"0123456789", Upload_Checksum=told("md5", b"0123456789")))[0] == 400
    assert (await desk.patch(where, 0, b"0123456789", Upload_Checksum="sha256 ??"))[0] == 400
    assert (await desk.head(where))[1]["Upload-Offset"] == "0"
    right = told("sha1", b"0123456789")
    assert await desk.patch(where, 0, b"0123456789", Upload_Checksum=right) == (204, "10")


async def test_creation_with_upload_and_deferred_length(desk: Desk) -> None:
    """The first bytes may come with the announcement, the length with a later request."""
    sent = SPEAK | desk.told() | {"Upload-Defer-Length": "1", "Content-Type": BODY_TYPE}
    async with desk.client.post(desk.url + PREFIX, data=b"first", headers=sent) as answer:
        assert (answer.status, answer.headers["Upload-Offset"]) == (201, "5")
        where = desk.url + answer.headers["Location"]
    assert (await desk.head(where))[1]["Upload-Defer-Length"] == "1"
    assert await desk.patch(where, 5, b"last", Upload_Length="9") == (204, "9")
    assert (await desk.head(where))[1]["Upload-Length"] == "9"
    assert await read_back(desk.service, UUID(where.rsplit("/", 1)[1])) == b"firstlast"


async def test_termination_and_override(desk: Desk) -> None:
    """A file taken away answers 410 from then on; POST may stand in for PATCH and DELETE."""
    where = await desk.create(10)
    sent = SPEAK | {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0", "Content-Type": BODY_TYPE}
    async with desk.client.post(where, data=b"01234", headers=sent) as answer:
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, "5")
    async with desk.client.delete(where, headers=SPEAK) as answer:
        assert answer.status == 204
    assert (await desk.head(where))[0] == 410
    assert (await desk.patch(where, 5, b"56789"))[0] == 410
    async with desk.client.post(where, headers=SPEAK | {"X-HTTP-Method-Override": "TRACE"}) as answer:
        assert answer.status == 405
