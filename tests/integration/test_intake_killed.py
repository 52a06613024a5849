"""kill -9 at any moment of an upload: what was acknowledged is there, the rest goes on (I1, I5)."""

import asyncio
import hashlib
import os
import random
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession
from sqlalchemy import select, text

from exchange.core.model import Kind, State
from exchange.steps import intake, upload
from exchange.store import tables as t
from exchange.store.reaper import reap
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.tus import BODY_TYPE
from tests.support.putting_in import begin, chunked, keys_stored, make_case, put_in, read_back, stored_pieces
from tests.support.uploads import PREFIX

ROOT = Path(__file__).parents[2]
SIZE = 40 * 1024**2
SPEAK = {"Tus-Resumable": "1.0.0"}


async def receiver(service: Service, account: object) -> tuple[Process, int]:
    """A receiving process and its port."""
    environment = {"PATH": os.environ["PATH"], **service.settings.environment()}
    command = (sys.executable, "-m", "tests.support.uploads", str(account))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=PIPE)
    assert process.stdout is not None
    return process, int(await process.stdout.readline())


async def patch(url: str, offset: int, body: bytes) -> int | None:
    """One PATCH; the acknowledged offset, or None if the connection broke."""
    headers = SPEAK | {"Upload-Offset": str(offset), "Content-Type": BODY_TYPE}
    with suppress(ClientError, ConnectionError):
        async with (
            ClientSession() as client,
            client.patch(url, data=chunked(body), headers=headers) as answer,
        ):
            return int(answer.headers["Upload-Offset"]) if answer.status == 204 else None
    return None


@pytest.mark.slow
async def test_a_killed_receiver_loses_nothing_acknowledged(service: Service) -> None:
    """Five kills at random moments; the offset never goes back, and the whole is bit-identical."""
    case = await make_case(service)
    message = await begin(service, case, Kind.VIDEO)
    made = await upload.begin_upload(service, case.staff, message, size=SIZE)
    data, chance, offset = hashlib.shake_256(b"kill").digest(SIZE), random.Random(7), 0
    for round_ in range(6):
        process, port = await receiver(service, case.staff.id)
        url = f"http://127.0.0.1:{port}{PREFIX}/{made}"
        sending = asyncio.create_task(patch(url, offset, data[offset:]))
        if round_ < 5:
            await asyncio.wait([sending], timeout=chance.uniform(0.02, 0.4))
        else:
            await sending
        process.kill()
        await process.wait()
        acknowledged = await sending
        standing = await upload.standing(service, case.staff, made)
        assert standing.received >= max(offset, acknowledged or 0)
        offset = standing.received
        if standing.complete:
            break
    assert offset == SIZE
    assert await read_back(service, made) == data
    async with reading(service) as conn:
        await conn.execute(text("update reap set at = at - interval '2 hours'"))
    await reap(service)
    assert len(await keys_stored(service)) == len(await stored_pieces(service, made))


@pytest.mark.slow
async def test_two_real_workers_share_the_messages(service: Service) -> None:
    """Messages put in are in review soon after, each with one revision, by real worker processes."""
    case = await make_case(service)
    environment = {"PATH": os.environ["PATH"], **service.settings.environment()}
    code = "import asyncio\nfrom exchange.settings import Settings\nfrom workers.app import run_worker\n"
    command = (sys.executable, "-c", code + "asyncio.run(run_worker(Settings.load()))")
    workers = [await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment) for _ in range(2)]
    try:
        sent = [await put_in(service, case, Kind.LETTER, ("a.txt", b"Some words.")) for _ in range(3)]
        sent.append(await begin(service, case))
        await intake.write_letter(service, case.staff, sent[-1], "Typed words.")
        await intake.finish(service, case.staff, sent[-1])
        states: list[str] = []
        for _ in range(300):
            async with reading(service) as conn:
                states = list((await conn.execute(select(t.message.c.state))).scalars())
            if State.QUARANTINED not in states:
                break
            await asyncio.sleep(0.1)
        assert states == [State.IN_REVIEW] * 4
        async with reading(service) as conn:
            assert len((await conn.execute(select(t.revision.c.id))).all()) == 4
    finally:
        for worker in workers:
            worker.terminate()
        await asyncio.gather(*(worker.wait() for worker in workers))
