"""The first part of a run: a letter comes in, typed by staff, as a file, or written by its author through a link."""

from collections.abc import AsyncIterator

from sqlalchemy import select

from exchange.core.errors import BadInput
from exchange.core.model import Channel, Kind, Purpose, State
from exchange.steps import draft, intake, links, sending, upload, visit
from exchange.steps.visit import Visit
from exchange.store import tables as t
from tests.faults import queue
from tests.faults.people import People, act
from tests.support.world import CODE

CHUNK = 1000
AGAIN = 3


async def message_there(people: People) -> bool:
    """The case's page shows a message."""
    m = t.message
    row = await people.see(select(m.c.id).where(m.c.case_id == people.world.case).order_by(m.c.created_at.desc()))
    if row is not None:
        people.know(message=row.id)
    return row is not None


async def state(people: People) -> str:
    """Where the message stands."""
    return str((await people.see(select(t.message.c.state).where(t.message.c.id == people.message))).state)


async def was_sent(people: People) -> bool:
    """It is not being put in any more."""
    return await state(people) != State.RECEIVING


async def live_link(people: People, purpose: Purpose) -> bool:
    """A link of this purpose stands on the page: its secret can be shown again until it is opened."""
    k = t.link
    mine = (k.c.case_id == people.world.case, k.c.purpose == purpose, k.c.state == "live")
    row = await people.see(select(k.c.id).where(*mine).order_by(k.c.created_at.desc()))
    if row is None:
        return False
    secret = await links.show_secret(people.service, people.world.facilitator, row.id)
    people.know(**{purpose.value: secret, f"{purpose.value}_link": row.id})
    return True


def told_link(people: People, purpose: Purpose, link: links.NewLink | None) -> None:
    """The page showed a new link."""
    assert link is not None
    people.know(**{purpose.value: link.secret, f"{purpose.value}_link": link.id})


@act("message.begun", look=message_there)
async def begin(people: People) -> None:
    """The facilitator begins a message for its author."""
    world = people.world
    people.know(
        message=await intake.begin_message(
            people.service, world.facilitator, world.case, author=world.author, recipient=world.recipient,
            kind=Kind.LETTER,
        )
    )  # fmt: skip


async def _typed(people: People, which: str) -> None:
    letter = people.script.letter(which)
    await intake.write_letter(people.service, people.world.facilitator, people.message, letter)
    people.history.note(typed=which)


@act("upload.begun")
async def type_old(people: People) -> None:
    """They type the letter in."""
    await _typed(people, "old")


@act("upload.begun", gives_up=True)
async def type_new(people: People) -> None:
    """They type it in once more, in place of what was there."""
    await _typed(people, "new")


async def _begun_upload(people: People) -> bool:
    u = t.upload
    row = await people.see(select(u.c.id).where(u.c.message_id == people.message, u.c.state != "gone"))
    if row is not None:
        people.know(upload=row.id)
    return row is not None


@act("upload.begun", look=_begun_upload)
async def begin_upload(people: People) -> None:
    """A file is announced."""
    size = len(people.script.letter().encode())
    who = people.world.facilitator
    made = await upload.begin_upload(people.service, who, people.message, size=size, untrusted_name="letter.txt")
    people.know(upload=made)


@act()
async def upload_file(people: People) -> None:
    """Its bytes, in three requests; after a break the client asks where to go on."""
    data, who, made = people.script.letter().encode(), people.world.facilitator, people.id("upload")
    at = (await upload.standing(people.service, who, made)).received
    people.history.note(offset=at, upload=made)
    while at < len(data):
        part = data[at : at + len(data) // 3 + 1]
        at = await upload.append(people.service, who, made, at, _chunks(part))
        people.history.note(offset=at, upload=made)


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


@act("message.put_in", look=was_sent)
async def send(people: People) -> None:
    """It is sent; where the service says that it did not arrive, it is typed once more."""
    try:
        await intake.finish(people.service, people.world.facilitator, people.message)
    except BadInput:
        if "upload" not in people.script.acts:
            await _typed(people, "new")
        raise


async def _invited(people: People) -> bool:
    return await live_link(people, Purpose.SUBMIT)


@act("link.created", look=_invited)
async def invite(people: People) -> None:
    """The author gets a link to write by themselves."""
    world = people.world
    link = await links.invite(people.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL)
    told_link(people, Purpose.SUBMIT, link)


async def writing(people: People) -> Visit:
    """The author's own visit, by the same browser each time."""
    cookie = people.script.cookie("author")
    session = await visit.claim(people.portal, people.known("submit"), cookie, CODE)
    return await visit.load(people.portal, cookie, session)


@act()
async def keep_draft(people: People) -> None:
    """What they write is kept as they write."""
    await draft.save(people.portal, await writing(people), people.script.letter("old"))
    await draft.save(people.portal, await writing(people), people.script.letter())


@act("upload.begun")
async def write(people: People) -> None:
    """They come to the page that shows what will be sent."""
    found = await writing(people)
    await sending.write(people.portal, found, people.script.letter())
    again = await writing(people)
    people.know(message=again.link.message_id)
    people.history.note(typed="new")


async def _was_sent_by_link(people: People) -> bool:
    k = t.link
    row = await people.see(select(k.c.state).where(k.c.id == people.id("submit_link")))
    return row is not None and row.state == "done"


@act("message.put_in", look=_was_sent_by_link)
async def send_it(people: People) -> None:
    """They send it, and have a receipt."""
    await sending.send(people.portal, await writing(people))


async def _in_review(people: People) -> bool:
    return await state(people) == State.IN_REVIEW


@act("revision.made", look=_in_review)
async def make_safe(people: People) -> None:
    """A worker makes it safe; where the store has lost what it had acknowledged, they are asked for it again."""
    for _ in range(AGAIN):
        await queue.work(people)
        if not await _in_review(people):
            await queue.by_the_clock(people)
        if await _in_review(people):
            return
        await _put_in_again(people)
    raise AssertionError(await state(people))


async def _put_in_again(people: People) -> None:
    row = await people.see(select(t.message).where(t.message.c.id == people.message))
    who = people.world.facilitator
    if row.state == State.REJECTED:
        people.history.note(alarm=row.rejected_code)
        await intake.put_in_again(people.service, who, people.message)
    if await state(people) == State.RECEIVING:
        await _typed(people, "new")
        await intake.finish(people.service, who, people.message)
