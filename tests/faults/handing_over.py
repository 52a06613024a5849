"""The second part of a run: reviewed, approved, agreed to, offered, accepted, handed over, read."""

import asyncio
import time
from typing import Any

from sqlalchemy import select

from exchange.core.errors import LinkDead
from exchange.core.model import Channel, ConsentKind, Method, Purpose, ReleaseWay, State
from exchange.steps import consent, offer, release, view, visit
from exchange.steps.consent import Said
from exchange.steps.visit import Visit
from exchange.store import tables as t
from tests.faults import queue
from tests.faults.people import People, act
from tests.faults.putting_in import live_link, state, told_link
from tests.support.world import CODE

BROWSERS = ("first", "second")


async def read(people: People, opened: view.Opened, **who: Any) -> bytes:
    """Every byte of a part; each run of it is written down the moment it left."""
    whole = b""
    async for run in opened.reader.range(0, opened.part.size):
        at = time.time()
        whole += bytes(run)
        people.history.note(served=opened.part.name, size=len(run), at=at, **who)
    return whole


async def digest(people: People) -> str:
    """The newest version."""
    return await people.world.digest(people.message)


@act("review.opened")
async def look_through(people: People) -> None:
    """The facilitator reads it; what it says is what was put in."""
    opened = await view.open_for_staff(people.service, people.world.facilitator, people.message, "text")
    text = (await read(people, opened, staff=people.world.facilitator.id)).decode()
    people.history.note(read="staff", right=_is_the_letter(people, text.encode()), said=text[:60])


async def _approved(people: People) -> bool:
    a = t.approval_current
    return await people.see(select(a.c.digest).where(a.c.message_id == people.message)) is not None


@act("review.approved", look=_approved)
async def approve(people: People) -> None:
    """The facilitator approves exactly this version."""
    await people.world.approve(people.message)


async def _shared(people: People) -> bool:
    s = t.share_current
    return await people.see(select(s.c.digest).where(s.c.message_id == people.message)) is not None


@act("consent.given", look=_shared)
async def agree(people: People) -> None:
    """The author agrees to share it."""
    await people.world.agree_to_share(people.message)


async def _offered(people: People) -> bool:
    return await state(people) == State.OFFERED and await live_link(people, Purpose.DECIDE)


@act("offer.made", look=_offered)
async def make_offer(people: People) -> None:
    """The recipient is told that something is there, with a link to decide."""
    terms = offer.Terms("A letter of one page.", Channel.PHONE, on_acceptance="accept_by_link" in people.script.acts)
    link = await offer.make_offer(people.service, people.world.facilitator, people.message, terms)
    told_link(people, Purpose.DECIDE, link)


async def _accepted(people: People) -> bool:
    r = t.receive_current
    return await people.see(select(r.c.consent_id).where(r.c.message_id == people.message)) is not None


@act("consent.given", look=_accepted)
async def accept(people: People) -> None:
    """The recipient accepts, in person."""
    await people.world.accept(people.message)


async def visiting(people: People, purpose: Purpose, browser: str) -> Visit:
    """A visit by one browser, which is the same each time."""
    cookie = people.script.cookie(browser)
    session = await visit.claim(people.portal, people.known(purpose.value), cookie, CODE)
    people.history.note(claimed=people.known(f"{purpose.value}_link"), purpose=purpose, session=session, by=browser)
    return await visit.load(people.portal, cookie, session)


@act("consent.given", look=_accepted)
async def accept_by_link(people: People) -> None:
    """The recipient accepts through the link, to read at once."""
    found = await visiting(people, Purpose.DECIDE, "first")
    await visit.is_for_me(people.portal, found, yes=True)
    said = Said(Method.LINK, "receive-2026-01")
    person = found.link.participant_id
    await consent.record(people.portal, found.actor, person, ConsentKind.RECEIVE, True, said, message_id=people.message)


async def _granted(people: People) -> bool:
    """To the session that waits; or handed over by a link, which the facilitator looks for on its page."""
    g = t.grant
    mine = (g.c.message_id == people.message, g.c.purpose == "view")
    waiting = await people.see(select(g.c.id).where(*mine, g.c.session_id.is_not(None)))
    if waiting is None and not await _released(people):
        return False
    people.know(winner="first")
    return True


@act("release.created", look=_granted)
async def grant_at_once(people: People) -> None:
    """A worker hands the key to the session that waits."""
    await queue.work(people)
    if not await _granted(people):
        # its job was set aside after too many deaths: then the facilitator hands it over
        link = await release.release_by_link(
            people.service, people.world.facilitator, people.message, channel=Channel.EMAIL
        )
        told_link(people, Purpose.VIEW, link)
    people.know(winner="first")


async def _released(people: People) -> bool:
    return await state(people) == State.RELEASED and await live_link(people, Purpose.VIEW)


@act("release.created", look=_released)
async def hand_over(people: People) -> None:
    """By link."""
    link = await release.release_by_link(
        people.service, people.world.facilitator, people.message, channel=Channel.EMAIL
    )
    told_link(people, Purpose.VIEW, link)


@act("link.claimed")
async def race(people: People) -> None:
    """Two browsers with the right code at the same moment; one gets in, however often each tries again."""
    tried = await asyncio.gather(*(visiting(people, Purpose.VIEW, one) for one in BROWSERS), return_exceptions=True)
    for one, came in zip(BROWSERS, tried, strict=True):
        if isinstance(came, Visit):
            people.know(winner=one)
        elif not isinstance(came, LinkDead):
            raise came


def purpose(people: People) -> Purpose:
    """Through which kind of link the recipient reads."""
    return Purpose.VIEW if people.known("view") else Purpose.DECIDE


@act("view.opened")
async def read_it(people: People) -> None:
    """It is for them, and they read all of it."""
    found = await visiting(people, purpose(people), people.known("winner"))
    await visit.is_for_me(people.portal, found, yes=True)
    await through(people)


async def through(people: People) -> None:
    """Every part that is shown, through the winner's session."""
    found = await visiting(people, purpose(people), people.known("winner"))
    for part in (await view.shelf(people.portal, found)).parts:
        opened = await view.open_for_visitor(people.portal, found, part.name)
        whole = await read(people, opened, session=found.id)
        if part.name == "text":
            people.history.note(read="recipient", size=len(whole), right=_is_the_letter(people, whole))


def _is_the_letter(people: People, whole: bytes) -> bool:
    """Lines of files are set anew, so words are compared."""
    return whole.decode().split() in [letter.split() for letter in people.letters()]


async def _open_release(people: People) -> bool:
    r = t.release
    mine = (r.c.message_id == people.message, r.c.ended_at.is_(None), r.c.way != ReleaseWay.LINK)
    row = await people.see(select(r.c.id).where(*mine))
    if row is not None:
        people.know(release=row.id)
    return row is not None


@act("release.printed", look=_open_release)
async def print_it(people: People) -> None:
    """On paper."""
    people.know(release=await release.print_pack(people.service, people.world.facilitator, people.message))


@act("release.presented", look=_open_release)
async def present(people: People) -> None:
    """On the facilitator's own screen, together."""
    who = people.world.facilitator
    people.know(release=await release.present(people.service, who, people.message, who_is_there="Both of us"))


@act("presented.opened")
async def show(people: People) -> None:
    """What is on the screen, or goes to the printer."""
    who = people.world.facilitator
    opened = await view.open_for_staff(people.service, who, people.message, "text", release=people.id("release"))
    whole = await read(people, opened, staff=who.id, release=people.id("release"))
    people.history.note(read="shown", size=len(whole), right=_is_the_letter(people, whole))


async def _ended(people: People) -> bool:
    r = t.release
    return (await people.see(select(r.c.ended_at).where(r.c.id == people.id("release")))).ended_at is not None


@act("release.ended", look=_ended)
async def put_away(people: People) -> None:
    """It has been read; the copy is theirs."""
    await release.end_presentation(people.service, people.world.facilitator, people.id("release"), copy="kept")
