"""The last part of a run: taken back, erased, copied, kept no longer; then the service tidies up."""

import io
import os
import zipfile

from sqlalchemy import func, select, text, update

from exchange.core.edits import Doing, Edit
from exchange.core.errors import ExchangeError, StorageUnavailable
from exchange.core.model import CaseState, Channel, Purpose, State
from exchange.core.retention import What
from exchange.steps import (
    consent,
    erase,
    own_copy,
    redact,
    release,
    retention,
    signing,
    stop,
    sweep,
    view,
    visit,
)
from exchange.store import reaper
from exchange.store import tables as t
from exchange.store.scratch import remove_stale
from exchange.store.unit import reading
from tests.faults import queue
from tests.faults.handing_over import read, through
from tests.faults.people import People, act
from tests.faults.putting_in import live_link, state, told_link
from tests.support import closing
from tests.support.roles import as_owner
from tests.support.world import CODE

COPIES = 6
_LONG_AGO = (
    text("update reap set at = at - interval '2 hours', after = after - interval '2 hours'"),
    text("update upload set expires_at = expires_at - interval '8 days' where state = 'open'"),
)


@act()
async def still_open(people: People) -> None:
    """Nothing was taken back, so they can read it again, whatever happened in between."""
    await through(people)


@act()
async def shut(people: People) -> None:
    """It was taken back, so not a byte comes any more."""
    try:
        await through(people)
    except StorageUnavailable:
        raise
    except ExchangeError as error:
        people.history.note(shut=type(error).__name__)
    else:
        people.history.note(wrong="it was taken back and could still be read")


async def _withdrawn(people: People) -> bool:
    return await state(people) == State.WITHDRAWN


@act("message.withdrawn", look=_withdrawn)
async def withdraw(people: People) -> None:
    """The author takes it back, through the facilitator."""
    await consent.withdraw_message(people.service, people.world.facilitator, people.message)


async def _can_stop(people: People) -> bool:
    return await live_link(people, Purpose.STOP)


@act("link.created", look=_can_stop)
async def give_stop_link(people: People) -> None:
    """The author gets a link by which to stop it."""
    link = await stop.renew(people.service, people.world.facilitator, people.message, channel=Channel.EMAIL)
    told_link(people, Purpose.STOP, link)


@act("message.withdrawn", look=_withdrawn)
async def stop_it(people: People) -> None:
    """They stop it themselves."""
    cookie = people.script.cookie("author")
    session = await visit.claim(people.portal, people.known("stop"), cookie, CODE)
    await stop.stop(people.portal, await visit.load(people.portal, cookie, session), wish="withdraw")


async def _taken_back(people: People) -> bool:
    return await state(people) == State.ACCEPTED


@act("release.revoked", look=_taken_back)
async def revoke(people: People) -> None:
    """The facilitator takes the reading back."""
    await release.revoke(people.service, people.world.facilitator, people.message)


async def _listed(people: People) -> bool:
    return await people.see(select(t.edit.c.id).where(t.edit.c.message_id == people.message)) is not None


@act("redaction.wanted", look=_listed)
async def want_out(people: People) -> None:
    """Some words are to be taken out: from now on nobody reads what has them."""
    edit = Edit(Doing.STRIKE, "text", 4, 7)
    await redact.want(people.service, people.world.facilitator, people.message, edit, why="whereabouts")


async def _made_without(people: People) -> bool:
    m = t.making
    row = await people.see(select(m.c.state).where(m.c.message_id == people.message))
    return row is not None


@act("redaction.asked", look=_made_without)
async def ask_without(people: People) -> None:
    """A version without them is asked for."""
    await redact.make(people.service, people.world.facilitator, people.message)


@act("revision.made")
async def make_without(people: People) -> None:
    """A worker makes it, once; what the team reads then lacks the words."""
    await queue.work(people)
    await queue.by_the_clock(people)
    opened = await view.open_for_staff(people.service, people.world.facilitator, people.message, "text")
    got = (await read(people, opened, staff=people.world.facilitator.id)).decode()
    word = people.script.letter()[4:7]
    people.history.note(read="staff", right=not got.startswith(f"The {word}") and opened.part.size > 0, said=got[:60])


async def _erased(people: People) -> bool:
    return await state(people) == State.ERASED


@act("message.erased", look=_erased)
async def wipe(people: People) -> None:
    """A supervisor erases it."""
    await erase.erase_message(people.service, people.world.supervisor, people.message)


async def _case_is(people: People, *states: CaseState) -> bool:
    return (await people.see(select(t.cases.c.state).where(t.cases.c.id == people.world.case))).state in states


async def _closed(people: People) -> bool:
    return await _case_is(people, CaseState.CLOSED, CaseState.ERASED)


@act("case.closed", look=_closed)
async def close(people: People) -> None:
    """The case is closed."""
    await closing.shut(people.service, people.world.supervisor, people.world.case)


async def _kept_no_longer(people: People) -> bool:
    return await _case_is(people, CaseState.ERASED)


@act("case.erased", look=_kept_no_longer)
async def retain(people: People) -> None:
    """Ten years later it is due, and a supervisor confirms it."""
    async with reading(people.service) as conn:
        mine = update(t.closing).where(t.closing.c.case_id == people.world.case)
        await conn.execute(mine.values(at=func.now() - text("interval '10 years'")))
    await retention.confirm(people.service, people.world.supervisor, What.CASE, people.world.case)


async def _copy(people: People, *states: str) -> bool:
    c = t.own_copy
    mine = (c.c.participant_id == people.world.author, c.c.ended_at.is_(None))
    row = await people.see(select(c.c.id, c.c.state).where(*mine))
    if row is not None:
        people.know(copy=row.id)
    return row is not None and (row.state in states or not states)


@act("own_copy.handed_out")
async def copy_out(people: People) -> None:
    """The author gets a copy of all that is held about them; one that was lost on its way out is made anew."""
    who = people.world.facilitator
    for _ in range(COPIES):
        if not await _copy(people):
            people.know(copy=await own_copy.prepare(people.service, who, people.world.author))
        copy = people.id("copy")
        if await _copy(people, "open"):
            for item in (await own_copy.read(people.service, who, copy)).items:
                await own_copy.look_at(people.service, who, copy, item.row.id)
                await own_copy.decide(people.service, who, copy, item.row.id, inside=True)
            await own_copy.hand_on(people.service, who, copy)
        if await _copy(people, "checked"):
            await own_copy.approve(people.service, people.world.supervisor, copy, agreed=True)
        await queue.by_the_clock(people)
        if await _copy(people, "ready"):
            await _take(people)
            return
    raise StorageUnavailable


async def _take(people: People) -> None:
    handed = await own_copy.hand_out(people.service, people.world.facilitator, people.id("copy"))
    whole = b"".join([bytes(run) async for run in handed.bytes])
    with zipfile.ZipFile(io.BytesIO(whole)) as found:
        files = [found.read(name) for name in found.namelist()]
        right = found.testzip() is None and any(letter.encode() in files for letter in people.letters())
    people.history.note(read="copy", size=len(whole), right=right)


@act()
async def tidy(people: People) -> None:
    """What the clock does: jobs, sessions, orphans, signature. Two hours pass, and eight days for what nobody sent."""
    await queue.by_the_clock(people)
    await sweep.run_out(people.service)
    for _ in range(2):
        await _long_ago(people)
        await reaper.reap(people.service)
        await reaper.find_orphans(people.service)
    await _long_ago(people)
    await reaper.reap(people.service)
    remove_stale(people.service.settings.scratch)
    await signing.sign(people.service)


async def _long_ago(people: People) -> None:
    with queue.started_again():
        async with as_owner(people.service).engine.begin() as conn:
            for statement in _LONG_AGO:
                await conn.execute(statement)
    for draft in people.service.settings.folder.glob("objects/tmp/*"):
        os.utime(draft, (0, 0))
