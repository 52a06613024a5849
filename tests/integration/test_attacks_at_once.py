"""Two at once: guesses, sending and taking away, reading or handing over and what stops it. One winner each."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from exchange.core.errors import ExchangeError
from exchange.core.model import Channel, ConsentKind, FactKind, Kind, Method, State
from exchange.steps import (
    concern,
    consent,
    intake,
    release,
    review,
    team,
    texts,
    upload,
    view,
    visit,
)
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.service import Service
from tests.support.attacks import COOKIE, both, decided, one, orphans, read, recorded
from tests.support.world import CODE, LETTER, World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def test_parallel_guesses_are_counted_one_by_one(world: World) -> None:
    """Forty guesses at once are five, then a wait."""
    _, link = await world.released()

    async def guess(number: int) -> str:
        try:
            await visit.claim(world.service, link.secret, f"{number:042d}A", f"wrong code number {number}")
        except ExchangeError as error:
            return type(error).__name__
        return "opened"

    answers = await asyncio.gather(*(guess(number) for number in range(40)))
    assert answers.count("BadInput") == 4
    assert answers.count("WaitAWhile") == 36
    assert (await one(world, select(t.link.c.wrong_attempts).where(t.link.c.id == link.id)))[0] == 5


async def test_unlocking_and_revoking_at_once_leave_nothing_open(world: World) -> None:
    """Whoever comes second: the session is ended, the link dead, and neither waits for the other for ever."""
    for _ in range(8):
        message, link = await world.released()
        found = await world.visit(link, COOKIE)
        await visit.lock(world.service, COOKIE, found.id)
        await both(
            visit.unlock(world.service, COOKIE, found.id, CODE),
            release.revoke(world.service, world.facilitator, message),
        )
        s = t.portal_session
        row = await one(world, select(s.c.state, s.c.payload).where(s.c.id == found.id))
        assert (row.state, row.payload) == ("ended", None)


async def test_what_was_sent_is_not_taken_away_at_the_same_moment(world: World) -> None:
    """Sending in one window, taking the file away in another: sent with its file, or not sent."""
    for _ in range(8):
        who = {"author": world.author, "recipient": world.recipient}
        message = await intake.begin_message(world.service, world.facilitator, world.case, kind=Kind.LETTER, **who)
        file = await intake.write_letter(world.service, world.facilitator, message, LETTER)
        await both(
            upload.drop_upload(world.service, world.facilitator, file),
            intake.finish(world.service, world.facilitator, message),
        )
        state = (await one(world, select(t.upload.c.state).where(t.upload.c.id == file)))[0]
        assert (await world.state(message) == State.RECEIVING) is (state == "gone")


Step = Callable[[World, UUID, visit.Visit], Awaitable[Any]]


async def _revise(w: World, m: UUID, _: visit.Visit) -> None:
    about = {"base_digest": await w.digest(m), "name": "transcription", "language": "en", "text": "x"}
    await texts.add_text(w.service, w.second, m, **about)


async def _retract(w: World, m: UUID, _: visit.Visit) -> None:
    await review.retract(w.service, w.second, m, await w.digest(m), reason="x")


STOPS: dict[str, Step] = {
    "unshare": lambda w, m, _: w.agree_to_share(m, given=False),
    "withdraw": lambda w, m, _: consent.withdraw_message(w.service, w.facilitator, m),
    "decline": lambda w, m, _: w.accept(m, given=False),
    "revise": _revise,
    "retract": _retract,
    "concern": lambda w, m, _: concern.raise_concern(w.service, w.second, m, kind="threat", note="x"),
    "revoke": lambda w, m, _: release.revoke(w.service, w.second, m),
    "hold": lambda w, *_: w.fact(FactKind.HOLD, "on"),
}


@pytest.mark.parametrize("name", STOPS)
async def test_no_reading_is_recorded_after_what_stopped_it(world: World, name: str) -> None:
    """Opening and stopping at once: in the record no opening stands after the stop, and no grant outlives it."""
    for _ in range(3):
        message, link = await world.released()
        found = await world.visit(link, COOKIE)
        await both(STOPS[name](world, message, found), read(world, found))
        leaves = await recorded(world, message)
        stopped = max(i for i, act in enumerate(leaves) if act not in ("view.opened", "view.renewed"))
        opened = [i for i, act in enumerate(leaves) if act == "view.opened"]
        assert all(i < stopped for i in opened), leaves
        with pytest.raises(ExchangeError):
            await read(world, found)
        if name == "hold":
            await world.fact(FactKind.HOLD, "off", by=world.supervisor)
        else:
            assert await orphans(world) == 0


@pytest.mark.parametrize("name", [name for name in STOPS if name not in ("revoke", "hold")])
async def test_a_release_and_what_stops_it_never_both_stand(world: World, name: str) -> None:
    """Handing over and taking back at once: a grant lives only with all three decisions, and one of them won."""
    for _ in range(3):
        message, _ = await world.offered()
        await world.accept(message)
        step = release.release_by_link(world.service, world.facilitator, message, channel=Channel.EMAIL)
        found: Any = None
        await both(STOPS[name](world, message, found), step)
        assert await orphans(world) == 0
        live = select(func.count()).select_from(t.grant).where(t.grant.c.message_id == message)
        assert (await one(world, live))[0] == 0


async def test_accepting_and_unsharing_at_once_hand_over_nothing(world: World) -> None:
    """Whoever comes second, the worker's key for the same sitting is not made."""
    for _ in range(4):
        message, found = await decided(world)
        said = Said(Method.LINK, "receive-2026-01")
        accepting = consent.record(
            world.service, found.actor, world.recipient, ConsentKind.RECEIVE, True, said, message_id=message
        )
        await both(accepting, world.agree_to_share(message, given=False))
        assert not await release.grant_on_acceptance(world.service, found.id, message)
        assert await world.state(message) == State.APPROVED


@pytest.mark.parametrize("who", ["visitor", "facilitator"])
async def test_a_hold_between_opening_and_streaming_stops_the_stream(world: World, who: str) -> None:
    """What came after the gate's answer and before the first look is not taken for how things always were."""
    message, link = await world.released()
    if who == "visitor":
        opened = await view.open_for_visitor(world.service, await world.visit(link, COOKIE), "text")
    else:
        opened = await view.open_for_staff(world.service, world.second, message, "text")
    if who == "visitor":
        await world.fact(FactKind.HOLD, "on")
    else:
        await team.unassign(world.service, world.supervisor, world.case, UUID(str(world.second.id)))
    async with view.streaming(world.service, opened) as stream:
        for _ in range(50):
            await asyncio.sleep(0.1)
            if not stream.live:
                break
    assert not stream.live
