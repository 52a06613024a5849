"""Links: made, listed without anything secret, shown until they are opened, ended."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission
from exchange.core.model import Channel, Kind
from exchange.steps import again, links, stop
from exchange.steps import settings as service_settings
from exchange.store import read
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked


class Invitation(Asked):
    """Who is invited to write or record, to whom, and how the link reaches them."""

    author: UUID
    recipient: UUID
    channel: Channel
    kind: Kind = Kind.LETTER
    never_sent: bool = Field(False, description="What comes of it is a letter never to be sent.")
    asks: bool = Field(False, description="What comes of it is one question.")
    answers: UUID | None = Field(None, description="What they answer, of what they were handed. A question is shown.")


class By(Asked):
    """How the link reaches the person."""

    channel: Channel


class LinkMade(Answer):
    """A link with its secret: hand it over by one way, the code by another."""

    id: UUID
    url: str = Field(description="The whole address; the part behind # never reaches a server's log.")


class LinkLine(Answer):
    """A link as lists show it: nothing of what it opens, nothing that opens it."""

    id: UUID
    participant_id: UUID
    message_id: UUID | None
    purpose: str
    state: str
    channel: str | None
    code_channel: str | None
    made_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    claimed_at: datetime | None
    ended_at: datetime | None


class Links(Answer):
    """The links of a case, newest first."""

    links: list[LinkLine]


class LinkStory(LinkLine):
    """One link, whose it is, and whether link and code come to the same device."""

    case_id: UUID
    person: str
    same_way: bool


async def invite(call: Call, asked: Invitation) -> LinkMade:
    """Invite a participant to write, record or upload by themselves: a link for them."""
    return await made(call, await links.invite(call.service, call.actor, **asked.model_dump()))


async def preview(call: Call, asked: By) -> LinkMade:
    """A link with which the author sees exactly the newest approved version, and may agree to share it."""
    step = links.preview_link(call.service, call.actor, call.id("message"), channel=asked.channel)
    return await made(call, await step)


async def stop_link(call: Call, asked: By) -> LinkMade:
    """A new link with which the author can stop or take back, where theirs is lost or locked. It ends earlier ones."""
    return await made(call, await stop.renew(call.service, call.actor, call.id("message"), channel=asked.channel))


async def revise_link(call: Call, asked: By) -> LinkMade:
    """A link with which the author sees why it came back, changes it and sends it again. It ends earlier ones."""
    return await made(
        call, await again.revise_link(call.service, call.actor, call.id("message"), channel=asked.channel)
    )


async def replace_link(call: Call, asked: By) -> LinkMade:
    """A link with which the author puts in a new message in the place of this one."""
    step = again.replace_link(call.service, call.actor, call.id("message"), channel=asked.channel)
    return await made(call, await step)


async def of_case(call: Call) -> Links:
    """The links of a case, for its team."""
    found = await read.links_of_case(call.service, call.actor, call.id("case"))
    return Links(links=[LinkLine.model_validate(row) for row in found])


async def see(call: Call) -> LinkStory:
    """One link, without its secret."""
    found = await read.link_view(call.service, call.actor, call.id("link"))
    told = {"person": found.person, "same_way": found.same_way}
    return LinkStory.model_validate({**found.link._mapping, **told})


async def show(call: Call) -> LinkMade:
    """Show a link again that nobody has opened yet. That it was shown stands in the record."""
    link_id = call.id("link")
    secret = await links.show_secret(call.service, call.actor, link_id)
    return await made(call, links.NewLink(link_id, secret))


async def end(call: Call) -> None:
    """End a link at once."""
    await links.revoke(call.service, call.actor, call.id("link"))


async def made(call: Call, link: links.NewLink) -> LinkMade:
    """The link with the portal's address before it."""
    address = await service_settings.portal_address(call.service)
    return LinkMade(id=link.id, url=address + link.url_part)


ENDPOINTS = [
    Endpoint("POST", "/invitations", invite, Permission.PUT_IN, status=201, errors=(404,)),
    Endpoint("POST", "/messages/{message}/preview-link", preview, Permission.CONSENT, status=201),
    Endpoint("POST", "/messages/{message}/stop-link", stop_link, Permission.CONSENT, status=201),
    Endpoint("POST", "/messages/{message}/revise-link", revise_link, Permission.PUT_IN, status=201),
    Endpoint("POST", "/messages/{message}/replace-link", replace_link, Permission.PUT_IN, status=201),
    Endpoint("GET", "/cases/{case}/links", of_case, Permission.CASE_CHANGE),
    Endpoint("GET", "/links/{link}", see, Permission.CASE_CHANGE),
    Endpoint("POST", "/links/{link}/show", show, Permission.CASE_CHANGE),
    Endpoint("DELETE", "/links/{link}", end, Permission.REVOKE, status=204),
]
