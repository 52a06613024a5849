"""Writing in a case's diary: what practice wants recorded and the gate does not read (`core/diary.py`)."""

from uuid import UUID, uuid4

from exchange.core import diary
from exchange.core.access import Permission
from exchange.core.diary import Diary
from exchange.core.errors import NotFound
from exchange.core.model import Actor
from exchange.store import near
from exchange.store import tables as t
from exchange.store.sealing import opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work


async def record(
    service: Service,
    actor: Actor,
    case_id: UUID,
    kind: Diary,
    value: str,
    *,
    participant: UUID | None = None,
    words: str = "",
) -> None:
    """Write an entry about the case, or about one person in it; by the team."""
    if kind in diary.BY_OTHERS:
        raise NotFound
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.FACT, case_id)
        if participant is not None and await near.case_of_participant(unit.conn, participant) != case_id:
            raise NotFound
        await write(unit, service, case_id, kind, value, participant=participant, words=words)


async def write(
    unit: Unit,
    service: Service,
    case_id: UUID,
    kind: Diary,
    value: str,
    *,
    participant: UUID | None = None,
    words: str = "",
) -> None:
    """The entry itself, with its leaf, inside the caller's unit."""
    diary.check(kind, value, words, person=participant is not None)
    opener, row = await opener_of(service, unit.conn, case_id), uuid4()
    await unit.add(
        t.diary,
        id=row,
        case_id=case_id,
        participant_id=participant,
        kind=kind,
        value=value,
        words_sealed=opener.seal(words.strip(), "diary.words", row) if words.strip() else None,
        recorded_by=unit.actor.id,
    )
    unit.leaf("diary.written", case=case_id, participant=participant, kind=kind, value=value)
