"""After a restore: what the record says happened since the backup, done again (`core/since.py`).

Nothing here asks whether somebody may: it was done once, by somebody who might. Whom or what the backup does
not know is passed over. Each step may be run again.
"""

from dataclasses import asdict, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from exchange.core import case_types
from exchange.core.case_types import CaseType
from exchange.core.model import OPERATOR, CaseState, ConsentKind, Method
from exchange.core.since import Since
from exchange.core.since_acts import Leaf
from exchange.steps import consent, erase, naming
from exchange.steps.consent import Said
from exchange.steps.restored import account_of, is_there, somebody
from exchange.store import facts
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work


async def people(service: Service, since: Since) -> list[str]:
    """Close accounts whose secrets or rights changed since, forget contacts and codes that were replaced.

    The sign-in names of the accounts that were closed.
    """
    async with unit_of_work(service, OPERATOR) as unit:
        a = t.account
        mine = a.c.id.in_(since.accounts), a.c.active
        closed = await unit.all(update(a).where(*mine).values(active=False).returning(a.c.id, a.c.login))
        for table, whose in ((t.safe_contact, since.contacts), (t.code, since.codes)):
            await unit.change(delete(table).where(table.c.participant_id.in_(whose)))
        for_notices = since.wishes | since.contacts
        await unit.change(delete(t.notice_wish).where(t.notice_wish.c.participant_id.in_(for_notices)))
        for person, leaf in since.of_age.items():
            await _of_age(unit, person, leaf)
        for row in closed:
            unit.leaf("account.changed", account=row.id, kind="deactivated")
        unit.leaf("service.done_again", count=len(closed))
    await _named_anew(service, since)
    return sorted(row.login for row in closed)


async def _named_anew(service: Service, since: Since) -> None:
    """What they agreed to share they agreed to under another name than the backup has: they are asked anew."""
    for person in sorted(since.named):
        async with unit_of_work(service, OPERATOR) as unit:
            if await is_there(unit, t.participant, person):
                await naming.ask_anew(unit, person)
                unit.leaf("service.done_again", count=1)


async def _of_age(unit: Unit, person: UUID, leaf: Leaf) -> None:
    """From the moment in the record, or from their day if that was earlier, nothing counts that was decided before."""
    p, at = t.participant, datetime.fromisoformat(leaf["at"])
    day = func.least(func.coalesce(p.c.of_age_at, at), at)
    await unit.change(update(p).where(p.c.id == person).values(under_18=False, of_age_at=day))
    for table in (t.code, t.notice_wish):
        await unit.change(delete(table).where(table.c.participant_id == person))


async def cases(service: Service, since: Since) -> None:
    """Facts, standing consents, teams, bars, holds, policies and closed cases, as their leaves tell them."""
    async with unit_of_work(service, OPERATOR) as unit:
        for leaf in since.facts:
            await _fact(unit, leaf)
        for leaf in since.consents:
            await _standing(unit, leaf)
        for leaf in since.team:
            await _team(unit, leaf)
        single = (since.bars, since.holds, since.doors, since.policies, since.covers)
        for leaf in (leaf for kind in single for leaf in kind.values()):
            await _case(unit, leaf)
        unit.leaf("service.done_again", count=len(since.facts) + len(since.consents) + len(since.team))
    await _who_left(service, since)


async def erasures(service: Service, leaves: list[Leaf]) -> int:
    """Erase what was erased; how many things."""
    return await erase.replay(service, OPERATOR, leaves)


async def _fact(unit: Unit, leaf: Leaf) -> None:
    person = leaf.get("participant")
    known = await is_there(unit, t.cases, UUID(leaf["case"]))
    if not known or (person is not None and not await is_there(unit, t.participant, UUID(person))):
        return
    at = datetime.fromisoformat(leaf["at"])
    until = datetime.fromisoformat(leaf["until"]) if "until" in leaf else None
    same = (t.fact.c.case_id == UUID(leaf["case"]), t.fact.c.kind == leaf["fact"], t.fact.c.at == at)
    if await unit.maybe(select(t.fact.c.id).where(*same)) is None:
        said = {"case_id": leaf["case"], "kind": leaf["fact"], "value": leaf["value"], "until": until, "at": at}
        by = await account_of(unit, leaf)
        await unit.add(t.fact, participant_id=person, recorded_by=by, **said)


async def _standing(unit: Unit, leaf: Leaf) -> None:
    """The consent itself, with the id by which the record names it."""
    if not await is_there(unit, t.participant, UUID(leaf["participant"])):
        return
    message = UUID(leaf["message"]) if "message" in leaf else None
    if await is_there(unit, t.consent, UUID(leaf["consent"])):
        return
    if message is not None and not await is_there(unit, t.message, message):
        return
    said = {"kind": leaf["scope"], "given": leaf["act"] == "consent.given", "method": leaf["method"]}
    said |= {"detail": {"language": leaf["language"]}} if "language" in leaf else {}
    await unit.add(
        t.consent,
        id=UUID(leaf["consent"]),
        participant_id=UUID(leaf["participant"]),
        message_id=message,
        digest=leaf.get("digest"),
        wording=leaf["wording"],
        at=datetime.fromisoformat(leaf["at"]),
        recorded_by=await account_of(unit, leaf),
        **said,
    )


async def _who_left(service: Service, since: Since) -> None:
    """Whose last word since the backup is that they do not take part shares and receives nothing."""
    last = {leaf["participant"]: leaf for leaf in since.consents if leaf["scope"] == ConsentKind.TAKE_PART}
    for person_id, leaf in last.items():
        if leaf["act"] == "consent.given":
            continue
        async with unit_of_work(service, OPERATOR) as unit:
            row = await unit.maybe(select(*t.plain(t.participant)).where(t.participant.c.id == UUID(person_id)))
            if row is not None:
                await unit.case(row.case_id)
                said = Said(Method(leaf["method"]), leaf["wording"])
                await consent.apply(unit, row, ConsentKind.TAKE_PART, False, said)


async def _team(unit: Unit, leaf: Leaf) -> None:
    a, case_id, account_id = t.assignment, UUID(leaf["case"]), UUID(leaf["account"])
    if not (await is_there(unit, t.cases, case_id) and await is_there(unit, t.account, account_id)):
        return
    at = datetime.fromisoformat(leaf["at"])
    both = (a.c.case_id == case_id, a.c.account_id == account_id)
    await unit.change(update(a).where(*both, a.c.until.is_(None), a.c.since < at).values(until=at))
    if leaf["act"] == "case.assigned" and await unit.maybe(select(a.c.id).where(*both, a.c.since >= at)) is None:
        await unit.add(a, case_id=case_id, account_id=account_id, part=leaf["role"], since=at)


async def _case(unit: Unit, leaf: Leaf) -> None:
    case_id = UUID(leaf["case"])
    if not await is_there(unit, t.cases, case_id):
        return
    match leaf["act"]:
        case "case.barred" | "case.bar_lifted":
            await _bar(unit, case_id, leaf)
        case "case.held" | "case.hold_lifted":
            await _hold(unit, case_id, leaf)
        case "case.closed":
            await _closed(unit, case_id, leaf)
        case "case.reopened":
            await _opened(unit, case_id)
        case "case.policy_set":
            await _policy(unit, case_id, leaf)
        case "case.cover_set" if await is_there(unit, t.account, UUID(leaf["cover"])):
            await unit.change(update(t.cases).where(t.cases.c.id == case_id).values(cover_id=UUID(leaf["cover"])))


async def _bar(unit: Unit, case_id: UUID, leaf: Leaf) -> None:
    b, account_id, by = t.bar, UUID(leaf["account"]), await somebody(unit, leaf)
    standing = (b.c.case_id == case_id, b.c.account_id == account_id, b.c.until.is_(None))
    there = await unit.maybe(select(b.c.id).where(*standing)) is not None
    if leaf["act"] == "case.bar_lifted":
        await unit.change(update(b).where(*standing).values(until=func.now(), lifted_by=by))
    elif not there and await is_there(unit, t.account, account_id):
        await unit.add(b, id=UUID(leaf["bar"]), case_id=case_id, account_id=account_id, set_by=by)


async def _hold(unit: Unit, case_id: UUID, leaf: Leaf) -> None:
    """One that was lifted stays until it is lifted again: it only keeps things."""
    h, by = t.legal_hold, await somebody(unit, leaf)
    there = await unit.maybe(select(h.c.id).where(h.c.case_id == case_id, h.c.lifted_at.is_(None)))
    if leaf["act"] == "case.held" and there is None:
        await unit.add(h, case_id=case_id, placed_by=by)


async def _closed(unit: Unit, case_id: UUID, leaf: Leaf) -> None:
    mine = update(t.cases).where(t.cases.c.id == case_id, t.cases.c.state == CaseState.OPEN)
    if await unit.change(mine.values(state=CaseState.CLOSED)):
        await unit.add(t.closing, case_id=case_id, at=datetime.fromisoformat(leaf["at"]))


async def _opened(unit: Unit, case_id: UUID) -> None:
    """It was wanted again: what is open is not due to be erased."""
    mine = update(t.cases).where(t.cases.c.id == case_id, t.cases.c.state == CaseState.CLOSED)
    if await unit.change(mine.values(state=CaseState.OPEN)):
        await unit.change(delete(t.closing).where(t.closing.c.case_id == case_id))


async def _policy(unit: Unit, case_id: UUID, leaf: Leaf) -> None:
    """What the record tells of it: the type of case, with what that asks for. What it does not tell stays as it was."""
    row = await unit.one(select(t.cases.c.type, t.cases.c.policy).where(t.cases.c.id == case_id))
    type_ = CaseType(leaf["kind"])
    policy = facts.policy_of(row)
    if type_ is not CaseType(row.type):
        policy = case_types.adapted(CaseType(row.type), policy, type_)
    told = replace(policy, four_eyes=leaf["policy"] == "four_eyes", cooling_days=leaf["days"])
    new = {"type": type_, "policy": asdict(told)}
    await unit.change(update(t.cases).where(t.cases.c.id == case_id).values(**new))
