"""How often notices go, whether by themselves, and what is kept of them: policy, planted secrets, erasure, roles."""

from typing import Any

import pytest
from sqlalchemy import select, text

from exchange.core.errors import Refused
from exchange.core.model import CaseState, Channel, Policy
from exchange.steps import cases, erase, links, notices, notifying, release, stop
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.mail import Mailbox
from tests.support.notices import ADDRESS, ALWAYS, MONDAY, history, post_office, reasons, says_safe
from tests.support.planted import Planted, hits, tables
from tests.support.roles import as_portal
from tests.support.staff import found as founded
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service, smtp: Mailbox) -> World:
    """A case where everything is recorded, and a service that has a mail server."""
    await founded(service)
    await post_office(service, smtp.port)
    return await make_world(service)


async def offered(world: World) -> Any:
    """A message that was offered in person: its id."""
    return (await world.offered(by_link=False))[0]


async def ask(world: World, **about: Any) -> Any:
    """Ask for a notice on Monday at ten, by default about a message that was just offered."""
    about = about or {"message": await offered(world)}
    return await notices.ask(world.service, world.facilitator, now=MONDAY, **about)


async def send(world: World, notice: Any) -> None:
    """As the worker does, on Monday at ten."""
    await notifying.send_notice(world.service, notice, now=MONDAY)


async def test_rule_6_nobody_is_reminded_more_than_policy_allows(world: World, smtp: Mailbox) -> None:
    """Two about one message by default, whether by its link or its offer; about the next one again two."""
    await says_safe(world, world.recipient)
    message, link = await world.offered()
    assert link is not None
    for notice in [await ask(world, message=message), await ask(world, link=link.id)]:
        await send(world, notice)
    for about in ({"message": message}, {"link": link.id}):
        shown = await notices.preview(world.service, world.facilitator, **about)
        assert shown.verdict.reasons == ("enough",)
        with pytest.raises(Refused):
            await ask(world, **about)
    await send(world, await ask(world))
    assert len(smtp.messages) == 3


async def test_policy_can_forbid_all_notices(world: World) -> None:
    """Also those that were asked for before."""
    await says_safe(world, world.recipient)
    notice = await ask(world)
    await cases.set_policy(world.service, world.supervisor, world.case, Policy(notices=0))
    await send(world, notice)
    (one,) = await history(world, world.recipient)
    assert (one.state, one.outcome) == ("stopped", "enough")
    assert await reasons(world, world.recipient) == ("enough",)


@pytest.mark.parametrize(
    ("policy", "wish", "sent"), [(True, True, 1), (True, False, 0), (False, True, 0), (False, False, 0)]
)
async def test_one_goes_by_itself_only_where_policy_and_person_allow_it(
    world: World, smtp: Mailbox, policy: bool, wish: bool, sent: int
) -> None:
    """When a link to read is made; both must say so."""
    await cases.set_policy(world.service, world.supervisor, world.case, Policy(notices_by_itself=policy))
    await says_safe(world, world.recipient, by_itself=wish, hours=ALWAYS)
    message = await offered(world)
    await world.accept(message)
    link = await release.release_by_link(world.service, world.facilitator, message, channel=Channel.PHONE)
    found = await history(world, world.recipient)
    assert [(one.link_id, one.asked_by) for one in found] == [(link.id, None)] * sent
    for one in found:
        await notifying.send_notice(world.service, one.id)
    assert [one.state for one in await history(world, world.recipient)] == ["sent"] * sent
    assert len(smtp.messages) == sent


async def test_none_goes_by_itself_any_more_once_policy_says_no(world: World, smtp: Mailbox) -> None:
    """Asked again at the moment of sending; and a stop link is never told of."""
    await cases.set_policy(world.service, world.supervisor, world.case, Policy(notices_by_itself=True))
    await says_safe(world, world.author, by_itself=True, hours=ALWAYS)
    await links.invite(world.service, world.facilitator, world.author, world.recipient, channel=Channel.PHONE)
    (one,) = await history(world, world.author)
    await cases.set_policy(world.service, world.supervisor, world.case, Policy(notices_by_itself=False))
    await notifying.send_notice(world.service, one.id)
    (one,) = await history(world, world.author)
    assert (one.state, one.outcome, smtp.messages) == ("stopped", "not_by_itself", [])
    await cases.set_policy(world.service, world.supervisor, world.case, Policy(notices_by_itself=True))
    message = await world.approved()
    made = await stop.renew(world.service, world.facilitator, message, channel=Channel.PHONE)
    assert len(await history(world, world.author)) == 1
    shown = await notices.preview(world.service, world.facilitator, link=made.id)
    assert shown.verdict.reasons == ("over",)


async def test_nothing_of_the_message_or_the_person_is_in_a_notice(world: World, smtp: Mailbox) -> None:
    """Names, content, link, code and reference were there to be leaked; and no table, leaf or job holds the address."""
    await says_safe(world, world.recipient)
    letter = "Dear you, zanzibarbarian is a word that nobody else writes."
    message, link = await world.released(letter)
    await send(world, await ask(world, link=link.id))
    async with reading(world.service) as conn:
        numbers = list((await conn.execute(select(t.message.c.reference))).scalars())
        reference = (await conn.execute(select(t.cases.c.reference))).scalar_one()
    ids = {"message": str(message), "link": str(link.id), "case": str(world.case), "person": str(world.recipient)}
    words = {
        "content": "zanzibarbarian", "name": "Full name", "form": "Form harmed", "note": "that evening",
        "reference": str(reference), "code": "apple river", "portal": world.service.settings.portal_url, **ids,
        **{number: str(number) for number in numbers},
    }  # fmt: skip
    planted = Planted(secrets={"link": link.secret}, words=words)
    (sent,) = smtp.messages
    assert hits(planted, {"mail": sent.as_bytes()}) == []
    address = Planted(words={"address": ADDRESS})
    assert hits(address, {"mail": sent.as_bytes()}) != []
    assert hits(address, await tables(world.service)) == []


async def test_erasing_the_case_erases_address_and_wish(world: World, smtp: Mailbox) -> None:
    """What waits is not sent; the history stays, without a word."""
    await says_safe(world, world.recipient)
    notice = await ask(world)
    await erase.erase_case(world.service, world.supervisor, world.case)
    await send(world, notice)
    async with reading(world.service) as conn:
        assert (await conn.execute(select(t.notice_wish))).all() == []
        (row,) = (await conn.execute(select(t.notice.c.state, t.notice.c.outcome))).all()
        assert (await conn.execute(select(t.cases.c.state))).scalar_one() == CaseState.ERASED
    assert (tuple(row), smtp.messages) == (("stopped", "over"), [])


async def test_the_portal_reads_neither_wishes_nor_notices(world: World) -> None:
    """Its role has no right to them."""
    await says_safe(world, world.recipient)
    async with as_portal(world.service).engine.connect() as conn:
        for table in ("notice", "notice_wish"):
            allowed = text("select has_table_privilege(current_user, :name, 'select')")
            assert (await conn.execute(allowed, {"name": table})).scalar_one() is False
