"""The same story with every byte in a real S3 server: put in in pieces, made safe, released, read by ranges."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from exchange.core.model import Kind
from exchange.settings import Settings
from exchange.steps import intake, process, upload, view
from exchange.store.objects import open_objects
from exchange.store.service import Service
from tests.support.swift import Swift
from tests.support.world import LETTER, World, make_world

COOKIE = "F" * 42 + "A"


@pytest.fixture
async def world(service: Service, swift: Swift, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose objects lie in the S3 server."""
    objects = open_objects(Settings.load(folder=tmp_path, **swift.settings("story")))
    yield await make_world(replace(service, objects=objects))
    await objects.close()


async def test_a_letter_over_s3(world: World) -> None:
    """From the typed letter to the recipient's screen."""
    _, link = await world.released()
    opened = await view.open_for_visitor(world.service, await world.visit(link, COOKIE), "text")
    assert (await opened.reader.whole()).decode() == LETTER


async def test_an_upload_of_several_pieces_over_s3(world: World) -> None:
    """Twenty MiB in two requests lie sealed in pieces and are read back before they are acknowledged for good."""
    body = bytes(range(256)) * 4096 * 20
    half = len(body) // 2
    message = await intake.begin_message(
        world.service, world.facilitator, world.case, author=world.author, recipient=world.recipient, kind=Kind.AUDIO
    )
    made = await upload.begin_upload(world.service, world.facilitator, message, size=len(body), untrusted_name="a.mp3")

    async def some(part: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(part), 65_536):
            yield part[start : start + 65_536]

    for start, part in ((0, body[:half]), (half, body[half:])):
        assert await upload.append(world.service, world.facilitator, made, start, some(part)) == start + len(part)
    await intake.finish(world.service, world.facilitator, message)
    await process.process_message(world.service, message)
    row = await world.row(message)
    assert (row.state, row.rejected_code) == ("rejected", "disguised")
    stored = [size async for key, size in world.service.objects.list("upload/") if str(made) in key]
    assert len(stored) >= 3
    assert sum(stored) > len(body)
    assert max(stored) <= 8 * 1024**2 + 8 * 1024**2 // 16_384 * 16 + 72
