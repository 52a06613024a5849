"""Erasing a case, the legal hold that forbids it, and the certificates of what was erased."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission
from exchange.steps import certificate, erase, hold
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Words


class Why(Asked):
    """Why a hold is placed or lifted; sealed to the case."""

    reason: Words


class Erasure(Answer):
    """Something that was erased. `note` is the signed certificate, null until a worker has signed it."""

    id: UUID
    what: str
    message_id: UUID | None
    participant_id: UUID | None
    referral_id: UUID | None
    at: datetime
    objects: int
    backups_until: date = Field(description="After this day no backup from before it is kept, by policy.")
    note: str | None


class Erasures(Answer):
    """What was erased, newest first."""

    erasures: list[Erasure]


class Hold(Answer):
    """A legal hold in force."""

    since: datetime
    placed_by: str = Field(description="The supervisor's name as colleagues know it.")
    reason: str


class HoldNow(Answer):
    """The legal hold on a case; null where there is none."""

    hold: Hold | None


async def erasures(call: Call) -> Erasures:
    """What was erased in a case, with the certificates."""
    found = await certificate.erasures(call.service, call.actor, call.id("case"))
    return Erasures(erasures=[Erasure.model_validate(row) for row in found])


async def erased_referrals(call: Call) -> Erasures:
    """The referrals that were erased last, which belong to no case, with the certificates."""
    found = await certificate.of_referrals(call.service, call.actor)
    return Erasures(erasures=[Erasure.model_validate(row) for row in found])


async def erase_case(call: Call) -> None:
    """Erase a case for good (a supervisor). Its key, every message, name and link go; the record stays."""
    await erase.erase_case(call.service, call.actor, call.id("case"))


async def current_hold(call: Call) -> HoldNow:
    """The legal hold on a case, for its supervisors."""
    found = await hold.current(call.service, call.actor, call.id("case"))
    return HoldNow(hold=Hold(since=found.since, placed_by=found.by, reason=found.reason) if found else None)


async def place_hold(call: Call, asked: Why) -> None:
    """Forbid erasing anything of a case (a supervisor)."""
    await hold.place_hold(call.service, call.actor, call.id("case"), asked.reason)


async def lift_hold(call: Call, asked: Why) -> None:
    """Let a case be erased again (a supervisor)."""
    await hold.lift_hold(call.service, call.actor, call.id("case"), asked.reason)


ENDPOINTS = [
    Endpoint("GET", "/cases/{case}/erasures", erasures, Permission.CASE_SEE),
    Endpoint("GET", "/retention/referrals", erased_referrals, Permission.SUPERVISE),
    Endpoint("POST", "/cases/{case}/erase", erase_case, Permission.CASE_CLOSE, status=204),
    Endpoint("GET", "/cases/{case}/legal-hold", current_hold, Permission.CASE_CLOSE),
    Endpoint("POST", "/cases/{case}/legal-hold", place_hold, Permission.CASE_CLOSE, status=204),
    Endpoint("POST", "/cases/{case}/legal-hold/lift", lift_hold, Permission.CASE_CLOSE, status=204),
]
