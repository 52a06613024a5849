"""The worker's part of a scanned pile: open it in the sandbox, read each page's code, seal what belongs together.

Pages of a reply are sealed to its case, all others to the service. Everything is derived from state: a task may run
twice, the transaction at the end finds the pile waiting or does nothing, and its objects are reaped.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, select, update

import media
from exchange.core import keys
from exchange.core.access import ON_THE_TEAM
from exchange.core.errors import ObjectMissing, Unreadable
from exchange.core.model import WORKER, CaseState
from exchange.core.piles import LeftOver, Run, split
from exchange.steps import replies
from exchange.steps.piles import TASK
from exchange.steps.process import Waiting, scan
from exchange.steps.rejections import NOT_KEPT
from exchange.store import near, parts, piles, queue
from exchange.store import tables as t
from exchange.store.scratch import private_scratch
from exchange.store.sealing import seal_of, service_opener, service_seal
from exchange.store.service import Service
from exchange.store.unit import Unit, reading, unit_of_work
from media.limits import Code, Rejected

READ = "read_pile"


@dataclass(frozen=True)
class _Made:
    """Pages in a row, sealed under a key of their own: each page's number, object and size."""

    run: Run
    part: UUID
    key: bytes = field(repr=False)
    pages: list[tuple[int, str, int]]


async def read_pile(service: Service, pile_id: UUID) -> None:
    """Take a waiting pile apart, or say why not; its file stays as it came. Nothing where it does not wait (any more).

    Raises `StorageUnavailable` (also: no scanner, no sandbox) where trying again later may help.
    """
    async with reading(service) as conn:
        row = (await conn.execute(select(t.pile).where(t.pile.c.id == pile_id))).one_or_none()
        if row is None or row.state != "waiting":
            return
        opener = await service_opener(service, conn)
    with private_scratch(service.settings.scratch) as scratch:
        try:
            path = scratch / "pile"
            key = opener.open_key(row.key_sealed, "pile.key", pile_id)
            await _written(service, row, key, path)
            await scan(service, [path])
            source = media.Source(path, opener.open(row.name_sealed, "pile.name", pile_id))
            pages = await asyncio.to_thread(media.taken_apart, source, scratch)
            await _keep(service, row, [await _sealed(service, row, run, pages) for run in _runs(pages)])
        except Rejected as error:
            if error.code is Code.NO_SANDBOX:
                raise Waiting(error.sentence) from error
            await _refuse(service, pile_id, error.code)
        except (Unreadable, ObjectMissing):
            await _refuse(service, pile_id, NOT_KEPT)


async def ask_again(service: Service) -> int:
    """Queue every pile that waits without a job; how many."""
    waiting = select(t.pile.c.id).where(t.pile.c.state == "waiting")
    async with reading(service) as conn:
        return await queue.defer_again(conn, waiting, READ, "pile")


def _runs(pages: tuple[media.Scan, ...]) -> list[Run]:
    return split([page.untrusted_codes for page in pages])


async def _written(service: Service, row: Row[Any], key: bytes, path: Path) -> None:
    reader = piles.reader(service, row.id, row.id, row, key, name=piles.FILE)
    with path.open("xb") as file:
        async for data in reader.range(0, reader.size):
            await asyncio.to_thread(file.write, data)


async def _sealed(service: Service, row: Row[Any], run: Run, pages: tuple[media.Scan, ...]) -> _Made:
    made = _Made(run, uuid4(), keys.new_data_key(), [])
    named = {number: piles.page_key(row.id, made.part, number) for number in run.pages}
    await parts.announce(service, list(named.values()))
    for number, object_key in named.items():
        bound = piles.bound(row.id, made.part, piles.page_name(number))
        size, _ = await parts.put_file(service.objects, object_key, made.key, bound, pages[number - 1].path)
        made.pages.append((number, object_key, size))
    return made


async def _keep(service: Service, row: Row[Any], found: list[_Made]) -> None:
    """All of it or nothing; whose replies of another team's case are among it is told to that team."""
    async with unit_of_work(service, WORKER) as unit:
        now = await unit.one(select(t.pile).where(t.pile.c.id == row.id).with_for_update())
        if now.state != "waiting":
            return
        await parts.own(unit.conn, [object_key for made in found for _, object_key, _ in made.pages])
        for position, made in enumerate(found):
            await _add(unit, now, position, made)
        pages = sum(len(made.pages) for made in found)
        await unit.change(update(t.pile).where(t.pile.c.id == row.id).values(state="read", pages=pages))
        unit.leaf("pile.read", upload=row.id, pages=pages, count=len(found))


async def _add(unit: Unit, pile: Row[Any], position: int, made: _Made) -> None:
    printed, why = await _whose(unit, made.run)
    seal = await seal_of(unit.conn, printed.case_id) if printed else await service_seal(unit.conn)
    about = {"case_id": printed.case_id, "answers_id": printed.id} if printed else {}
    sealed = seal.seal_key(made.key, "pile_part.key", made.part)
    counted = {"position": position, "pages": len(made.pages), "why": why, "key_sealed": sealed}
    await unit.add(t.pile_part, id=made.part, pile_id=pile.id, **about, **counted)
    for number, object_key, size in made.pages:
        page = insert(t.pile_page).values(part_id=made.part, number=number, object_key=object_key, size=size)
        await unit.change(page)
    if printed:
        await hand_on(unit, pile, printed)


async def hand_on(unit: Unit, pile: Row[Any], printed: Row[Any]) -> bool:
    """Its team is told of pages that whoever put the pile in is not to see; whether it was."""
    if await near.relation(unit.conn, printed.case_id, pile.account_id) in ON_THE_TEAM:
        return False
    await replies.tell_the_team(unit, printed, TASK, account=pile.account_id, upload=pile.id)
    return True


async def _whose(unit: Unit, run: Run) -> tuple[Row[Any] | None, LeftOver | None]:
    """What went out under the run's code, None where nothing did that there still is; and why it is left over."""
    if run.code is None:
        return None, run.why
    printed = await replies.went_out(unit, run.code)
    if printed is None or printed.case_state == CaseState.ERASED:
        return None, LeftOver.UNKNOWN
    return printed, LeftOver.CLOSED if printed.case_state == CaseState.CLOSED else run.why


async def _refuse(service: Service, pile_id: UUID, code: str) -> None:
    async with unit_of_work(service, WORKER) as unit:
        mine = update(t.pile).where(t.pile.c.id == pile_id, t.pile.c.state == "waiting")
        if await unit.change(mine.values(state="refused", refused_code=str(code))):
            unit.leaf("pile.refused", upload=pile_id, reason=str(code))
