"""Rules 17 and 19: nothing gives away who or where somebody is, and what helps a person follows them everywhere."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from exchange.core.model import Kind
from exchange.steps import cases
from exchange.store import read
from exchange.store.service import Service
from tests.support import message_tour
from tests.support.console_site import Client, running_console
from tests.support.recordings import SECRETS, letter_docx, phone_photo
from tests.support.world import World, make_world

NEEDS = "Large print; somebody who signs"
TELLING = """Dear you,

Ring me on 07700 900123 or write to rowan.ash@mail.example. I live at 12 Quay Street, CF10 1AA.
My car is AB12 CDE. I was born on 4 May 1991. I am @ashrowan there.
"""


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def test_rule_17_identity_and_whereabouts_do_not_leak(world: World, tmp_path: Path) -> None:
    """In words they are marked for whoever reviews; in files they are gone from all that could be shared."""
    message = await world.letter(TELLING)
    files = (letter_docx(tmp_path / "letter.docx"), phone_photo(tmp_path / "photo.jpg"))
    assert all(any(secret.encode() in file.read_bytes() for file in files) for secret in SECRETS[:1])
    sent = await message_tour.put_in(world, Kind.LETTER, *files)
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        _, page = await fern.get(f"/messages/{message}/review")
        for place in ("07700 900123", "rowan.ash@mail.example", "CF10 1AA", "AB12 CDE", "4 May 1991", "@ashrowan"):
            assert f"{place}</a>" in page, place
        names = [part.name for part in await _parts(world, sent)]
        bodies = [await _body(fern, f"/messages/{sent}/part/{name}") for name in names]
    assert len([name for name in names if name.startswith("page-")]) == 2
    for secret in (*SECRETS, "photo.jpg", "letter.docx"):
        assert [name for name, body in zip(names, bodies, strict=True) if secret.encode() in body] == [], secret


async def test_rule_19_access_needs_follow_the_person(world: World) -> None:
    """On every page about a message of theirs the team reads what helps them; nobody outside the team does."""
    message = await world.shared()
    await cases.change_participant(
        world.service, world.facilitator, world.recipient, name="Full name harmed", form_of_name="Form harmed",
        needs=NEEDS, custody=False,
    )  # fmt: skip
    pages = ("", "/review", "/compare", "/changes", "/offer", "/consent/receive", "/withdraw", "/preview-link")
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        for page in pages:
            status, text = await fern.get(f"/messages/{message}{page}")
            assert (status, NEEDS in text) == (200, True), page
        rowan = await console.as_(world.supervisor)
        status, text = await rowan.get(f"/messages/{message}")
        assert (status, NEEDS in text) == (200, False)


async def _parts(world: World, message: UUID) -> list[Any]:
    view = await read.message_view(world.service, world.facilitator, message)
    return view.parts[view.revisions[0].id]


async def _body(client: Client, path: str) -> bytes:
    async with client.http.get(client.url + path) as response:
        assert response.status == 200, path
        return await response.read()
