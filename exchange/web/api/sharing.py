"""Sharing: the offer, the three ways of handing over, taking it back, not now, withdrawn."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission
from exchange.core.model import Channel, Method
from exchange.steps import consent, gone, offer, release, replies
from exchange.steps.consent import Said
from exchange.store import read
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.links import By, LinkMade, made
from exchange.web.api.shapes import Answer, Asked, Digest, Line, Made, Words
from exchange.web.pack_words import pack_pdf

PDF = "application/pdf"


class NewOffer(Asked):
    """What the recipient is told, and how. `on_acceptance`: they may read on as soon as they accept."""

    content_note: Words
    told_by: Channel
    length: Line = Field("", description="Rough length in words, such as “one page”.")
    on_acceptance: bool = False
    by_link: bool = Field(True, description="With a link to decide by; else you ask in person.")


class OfferMade(Answer):
    """The link to decide by, None where the facilitator asks in person."""

    link: LinkMade | None


class Presence(Asked):
    """Who is in the room."""

    who_is_there: Words


class PackOf(Asked):
    """How it is printed; what is left out is as the recipient needs it."""

    large: bool | None = Field(None, description="18 points for 12.")
    language: Literal["en", "cy"] | None = Field(None, description="Of what is ours on the sheets.")


class ReplyCode(Asked):
    """The code on a reply sheet, as it was typed or read."""

    code: str = Field(min_length=1, max_length=64)


class ReplyBegun(Answer):
    """The message that was begun; None where the case is another team's, which has been told."""

    id: UUID | None


class Afterwards(Asked):
    """What happens to the copy now."""

    copy_: Literal["kept", "returned", "destroyed"] = Field(alias="copy")


class TakenBack(Asked):
    """Whether it reached the wrong person; a supervisor is then told."""

    wrong_person: bool = False


class SeenPart(Answer):
    """A part that was opened, and when last."""

    part: str
    at: datetime


class WhatWasSeen(Answer):
    """What was opened before it was taken back."""

    seen: list[SeenPart]


class NotNow(Asked):
    """How the recipient said “not now”."""

    method: Method
    wording: Annotated[Line, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
    note: Words = ""


class SecondApproval(Asked):
    """Which version, and why it is right to share it now."""

    digest: Digest
    reason: Words


async def make_offer(call: Call, asked: NewOffer) -> OfferMade:
    """Tell the recipient that something is there for them."""
    link = await offer.make_offer(call.service, call.actor, call.id("message"), offer.Terms(**asked.model_dump()))
    return OfferMade(link=await made(call, link) if link else None)


async def approve_after(call: Call, asked: SecondApproval) -> None:
    """A supervisor's second approval of a version whose author has died or cannot be reached."""
    await gone.approve(call.service, call.actor, call.id("message"), asked.digest, reason=asked.reason)


async def by_link(call: Call, asked: By) -> LinkMade:
    """Hand it over by a link; also a new link in place of one that was lost or ran out."""
    link = await release.release_by_link(call.service, call.actor, call.id("message"), channel=asked.channel)
    return await made(call, link)


async def present(call: Call, asked: Presence) -> Made:
    """Hand it over with you: open its parts with this release until you end it."""
    found = await release.present(call.service, call.actor, call.id("message"), who_is_there=asked.who_is_there)
    return Made(id=found)


async def print_pack(call: Call) -> Made:
    """Hand it over on paper: read its parts with this release, then end it."""
    return Made(id=await release.print_pack(call.service, call.actor, call.id("message")))


async def pack(call: Call, asked: PackOf) -> web.StreamResponse:
    """The sheets of a release on paper as one PDF/UA-1. It stands in the record, with each part that is on them."""
    body = await pack_pdf(
        call.service, call.actor, call.id("message"), call.id("release"), large=asked.large, language=asked.language
    )
    return web.Response(body=body, content_type=PDF, headers={"Cache-Control": "no-store"})


async def reply(call: Call, asked: ReplyCode) -> ReplyBegun:
    """Find the case of a reply on paper by its code, and begin the answer. Then upload its pages, and finish."""
    return ReplyBegun(id=await replies.begin_reply(call.service, call.actor, asked.code))


async def end_release(call: Call, asked: Afterwards) -> None:
    """End a reading with you or on paper: what happens to the copy."""
    await release.end_presentation(call.service, call.actor, call.id("release"), copy=asked.copy_)


async def take_back(call: Call, asked: TakenBack) -> WhatWasSeen:
    """Take the reading away now, and say what was seen."""
    seen = await release.revoke(call.service, call.actor, call.id("message"), wrong_person=asked.wrong_person)
    return WhatWasSeen(seen=[SeenPart.model_validate(one) for one in seen])


async def not_now(call: Call, asked: NotNow) -> None:
    """The recipient says “not now”: nothing is decided."""
    message = await read.message_view(call.service, call.actor, call.id("message"))
    said = Said(asked.method, asked.wording, note=asked.note)
    person: UUID = message.message.recipient_id
    await consent.postpone(call.service, call.actor, person, call.id("message"), said)


async def withdraw(call: Call) -> None:
    """The author takes the message back."""
    await consent.withdraw_message(call.service, call.actor, call.id("message"))


OFFER, RELEASE, CONSENT = Permission.OFFER, Permission.RELEASE, Permission.CONSENT
ENDPOINTS = [
    Endpoint("POST", "/messages/{message}/offer", make_offer, OFFER, status=201),
    Endpoint("POST", "/messages/{message}/after", approve_after, Permission.FACT_SUPERVISED, status=204),
    Endpoint("POST", "/messages/{message}/release/link", by_link, RELEASE, status=201),
    Endpoint("POST", "/messages/{message}/release/present", present, RELEASE, status=201),
    Endpoint("POST", "/messages/{message}/release/print", print_pack, RELEASE, status=201),
    Endpoint("GET", "/messages/{message}/print/{release}/pack", pack, Permission.CONTENT, errors=(409,), produces=PDF),
    Endpoint("POST", "/replies", reply, Permission.CASE_OPEN),
    Endpoint("POST", "/releases/{release}/end", end_release, Permission.CONTENT, status=204),
    Endpoint("POST", "/messages/{message}/revoke", take_back, Permission.REVOKE),
    Endpoint("POST", "/messages/{message}/not-now", not_now, CONSENT, status=204),
    Endpoint("POST", "/messages/{message}/withdraw", withdraw, CONSENT, status=204),
]
