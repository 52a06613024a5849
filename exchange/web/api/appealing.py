"""After "not to be shared": the author is told, appeals, and a supervisor decides (rule 21)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from exchange.core.access import Permission
from exchange.core.model import Channel, Method
from exchange.steps import appeals
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Made, Words


class ToldAuthor(Asked):
    """What the author was told, and by which safe means. Nothing of the recipient's may stand in it."""

    words: Words
    means: Channel


class NewAppeal(Asked):
    """What the author says, and how they told it."""

    says: Words
    method: Method


class AppealDecision(Asked):
    """A supervisor's decision; whoever withheld it cannot decide."""

    outcome: Literal["upheld", "allowed"]
    reason: Words


class AppealLine(Answer):
    """The newest appeal, and what was decided."""

    id: UUID
    at: datetime
    method: str
    says: str
    decided_at: datetime | None
    outcome: str | None
    reason: str


class ToldLine(Answer):
    """That the author was told."""

    at: datetime
    kind: str
    means: str
    words: str


class AppealStory(Answer):
    """Where it stands: the newest appeal if there is one, what the author was told, whether you may decide."""

    appeal: AppealLine | None
    told: list[ToldLine]
    may_decide: bool


async def tell(call: Call, asked: ToldAuthor) -> None:
    """Record that the author was told what was decided."""
    await appeals.tell(call.service, call.actor, call.id("message"), words=asked.words, means=asked.means)


async def make(call: Call, asked: NewAppeal) -> Made:
    """The author appeals, through you."""
    made = await appeals.appeal(call.service, call.actor, call.id("message"), says=asked.says, method=asked.method)
    return Made(id=made)


async def see(call: Call) -> AppealStory:
    """Where the appeal stands."""
    found = await appeals.read_appeal(call.service, call.actor, call.id("message"))
    row = found.appeal
    newest = {**row._mapping, "says": found.says, "reason": found.reason} if row else None
    return AppealStory(
        appeal=AppealLine.model_validate(newest) if newest else None,
        told=[ToldLine.model_validate({**one._mapping, "words": words}) for one, words in found.told],
        may_decide=found.open and found.may_decide,
    )


async def decide(call: Call, asked: AppealDecision) -> None:
    """Decide an appeal (a supervisor who did not withhold it)."""
    told = {"outcome": asked.outcome, "reason": asked.reason}
    await appeals.decide(call.service, call.actor, call.id("message"), **told)


ENDPOINTS = [
    Endpoint("POST", "/messages/{message}/told", tell, Permission.CONSENT, status=204),
    Endpoint("POST", "/messages/{message}/appeal", make, Permission.CONSENT, status=201),
    Endpoint("GET", "/messages/{message}/appeal", see, Permission.CASE_SEE),
    Endpoint("POST", "/messages/{message}/appeal/decision", decide, Permission.FACT_SUPERVISED, status=204),
]
