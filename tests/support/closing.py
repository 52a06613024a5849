"""Closing a case in tests: everything that is open decided by the first answer there is, or just shut."""

from uuid import UUID

from exchange.core.closing import What, Word, choices
from exchange.core.diary import Diary
from exchange.core.model import Actor
from exchange.steps import closing, diary
from exchange.store.service import Service
from exchange.store.unit import unit_of_work


async def shut(service: Service, actor: Actor, case: UUID) -> None:
    """Closed by the real step, as if everything had been decided and nothing was to be carried out."""
    async with unit_of_work(service, actor) as unit:
        await unit.case(case)
        await closing.shut(unit, case)


async def settle(
    service: Service, actor: Actor, case: UUID, *, words: dict[What, Word] | None = None, talks: bool = True
) -> None:
    """The conversations and the outcome written down, and a decision for everything that has a choice."""
    for one in (await closing.read(service, actor, case)).found:
        if talks and one.what is What.TALK:
            await diary.record(service, actor, case, Diary.CLOSING_TALK, "held", participant=one.about)
        if talks and one.what is What.OUTCOME:
            await diary.record(service, actor, case, Diary.OUTCOME, "partly", words="As far as it went.")
    found = (await closing.read(service, actor, case)).found
    chosen = {
        (one.what, one.about): (words or {}).get(one.what)
        or next(word for word in choices(one) if word is not Word.SHARE)
        for one in found
        if choices(one)
    }
    await closing.decide(service, actor, case, chosen)
