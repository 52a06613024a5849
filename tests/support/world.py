"""A small world for tests: a founded service, staff, a case with two people and everything recorded.

Everything is made by the real steps on the real database; `World` only saves typing.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from exchange.core.diary import Diary
from exchange.core.model import (
    OPERATOR,
    TICKS,
    Actor,
    ActorKind,
    Channel,
    ConsentKind,
    FactKind,
    Kind,
    Method,
    Policy,
    Role,
    Side,
)
from exchange.steps import (
    accounts,
    cases,
    consent,
    diary,
    facts,
    intake,
    links,
    offer,
    process,
    release,
    review,
    team,
    visit,
    wording,
)
from exchange.steps.cases import SafeContact
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.assessing import assess
from tests.support.roles import as_portal

CODE = "apple river garden"
PASSWORD = "a long enough passphrase 7"  # of accounts that exist in tests only
PERSON = Said(Method.IN_PERSON, "share-2026-01")
LETTER = "Dear neighbour,\n\nI think about that evening often. I am sorry.\n\nI will answer what you ask.\n"


@dataclass
class World:
    """A service with staff and one case. `facilitator` leads it, `second` is on the team too."""

    service: Service
    facilitator: Actor
    second: Actor
    supervisor: Actor
    auditor: Actor
    administrator: Actor
    stranger: Actor
    case: UUID
    author: UUID
    recipient: UUID

    async def state(self, message: UUID) -> str:
        """Where a message stands."""
        return str((await self.row(message)).state)

    async def row(self, message: UUID) -> Any:
        """The message's row."""
        async with reading(self.service) as conn:
            return (await conn.execute(select(t.message).where(t.message.c.id == message))).one()

    async def digest(self, message: UUID) -> str:
        """The newest revision's digest."""
        async with reading(self.service) as conn:
            query = select(t.revision.c.digest).where(t.revision.c.message_id == message)
            return str((await conn.execute(query.order_by(t.revision.c.number.desc()).limit(1))).scalar_one())

    async def letter(self, text: str = LETTER) -> UUID:
        """A typed letter, put in by the facilitator and made safe: in review."""
        who = {"author": self.author, "recipient": self.recipient}
        message = await intake.begin_message(self.service, self.facilitator, self.case, kind=Kind.LETTER, **who)
        await intake.write_letter(self.service, self.facilitator, message, text)
        await intake.finish(self.service, self.facilitator, message)
        await process.process_message(self.service, message)
        return message

    async def approved(self, text: str = LETTER) -> UUID:
        """A letter approved by the facilitator."""
        message = await self.letter(text)
        await self.approve(message)
        return message

    async def approve(self, message: UUID, by: Actor | None = None) -> bool:
        """Approve the newest version."""
        digest = await self.digest(message)
        who = by or self.facilitator
        return await review.approve(self.service, who, message, digest, ticks=TICKS, understood="myself")

    async def shared(self, text: str = LETTER) -> UUID:
        """A letter whose author agreed to share it."""
        message = await self.approved(text)
        await self.agree_to_share(message)
        return message

    async def agree_to_share(self, message: UUID, given: bool = True) -> None:
        """The author agrees to share the newest version, in person; or takes that back."""
        await consent.record(
            self.service, self.facilitator, self.author, ConsentKind.SHARE, given, PERSON,
            message_id=message, digest=await self.digest(message),
        )  # fmt: skip

    async def offered(self, text: str = LETTER, **terms: Any) -> tuple[UUID, links.NewLink | None]:
        """A letter offered to its recipient, with the `decide` link."""
        message = await self.shared(text)
        told = offer.Terms("A letter of one page. It speaks about that evening.", Channel.PHONE, **terms)
        return message, await offer.make_offer(self.service, self.facilitator, message, told)

    async def accept(self, message: UUID, given: bool = True) -> None:
        """The recipient accepts, or declines, in person."""
        await consent.record(
            self.service, self.facilitator, self.recipient, ConsentKind.RECEIVE, given, said_of(ConsentKind.RECEIVE),
            message_id=message,
        )  # fmt: skip

    async def released(self, text: str = LETTER) -> tuple[UUID, links.NewLink]:
        """A letter released by link: its id and the `view` link."""
        message, _ = await self.offered(text)
        await self.accept(message)
        link = await release.release_by_link(self.service, self.facilitator, message, channel=Channel.EMAIL)
        return message, link

    async def revoke(self, message: UUID) -> None:
        """Take the reading back."""
        await release.revoke(self.service, self.facilitator, message)

    async def visit(
        self, link: links.NewLink, cookie: str, *, is_me: bool = True, portal: Service | None = None
    ) -> visit.Visit:
        """Claim a link with the right code in one browser, and say that it is the right person."""
        portal = portal or as_portal(self.service)
        session = await visit.claim(portal, link.secret, cookie, CODE)
        found = await visit.load(portal, cookie, session)
        if is_me:
            await visit.is_for_me(portal, found, yes=True)
        return await visit.load(portal, cookie, session)

    async def fact(self, kind: FactKind, value: str, participant: UUID | None = None, by: Actor | None = None) -> None:
        """Record one fact."""
        who = by or self.facilitator
        await facts.record_fact(self.service, who, self.case, kind, value, participant=participant)


def said_of(kind: ConsentKind) -> Said:
    """Said in person, to the words of this decision."""
    return Said(Method.IN_PERSON, wording.current(kind).id)


async def staff(service: Service, login: str, *roles: Role) -> Actor:
    """An account, and its actor as if signed in and freshly confirmed."""
    account = await accounts.create_account(
        service, OPERATOR, login=login, display_name=login.title(), roles=roles, password=PASSWORD, temporary=False
    )
    return Actor(ActorKind.STAFF, account, frozenset(roles), stepped_up=True)


async def make_world(service: Service, *, policy: Policy | None = None) -> World:
    """A world where everything the gate asks of the case and its people is recorded, and no message is."""
    actors = {
        "facilitator": await staff(service, "fern", Role.FACILITATOR),
        "second": await staff(service, "sage", Role.FACILITATOR),
        "supervisor": await staff(service, "rowan", Role.SUPERVISOR),
        "auditor": await staff(service, "hazel", Role.AUDITOR),
        "administrator": await staff(service, "linden", Role.ADMINISTRATOR),
        "stranger": await staff(service, "reed", Role.FACILITATOR),
    }
    lead = actors["facilitator"]
    case = await cases.open_case(service, lead, policy=policy)
    people = {
        side: await cases.add_participant(
            service, lead, case, side=side, name=f"Full name {side}", form_of_name=f"Form {side}",
            contact=SafeContact(Channel.EMAIL, address=f"{side}@people.example"),
        )
        for side in Side
    }  # fmt: skip
    world = World(service=service, case=case, author=people[Side.RESPONSIBLE], recipient=people[Side.HARMED], **actors)
    await team.assign(service, world.supervisor, case, world.second.id)
    await record_everything(world)
    return world


async def record_everything(world: World) -> None:
    """Consents to take part, preparation, assessment and codes."""
    service, lead = world.service, world.facilitator
    for person in (world.author, world.recipient):
        await consent.record(service, lead, person, ConsentKind.TAKE_PART, True, said_of(ConsentKind.TAKE_PART))
        await consent.record(service, lead, person, ConsentKind.BE_ASKED, True, said_of(ConsentKind.BE_ASKED))
        await cases.agree_code(service, lead, person, how=Channel.PHONE, code=CODE)
    await talked(service, lead, world.case, world.author)
    await world.fact(FactKind.PREPARATION, "done", world.author)
    await world.fact(FactKind.RESPONSIBILITY, "accepted", world.author)
    await assess(service, lead, world.case)


async def talked(service: Service, actor: Actor, case: UUID, person: UUID) -> None:
    """Everything that belongs to preparation was talked about with this person (rule 10)."""
    for kind in (Diary.INFORMATION, Diary.EXPECTATIONS, Diary.NEEDS, Diary.OWNING_UP):
        await diary.record(service, actor, case, kind, "done", participant=person)
