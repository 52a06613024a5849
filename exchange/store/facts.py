"""Reads what the gate must know about one message, as it is at this moment, in this transaction.

Everything comes from the database, and nothing that is missing counts as yes. The clock is PostgreSQL's.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.gate import GONE, Approval, Facts, Grant, Person
from exchange.core.model import LAPSING, CaseState, ConsentKind, FactKind, Policy, Side, State, Status
from exchange.store import about
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
    now = await _about(conn, message, digest, asker)
    known, policy = await newest_facts(conn, message.case_id), policy_of(now)
    consents = await consents_now(conn, (message.author_id, message.recipient_id))
    author = _person(message.author_id, now.author, now, known, consents)
    return Facts(
        state=State(message.state),
        case_open=now.state == CaseState.OPEN,
        paused=_value(known, FactKind.PAUSE) == "on",
        hold=_value(known, FactKind.HOLD) == "on" or now.concern,
        contact_order=_value(known, FactKind.CONTACT_ORDER) == "in_force",
        carve_out=carved_out(known),
        assessment_until=now.assessment_until,
        author=author,
        recipient=_person(message.recipient_id, now.recipient, now, known, consents),
        digest=digest or now.newest_digest,
        newest_digest=now.newest_digest,
        clean=bool(now.clean),
        approvals=_approvals(now, "approve"),
        after_approvals=_approvals(now, "after"),
        four_eyes=policy.four_eyes,
        touched_by=frozenset([*now.touched, *([message.put_in_by] if message.put_in_by else [])]),
        **_agreed(now, author, policy),
        never_sent=message.never_sent,
        expires_at=message.expires_at,
        grant=_grant(grant, session),
        by_link=session is not None,
        asker_assigned=asker is not None and now.asker_assigned,
        asker_in_emergency=asker is not None and now.asker_in_emergency,
        harmed_must_start=policy.harmed_starts and not now.harmed_wrote,
    )


async def _about(conn: AsyncConnection, message: Row[Any], digest: str | None, asker: UUID | None) -> Row[Any]:
    ids = {
        "message": message.id, "case": message.case_id, "digest": digest or None,
        "author": message.author_id, "recipient": message.recipient_id,
    }  # fmt: skip
    asked, told = (about.MESSAGE, ids) if asker is None else (about.ASKED, ids | {"asker": asker})
    found: Row[Any] = (await conn.execute(asked, told)).one()
    return found


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


async def stopped_for_safety(conn: AsyncConnection, case_id: UUID) -> bool:
    """Whether a safeguarding hold is in force."""
    return _value(await newest_facts(conn, case_id), FactKind.HOLD) == "on"


def _holds(row: Row[Any]) -> bool:
    return row.kind not in LAPSING or row.until is None or row.until > row.read_at


def carved_out(known: FactTable) -> bool:
    """An exception counts for the order under which it was recorded, not for one that came later (rule 14)."""
    order, exception = known.get((None, FactKind.CONTACT_ORDER)), known.get((None, FactKind.CARVE_OUT))
    if exception is None or exception.value != "recorded":
        return False
    return order is None or exception.number > order.number


async def on_the_team(conn: AsyncConnection, case_id: UUID, account_id: UUID) -> bool:
    """Whether the account is assigned to the case now, or is its cover."""
    return bool((await conn.execute(select(about.on_the_team(case_id, account_id)))).scalar())


async def consents_now(
    conn: AsyncConnection, participants: Collection[UUID]
) -> dict[UUID, dict[ConsentKind, Row[Any]]]:
    """By participant the newest decision per kind that is not about one message (take part, be asked).

    What ended with the case when it was closed is in it no more: it is asked anew if the case is opened again.
    """
    k, over = t.consent, about.ended_with_the_case(t.consent)
    rows = await conn.execute(
        select(*t.plain(k))
        .where(k.c.participant_id.in_(participants), k.c.message_id.is_(None), ~over)
        .ext(distinct_on(k.c.participant_id, k.c.kind))
        .order_by(k.c.participant_id, k.c.kind, k.c.number.desc())
    )
    found: dict[UUID, dict[ConsentKind, Row[Any]]] = {one: {} for one in participants}
    for row in rows:
        found[row.participant_id][ConsentKind(row.kind)] = row
    return found


def _person(
    who: UUID,
    told: list[Any],
    now: Row[Any],
    known: FactTable,
    everybody: Mapping[UUID, Mapping[ConsentKind, Row[Any]]],
) -> Person:
    """`told`: which side the person is on, whether under 18 and until when. Where there are no rules, both agreed."""
    consents, (side, under_18, of_age_at) = everybody[who], told
    status = _value(known, FactKind.STATUS, who)
    missing = [kind.value for kind in SUPPORT if _value(known, kind, who) == "needed"]
    if under_18 and _value(known, FactKind.GUARDIAN, who) != "in_place":
        missing = sorted({*missing, FactKind.GUARDIAN.value})
    return Person(
        takes_part=_given(consents, ConsentKind.TAKE_PART),
        may_be_asked=_given(consents, ConsentKind.BE_ASKED),
        status=Status(status) if status else Status.ACTIVE,
        prepared=_value(known, FactKind.PREPARATION, who) == "done",
        accepts_responsibility=_value(known, FactKind.RESPONSIBILITY, who) == "accepted",
        responsible=side == Side.RESPONSIBLE,
        missing_support=tuple(missing),
        decided_at=_when(consents, ConsentKind.TAKE_PART),
        asked_at=_when(consents, ConsentKind.BE_ASKED),
        of_age_at=datetime.fromisoformat(of_age_at) if of_age_at else None,
        agreed_rules=now.rules is None or who in now.agreed,
    )


def _given(consents: Mapping[ConsentKind, Row[Any]], kind: ConsentKind) -> bool:
    return kind in consents and bool(consents[kind].given)


def _when(consents: Mapping[ConsentKind, Row[Any]], kind: ConsentKind) -> datetime | None:
    return consents[kind].at if kind in consents else None


def _agreed(now: Row[Any], author: Person, policy: Policy) -> dict[str, Any]:
    """Which yes is in force, since when, and how long it is fresh or has to stand; the author's word beforehand."""
    beforehand, said_at = now.said_beforehand or (False, None)
    return {
        "share": now.shared_at is not None,
        "shared_at": now.shared_at,
        "consent_days": policy.consent_days,
        "share_after": author.status in GONE and beforehand is True,
        "said_at": datetime.fromisoformat(said_at) if said_at else None,
        "receive": now.accepted_at is not None,
        "accepted_at": now.accepted_at,
        "cooling_days": policy.cooling_days,
    }


def _approvals(now: Row[Any], decision: str) -> tuple[Approval, ...]:
    """Those in force of a team (`approve`), or of a supervisor after a death (`after`)."""
    return tuple(
        Approval(UUID(who), one, assigned) for who, one, assigned, what in now.approvals or () if what == decision
    )


def _value(known: FactTable, kind: FactKind, participant: UUID | None = None) -> str | None:
    row = known.get((participant, kind))
    return row.value if row else None


def _grant(row: Row[Any] | None, session: UUID | None) -> Grant | None:
    if row is None:
        return None
    return Grant(digest=row.digest, own=row.session_id == session, live=True, until=row.until)
