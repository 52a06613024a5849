"""A case begins: opened, staffed, and its people added with how to reach them safely."""

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, update

from exchange.core import access, case_types, links
from exchange.core.access import Permission
from exchange.core.case_types import CaseType
from exchange.core.diary import Diary
from exchange.core.errors import BadInput, Conflict
from exchange.core.keys import new_data_key
from exchange.core.model import Actor, CaseState, Channel, Policy, Side
from exchange.core.reference import new_reference
from exchange.steps import diary, loosening, naming
from exchange.store import facts, near
from exchange.store import tables as t
from exchange.store.sealing import Opener, new_key_pair, opener_of
from exchange.store.service import Service
from exchange.store.unit import Unit, unit_of_work


@dataclass(frozen=True)
class SafeContact:
    """How one person can be reached without danger (PAGES "Participant"). All free text but `means`."""

    means: Channel
    address: str = ""
    hours: str = ""
    words: str = ""
    who_may_answer: str = ""
    asked_at: datetime | None = None


async def open_case(
    service: Service,
    actor: Actor,
    *,
    type: CaseType = CaseType.GENERAL,  # noqa: A002  # the field's word, as in the table
    policy: Policy | None = None,
    reference: str | None = None,
    lead: UUID | None = None,
    summary: str = "",
) -> UUID:
    """A new case with its own key pair. Whoever opens it leads it unless another is named.

    `policy`: the type's own unless given; `BadInput` for one that goes further than the type allows.
    """
    access.require(actor, Permission.CASE_OPEN)
    async with unit_of_work(service, actor) as unit:
        opened = await begin(
            unit, type_=type, lead=lead or actor.id, policy=policy, reference=reference, summary=summary
        )
    return opened.owner


async def begin(
    unit: Unit,
    *,
    type_: CaseType,
    lead: UUID | None,
    policy: Policy | None = None,
    reference: str | None = None,
    summary: str = "",
) -> Opener:
    """The case within the caller's unit that has asked for the right; what opens it, whose owner is the case."""
    policy, case_id = policy or case_types.DEFAULTS[type_], uuid4()
    case_types.check(type_, policy)
    opener = await new_key_pair(unit.service, unit.conn, case_id)
    await unit.add(
        t.cases,
        id=case_id,
        key_id=case_id,
        reference=reference or new_reference("C"),
        type=type_,
        policy=dataclasses.asdict(policy),
        summary_sealed=opener.seal(summary, "cases.summary", case_id),
    )
    await unit.add(t.assignment, case_id=case_id, account_id=lead, part="lead")
    unit.leaf("case.opened", case=case_id, facilitator=lead, kind=type_, days=policy.cooling_days)
    return opener


@dataclass(frozen=True)
class NewPerson:
    """Who somebody is, as they are put into a case. `form_of_name` is what the other person may see (rule 16).

    `of_age_at`: the first moment of the day on which they become 18; only of somebody under 18.
    """

    side: Side
    name: str
    form_of_name: str
    contact: SafeContact
    custody: bool = False
    under_18: bool = False
    needs: str = ""
    language: str = "en"
    of_age_at: datetime | None = None


async def add_participant(  # noqa: PLR0913  # a person is this many things
    service: Service,
    actor: Actor,
    case_id: UUID,
    *,
    side: Side,
    name: str,
    form_of_name: str,
    contact: SafeContact,
    custody: bool = False,
    under_18: bool = False,
    needs: str = "",
    language: str = "en",
) -> UUID:
    """A person of the case. `form_of_name` is what the other person may see (rule 16)."""
    person = NewPerson(side, name, form_of_name, contact, custody, under_18, needs, language)
    async with unit_of_work(service, actor) as unit:
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, case_id)
        return await put_person(unit, await opener_of(service, unit.conn, case_id), case_id, person)


async def put_person(unit: Unit, opener: Opener, case_id: UUID, new: NewPerson) -> UUID:
    """The person within the caller's unit, which has asked for the right; `BadInput` for one without a name."""
    if not new.name.strip() or not new.form_of_name.strip():
        raise BadInput("Enter the person's name, and the form of it that the other person may see.", field="name")
    person = uuid4()
    await unit.add(
        t.participant,
        id=person,
        case_id=case_id,
        side=new.side,
        name_sealed=opener.seal(new.name.strip(), "participant.name", person),
        form_of_name_sealed=opener.seal(new.form_of_name.strip(), "participant.form_of_name", person),
        needs_sealed=opener.seal(new.needs, "participant.needs", person),
        custody=new.custody,
        under_18=new.under_18,
        of_age_at=new.of_age_at,
        language=new.language,
    )
    unit.leaf("participant.added", case=case_id, participant=person, role=new.side)
    await _add_contact(unit, opener, case_id, person, new.contact)
    return person


async def change_participant(
    service: Service,
    actor: Actor,
    participant_id: UUID,
    *,
    name: str,
    form_of_name: str,
    needs: str,
    custody: bool,
    knowing: bool = False,
) -> None:
    """Correct what is recorded of a person. Another form of name is asked about like in `steps/naming.py`."""
    if not name.strip() or not form_of_name.strip():
        raise BadInput("Enter the person's name, and the form of it that the other person may see.", field="name")
    async with unit_of_work(service, actor) as unit:
        case_id = await near.case_of_participant(unit.conn, participant_id)
        await unit.case(case_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, case_id)
        opener = await opener_of(service, unit.conn, case_id)
        await unit.change(
            update(t.participant)
            .where(t.participant.c.id == participant_id)
            .values(
                name_sealed=opener.seal(name.strip(), "participant.name", participant_id),
                needs_sealed=opener.seal(needs, "participant.needs", participant_id),
                custody=custody,
            )
        )
        await naming.put(unit, opener, participant_id, form_of_name, None, knowing=knowing)
        unit.leaf("participant.changed", case=case_id, participant=participant_id)


async def set_safe_contact(service: Service, actor: Actor, participant_id: UUID, contact: SafeContact) -> None:
    """Record anew how to reach somebody safely; "still safe?" was asked today."""
    async with unit_of_work(service, actor) as unit:
        case_id = await near.case_of_participant(unit.conn, participant_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, case_id)
        opener = await opener_of(service, unit.conn, case_id)
        await _add_contact(unit, opener, case_id, participant_id, contact)


async def _add_contact(unit: Unit, opener: Opener, case_id: UUID, person: UUID, contact: SafeContact) -> None:
    row = uuid4()
    detail = {**dataclasses.asdict(contact), "means": contact.means.value, "asked_at": unit.now.isoformat()}
    await unit.add(
        t.safe_contact,
        id=row,
        participant_id=person,
        means=contact.means,
        detail_sealed=opener.seal(json.dumps(detail), "safe_contact.detail", row),
        recorded_by=unit.actor.id,
    )
    unit.leaf("participant.contact_set", case=case_id, participant=person, channel=contact.means)


async def agree_code(
    service: Service, actor: Actor, participant_id: UUID, *, how: Channel, digits: bool = False, code: str | None = None
) -> str:
    """Agree a new code for this person and case (DESIGN section 8); the old one stops working. The code."""
    agreed = code or links.new_code(words=not digits)
    if len(links.normalise_code(agreed)) < 8:
        raise BadInput("The code is too short: use three words or eight digits.", field="code")
    salt = new_data_key()
    async with unit_of_work(service, actor) as unit:
        case_id = await near.case_of_participant(unit.conn, participant_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, case_id)
        opener = await opener_of(service, unit.conn, case_id)
        values: dict[str, Any] = {
            "salt": salt,
            "hash": links.code_hash(agreed, salt),
            "code_sealed": opener.seal(agreed, "code.code", participant_id),
            "agreed_how": how,
            "recorded_by": actor.id,
            "at": func.now(),
        }
        mine = t.code.c.participant_id == participant_id
        if not await unit.change(update(t.code).where(mine).values(**values)):
            await unit.conn.execute(t.code.insert().values(participant_id=participant_id, **values))
        unit.leaf("participant.code_agreed", case=case_id, participant=participant_id, channel=how)
    return agreed


async def read_code(service: Service, actor: Actor, participant_id: UUID) -> str:
    """The agreed code, "" if there is none. Reading it is recorded."""
    async with unit_of_work(service, actor) as unit:
        case_id = await near.case_of_participant(unit.conn, participant_id)
        await near.require(unit.conn, actor, Permission.CASE_CHANGE, case_id)
        row = await unit.maybe(select(t.code).where(t.code.c.participant_id == participant_id))
        if row is None:
            return ""
        opener = await opener_of(service, unit.conn, case_id)
        unit.leaf("participant.code_read", case=case_id, participant=participant_id)
        return opener.open(row.code_sealed, "code.code", participant_id)


async def set_policy(service: Service, actor: Actor, case_id: UUID, policy: Policy, *, reason: str = "") -> None:
    """Change the case's policy (a supervisor). `BadInput` for one that goes further than the case's type allows.

    Less careful: `Refused` for whoever was on its team and while a message is on its way, `StepUpNeeded`
    (`steps/loosening.py`). `Conflict` for a case that is closed: how long it is kept was settled when it was closed.
    """
    async with unit_of_work(service, actor) as unit:
        case = await unit.case(case_id)
        near_to = await near.require(unit.conn, actor, Permission.CASE_CLOSE, case_id)
        _must_be_open(case)
        case_types.check(CaseType(case.type), policy)
        await loosening.require_policy(unit, case_id, near_to, facts.policy_of(case), policy)
        await diary.write(unit, service, case_id, Diary.POLICY, "changed", words=reason)
        await _put(unit, case_id, CaseType(case.type), policy)


async def set_type(service: Service, actor: Actor, case_id: UUID, type_: CaseType, *, reason: str) -> None:
    """Make it a case of another type, and why (a supervisor). Its policy follows (`case_types.adapted`).

    Raises like `set_policy` for one that is less careful.
    """
    async with unit_of_work(service, actor) as unit:
        case = await unit.case(case_id)
        near_to = await near.require(unit.conn, actor, Permission.CASE_CLOSE, case_id)
        _must_be_open(case)
        before = CaseType(case.type)
        if type_ is before:
            raise BadInput("It is a case of this kind already.", field="type")
        policy = await loosening.policy_of_type(unit, case_id, near_to, before, facts.policy_of(case), type_)
        await diary.write(unit, service, case_id, Diary.TYPE, type_, words=reason)
        await _put(unit, case_id, type_, policy)


def _must_be_open(case: Row[Any]) -> None:
    if case.state != CaseState.OPEN:
        raise Conflict("This case is closed: its rules cannot be changed. Open it again first.")


async def _put(unit: Unit, case_id: UUID, type_: CaseType, policy: Policy) -> None:
    new = {"type": type_, "policy": dataclasses.asdict(policy), "moved_at": func.now()}
    await unit.change(update(t.cases).where(t.cases.c.id == case_id).values(**new))
    eyes = "four_eyes" if policy.four_eyes else "two_eyes"
    unit.leaf("case.policy_set", case=case_id, kind=type_, policy=eyes, days=policy.cooling_days)
