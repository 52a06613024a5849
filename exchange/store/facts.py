"""Reads what the gate must know about one message, as it is at this moment, in this transaction.

Everything comes from the database, and nothing that is missing counts as yes. The clock is PostgreSQL's.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.gate import Approval, Facts, Grant, Person
from exchange.core.model import LAPSING, CaseState, ConsentKind, FactKind, Policy, Side, State, Status
from exchange.store import near
from exchange.store import tables as t

SUPPORT = (FactKind.GUARDIAN, FactKind.SUPPORTER, FactKind.INTERPRETER)


async def load(
    conn: AsyncConnection,
    message: Row[Any],
    *,
    digest: str | None = None,
    asker: UUID | None = None,
    grant: Row[Any] | None = None,
    session: UUID | None = None,
) -> Facts:
    """The facts about `message` (a row of `message`).

    `digest`: the revision asked about, by default the newest. `asker`: the account that asks. `grant`: the
    row of the grant through which a visitor asks, `session` theirs; without a grant, it is not by link.
    """
    case = (await conn.execute(select(*t.plain(t.cases)).where(t.cases.c.id == message.case_id))).one()
    known = await newest_facts(conn, message.case_id)
    newest = await _newest_revision(conn, message.id)
    digest = digest or (newest.digest if newest else None)
    people = await _people(conn, message, known)
    return Facts(
        state=State(message.state),
        case_open=case.state == CaseState.OPEN,
        paused=_value(known, FactKind.PAUSE) == "on",
        hold=_value(known, FactKind.HOLD) == "on" or await _open_concern(conn, message.id),
        contact_order=_value(known, FactKind.CONTACT_ORDER) == "in_force",
        carve_out=carved_out(known),
        assessment_until=assessed_until(known, policy_of(case)),
        author=people["author"],
        recipient=people["recipient"],
        digest=digest,
        newest_digest=newest.digest if newest else None,
        clean=bool(newest and newest.clean),
        approvals=await _approvals(conn, message.id),
        four_eyes=policy_of(case).four_eyes,
        touched_by=await _touched_by(conn, message),
        share=await _shares(conn, message.id, digest),
        **await _accepted(conn, message.id, policy_of(case)),
        never_sent=message.never_sent,
        expires_at=message.expires_at,
        grant=_grant(grant, session),
        by_link=session is not None,
        asker_assigned=asker is not None and await on_the_team(conn, message.case_id, asker),
        asker_in_emergency=asker is not None and await _in_emergency(conn, message.case_id, asker),
        harmed_must_start=policy_of(case).harmed_starts and not await _harmed_wrote(conn, message.case_id),
    )


async def _in_emergency(conn: AsyncConnection, case_id: UUID, asker: UUID) -> bool:
    return bool((await conn.execute(select(near.in_emergency(case_id, asker)))).scalar_one())


def policy_of(case: Row[Any]) -> Policy:
    """The case's policy; unknown keys are refused by the dataclass."""
    return Policy(**case.policy)


FactTable = Mapping[tuple[UUID | None, str], Row[Any]]


async def newest_facts(conn: AsyncConnection, case_id: UUID) -> FactTable:
    """The newest fact per (participant or None, kind); a `LAPSING` one whose `until` has passed is not in it.

    An expired contact order ends; an expired pause ends; an expired exception ends; a hold never does.
    """
    newest: Select[Any] = (
        select(*t.plain(t.fact), func.now().label("read_at"))
        .where(t.fact.c.case_id == case_id)
        .ext(distinct_on(t.fact.c.participant_id, t.fact.c.kind))
        .order_by(t.fact.c.participant_id, t.fact.c.kind, t.fact.c.number.desc())
    )
    rows = (await conn.execute(newest)).all()
    return {(r.participant_id, r.kind): r for r in rows if _holds(r)}


def _holds(row: Row[Any]) -> bool:
    return row.kind not in LAPSING or row.until is None or row.until > row.read_at


def carved_out(known: FactTable) -> bool:
    """An exception counts for the order under which it was recorded, not for one that came later (rule 14)."""
    order, exception = known.get((None, FactKind.CONTACT_ORDER)), known.get((None, FactKind.CARVE_OUT))
    if exception is None or exception.value != "recorded":
        return False
    return order is None or exception.number > order.number


def assessed_until(known: FactTable, policy: Policy) -> datetime | None:
    """When the risk assessment runs out: its own date, but never later than policy allows (rule 11)."""
    row = known.get((None, FactKind.ASSESSMENT))
    if row is None or row.value != "current":
        return None
    latest: datetime = row.at + timedelta(days=policy.assessment_days)
    return min(row.until, latest) if row.until else latest


async def on_the_team(conn: AsyncConnection, case_id: UUID, account_id: UUID) -> bool:
    """Whether the account is assigned to the case now, or is its cover."""
    assigned = select(t.assignment.c.id).where(
        t.assignment.c.case_id == case_id,
        t.assignment.c.account_id == account_id,
        t.assignment.c.until.is_(None),
    )
    cover = select(t.cases.c.id).where(t.cases.c.id == case_id, t.cases.c.cover_id == account_id)
    return bool((await conn.execute(select(or_(assigned.exists(), cover.exists())))).scalar())


async def consent_now(conn: AsyncConnection, participant_id: UUID) -> dict[ConsentKind, Row[Any]]:
    """The newest decision per kind that is not about one message (take part, be asked)."""
    rows = await conn.execute(
        select(*t.plain(t.consent))
        .where(t.consent.c.participant_id == participant_id, t.consent.c.message_id.is_(None))
        .ext(distinct_on(t.consent.c.kind))
        .order_by(t.consent.c.kind, t.consent.c.number.desc())
    )
    return {ConsentKind(row.kind): row for row in rows}


async def _people(conn: AsyncConnection, message: Row[Any], known: FactTable) -> dict[str, Person]:
    rows = await conn.execute(
        select(*t.plain(t.participant)).where(t.participant.c.id.in_((message.author_id, message.recipient_id)))
    )
    found = {row.id: await _person(conn, row, known) for row in rows}
    return {"author": found[message.author_id], "recipient": found[message.recipient_id]}


async def _person(conn: AsyncConnection, row: Row[Any], known: FactTable) -> Person:
    consents = await consent_now(conn, row.id)
    status = _value(known, FactKind.STATUS, row.id)
    missing = [kind.value for kind in SUPPORT if _value(known, kind, row.id) == "needed"]
    if row.under_18 and _value(known, FactKind.GUARDIAN, row.id) != "in_place":
        missing = sorted({*missing, FactKind.GUARDIAN.value})
    return Person(
        takes_part=_given(consents, ConsentKind.TAKE_PART),
        may_be_asked=_given(consents, ConsentKind.BE_ASKED),
        status=Status(status) if status else Status.ACTIVE,
        prepared=_value(known, FactKind.PREPARATION, row.id) == "done",
        accepts_responsibility=_value(known, FactKind.RESPONSIBILITY, row.id) == "accepted",
        responsible=row.side == Side.RESPONSIBLE,
        missing_support=tuple(missing),
    )


def _given(consents: Mapping[ConsentKind, Row[Any]], kind: ConsentKind) -> bool:
    return kind in consents and bool(consents[kind].given)


def _value(known: FactTable, kind: FactKind, participant: UUID | None = None) -> str | None:
    row = known.get((participant, kind))
    return row.value if row else None


async def _harmed_wrote(conn: AsyncConnection, case_id: UUID) -> bool:
    """Whether the harmed person has put in a message (rule 13)."""
    m, p = t.message, t.participant
    theirs = select(m.c.id).join(p, p.c.id == m.c.author_id).where(m.c.case_id == case_id, p.c.side == Side.HARMED)
    return (await conn.execute(theirs.where(m.c.state != State.RECEIVING).limit(1))).first() is not None


async def _newest_revision(conn: AsyncConnection, message_id: UUID) -> Row[Any] | None:
    query = select(*t.plain(t.revision)).where(t.revision.c.message_id == message_id)
    return (await conn.execute(query.order_by(t.revision.c.number.desc()).limit(1))).first()


async def _open_concern(conn: AsyncConnection, message_id: UUID) -> bool:
    query = select(t.concern.c.id).where(t.concern.c.message_id == message_id, t.concern.c.ended_at.is_(None))
    return (await conn.execute(query)).first() is not None


async def _approvals(conn: AsyncConnection, message_id: UUID) -> tuple[Approval, ...]:
    """Approvals that no later revision, return or retraction has voided."""
    r = t.review
    rows = await conn.execute(
        select(r.c.account_id, r.c.digest, r.c.assigned).where(
            r.c.message_id == message_id, r.c.decision == "approve", r.c.void_at.is_(None)
        )
    )
    return tuple(Approval(row.account_id, row.digest, row.assigned) for row in rows)


async def _touched_by(conn: AsyncConnection, message: Row[Any]) -> frozenset[UUID]:
    """Staff who put the message in or made one of its revisions."""
    r, u = t.revision, t.upload
    made = await conn.execute(select(r.c.made_by).where(r.c.message_id == message.id, r.c.made_by.is_not(None)))
    sent = await conn.execute(select(u.c.account_id).where(u.c.message_id == message.id, u.c.account_id.is_not(None)))
    mine = [message.put_in_by] if message.put_in_by else []
    return frozenset([*made.scalars(), *sent.scalars(), *mine])


async def _shares(conn: AsyncConnection, message_id: UUID, digest: str | None) -> bool:
    s = t.share_current
    query = select(s.c.message_id).where(s.c.message_id == message_id, s.c.digest == digest)
    return (await conn.execute(query)).first() is not None


async def _accepted(conn: AsyncConnection, message_id: UUID, policy: Policy) -> dict[str, Any]:
    """Whether the recipient's yes is in force, since when without a break, and how long it has to stand first."""
    query = select(t.receive_current.c.since).where(t.receive_current.c.message_id == message_id)
    since = (await conn.execute(query)).scalar_one_or_none()
    return {"receive": since is not None, "accepted_at": since, "cooling_days": policy.cooling_days}


def _grant(row: Row[Any] | None, session: UUID | None) -> Grant | None:
    if row is None:
        return None
    return Grant(digest=row.digest, own=row.session_id == session, live=True, until=row.until)
