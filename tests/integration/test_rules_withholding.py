"""Rule 21: withholding has a reason, a notice to the author, and a way to appeal to a supervisor."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from exchange.core.links import new_secret
from exchange.core.model import Actor, Channel, Method, Role, State
from exchange.steps import appeals, concern, consent, erase, review, setup, stop, team
from exchange.store import ledger_read, read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import Console, running_console
from tests.support.roles import as_portal
from tests.support.world import World, make_world, staff

REASON = "It names a school."
SAYS = "I think that you misread the second part."
BY_PHONE, PHONE = Method.PHONE, Channel.PHONE


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Message service")
    return await make_world(service)


@pytest.fixture
async def console(world: World) -> AsyncIterator[Console]:
    """The console over that world."""
    async with running_console(world.service) as running:
        yield running


async def withheld(world: World, by: Actor | None = None) -> UUID:
    """A letter that is not to be shared."""
    message = await world.letter()
    digest = await world.digest(message)
    await review.withhold(world.service, by or world.facilitator, message, digest, reason=REASON)
    return message


async def open_tasks(world: World, message: UUID) -> set[str]:
    """The kinds of what is still to be done about a message."""
    async with reading(world.service) as conn:
        query = select(t.task.c.kind).where(t.task.c.message_id == message, t.task.c.done_at.is_(None))
        return set((await conn.execute(query)).scalars())


async def leaves(world: World, message: UUID) -> list[dict[str, Any]]:
    """What the record says of it, newest first."""
    async with reading(world.service) as conn:
        found = await ledger_read.leaves(conn, newest_first=True, limit=200)
    return [one.leaf for one in found if one.leaf.get("message") == str(message)]


async def test_rule_21_the_author_is_told_in_words_that_hold_nothing_of_the_recipient(world: World) -> None:
    """It waits until it is done; a name, an address or a number is refused and nothing is recorded; sealed."""
    message = await withheld(world)
    assert await open_tasks(world, message) == {"tell_author"}
    for words in ("She is at harmed@people.example.", "The FULL truth: they will not get it", " "):
        with pytest.raises(BadInput):
            await appeals.tell(world.service, world.facilitator, message, words=words, means=PHONE)
    assert await open_tasks(world, message) == {"tell_author"}
    await appeals.tell(world.service, world.facilitator, message, words=f"Not shared. {REASON}", means=PHONE)
    assert await open_tasks(world, message) == set()
    view = await appeals.read_appeal(world.service, world.facilitator, message)
    assert [(row.kind, row.means, words) for row, words in view.told] == [
        ("withheld", "phone", f"Not shared. {REASON}")
    ]
    leaf = (await leaves(world, message))[0]
    assert (leaf["act"], leaf["kind"], leaf["channel"]) == ("review.told", "withheld", "phone")
    assert REASON not in str(leaf)
    async with reading(world.service) as conn:
        assert REASON.encode() not in (await conn.execute(select(t.told.c.words_sealed))).scalar_one()


async def test_rule_21_an_appeal_is_decided_by_a_supervisor_who_did_not_withhold_it(world: World) -> None:
    """Neither the team nor whoever withheld it; upheld, it stays withheld, and the author is told again."""
    boss = await staff(world.service, "second-supervisor", Role.SUPERVISOR, Role.FACILITATOR)
    await team.assign(world.service, world.supervisor, world.case, boss.id)
    message = await withheld(world, by=boss)
    made = await appeals.appeal(world.service, world.facilitator, message, says=SAYS, method=BY_PHONE)
    assert "decide_appeal" in await open_tasks(world, message)
    with pytest.raises(Conflict):
        await appeals.appeal(world.service, world.facilitator, message, says=SAYS, method=BY_PHONE)
    for who, error in ((world.facilitator, NotAllowed), (boss, Refused), (world.stranger, NotFound)):
        with pytest.raises(error):
            await appeals.decide(world.service, who, message, outcome="allowed", reason="Yes.")
    for outcome, reason in (("perhaps", "Yes."), ("upheld", " ")):
        with pytest.raises(BadInput):
            await appeals.decide(world.service, world.supervisor, message, outcome=outcome, reason=reason)
    assert await world.state(message) == State.WITHHELD
    view = await appeals.read_appeal(world.service, world.supervisor, message)
    assert (view.says, view.decisions[0][1], view.may_decide, view.open) == (SAYS, REASON, True, True)
    await appeals.decide(world.service, world.supervisor, message, outcome="upheld", reason="I agree with them.")
    assert await world.state(message) == State.WITHHELD
    assert await open_tasks(world, message) == {"tell_author"}
    with pytest.raises(Conflict):
        await appeals.decide(world.service, world.supervisor, message, outcome="allowed", reason="Yes.")
    acts = [(leaf["act"], leaf.get("outcome"), leaf.get("appeal")) for leaf in await leaves(world, message)]
    assert acts[0] == ("appeal.decided", "upheld", str(made))
    assert ("appeal.made", None, str(made)) in acts
    await appeals.tell(world.service, world.facilitator, message, words="It stays so.", means=PHONE)
    told = (await appeals.read_appeal(world.service, world.facilitator, message)).told
    assert [row.kind for row, _ in told] == ["upheld"]


async def test_rule_21_an_appeal_allowed_goes_back_to_review_by_somebody_else(world: World) -> None:
    """Whoever withheld it can neither approve nor withhold it now; a colleague can."""
    message = await withheld(world)
    await appeals.appeal(world.service, world.facilitator, message, says=SAYS, method=BY_PHONE)
    await appeals.decide(world.service, world.supervisor, message, outcome="allowed", reason="Look at it again.")
    assert await world.state(message) == State.IN_REVIEW
    digest = await world.digest(message)
    with pytest.raises(Refused):
        await world.approve(message)
    with pytest.raises(Refused):
        await review.withhold(world.service, world.facilitator, message, digest, reason=REASON)
    assert await world.state(message) == State.IN_REVIEW
    assert await world.approve(message, by=world.second)
    assert await world.state(message) == State.APPROVED


async def test_rule_21_withheld_after_a_concern_is_told_too(world: World) -> None:
    """The author hears of it and may appeal, to another supervisor; who took it back waits for nothing."""
    service, lead, rowan = world.service, world.facilitator, world.supervisor
    message, taken_back = await world.letter(), await world.letter()
    for one in (message, taken_back):
        raised = await concern.raise_concern(service, lead, one, kind="threat", note="It threatens.")
        if one == taken_back:
            await consent.withdraw_message(service, lead, one)
        await concern.end_concern(service, rowan, raised, outcome="withhold", note="It does.")
    assert await world.state(message) == State.WITHHELD
    assert await open_tasks(world, message) == {"tell_author"}
    assert await open_tasks(world, taken_back) == set()
    await appeals.tell(service, lead, message, words="It is not shared.", means=PHONE)
    await appeals.appeal(service, lead, message, says=SAYS, method=BY_PHONE)
    with pytest.raises(Refused):
        await appeals.decide(service, rowan, message, outcome="allowed", reason="Yes.")
    raised = await concern.raise_concern(service, lead, await world.letter(), kind="other", note="Look.")
    await concern.end_concern(service, rowan, raised, outcome="continue", note="Nothing.")
    async with reading(service) as conn:
        told = select(t.task.c.message_id).where(t.task.c.kind == appeals.TELL)
        assert set((await conn.execute(told)).scalars()) == {message}


async def test_no_appeal_is_decided_while_a_concern_is_open(world: World, console: Console) -> None:
    """It would stand as allowed though nothing moved: nothing changes, the page says why; afterwards it can be."""
    service, lead, rowan = world.service, world.facilitator, world.supervisor
    message = await withheld(world)
    await appeals.appeal(service, lead, message, says=SAYS, method=BY_PHONE)
    raised = await concern.raise_concern(service, lead, message, kind="threat", note="It threatens.")
    boss, path = await console.as_(rowan), f"/messages/{message}/appeal/decide"
    for outcome in appeals.OUTCOMES:
        with pytest.raises(Conflict, match="concern"):
            await appeals.decide(service, rowan, message, outcome=outcome, reason="Yes.")
        status, shown, _ = await boss.send(path, outcome=outcome, reason="Yes.")
        assert (status, "A concern about this message is open" in shown) == (409, True)
    view = await appeals.read_appeal(service, rowan, message)
    assert (view.open, await world.state(message)) == (True, State.CONCERN)
    boss2 = await staff(service, "second-supervisor", Role.SUPERVISOR)
    await concern.end_concern(service, boss2, raised, outcome="withhold", note="It does.")
    await appeals.decide(service, rowan, message, outcome="allowed", reason="Look at it again.")
    assert await world.state(message) == State.IN_REVIEW


async def test_rule_23_what_was_told_appealed_and_decided_goes_with_the_message(world: World) -> None:
    """Erased: the words are gone, that it happened stays; and the author can still be told what was decided."""
    message = await withheld(world)
    await appeals.tell(world.service, world.facilitator, message, words="Not shared.", means=PHONE)
    await appeals.appeal(world.service, world.facilitator, message, says=SAYS, method=BY_PHONE)
    await appeals.decide(world.service, world.supervisor, message, outcome="upheld", reason="I agree with them.")
    await erase.erase_message(world.service, world.supervisor, message)
    view = await appeals.read_appeal(world.service, world.facilitator, message)
    assert view.appeal
    assert (view.appeal.outcome, view.says, view.reason, [words for _, words in view.told]) == ("upheld", "", "", [""])
    await appeals.tell(world.service, world.facilitator, message, words="It stays so.", means=PHONE)
    assert await open_tasks(world, message) == set()


async def test_rule_21_the_author_appeals_through_their_own_link(world: World) -> None:
    """Through the portal's own role, sealed to the case; where there is nothing to appeal it reaches the team."""
    portal = as_portal(world.service)
    message = await withheld(world)
    link = await stop.renew(world.service, world.facilitator, message, channel=Channel.EMAIL)
    visit = await world.visit(link, new_secret())
    with pytest.raises(BadInput):
        await appeals.by_link(portal, visit, says="  ")
    await appeals.by_link(portal, visit, says=SAYS)
    view = await appeals.read_appeal(world.service, world.supervisor, message)
    assert view.appeal
    assert (view.says, view.appeal.method, view.appeal.recorded_by) == (SAYS, "link", None)
    await appeals.by_link(portal, visit, says="And another thing.")
    assert await open_tasks(world, message) == {"tell_author", "decide_appeal", "appeal"}
    approved = await world.approved()
    other = await world.visit(
        await stop.renew(world.service, world.facilitator, approved, channel=Channel.EMAIL), new_secret()
    )
    await appeals.by_link(portal, other, says="Why?")
    assert await open_tasks(world, approved) == {"appeal"}
    assert (await appeals.read_appeal(world.service, world.supervisor, approved)).appeal is None


async def test_rule_21_and_25_an_appeal_waits_on_the_supervisors_list_until_it_is_decided(
    world: World, console: Console
) -> None:
    """On the start page at once and on the supervisor's own with how long; ticking it off is not deciding."""
    message = await withheld(world)
    lead, boss = await console.as_(world.facilitator), await console.as_(world.supervisor)
    path = f"/messages/{message}"
    assert (await lead.send(f"{path}/told", words="Not shared.", means=""))[0] == 422
    assert (await lead.send(f"{path}/told", words=f"Not shared. {REASON}", means="phone"))[0] == 303
    assert (await lead.send(f"{path}/appeal", says=SAYS, method="phone"))[0] == 303
    listed = (await read.needs_you_now(world.service, world.supervisor))["on_you"]
    task = next(item.task_id for item in listed if item.kind == "decide_appeal")
    _, page = await boss.get("/supervisor")
    assert f"/tasks/{task}" in page
    assert f"{path}/appeal" in (await boss.get(f"/tasks/{task}"))[1]
    assert (await boss.send(f"/tasks/{task}"))[0] in (409, 422)
    status, page = await boss.get(f"{path}/appeal")
    assert (status, SAYS in page, REASON in page) == (200, True, True)
    assert (await lead.post(f"{path}/appeal/decide", [("outcome", "allowed"), ("reason", "Yes.")]))[0] == 403
    status, _, place = await boss.send(f"{path}/appeal/decide", f"{path}/appeal", outcome="allowed", reason="Yes.")
    assert (status, place) == (303, f"{path}/appeal")
    assert f"/tasks/{task}" not in (await boss.get("/supervisor"))[1]
    assert await world.state(message) == State.IN_REVIEW
