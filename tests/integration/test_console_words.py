"""What the console says in words: menus on open pages, tasks with both people, referrals, mail and backup."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert, select

from exchange.steps import referral, setup
from exchange.steps import settings as service_settings
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import Console, running_console
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case where everything is recorded."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Message service")
    return await make_world(service)


@pytest.fixture
async def console(world: World) -> AsyncIterator[Console]:
    """The console over that world."""
    async with running_console(world.service) as running:
        yield running


async def test_open_pages_keep_the_menu_for_who_is_signed_in(world: World, console: Console) -> None:
    """Help, accessibility and cookies: with menu and signing out, or without for everybody else."""
    fern, nobody = await console.as_(world.facilitator), console.client()
    for path in ("/help", "/accessibility", "/cookies"):
        _, mine = await fern.get(path)
        assert 'action="/sign-out"' in mine
        assert 'href="/cases"' in mine
        status, open_to_all = await nobody.get(path)
        assert status == 200
        assert "/sign-out" not in open_to_all


async def test_a_task_about_a_message_says_from_whom_to_whom(world: World, console: Console) -> None:
    """Both forms of name with the arrow, and who asked."""
    message = await world.letter()
    row = {"case_id": world.case, "message_id": message, "participant_id": world.recipient, "kind": "call_me"}
    async with reading(world.service) as conn:
        await conn.execute(insert(t.task).values(**row))
    _, home = await (await console.as_(world.facilitator)).get("/")
    task = home.split("Asked for a call")[1]
    assert task.index("Form harmed") < task.index("Form responsible") < task.rindex("Form harmed")


async def test_a_referral_is_told_in_words(world: World, console: Console) -> None:
    """No code of the form stands on the page."""
    told = {"reach_by": "other", "reach_address": "Reception", "side": "supporter"}
    await referral.save_referral(world.service, told)
    async with reading(world.service) as conn:
        wanted = (await conn.execute(select(t.referral.c.id))).scalar_one()
    _, page = await (await console.as_(world.facilitator)).get(f"/referrals/{wanted}")
    assert "Through somebody else" in page
    assert "Asks for somebody else" in page
    assert ">supporter<" not in page


async def test_mail_and_backup_are_set_on_the_page(world: World, console: Console) -> None:
    """What the doctor asks for; the password is kept, never shown, and stays when left empty."""
    linden = await console.as_(world.administrator)
    fields = {
        "service_name": "Messages", "sender_name": "Messages", "phone": "01632 960 001",
        "opening": "Mon-Fri 08:00-20:00", "exit_url": "https://www.example.org", "mail_host": "mail.example.org",
        "mail_port": "2525", "mail_user": "post", "mail_from": "post@example.org", "backup_place": "The safe",
    }  # fmt: skip
    status, page, _ = await linden.send("/admin/service", **{**fields, "mail_port": "0"}, mail_password="open sesame")
    assert status == 422
    assert 'href="#mail_port"' in page
    assert "open sesame" not in page
    assert (await linden.send("/admin/service", **fields, mail_password="open sesame"))[0] == 303
    assert (await linden.send("/admin/service", **fields, mail_starttls="yes"))[0] == 303
    _, page = await linden.get("/admin/service")
    assert "open sesame" not in page
    found = await service_settings.read(world.service, fresh=True)
    assert (found.mail_host, found.mail_port, found.mail_starttls) == ("mail.example.org", 2525, True)
    assert found.backup_place == "The safe"
    async with reading(world.service) as conn:
        assert await service_settings.mail_password(world.service, conn) == "open sesame"
