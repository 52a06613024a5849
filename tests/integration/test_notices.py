"""Notices to participants, through a real SMTP server: who is told, when, in which words, and who never."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from exchange.core.errors import BadInput, Conflict, NotFound, Refused
from exchange.core.model import Channel, ConsentKind, EmergencyKind, FactKind, Method, Status
from exchange.core.notices import SafeHours
from exchange.steps import cases, concern, consent, emergency, notices, notifying, review
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.notices import Wish
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.closing import shut
from tests.support.mail import Mailbox
from tests.support.notices import (
    ADDRESS,
    ENGLISH,
    MONDAY,
    SAFE,
    WELSH,
    history,
    post_office,
    reasons,
    says_safe,
    tasks,
)
from tests.support.staff import found, leaves
from tests.support.world import World, make_world

NIGHT = MONDAY - timedelta(hours=14)  # Sunday, eight in the evening
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"} | {
    "Content-Type",
    "Content-Transfer-Encoding",
}


@pytest.fixture
async def world(service: Service, smtp: Mailbox) -> World:
    """A case where everything is recorded, and a service that has a mail server."""
    await found(service)
    await post_office(service, smtp.port)
    return await make_world(service)


async def offered(world: World) -> Any:
    """A message that was offered in person: its id."""
    return (await world.offered(by_link=False))[0]


async def ask(world: World, **about: Any) -> Any:
    """Ask for a notice on Monday at ten, by default about a message that was just offered."""
    about = about or {"message": await offered(world)}
    return await notices.ask(world.service, world.facilitator, now=MONDAY, **about)


async def send(world: World, notice: Any, now: datetime = MONDAY) -> None:
    """As the worker does."""
    await notifying.send_notice(world.service, notice, now=now)


async def test_notices_are_off_until_safe_means_hours_and_words_are_recorded(world: World, smtp: Mailbox) -> None:
    """The safe contact alone is not enough; nothing is queued, nothing is sent."""
    message = await offered(world)
    assert await reasons(world, world.recipient) == ("no_means", "no_hours", "no_words")
    with pytest.raises(Refused):
        await notices.ask(world.service, world.facilitator, message=message, now=MONDAY)
    await says_safe(world, world.author)  # the other person's wish is not theirs
    with pytest.raises(Refused):
        await notices.ask(world.service, world.facilitator, message=message, now=MONDAY)
    await says_safe(world, world.recipient)
    assert await reasons(world, world.recipient) == ()
    await notices.ask(world.service, world.facilitator, message=message, now=MONDAY)
    assert smtp.messages == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"means": Channel.PHONE}, "means"),
        ({"address": ""}, "address"),
        ({"address": "somebody"}, "address"),
        ({"address": "a@b.example\nBcc: c@d.example"}, "address"),
        ({"address": "a@b.example, c@d.example"}, "address"),
        ({"means": Channel.TEXT, "address": "0770"}, "address"),
        ({"means": Channel.TEXT, "address": ADDRESS}, "address"),
        ({"hours": None}, "days"),
        ({"hours": SafeHours(frozenset(), time(9), time(12))}, "days"),
        ({"hours": SafeHours(frozenset({1}), time(12), time(9))}, "end"),
        ({"words": ""}, "words"),
        ({"words": "take-part-2026-01"}, "words"),
    ],
)
async def test_half_of_a_wish_is_not_recorded(world: World, change: dict[str, Any], field: str) -> None:
    """Each part is asked for, and words are those of the list alone."""
    with pytest.raises(BadInput) as refused:
        await notices.record_wish(world.service, world.facilitator, world.recipient, replace(SAFE, **change))
    assert refused.value.field == field
    assert await reasons(world, world.recipient) == ("no_means", "no_hours", "no_words")


async def test_a_notice_says_the_chosen_words_and_nothing_else(world: World, smtp: Mailbox) -> None:
    """To the recorded address, from the neutral name; the preview was word for word the same."""
    await says_safe(world, world.recipient)
    message = await offered(world)
    shown = await notices.preview(world.service, world.facilitator, message=message)
    assert shown.words is not None
    await send(world, await ask(world, message=message))
    (sent,) = smtp.messages
    assert sent.get_content().strip() == ENGLISH == shown.words.text
    assert sent["Subject"] == "Message service" == shown.words.subject
    assert sent["From"] == "Message service <service@example.org>"
    assert smtp.envelopes == [("service@example.org", [ADDRESS])]
    assert set(sent.keys()) == HEADERS
    (one,) = await history(world, world.recipient)
    assert (one.state, one.means, one.attempts) == ("sent", "email", 1)
    acts = [leaf for leaf in await leaves(world.service) if '"act":"notice.' in leaf]
    assert [leaf.split('"act":"')[1].split('"')[0] for leaf in acts] == [
        "notice.agreed", "notice.asked", "notice.tried", "notice.sent",
    ]  # fmt: skip


async def test_in_welsh_for_who_reads_welsh(world: World, smtp: Mailbox) -> None:
    """By the participant's language, not the staff's."""
    await says_safe(world, world.recipient)
    async with reading(world.service) as conn:
        await conn.execute(update(t.participant).values(language="cy"))
    await send(world, await ask(world))
    assert smtp.messages[0].get_content().strip() == WELSH


async def test_outside_the_safe_hours_it_waits_for_the_next_one(world: World, smtp: Mailbox) -> None:
    """Asked on Sunday evening: queued for Monday at nine, and sent no earlier whoever tries."""
    await says_safe(world, world.recipient)
    message = await offered(world)
    notice = await notices.ask(world.service, world.facilitator, message=message, now=NIGHT)
    (one,) = await history(world, world.recipient)
    assert (one.state, one.due_at) == ("waiting", datetime(2026, 11, 23, 9, tzinfo=UTC))
    async with reading(world.service) as conn:
        at = text("select scheduled_at from procrastinate_jobs where task_name = 'send_notice'")
        assert (await conn.execute(at)).scalars().all() == [one.due_at]
    await send(world, notice, NIGHT + timedelta(hours=1))
    assert smtp.messages == []
    await send(world, notice, one.due_at)
    assert len(smtp.messages) == 1


async def test_hours_are_asked_again_at_the_moment_of_sending(world: World, smtp: Mailbox) -> None:
    """A worker that was away until the afternoon, or hours that were changed meanwhile: it waits again."""
    await says_safe(world, world.recipient)
    notice = await ask(world)
    await send(world, notice, MONDAY + timedelta(hours=5))
    (one,) = await history(world, world.recipient)
    assert (one.state, one.due_at) == ("waiting", MONDAY + timedelta(hours=23))
    await says_safe(world, world.recipient, hours=SafeHours(frozenset({5}), time(8), time(9)))
    await send(world, notice, one.due_at)
    (one,) = await history(world, world.recipient)
    assert (one.state, one.due_at) == ("waiting", datetime(2026, 11, 28, 8, tzinfo=UTC))
    assert smtp.messages == []


async def pause(world: World) -> None:
    """The case is paused."""
    await world.fact(FactKind.PAUSE, "on")


async def hold(world: World) -> None:
    """The case is stopped for safety."""
    await world.fact(FactKind.HOLD, "on")


async def order(world: World) -> None:
    """An order against contact was recorded."""
    await world.fact(FactKind.CONTACT_ORDER, "in_force")


async def situation(world: World) -> None:
    """The person cannot decide for themselves at the moment."""
    await world.fact(FactKind.STATUS, Status.LACKS_CAPACITY, world.recipient)


async def custody(world: World) -> None:
    """The person is in custody now."""
    await cases.change_participant(
        world.service, world.facilitator, world.recipient, name="N", form_of_name="N", needs="", custody=True
    )


async def takes_no_part(world: World) -> None:
    """The person withdrew from taking part."""
    said = Said(Method.PHONE, "take-part-2026-01")
    await consent.record(world.service, world.facilitator, world.recipient, ConsentKind.TAKE_PART, False, said)


async def in_an_emergency(world: World) -> None:
    """Somebody from outside opened the case in an emergency."""
    async with reading(world.service) as conn:
        reference = (await conn.execute(select(t.cases.c.reference).where(t.cases.c.id == world.case))).scalar_one()
    told = {"kind": EmergencyKind.DANGER, "reason": "Somebody is at the door."}
    await emergency.open_in_emergency(world.service, world.stranger, str(reference), **told)


async def a_concern(world: World) -> None:
    """A concern was raised about another message of the case."""
    other = await world.letter("Another one.")
    await concern.raise_concern(world.service, world.facilitator, other, kind="threat", note="Read the end.")


async def closed(world: World) -> None:
    """The case was closed."""
    await shut(world.service, world.supervisor, world.case)


async def wants_none(world: World) -> None:
    """The person wants no notices any more."""
    await notices.record_wish(world.service, world.facilitator, world.recipient, Wish(None))


async def no_longer_asked(world: World) -> None:
    """The person took back that they may be told (rule 1)."""
    said = Said(Method.PHONE, "be-asked-2026-01")
    await consent.record(world.service, world.facilitator, world.recipient, ConsentKind.BE_ASKED, False, said)


async def moved(world: World) -> None:
    """Their safe contact is another one now."""
    contact = cases.SafeContact(Channel.PHONE, address="01632 960 777", hours="mornings")
    await cases.set_safe_contact(world.service, world.facilitator, world.recipient, contact)


STOPS: list[tuple[Callable[[World], Awaitable[None]], str]] = [
    (pause, "case_paused"),
    (hold, "safety_hold"),
    (a_concern, "safety_hold"),
    (order, "contact_order"),
    (in_an_emergency, "emergency"),
    (closed, "case_closed"),
    (situation, "status"),
    (custody, "custody"),
    (takes_no_part, "takes_part"),
    (wants_none, "declined"),
    (no_longer_asked, "gate"),
    (moved, "contact_changed"),
]


@pytest.mark.parametrize(("happens", "reason"), STOPS, ids=[one.__name__ for one, _ in STOPS])
async def test_none_goes_when_something_speaks_against_it(
    world: World, smtp: Mailbox, happens: Callable[[World], Awaitable[None]], reason: str
) -> None:
    """Asked before and due after: stopped with its reason, told to the team; and none can be asked for."""
    await says_safe(world, world.recipient)
    message = await offered(world)
    notice = await ask(world, message=message)
    await happens(world)
    await send(world, notice)
    assert smtp.messages == []
    (one,) = await history(world, world.recipient)
    assert (one.state, one.outcome) == ("stopped", reason)
    assert await tasks(world) == ["notice_stopped"]
    with pytest.raises(Refused):
        await notices.ask(world.service, world.facilitator, message=message, now=MONDAY)


async def test_safe_contact_that_was_confirmed_turns_nothing_off(world: World) -> None:
    """The same contact recorded again is "still safe"; another one is asked about, and that turns notices on again."""
    await says_safe(world, world.recipient)
    same = cases.SafeContact(Channel.EMAIL, address="harmed@people.example")
    await cases.set_safe_contact(world.service, world.facilitator, world.recipient, same)
    assert await reasons(world, world.recipient) == ()
    await moved(world)
    assert await reasons(world, world.recipient) == ("contact_changed",)
    await says_safe(world, world.recipient)
    assert await reasons(world, world.recipient) == ()


async def test_none_goes_about_what_was_taken_back(world: World, smtp: Mailbox) -> None:
    """The author withdrew, or the link was ended: there is nothing any more that it could be about."""
    await says_safe(world, world.recipient)
    message, link = await world.offered()
    assert link is not None
    asked = [await ask(world, message=message), await ask(world, link=link.id)]
    await consent.withdraw_message(world.service, world.facilitator, message)
    for notice in asked:
        await send(world, notice)
    assert smtp.messages == []
    assert {one.outcome for one in await history(world, world.recipient)} == {"over"}


async def test_the_author_is_told_that_something_came_back(world: World, smtp: Mailbox) -> None:
    """The same neutral words, to them alone."""
    await says_safe(world, world.author)
    message = await world.letter()
    digest = await world.digest(message)
    await review.return_to_author(world.service, world.facilitator, message, digest, reason="Leave out the street.")
    await send(world, await ask(world, message=message))
    assert smtp.envelopes == [("service@example.org", [ADDRESS])]
    assert smtp.messages[0].get_content().strip() == ENGLISH
    assert await history(world, world.recipient) == []


async def test_a_notice_that_waits_can_be_stopped_and_one_that_went_cannot(world: World, smtp: Mailbox) -> None:
    """By the team; it does not count against the policy then."""
    await says_safe(world, world.recipient)
    message = await offered(world)
    notice = await ask(world, message=message)
    assert await notices.stop(world.service, world.facilitator, notice) == world.recipient
    await send(world, notice)
    assert smtp.messages == []
    for _ in range(2):
        await send(world, gone := await ask(world, message=message))
    assert len(smtp.messages) == 2
    with pytest.raises(Conflict):
        await notices.stop(world.service, world.facilitator, gone)


async def test_two_workers_send_it_once(world: World, smtp: Mailbox) -> None:
    """The same job at the same moment, and again afterwards."""
    await says_safe(world, world.recipient)
    notice = await ask(world)
    await asyncio.gather(*(send(world, notice) for _ in range(4)))
    await send(world, notice)
    assert len(smtp.messages) == 1


async def test_strangers_and_auditors_learn_and_send_nothing(world: World) -> None:
    """Whoever is not on the team: there is no such person, link, message or notice."""
    await says_safe(world, world.recipient)
    message, link = await world.offered()
    assert link is not None
    notice = await ask(world, message=message)
    for actor in (world.stranger, world.auditor, world.administrator):
        for step in (
            notices.standing(world.service, actor, world.recipient),
            notices.record_wish(world.service, actor, world.recipient, SAFE),
            notices.preview(world.service, actor, message=message),
            notices.ask(world.service, actor, link=link.id),
            notices.stop(world.service, actor, notice),
        ):
            with pytest.raises(NotFound):
                await step
