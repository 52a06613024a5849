"""The heartbeat and the age of the newest checkpoint: told by doctor and pages, and in the end nothing is shown."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from exchange import doctor
from exchange.core.errors import RecordNotSigned, WrongSetting
from exchange.core.links import new_secret
from exchange.core.model import FactKind
from exchange.settings import Settings
from exchange.steps import oversight, setup, signing, texts, view
from exchange.steps.freshness import freshness
from exchange.store import ledger_read
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import running_console
from tests.support.roles import as_owner, as_portal
from tests.support.world import World, make_world

COOKIE = new_secret()


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case, signed once."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Messages")
    made = await make_world(service)
    await signing.sign(service)
    return made


async def pass_time(service: Service, by: timedelta) -> None:
    """Since then nobody signed and nothing was recorded."""
    async with reading(as_owner(service)) as conn:
        for table in ("ledger_checkpoint", "ledger_leaf"):
            await conn.execute(text(f"alter table {table} disable trigger user"))
            await conn.execute(text(f"update {table} set at = at - :by"), {"by": by})  # noqa: S608  # ours
            await conn.execute(text(f"alter table {table} enable trigger user"))


async def acts(service: Service) -> list[str]:
    """What the record says, in order."""
    async with reading(service) as conn:
        return [entry.leaf["act"] for entry in await ledger_read.leaves(conn)]


async def test_a_silent_record_gets_a_heartbeat_and_a_signature(world: World) -> None:
    """Once per set time and no more; an entry of anybody's counts as well."""
    before = await acts(world.service)
    assert not await signing.beat(world.service)
    await pass_time(world.service, timedelta(minutes=16))
    await signing.sign(world.service)
    await signing.sign(world.service)
    assert await acts(world.service) == [*before, "record.heartbeat"]
    found = await freshness(world.service)
    assert found.age < timedelta(minutes=1)
    assert signing.SIGNED._value.get() == found.signed_at.timestamp()


async def test_an_empty_record_has_no_heartbeat(service: Service) -> None:
    """There is nothing yet whose life it could show."""
    assert not await signing.beat(service)
    assert (await freshness(service)).signed_at is None


async def test_an_old_checkpoint_is_told(world: World) -> None:
    """By doctor with what to do, at the API, and on the auditor's page."""
    assert (await doctor.ledger_key(world.service)).ok
    await pass_time(world.service, timedelta(minutes=61))
    check = await doctor.ledger_key(world.service)
    assert (check.wrong, check.mend) == ("It was not signed for 61 minutes.", "Start a worker: exchange worker")
    found = await oversight.overview(world.service, world.auditor, days=7)
    assert (found.signature.late, found.signature.stopped) == (True, False)
    async with running_console(world.service) as console:
        _, page = await (await console.as_(world.auditor)).get("/record/overview")
        assert "Somebody must look at the worker" in page
        assert "No message is shown" not in page
        await pass_time(world.service, timedelta(days=1))
        _, page = await (await console.as_(world.auditor)).get("/record/overview")
        assert "No message is shown" in page
    assert "No content is shown" in (await doctor.ledger_key(world.service)).wrong


async def test_a_record_that_was_never_signed_is_not_said_to_be(service: Service) -> None:
    """Its age is that of the service."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Messages")
    made = await make_world(service)
    async with reading(service) as conn:
        await conn.execute(text("update service_setting set at = at - interval '2 hours'"))
    found = await freshness(service)
    assert (found.signed_at, found.late, found.stopped) == (None, True, False)
    async with running_console(service) as console:
        _, page = await (await console.as_(made.auditor)).get("/record/overview")
    assert "The record was never signed." in page


async def test_no_content_is_shown_while_nobody_signs(world: World) -> None:
    """Not to the recipient, not to staff; what stops or protects goes on; a new signature mends it."""
    message, link = await world.released()
    digest = await world.digest(message)
    service, portal = world.service, as_portal(world.service)
    found = await world.visit(link, COOKIE)
    await pass_time(service, timedelta(hours=25))
    before = await acts(service)
    asked = (
        view.open_for_visitor(portal, found, "text"),
        view.open_for_staff(service, world.facilitator, message, "text"),
        texts.read_text(service, world.facilitator, message, digest, "text"),
    )
    for one in asked:
        with pytest.raises(RecordNotSigned):
            await one
    assert await acts(service) == before
    await world.fact(FactKind.PAUSE, "on")
    await world.fact(FactKind.PAUSE, "off")
    await signing.sign(service)
    assert (await view.open_for_visitor(portal, found, "text")).part.name == "text"


async def test_the_time_can_be_set(world: World) -> None:
    """A stricter service stops sooner."""
    strict = {"record_heartbeat_seconds": 60, "checkpoint_late_seconds": 120, "checkpoint_stop_seconds": 300}
    service = replace(world.service, settings=world.service.settings.model_copy(update=strict))
    await pass_time(service, timedelta(minutes=4))
    assert ((await freshness(service)).late, (await freshness(service)).stopped) == (True, False)
    await pass_time(service, timedelta(minutes=2))
    assert (await freshness(service)).stopped


@pytest.mark.parametrize(
    "wrong", [{"record_heartbeat_seconds": 3600}, {"checkpoint_late_seconds": 90_000}, {"checkpoint_stop_seconds": 600}]
)
def test_times_that_contradict_each_other_stop_the_start(wrong: dict[str, int]) -> None:
    """With a sentence that names all three."""
    with pytest.raises(WrongSetting, match="EXCHANGE_RECORD_HEARTBEAT_SECONDS must be shorter"):
        Settings.load(**wrong)
