"""The malware scanner in the worker's work: what it says counts, and policy says whether its silence means stop."""

import asyncio
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from exchange.core.errors import StorageUnavailable
from exchange.core.model import State
from exchange.steps import intake, process
from exchange.steps.process import process_message
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.putting_in import Case, begin, make_case
from tests.support.staff import leaves


async def letter(service: Service, case: Case) -> UUID:
    """A typed letter in quarantine."""
    message = await begin(service, case)
    await intake.write_letter(service, case.staff, message, "Dear M.")
    await intake.finish(service, case.staff, message)
    return message


async def found(service: Service, message: UUID) -> Any:
    """The message's row."""
    async with reading(service) as conn:
        return (await conn.execute(select(t.message).where(t.message.c.id == message))).one()


async def test_without_a_scanner_that_was_asked_for_it_waits(service: Service, tmp_path: Path) -> None:
    """Where clamd is set and does not answer, the message stays quarantined and is tried again."""
    told = service.settings.model_copy(update={"clamd_socket": tmp_path / "none.sock"})
    case = await make_case(service)
    message = await letter(service, case)
    with pytest.raises(StorageUnavailable):
        await process_message(replace(service, settings=told), message)
    row = await found(service, message)
    assert (row.state, row.rejected_code) == (State.QUARANTINED, "no_scanner")
    async with reading(service) as conn:
        await conn.execute(text("delete from procrastinate_jobs"))
    assert await process.ask_again(service) == 1
    assert await process.ask_again(service) == 0  # it has a job now
    async with reading(service) as conn:
        asked = (await conn.execute(text("select args->>'message' from procrastinate_jobs"))).scalars().all()
    assert asked == [str(message)]


@pytest.mark.parametrize(
    ("policy", "socket", "state", "word"),
    [
        ("always", None, State.QUARANTINED, None),
        ("always", "none.sock", State.QUARANTINED, None),
        ("where_set", None, State.IN_REVIEW, "unscanned"),
        ("where_set", "none.sock", State.QUARANTINED, None),
        ("if_there", None, State.IN_REVIEW, "unscanned"),
        ("if_there", "none.sock", State.IN_REVIEW, "not_scanned"),
    ],
)
async def test_policy_says_whether_a_missing_scanner_means_stop(
    service: Service, tmp_path: Path, policy: str, socket: str | None, state: State, word: str | None
) -> None:
    """It waits in quarantine, or goes on and the record says that nobody looked."""
    where = tmp_path / socket if socket else None
    told = service.settings.model_copy(update={"clamd_socket": where, "malware_scan": policy})
    case = await make_case(service)
    message = await letter(service, case)
    if state is State.QUARANTINED:
        with pytest.raises(StorageUnavailable):
            await process_message(replace(service, settings=told), message)
    else:
        await process_message(replace(service, settings=told), message)
    row = await found(service, message)
    assert row.state == state
    made = [leaf for leaf in await leaves(service) if '"act":"revision.made"' in leaf]
    assert [f'"status":"{word}"' in leaf for leaf in made] == ([True] if word else [])


@pytest.mark.parametrize(("answer", "state"), [("stream: OK", "in_review"), ("stream: Eicar FOUND", "rejected")])
async def test_what_the_scanner_says_counts(service: Service, tmp_path: Path, answer: str, state: str) -> None:
    """A finding rejects, a clean bill lets it through; the bytes really arrive at the socket."""
    got = bytearray()

    async def clamd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\0")
        while size := struct.unpack("!I", await reader.readexactly(4))[0]:
            got.extend(await reader.readexactly(size))
        writer.write(answer.encode() + b"\0")
        await writer.drain()
        writer.close()

    socket = tmp_path / "clamd.sock"
    case = await make_case(service)
    message = await letter(service, case)
    told = service.settings.model_copy(update={"clamd_socket": socket})
    async with await asyncio.start_unix_server(clamd, socket):
        await process_message(replace(service, settings=told), message)
    row = await found(service, message)
    assert (row.state, bytes(got)) == (state, b"Dear M.")
