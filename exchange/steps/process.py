"""The worker's part: read back what arrived, make a safe version of it, seal that (DESIGN section 5.2).

Everything is derived from state, so a task may run twice, or on two workers: the one transaction at the end
finds the message quarantined or does nothing. Until then nothing of the product is owned by a row, so half a
product can never be approved, and its objects are reaped. The original is never touched.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Row, func, select, update

import media
from exchange.core import keys
from exchange.core.errors import ExchangeError, ObjectMissing, StorageUnavailable, Unreadable
from exchange.core.model import WORKER, Event, Kind, State
from exchange.core.progress import Phase
from exchange.steps import early
from exchange.steps.progress import Progress, reporter
from exchange.steps.rejections import NO_SCANNER, NOT_KEPT
from exchange.steps.revising import Change, make_revision
from exchange.store import clamd, parts, pieces, queue
from exchange.store import tables as t
from exchange.store.failpoints import failpoint
from exchange.store.parts import SealedPart, part_context, part_key
from exchange.store.scratch import private_scratch
from exchange.store.sealing import Opener, opener_of
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work
from media.limits import Code, Rejected

log = structlog.get_logger()


class Waiting(StorageUnavailable):
    """This cannot be made safe at the moment. Nothing is lost; it stays locked away and is tried again."""


@dataclass(frozen=True)
class _Work:
    """One message to be made safe, and its uploads of this round in order."""

    message: Row[Any]
    opener: Opener = field(repr=False)
    uploads: list[Row[Any]] = field(repr=False)
    progress: Progress


async def process_message(service: Service, message_id: UUID) -> None:
    """Bring a quarantined message to review, or reject it with a reason. Does nothing in any other state.

    Raises `StorageUnavailable` (also: no scanner, no sandbox) where trying again later may help.
    """
    work = await _work(service, message_id)
    if work is None:
        return
    await work.progress.begin()
    with private_scratch(service.settings.scratch) as scratch:
        try:
            sources = await _read_back(service, work, scratch)
            await work.progress.at(Phase.SCAN, 0)
            scanned = await scan(service, [source.path for source, _ in sources])
            failpoint("original.read")
            product = await _make(service, work, sources, scratch)
            failpoint("product.made")
            await _seal(service, work, product, scanned)
        except Rejected as error:
            await _not_taken(service, message_id, error)
        except (Unreadable, ObjectMissing):
            await _reject(service, message_id, NOT_KEPT)
        except clamd.ScannerUnavailable:
            await _note_waiting(service, message_id, NO_SCANNER)
            raise


async def ask_again(service: Service) -> int:
    """Queue every message that waits in quarantine without a job; how many."""
    waiting = select(t.message.c.id).where(t.message.c.state == State.QUARANTINED)
    async with reading(service) as conn:
        return await queue.defer_again(conn, waiting, "process_message", "message")


async def _work(service: Service, message_id: UUID) -> _Work | None:
    u = t.upload
    async with reading(service) as conn:
        message = (await conn.execute(select(t.message).where(t.message.c.id == message_id))).one_or_none()
        if message is None or message.state != State.QUARANTINED:
            return None
        mine = (u.c.message_id == message_id) & (u.c.round == message.round) & (u.c.state != "gone")
        uploads = (await conn.execute(select(u).where(mine).order_by(u.c.position, u.c.created_at))).all()
        opener = await opener_of(service, conn, message.case_id)
        return _Work(message, opener, list(uploads), Progress(service, message_id, Kind(message.kind)))


async def _read_back(service: Service, work: _Work, scratch: Path) -> list[tuple[media.Source, bool]]:
    """Every original into the scratch, proved on the way; each source with whether it was typed.

    Only now is it known that the store has what was acknowledged: the upload is confirmed.
    """
    sources: list[tuple[media.Source, bool]] = []
    read, whole = 0, max(1, sum(upload.received for upload in work.uploads))
    report = reporter(service, lambda done: work.progress.statement(Phase.READ, done / whole))
    for index, upload in enumerate(work.uploads):
        path = scratch / f"source-{index:03d}"
        digests = await read_one(service, work.message, work.opener, upload, path, partial(_added, report, read))
        read += upload.received
        if upload.state != "confirmed":
            await _confirm(service, work, upload, digests)
            failpoint("original.confirmed")
        name = work.opener.open(upload.name_sealed, "upload.name", upload.id)
        sources.append((media.Source(path, "letter.txt" if upload.typed else name), bool(upload.typed)))
    return sources


def _added(report: Callable[[float], None], before: int, read: int) -> None:
    report(before + read)


async def read_one(
    service: Service, message: Row[Any], opener: Opener, upload: Row[Any], path: Path, report: Callable[[int], None]
) -> list[str]:
    """One original into a new file, proved on the way; the digests of its sealed pieces. `Unreadable`."""
    key = opener.open_key(upload.key_sealed, "upload.key", upload.id)
    original = pieces.Original(upload.id, message.case_id, message.id, upload.received, key)
    async with reading(service) as conn:
        rows = await pieces.pieces_of(conn, upload.id)
    digests = []
    with path.open("xb") as file:
        async for plain, digest in pieces.read_original(service.objects, original, rows):
            await asyncio.to_thread(file.write, plain)
            digests.append(digest)
            report(file.tell())
    return digests


async def _confirm(service: Service, work: _Work, upload: Row[Any], digests: list[str]) -> None:
    async with unit_of_work(service, WORKER) as unit:
        mine = (t.upload.c.id == upload.id) & (t.upload.c.state == "complete")
        confirmed = update(t.upload).where(mine).values(state="confirmed", confirmed_at=func.now())
        if await unit.change(confirmed) == 1:
            await pieces.confirm(unit.conn, upload.id, digests)
        unit.leaf(
            "original.confirmed",
            case=work.message.case_id,
            message=work.message.id,
            upload=upload.id,
            size=upload.received,
        )


async def scan(service: Service, files: list[Path]) -> str:
    """The record's word for what the scanner said of all files. Raises `Rejected` for a finding.

    Raises `ScannerUnavailable` where the policy says that nothing is opened without it.
    """
    socket, policy = service.settings.clamd_socket, service.settings.malware_scan
    if socket is None:
        if policy == "always":
            raise clamd.ScannerUnavailable
        return "unscanned"
    try:
        said = {await clamd.scan(socket, file) for file in files}
    except clamd.ScannerUnavailable:
        if policy != "if_there":
            raise
        said = {clamd.Scan.NOT_SCANNED}
    if clamd.Scan.FOUND in said:
        raise Rejected(Code.UNSAFE)
    return (clamd.Scan.NOT_SCANNED if clamd.Scan.NOT_SCANNED in said else clamd.Scan.CLEAN).value


async def _make(
    service: Service, work: _Work, sources: list[tuple[media.Source, bool]], scratch: Path
) -> media.Product:
    kind = Kind(work.message.kind)
    if kind is Kind.LETTER and all(typed for _, typed in sources):
        written = "\n".join([source.path.read_text(encoding="utf-8") for source, _ in sources])
        return await asyncio.to_thread(media.typed, written, scratch)
    report = reporter(service, lambda done: work.progress.statement(Phase.MAKE, done))
    files = [source for source, _ in sources]
    offered: list[Future[None]] = []
    loop = asyncio.get_running_loop()

    def offer(sound: media.Part) -> None:
        offered.append(asyncio.run_coroutine_threadsafe(_offer(service, work, sound), loop))

    ffmpeg = service.settings.ffmpeg
    make = partial(media.make, kind.value, files, scratch, report, early=offer, ffmpeg=ffmpeg)
    try:
        return await asyncio.to_thread(make)
    finally:
        # its file lies in the scratch
        await asyncio.gather(*(asyncio.wrap_future(one) for one in offered))


async def _offer(service: Service, work: _Work, sound: media.Part) -> None:
    """To listen before there is a picture is a help: what stands in its way stops nothing else."""
    try:
        await early.keep(service, work.opener, work.message, sound)
    except ExchangeError as error:
        log.warning("not_offered_early", error=type(error).__name__)


async def _seal(service: Service, work: _Work, product: media.Product, scanned: str) -> None:
    """Seal the parts, then own them, make the revision and move the message: all of it or nothing."""
    revision_id, key, message = uuid4(), keys.new_data_key(), work.message
    await parts.announce(service, [part_key(revision_id, part.name) for part in product.parts])
    failpoint("product.announced")
    sealed = []
    for index, part in enumerate(product.parts):
        await work.progress.at(Phase.SEAL, index / len(product.parts))
        bound = part_context(message.case_id, message.id, revision_id, part.name)
        named = part_key(revision_id, part.name)
        size, sha256 = await parts.put_file(service.objects, named, key, bound, part.path)
        facts = dict(part.facts)
        sealed.append(SealedPart(part.name, part.media_type, size, sha256, named, revision_id, facts))
    failpoint("product.sealed")
    async with unit_of_work(service, WORKER) as unit:
        now = await unit.message(message.id)
        if now.state != State.QUARANTINED or now.round != message.round:
            return
        notes = "\n".join(product.notes)
        digest = await make_revision(
            unit, work.opener, now, revision_id, key, sealed, event=Event.CLEAN, change=Change(notes), status=scanned
        )
        await early.move_notes(unit, now, digest)


async def _not_taken(service: Service, message_id: UUID, error: Rejected) -> None:
    if error.code is Code.NO_SANDBOX:
        await _note_waiting(service, message_id, error.code)
        raise Waiting(error.sentence) from error
    await _reject(service, message_id, error.code)


async def _reject(service: Service, message_id: UUID, code: str) -> None:
    async with unit_of_work(service, WORKER) as unit:
        message = await unit.message(message_id)
        if message.state != State.QUARANTINED:
            return
        moved = await unit.move(message, Event.REJECT, rejected_code=str(code))
        unit.leaf("message.rejected", case=message.case_id, message=message_id, reason=str(code), **moved)


async def _note_waiting(service: Service, message_id: UUID, code: str) -> None:
    """Say on the message's page why it still waits in quarantine."""
    mine = (t.message.c.id == message_id) & (t.message.c.state == State.QUARANTINED)
    async with reading(service) as conn:
        await conn.execute(update(t.message).where(mine).values(rejected_code=str(code)))
