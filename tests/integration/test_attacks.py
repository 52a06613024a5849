"""What a thief, a curious colleague, a second press of a button and a lost race must not get. One property each."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from exchange.core.errors import BadInput, Conflict, ExchangeError, LinkDead, NotFound, Refused, SignInNeeded
from exchange.core.model import Channel, ConsentKind, FactKind, Method, State
from exchange.steps import (
    concern,
    consent,
    draft,
    erase,
    facts,
    intake,
    links,
    offer,
    release,
    review,
    stop,
    sweep,
    texts,
    view,
    visit,
)
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.pieces import Original
from exchange.store.service import Service
from tests.support.assessing import assess
from tests.support.attacks import COOKIE, codes, decided, do, one, read, stop_link
from tests.support.world import CODE, LETTER, PERSON, World, make_world

TOLD = Said(Method.LINK, "share-2026-01")
TAKE_PART = Said(Method.PHONE, "take-part-2026-01")


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


# Releases on our own screen


async def test_a_release_with_me_ends_with_a_revocation(world: World) -> None:
    """After "sent to the wrong person" the same presentation opens nothing more."""
    message, _ = await world.offered()
    await world.accept(message)
    shown = await release.present(world.service, world.facilitator, message, who_is_there="Both")
    await view.open_for_staff(world.service, world.facilitator, message, "text", release=shown)
    await release.revoke(world.service, world.facilitator, message, wrong_person=True)
    with pytest.raises((NotFound, Refused)):
        await view.open_for_staff(world.service, world.facilitator, message, "text", release=shown)


async def test_an_old_release_does_not_open_a_new_version(world: World) -> None:
    """A presentation of version one does not show version two, though everything holds for that one."""
    message, _ = await world.offered()
    await world.accept(message)
    shown = await release.present(world.service, world.facilitator, message, who_is_there="Both")
    about = {"base_digest": await world.digest(message), "name": "transcription", "language": "en", "text": "x"}
    await texts.add_text(world.service, world.facilitator, message, **about)
    await world.approve(message)
    await world.agree_to_share(message)
    terms = offer.Terms("About that evening.", Channel.PHONE, by_link=False)
    await offer.make_offer(world.service, world.facilitator, message, terms)
    await world.accept(message)
    with pytest.raises((NotFound, Refused)):
        await view.open_for_staff(world.service, world.facilitator, message, "text", release=shown)


async def test_a_release_by_link_opens_nothing_on_our_screen(world: World) -> None:
    """The release of a link is no presentation, and cannot be ended as one."""
    message, link = await world.released()
    made = (await one(world, select(t.release).where(t.release.c.link_id == link.id))).id
    with pytest.raises(NotFound):
        await view.open_for_staff(world.service, world.facilitator, message, "text", release=made)
    with pytest.raises(Conflict):
        await release.end_presentation(world.service, world.facilitator, made, copy="kept")
    assert await world.state(message) == State.RELEASED


async def test_an_older_version_does_not_open_through_a_release(world: World) -> None:
    """The digest that a caller names is not looked at where a release is named."""
    message, _ = await world.offered()
    first = await world.digest(message)
    about = {"base_digest": first, "name": "transcription", "language": "en", "text": "x"}
    second = await texts.add_text(world.service, world.facilitator, message, **about)
    await world.approve(message)
    await world.agree_to_share(message)
    terms = offer.Terms("About that evening.", Channel.PHONE, by_link=False)
    await offer.make_offer(world.service, world.facilitator, message, terms)
    await world.accept(message)
    shown = await release.present(world.service, world.facilitator, message, who_is_there="Both")
    asked: dict[str, Any] = {"digest": first, "release": shown}
    opened = await view.open_for_staff(world.service, world.facilitator, message, "text", **asked)
    newest = await one(world, select(t.revision.c.id).where(t.revision.c.digest == second))
    assert opened.part.revision_id == newest.id


async def test_a_text_that_does_not_say_that_it_is_shown_is_not_shown(world: World) -> None:
    """A missing word about it counts as no."""
    _, link = await world.released()
    found = await world.visit(link, COOKIE)
    assert [p.name for p in (await view.shelf(world.service, found)).parts]
    await do(world, update(t.part).where(t.part.c.name == "text").values(facts={}))
    assert [p.name for p in (await view.shelf(world.service, found)).parts if p.name == "text"] == []
    with pytest.raises(NotFound):
        await view.open_for_visitor(world.service, found, "text")


# What the gate is told


async def test_a_hold_does_not_run_out(world: World) -> None:
    """Nobody lifts a safeguarding hold by putting on a shorter one."""
    soon = datetime.now(UTC) + timedelta(days=1)
    await world.fact(FactKind.HOLD, "on")
    with pytest.raises(BadInput):
        await facts.record_fact(world.service, world.facilitator, world.case, FactKind.HOLD, "on", until=soon)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(FactKind.STATUS, "died"), (FactKind.GUARDIAN, "needed"), (FactKind.SUPPORTER, "needed")],
)
async def test_what_a_supervisor_must_decide_does_not_decide_itself(world: World, kind: FactKind, value: str) -> None:
    """A person's status and support hold until somebody decides."""
    soon = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(BadInput):
        await facts.record_fact(
            world.service, world.facilitator, world.case, kind, value, participant=world.recipient, until=soon
        )


async def test_an_old_exception_does_not_lift_a_new_order(world: World) -> None:
    """Rule 14: a carve-out counts for the order under which it was recorded."""
    _, link = await world.released()
    found = await world.visit(link, COOKIE)
    await world.fact(FactKind.CONTACT_ORDER, "in_force")
    await world.fact(FactKind.CARVE_OUT, "recorded", by=world.supervisor)
    assert await read(world, found) == LETTER
    await world.fact(FactKind.CONTACT_ORDER, "none", by=world.supervisor)
    await world.fact(FactKind.CONTACT_ORDER, "in_force")
    with pytest.raises(Refused) as refused:
        await read(world, found)
    assert codes(refused) == ["contact_order"]


async def test_an_assessment_never_outlives_policy(world: World) -> None:
    """However far ahead its date lies, the case's policy ends it."""
    message = await world.shared()
    await assess(world.service, world.facilitator, world.case, days=90)
    short = {"four_eyes": False, "assessment_days": 0}
    await do(world, update(t.cases).where(t.cases.c.id == world.case).values(policy=short))
    with pytest.raises(Refused) as refused:
        await offer.make_offer(world.service, world.facilitator, message, offer.Terms("x", Channel.PHONE))
    assert "assessment" in codes(refused)


async def test_who_left_and_came_back_is_asked_anew(world: World) -> None:
    """The author leaves and returns: the recipient's earlier yes is gone, and so is every link."""
    message, link = await world.released()
    invited = await links.invite(world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL)
    for given in (False, True):
        await consent.record(world.service, world.facilitator, world.author, ConsentKind.TAKE_PART, given, TAKE_PART)
    await world.agree_to_share(message)
    receives = select(func.count()).select_from(t.receive_current)
    assert (await one(world, receives))[0] == 0
    for dead in (link, invited):
        with pytest.raises(LinkDead):
            await world.visit(dead, COOKIE)


# Two people, two versions


async def test_a_version_that_is_not_newest_cannot_be_sent_back(world: World) -> None:
    """Who looked at version one does not decide about version two."""
    message = await world.letter()
    first = await world.digest(message)
    about = {"base_digest": first, "name": "transcription", "language": "en", "text": "x"}
    await texts.add_text(world.service, world.second, message, **about)
    with pytest.raises(Conflict):
        await review.return_to_author(world.service, world.facilitator, message, first, reason="Too short")
    assert await world.state(message) == State.IN_REVIEW


async def test_an_ended_concern_does_not_end_another(world: World) -> None:
    """A decision about the first concern does not free what a second one froze."""
    message = await world.letter()
    about = {"kind": "threat", "note": "x"}
    first = await concern.raise_concern(world.service, world.facilitator, message, **about)
    await concern.end_concern(world.service, world.supervisor, first, outcome="continue", note="x")
    await concern.raise_concern(world.service, world.facilitator, message, **about)
    with pytest.raises(Conflict):
        await concern.end_concern(world.service, world.supervisor, first, outcome="continue", note="x")
    assert await world.state(message) == State.CONCERN


async def test_a_note_names_a_version_of_this_message(world: World) -> None:
    """Another message's digest is refused."""
    message, other = await world.letter(), await world.letter("Another letter.")
    with pytest.raises(NotFound):
        await review.add_note(world.service, world.facilitator, message, await world.digest(other), text="x", place={})


# Links and sessions


async def test_a_session_that_was_taken_back_is_not_unlocked(world: World) -> None:
    """The code opens a locked page, not one whose link was revoked."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    await visit.lock(world.service, COOKIE, found.id)
    await release.revoke(world.service, world.facilitator, message)
    with pytest.raises(SignInNeeded):
        await visit.unlock(world.service, COOKIE, found.id, CODE)


async def test_a_stop_link_cannot_agree(world: World) -> None:
    """It stops, and does nothing else, whoever holds it."""
    message = await world.approved()
    digest = await world.digest(message)
    link = await stop_link(world, message)
    found = await world.visit(link, COOKIE, is_me=False)
    about: dict[str, Any] = {"message_id": message, "digest": digest}
    with pytest.raises(NotFound):
        await consent.record(world.service, found.actor, world.author, ConsentKind.SHARE, True, TOLD, **about)


async def test_only_a_stop_link_stops(world: World) -> None:
    """The recipient's reading link does not take the author's message back."""
    message, link = await world.released()
    found = await world.visit(link, COOKIE)
    with pytest.raises(NotFound):
        await stop.stop(world.service, found, wish="withdraw")
    assert await world.state(message) == State.RELEASED


async def test_a_locked_session_cannot_agree(world: World) -> None:
    """Between the page and the press the page was locked."""
    message, found = await decided(world)
    await visit.lock(world.service, COOKIE, found.id)
    with pytest.raises(NotFound):
        await consent.record(
            world.service, found.actor, world.recipient, ConsentKind.RECEIVE, True, TOLD, message_id=message
        )
    assert await world.state(message) == State.OFFERED


async def test_a_claimed_link_keeps_no_secret_for_us(world: World) -> None:
    """From the claim on nobody, the case's key included, can rebuild a link."""
    message, _ = await decided(world)
    row = await one(world, select(t.link).where(t.link.c.message_id == message))
    assert (row.state, row.secret_sealed) == ("claimed", None)


@pytest.mark.parametrize("purpose", ["decide", "view"])
async def test_what_has_run_out_keeps_nothing_that_opens(world: World, purpose: str) -> None:
    """A link claimed once and past its date: no payload, no secret, no grant, no session."""
    message, link = await (world.offered() if purpose == "decide" else world.released())
    assert link is not None
    await world.visit(link, COOKIE)
    await do(world, update(t.link).where(t.link.c.id == link.id).values(expires_at=text("now() - interval '1 h'")))
    assert await sweep.run_out(world.service) == 0  # somebody is at it
    await do(world, update(t.portal_session).values(until=text("now() - interval '1 h'")))
    assert await sweep.run_out(world.service) == 1
    row = await one(world, select(t.link).where(t.link.c.id == link.id))
    assert (row.state, row.payload, row.secret_sealed) == ("expired", None, None)
    assert (await one(world, select(func.count()).select_from(t.grant)))[0] == 0
    assert await world.state(message) == (State.OFFERED if purpose == "decide" else State.LAPSED)


async def test_not_for_me_in_the_same_sitting_leads_back(world: World) -> None:
    """The wrong hands had a `decide` link that could read: the message stands where a new link can be made."""
    message, found = await decided(world)
    said = Said(Method.LINK, "receive-2026-01")
    await consent.record(
        world.service, found.actor, world.recipient, ConsentKind.RECEIVE, True, said, message_id=message
    )
    assert await release.grant_on_acceptance(world.service, found.id, message)
    await visit.is_for_me(world.service, found, yes=False)
    assert await world.state(message) == State.ACCEPTED
    with pytest.raises((NotFound, SignInNeeded)):
        await read(world, found)


async def test_a_strange_colleague_learns_nothing_by_guessing_ids(world: World) -> None:
    """Every step with the id of another case's row answers as if it were not there."""
    message, link = await world.released()
    made = (await one(world, select(t.release))).id
    guesses: list[Callable[[], Awaitable[Any]]] = [
        lambda: view.open_for_staff(world.service, world.stranger, message, "text"),
        lambda: view.open_for_staff(world.service, world.stranger, message, "text", release=made),
        lambda: release.end_presentation(world.service, world.stranger, made, copy="kept"),
        lambda: release.revoke(world.service, world.stranger, message),
        lambda: release.release_by_link(world.service, world.stranger, message, channel=Channel.EMAIL),
        lambda: links.show_secret(world.service, world.stranger, link.id),
        lambda: links.revoke(world.service, world.stranger, link.id),
        lambda: links.preview_link(world.service, world.stranger, message, channel=Channel.EMAIL),
        lambda: consent.withdraw_message(world.service, world.stranger, message),
        lambda: intake.put_in_again(world.service, world.stranger, message),
        lambda: erase.erase_message(world.service, world.stranger, message),
        lambda: concern.raise_concern(world.service, world.stranger, message, kind="threat", note="x"),
    ]
    for guess in guesses:
        with pytest.raises(NotFound):
            await guess()
    assert await world.state(message) == State.RELEASED


async def test_a_supervisor_who_is_not_on_the_team_reads_no_content(world: World) -> None:
    """They see where it stands, and no word of it."""
    message = await world.letter()
    with pytest.raises(ExchangeError):
        await view.open_for_staff(world.service, world.supervisor, message, "text")
    leaf = text("select count(*) from public.ledger_leaf where leaf like '%review.opened%'")
    assert (await one(world, leaf))[0] == 0


# What is left behind


async def test_erasure_leaves_no_words_behind(world: World) -> None:
    """Notes on consents and what was written through its links go too."""
    message = await world.approved()
    said = replace(PERSON, note="They cried when they agreed.")
    about: dict[str, Any] = {"message_id": message, "digest": await world.digest(message)}
    await consent.record(world.service, world.facilitator, world.author, ConsentKind.SHARE, True, said, **about)
    invited = await links.invite(world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL)
    found = await world.visit(invited, COOKIE)
    await draft.save(world.service, found, "What I never sent")
    await do(world, update(t.link).where(t.link.c.id == invited.id).values(message_id=message))
    await erase.erase_message(world.service, world.supervisor, message)
    kept = select(func.count()).select_from(t.consent).where(t.consent.c.note_sealed.is_not(None))
    assert (await one(world, kept.where(t.consent.c.message_id == message)))[0] == 0
    assert (await one(world, select(func.count()).select_from(t.draft)))[0] == 0


async def test_a_key_swapped_between_rows_does_not_open(world: World) -> None:
    """A data key, a link's secret and a name each open in their own row only."""
    first, second = await world.letter(), await world.letter("Another letter.")
    r = t.revision
    stolen = (await one(world, select(r.c.key_sealed).where(r.c.message_id == first)))[0]
    await do(world, update(r).where(r.c.message_id == second).values(key_sealed=stolen))
    with pytest.raises(ExchangeError):
        await view.open_for_staff(world.service, world.facilitator, second, "text")


def test_no_key_stands_in_a_repr() -> None:
    """What may end in a log names no key."""
    secret = b"k" * 32
    zero = UUID(int=0)
    assert repr(secret) not in repr(Original(zero, zero, zero, 1, secret))
