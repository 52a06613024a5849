"""The walk-through of docs/api.md, run as it stands: its blocks in one shell, real curl, a real console."""

import asyncio
import os
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from exchange.core.model import Role, State
from exchange.steps import process, setup
from exchange.store import ledger_read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import running_console
from tests.support.staff import PASSWORD, Member, code, member

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
SECONDS = 90
RELEASED = ["release.created", "release.revoked"]


def script() -> str:
    """Every block of the document that is shell, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 9
    return "\n".join(blocks)


async def make_safe(service: Service) -> None:
    """The worker: whatever was sent is made safe."""
    while True:
        async with reading(service) as conn:
            query = select(t.message.c.id).where(t.message.c.state == State.QUARANTINED)
            waiting = (await conn.execute(query)).scalars().all()
        for message in waiting:
            await process.process_message(service, message)
        await asyncio.sleep(0.3)


async def type_codes(service: Service, who: Member, stdin: asyncio.StreamWriter) -> None:
    """The person with the app: a code to sign in, and, when the recipient has accepted, the next one."""
    stdin.write((await code(service, who)).encode() + b"\n")
    accepted = select(t.message.c.id).where(t.message.c.state == State.ACCEPTED)
    while True:
        async with reading(service) as conn:
            if (await conn.execute(accepted)).first():
                break
        await asyncio.sleep(0.2)
    stdin.write((await code(service, who, steps=1)).encode() + b"\n")


@pytest.mark.slow
async def test_the_walk_through_works_as_it_is_written(service: Service) -> None:
    """It ends well, and the record tells that a letter was released and taken back."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Messages")
    who = await member(service, "fern", Role.FACILITATOR)
    async with running_console(service) as console:
        told = {"EXCHANGE": console.url, "LOGIN": who.login, "PASSWORD": PASSWORD, "PATH": os.environ["PATH"]}
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", script(), env=told,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        assert shell.stdin
        assert shell.stdout
        others = [asyncio.create_task(one) for one in (make_safe(service), type_codes(service, who, shell.stdin))]
        said = await asyncio.wait_for(shell.stdout.read(), SECONDS)
        assert await shell.wait() == 0, said.decode()[-4000:]
        for other in others:
            other.cancel()
    async with reading(service) as conn:
        acts = [entry.leaf["act"] for entry in await ledger_read.leaves(conn)]
    assert [act for act in acts if act in RELEASED] == RELEASED
    assert b"Dear Alex," in said
