"""The pages of a case's life, used: its rules, its kind, a letter never to be sent, the diary."""

import re
from collections.abc import AsyncIterator

import pytest

from exchange.core.model import State
from exchange.steps import process
from exchange.store.service import Service
from tests.support.console_site import Console, running_console
from tests.support.world import World, make_world


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The console."""
    async with running_console(service) as running:
        yield running


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


def entered(page: str) -> dict[str, str]:
    """What the form of the rules shows now."""
    fields = dict(re.findall(r'id="([a-z_]+)" name="[a-z_]+" type="text"[^>]* value="(\d*)"', page))
    return fields | dict(re.findall(r'name="([a-z_]+)" type="radio" value="(\w+)" checked', page))


async def test_rules_of_a_case_are_told_and_changed_within_its_kind(world: World, console: Console) -> None:
    """In words, with where each comes from; a supervisor changes them with a reason, never below the kind's floor."""
    lead, supervisor = await console.as_(world.facilitator), await console.as_(world.supervisor)
    place = f"/cases/{world.case}"
    _, page = await lead.get(f"{place}/policy")
    assert "As this kind of case has it" in page
    assert "Changed for this case" not in page
    assert '<form method="post" action="/cases' not in page
    _, page, _ = await supervisor.send(f"{place}/type", type="serious", reason="There was a knife.")
    _, page = await supervisor.get(f"{place}/policy")
    assert "Fixed for this kind of case" in page
    assert 'name="four_eyes"' not in page
    now = entered(page)
    assert (now["cooling_days"], now["supervision_days"]) == ("7", "84")
    status, page, _ = await supervisor.send(f"{place}/policy", **{**now, "cooling_days": "1", "reason": "x"})
    assert status == 422
    assert "A case of this kind must be more careful than that." in page
    status, page, _ = await supervisor.send(f"{place}/policy", **{**now, "cooling_days": "10"}, reason="")
    assert status == 422
    said = {**now, "cooling_days": "10", "expire_days": "", "reason": "She asked for more time."}
    assert (await supervisor.send(f"{place}/policy", **said))[0] == 303
    _, page = await lead.get(f"{place}/policy")
    assert "10 days" in page
    assert page.count("Changed for this case") == 1
    assert "She asked for more time." in page
    assert "There was a knife." in page
    assert (await lead.send(f"{place}/policy", **said))[0] == 403


async def test_a_letter_never_to_be_sent_from_its_form_to_kept(world: World, console: Console) -> None:
    """Ticked when it is begun; every page says what it is; the desk offers to keep it and nothing that shares."""
    lead = await console.as_(world.facilitator)
    case = f"/cases/{world.case}"
    who = {"author": world.author, "recipient": world.recipient, "what": "typed", "never_sent": "yes"}
    _, _, to = await lead.send(f"{case}/messages/new", **who)
    message = to.split("?")[0].removesuffix("/upload")
    status, _, _ = await lead.send(f"{message}/upload/typed", f"{message}/upload", text="I wish you had asked me.")
    assert status == 303
    found = message.removeprefix("/messages/")
    await process.process_message(world.service, type(world.case)(found))
    _, home = await lead.get("/")
    assert "Letter never to be sent" in home
    _, page = await lead.get(f"{message}/review")
    assert "I have read it: keep it" in page
    assert "Approve this version" not in page
    assert "/withhold" not in page
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert digest
    assert (await lead.send(f"{message}/keep", f"{message}/review", digest=digest[1]))[0] == 303
    _, page = await lead.get(message)
    assert "Never to be sent" in page
    assert "/offer" not in page
    assert "/hand-over" not in page
    assert await world.state(type(world.case)(found)) == State.KEPT
    _, page = await lead.get(case)
    assert "Letter never to be sent" in page


async def test_the_diary_is_written_and_read_on_its_pages(world: World, console: Console) -> None:
    """A reason is needed where the rule asks for one; the case page shows what was written last; words stay inside."""
    lead, supervisor = await console.as_(world.facilitator), await console.as_(world.supervisor)
    case, place = f"/cases/{world.case}", f"/people/{world.recipient}/diary/inviting"
    status, page, _ = await lead.send(place, value="not_invited", words="")
    assert status == 422
    assert "Write it in a few words" in page
    assert (await lead.send(place, value="not_invited", words="Too early for her."))[0] == 303
    assert (await lead.send(f"{case}/diary/plan", words="She writes first."))[0] == 303
    _, page = await lead.get(case)
    assert "Not invited" in page
    _, page = await lead.get(place)
    assert "Too early for her." in page
    _, page = await supervisor.get(place)
    assert "Not invited" in page
    assert "Too early" not in page
    assert (await lead.get(f"{case}/diary/type"))[0] == 404
    assert (await lead.get(f"{case}/diary/inviting"))[0] == 404


async def test_the_stages_of_a_case_say_what_is_done_and_what_is_next(world: World, console: Console) -> None:
    """From inviting to the outcome: each stage turns to done with what belongs to it, and the next one is named."""
    lead, case = await console.as_(world.facilitator), f"/cases/{world.case}"

    async def told() -> list[str]:
        _, page = await lead.get(case)
        part = page[page.index('id="stages"') : page.index('id="people"')]
        return re.findall(r'id="stages-\d+-status">\s*(?:<strong[^>]*>)?\s*(Done|Next|Later)', part)

    assert await told() == ["Next", "Later", "Done", "Later", "Later", "Later", "Later"]
    for person in (world.author, world.recipient):
        await lead.send(f"/people/{person}/diary/inviting", value="invited", words="Both asked for it.")
    assert await told() == ["Done", "Next", "Done", "Later", "Later", "Later", "Later"]
    for kind in ("information", "expectations", "needs"):
        await lead.send(f"/people/{world.recipient}/diary/{kind}", value="done", words="")
    assert await told() == ["Done", "Done", "Done", "Next", "Later", "Later", "Later"]
    for person in (world.author, world.recipient):
        await lead.send(f"/people/{person}/diary/closing_talk", value="held", words="")
    await lead.send(f"{case}/diary/outcome", value="not_begun", words="She thought better of it.")
    assert await told() == ["Done", "Done", "Done", "Next", "Done", "Done", "Later"]
