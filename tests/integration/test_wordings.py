"""The wording library: who writes and approves, what is shown, what a consent names, what can never be changed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused, StepUpNeeded
from exchange.core.model import Actor, Channel, ConsentKind, Method
from exchange.core.wordings import Standing
from exchange.steps import consent, links, wording, wordings
from exchange.steps.consent import Said
from exchange.store import ledger_read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.api import Api, Caller, running_api
from tests.support.console_site import Console, running_console
from tests.support.portal_site import PortalSite, running_portal
from tests.support.roles import as_owner
from tests.support.world import CODE, World, make_world

OWN = {
    "en": "A person from our team told me what may happen.",
    "cy": "Dywedodd rhywun o'n tîm wrthyf beth allai ddigwydd.",
}
TAKE_PART = ConsentKind.TAKE_PART


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The console."""
    async with running_console(service) as running:
        yield running


@pytest.fixture
async def site(portal_service: Service) -> AsyncIterator[PortalSite]:
    """The portal, in its own role."""
    async with running_portal(portal_service) as running:
        yield running


async def in_force(world: World, kind: ConsentKind, own: dict[str, str] | None = None, **when: datetime) -> str:
    """A version that the administrator wrote and the supervisor approved; its name."""
    name = await wordings.draft(world.service, world.administrator, kind, own or OWN)
    await wordings.approve(world.service, world.supervisor, kind, await digest_of(world, name), **when)
    return name


async def digest_of(world: World, name: str) -> str:
    """The digest of a version's words."""
    found = [await wordings.shelf(world.service, world.supervisor, kind) for kind in ConsentKind]
    return next(one.digest for shelf in found for one, _ in shelf.versions if one.name == name)


async def standings(world: World, kind: ConsentKind) -> list[Standing]:
    """How the versions stand, the newest first."""
    return [how for _, how in (await wordings.shelf(world.service, world.supervisor, kind)).versions]


async def test_rule_5_a_second_person_approves_exactly_the_words_they_saw(world: World) -> None:
    """Not who wrote them, not changed words, nor without a second factor; till then nobody is shown any."""
    service, admin, boss = world.service, world.administrator, world.supervisor
    name = await wordings.draft(service, admin, TAKE_PART, OWN)
    first = await digest_of(world, name)
    assert (await wordings.in_use(service, TAKE_PART)).id == wording.current(TAKE_PART).id
    with pytest.raises(NotFound):
        await wordings.read(service, name)
    with pytest.raises(Refused, match="Somebody else"):
        await wordings.approve(service, admin, TAKE_PART, first)
    alone = "update wording set approved_by = written_by, approved_at = now(), from_at = now()"
    async with service.engine.connect() as conn:
        with pytest.raises(DBAPIError, match="two_people"):
            await conn.execute(text(alone))
    with pytest.raises(StepUpNeeded):
        await wordings.approve(service, replace(boss, stepped_up=False), TAKE_PART, first)
    assert await wordings.draft(service, admin, TAKE_PART, {**OWN, "en": "Something else."}) == name
    with pytest.raises(Conflict):
        await wordings.approve(service, boss, TAKE_PART, first)
    early, digest = datetime.now(UTC) - timedelta(days=1), await digest_of(world, name)
    with pytest.raises(BadInput):
        await wordings.approve(service, boss, TAKE_PART, digest, from_at=early)
    await wordings.approve(service, boss, TAKE_PART, await digest_of(world, name))
    assert (await wordings.in_use(service, TAKE_PART)).paragraphs[0] == "Something else."


@pytest.mark.parametrize("kind", list(ConsentKind))
async def test_rule_24_what_every_consent_must_say_cannot_be_edited_away(world: World, kind: ConsentKind) -> None:
    """The fixed lines follow whatever a service writes, in both languages; a version without one is not in force."""
    service = world.service
    name = await in_force(world, kind)
    for language in ("en", "cy"):
        shown = (await wordings.in_use(service, kind, language)).paragraphs
        assert shown == (OWN[language], *wording.floor(kind)[language])
    copied = "\n".join((*wording.floor(kind)["en"], "One more line."))
    again = await wordings.draft(service, world.administrator, kind, {"en": copied, "cy": "Un llinell arall."})
    shelf = await wordings.shelf(service, world.administrator, kind)
    assert shelf.versions[0][0].lines("en") == ("One more line.", *wording.floor(kind)["en"])
    assert again != name
    async with reading(as_owner(service)) as conn:
        await conn.execute(text("alter table wording disable trigger wording_kept"))
        lost = {code: {"own": [OWN[code]], "fixed": []} for code in ("en", "cy")}
        await conn.execute(update(t.wording).where(t.wording.c.name == name).values(words=lost))
    assert (await wordings.in_use(service, kind)).id == wording.current(kind).id


async def test_rule_5_words_that_were_approved_are_never_changed(world: World) -> None:
    """Neither by a draft nor in the database; they can be read when others are in force, and when they are retired."""
    service = world.service
    first = await in_force(world, TAKE_PART)
    said = Said(Method.IN_PERSON, first, "cy")
    await consent.record(service, world.facilitator, world.author, TAKE_PART, True, said)
    second = await in_force(world, TAKE_PART, {"en": "New words.", "cy": "Geiriau newydd."})
    assert await standings(world, TAKE_PART) == [Standing.IN_FORCE, Standing.EARLIER]
    await wordings.retire(service, world.administrator, second)
    assert (await wordings.in_use(service, TAKE_PART)).id == wording.current(TAKE_PART).id
    assert (await wordings.read(service, first, "cy")).paragraphs[0] == OWN["cy"]
    assert (await wordings.read(service, second)).paragraphs[0] == "New words."
    for change in ("update wording set words = '{}'", "update wording set from_at = now()", "delete from wording",
                   "update wording set retired_at = null", "update wording set name = name || 'x'"):  # fmt: skip
        async with service.engine.connect() as conn:
            with pytest.raises(DBAPIError, match="cannot be changed"):
                await conn.execute(text(change))
    with pytest.raises(Conflict):
        await wordings.retire(service, world.supervisor, second)


async def test_a_version_begins_on_its_day_and_one_retired_before_it_never_does(world: World) -> None:
    """Until then the earlier one is shown, and a consent cannot name what nobody was shown."""
    service, tomorrow = world.service, datetime.now(UTC) + timedelta(days=1)
    first = await in_force(world, TAKE_PART)
    coming = await in_force(world, TAKE_PART, {"en": "Later.", "cy": "Wedyn."}, from_at=tomorrow)
    assert (await wordings.in_use(service, TAKE_PART)).id == first
    assert await standings(world, TAKE_PART) == [Standing.COMING, Standing.IN_FORCE]
    said = Said(Method.PHONE, coming)
    with pytest.raises(BadInput):
        await consent.record(service, world.facilitator, world.author, TAKE_PART, True, said)
    await wordings.retire(service, world.supervisor, coming)
    assert (await wordings.in_use(service, TAKE_PART)).id == first


async def test_rule_5_a_consent_names_the_version_and_the_language_that_were_shown(world: World) -> None:
    """In its row and in the record; a yes to no words, to those of another decision or in no language is refused."""
    service, lead = world.service, world.facilitator
    name = await in_force(world, TAKE_PART)
    for wrong in (Said(Method.PHONE, "take-part-1999-01"), Said(Method.PHONE, "be-asked-2026-02"),
                  Said(Method.PHONE, name, "fr"), Said(Method.PHONE, "")):  # fmt: skip
        with pytest.raises(BadInput):
            await consent.record(service, lead, world.author, TAKE_PART, True, wrong)
    with pytest.raises(BadInput):
        await consent.record(service, lead, world.author, ConsentKind.BE_ASKED, True, Said(Method.PHONE, name))
    await consent.record(service, lead, world.author, TAKE_PART, True, Said(Method.PHONE, name, "cy"))
    async with reading(service) as conn:
        row = (await conn.execute(select(t.consent).order_by(t.consent.c.number.desc()).limit(1))).one()
        leaf = (await ledger_read.leaves(conn, limit=1, newest_first=True))[0].leaf
    assert (row.wording, row.detail["language"]) == (name, "cy")
    assert (leaf["wording"], leaf["language"]) == (name, "cy")
    shelf = await wordings.shelf(service, world.administrator, TAKE_PART)
    assert shelf.given == {name: 1, wording.current(TAKE_PART).id: 2}


async def test_rule_5_a_person_agrees_to_the_words_on_their_own_page(world: World, site: PortalSite) -> None:
    """Changed between reading and answering they are asked anew; kept are the version and the page's language."""
    message = await world.approved()
    link = await links.preview_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
    async with site.browser() as browser:
        here = await browser.open(link.secret, CODE)
        await browser.follow(await browser.post(here + "/me", answer="me"))
        old = wording.current(ConsentKind.SHARE).id
        name = await in_force(world, ConsentKind.SHARE)
        page = await browser.post(here + "/preview", answer="share", wording=old, language="en")
        assert page.status == 422
        assert OWN["en"] in page.text
        assert "The words have changed since you opened this page." in page.text
        assert (await browser.post(here + "/preview", answer="share", language="cy")).status == 303
    async with reading(world.service) as conn:
        query = select(t.consent.c.wording, t.consent.c.detail).where(t.consent.c.kind == ConsentKind.SHARE)
        rows = (await conn.execute(query)).all()
    assert [(row.wording, row.detail["language"]) for row in rows] == [(name, "cy")]


async def test_only_administrators_and_supervisors_see_the_library(world: World) -> None:
    """All staff read the words that a consent names; the record says which version, never a word of it."""
    service = world.service
    for other in (world.facilitator, world.auditor):
        for refused in (wordings.shelves(service, other), wordings.draft(service, other, TAKE_PART, OWN),
                        wordings.drop(service, other, TAKE_PART), wordings.approve(service, other, TAKE_PART, "x"),
                        wordings.retire(service, other, "x")):  # fmt: skip
            with pytest.raises(NotAllowed):
                await refused
    await wordings.retire(service, world.supervisor, await in_force(world, TAKE_PART))
    await wordings.draft(service, world.supervisor, TAKE_PART, OWN)
    await wordings.drop(service, world.administrator, TAKE_PART)
    async with reading(service) as conn:
        told = [
            leaf.leaf for leaf in await ledger_read.leaves(conn, limit=1000) if leaf.leaf["act"].startswith("wording")
        ]
    acts = ["drafted", "approved", "retired", "drafted", "dropped"]
    assert [(leaf["act"], leaf["scope"]) for leaf in told] == [(f"wording.{act}", "take_part") for act in acts]
    assert OWN["en"] not in str(told)


async def test_the_library_is_kept_on_its_pages(world: World, console: Console) -> None:
    """Written by one, approved by the other, shown, counted, retired; read from a person's consent."""
    admin, boss, lead = [await console.as_(who) for who in (world.administrator, world.supervisor, world.facilitator)]
    place = "/wordings/take_part"
    status, page, _ = await admin.send(place, en="Only English", cy="", go="save")
    assert status == 422
    assert "Write this in both languages." in page
    assert (await admin.send(place, **OWN, go="save"))[0] == 303
    assert "Somebody else must approve them" in (await admin.get(place))[1]
    _, page = await boss.get(place)
    digest = page.split('name="digest" value="')[1].split('"')[0]
    assert (await admin.send(place + "/approve", digest=digest))[0] == 409
    assert (await boss.send(place + "/approve", digest=digest))[0] == 303
    consents = f"/people/{world.author}/consents/take_part"
    _, page = await lead.get(consents)
    assert OWN["en"] in page
    said = {"given": "yes", "method": "phone", "wording": "take-part-own-1", "language": "en"}
    assert (await lead.send(consents, **said))[0] == 303
    _, page = await lead.get(f"/people/{world.author}")
    assert 'href="/wordings/shown/take-part-own-1"' in page
    _, page = await lead.get("/wordings/shown/take-part-own-1")
    assert all(own.replace("'", "&#39;") in page for own in OWN.values())
    _, page = await boss.get(place)
    assert "Agreed to 1 time" in page
    assert (await boss.send(place + "/retire", name="take-part-own-1"))[0] == 303
    assert "The house" in (await boss.get("/wordings"))[1]


async def test_the_api_reads_the_library(world: World) -> None:
    """Every version with counts for who keeps it, and the words of a consent for all staff; a draft's for nobody."""
    name = await in_force(world, TAKE_PART)
    await wordings.draft(world.service, world.administrator, ConsentKind.SHARE, OWN)
    async with running_api(world.service) as api:
        await _read(api, world.administrator, world.facilitator, name)


async def _read(api: Api, admin: Actor, lead: Actor, name: str) -> None:
    keeper, reader = await api.as_(admin), await api.as_(lead)
    found = {one["kind"]: one for one in (await keeper.get("/wordings"))["wordings"]}
    assert found["take_part"]["in_force"] == name
    assert [(one["id"], one["standing"], one["given"]) for one in found["take_part"]["versions"]] == [
        (name, "in_force", 0)
    ]
    assert found["share"]["versions"][0]["standing"] == "draft"
    assert (await reader.get("/wordings/take_part"))["id"] == name
    assert (await reader.get(f"/wordings/take_part/{name}?language=cy"))["paragraphs"][0] == OWN["cy"]
    assert (await reader.ask("GET", "/wordings/share/share-own-1")).status == 404
    assert (await reader.ask("GET", "/wordings")).status == 403


async def test_the_api_keeps_the_library(world: World) -> None:
    """Draft, drop, draft again, a second person's yes to exactly these words, and the end of them."""
    async with running_api(world.service) as api:
        lead = await api.as_(world.facilitator)
        keeper, second = [await api.as_(one, stepped_up=True) for one in (world.administrator, world.supervisor)]
        digest = await _drafted_twice(keeper)
        place, shown = "/wordings/share/draft/approve", (await lead.get("/wordings/share"))["id"]
        for who, named, status in ((keeper, digest, 409), (second, "0" * 64, 409), (second, digest, 204)):
            assert (await who.ask("POST", place, {"digest": named})).status == status
        name = (await lead.get("/wordings/share"))["id"]
        assert name != shown
        for who, status in ((lead, 403), (second, 204), (second, 409)):
            assert (await who.ask("DELETE", f"/wordings/share/{name}")).status == status
        assert (await lead.get("/wordings/share"))["id"] == shown


async def _drafted_twice(keeper: Caller) -> str:
    """Written, thrown away, written again: the digest of the second."""
    assert (await keeper.ask("PUT", "/wordings/share/draft", OWN)).status == 200
    assert (await keeper.ask("DELETE", "/wordings/share/draft")).status == 204
    assert (await keeper.get("/wordings/share/versions"))["versions"] == []
    assert (await keeper.ask("PUT", "/wordings/share/draft", OWN)).status == 200
    draft = (await keeper.get("/wordings/share/versions"))["versions"][0]
    assert (draft["standing"], draft["en"].count(OWN["en"])) == ("draft", 1)
    return str(draft["digest"])
