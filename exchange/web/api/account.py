"""Oneself: a token for password and code, the step-up, own tokens and sessions.

A password or a second factor is set up in a browser; here they are only used.
"""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from exchange.core.access import Permission, Scope
from exchange.core.errors import SignInNeeded
from exchange.core.model import Role
from exchange.steps import sessions, tokens
from exchange.web.api.endpoint import Call, Endpoint
from exchange.web.api.shapes import Answer, Asked, Code, Line
from exchange.web.frame.routing import PUBLIC


class SignIn(Asked):
    """Password and the current one-time code together."""

    login: Line
    password: Line
    code: Code
    label: Line = "API"


class TokenMade(Answer):
    """A token with its secret, which is shown this once."""

    id: UUID
    token: str = Field(description="Send it as `Authorization: Bearer …`.")
    expires_at: datetime


class CodeNow(Asked):
    """The code that the second factor shows now."""

    code: Code


class Me(Answer):
    """Whose token this is, and what it may."""

    id: UUID
    roles: list[Role]
    stepped_up: bool = Field(description="Whether the second factor was confirmed in the last five minutes.")


class NewToken(Asked):
    """A token for a script."""

    label: Line
    days: int = Field(90, ge=1, le=366)
    scope: Scope | None = Field(
        None, description="`witness`: fetches checkpoints and proofs and hands in cosignatures, and nothing else."
    )


class TokenLine(Answer):
    """A token as lists show it."""

    id: UUID
    label: str
    scope: Scope | None
    created_at: datetime
    expires_at: datetime


class Tokens(Answer):
    """One's own tokens, newest first."""

    tokens: list[TokenLine]


class SessionLine(Answer):
    """One browser in which one is signed in."""

    id: UUID
    created_at: datetime
    last_used_at: datetime


class Sessions(Answer):
    """One's own sessions, newest first."""

    sessions: list[SessionLine]


async def sign_in(call: Call, asked: SignIn) -> TokenMade:
    """Get a token for one day, by password and one-time code."""
    made = await tokens.token_for_sign_in(call.service, asked.login, asked.password, asked.code, label=asked.label)
    return TokenMade(id=made.id, token=made.secret, expires_at=made.expires_at)


async def step_up(call: Call, asked: CodeNow) -> None:
    """Confirm the second factor for this token. It counts for five minutes."""
    await tokens.step_up_token(call.service, call.actor, asked.code)


async def me(call: Call) -> Me:
    """Whose token this is."""
    actor = call.actor
    if actor.id is None:
        raise SignInNeeded
    return Me(id=actor.id, roles=sorted(actor.roles), stepped_up=actor.stepped_up)


async def own_tokens(call: Call) -> Tokens:
    """One's own tokens that still count."""
    found = await tokens.tokens_of(call.service, call.actor)
    return Tokens(tokens=[TokenLine.model_validate(one) for one in found])


async def make_token(call: Call, asked: NewToken) -> TokenMade:
    """Make a token for a script. Needs the step-up."""
    made = await tokens.create_token(call.service, call.actor, label=asked.label, days=asked.days, scope=asked.scope)
    return TokenMade(id=made.id, token=made.secret, expires_at=made.expires_at)


async def end_token(call: Call) -> None:
    """End one of one's own tokens at once."""
    await tokens.revoke_token(call.service, call.actor, call.id("token"))


async def own_sessions(call: Call) -> Sessions:
    """The browsers in which one is signed in."""
    found = await sessions.sessions_of(call.service, call.actor)
    return Sessions(sessions=[SessionLine.model_validate(one) for one in found])


async def end_session(call: Call) -> None:
    """Sign a browser out at once."""
    await sessions.revoke(call.service, call.actor, call.id("session"))


async def end_all_sessions(call: Call) -> None:
    """Sign out of every browser at once. Tokens stay."""
    await sessions.sign_out_everywhere(call.service, call.actor)


OWN = Permission.OWN_ACCOUNT
ENDPOINTS = [
    Endpoint("POST", "/sign-in", sign_in, PUBLIC, status=201, errors=(401, 429)),
    Endpoint("POST", "/step-up", step_up, OWN, status=204, errors=(429,)),
    Endpoint("GET", "/me", me, OWN),
    Endpoint("GET", "/tokens", own_tokens, OWN),
    Endpoint("POST", "/tokens", make_token, OWN, status=201),
    Endpoint("DELETE", "/tokens/{token}", end_token, OWN, status=204),
    Endpoint("GET", "/sessions", own_sessions, OWN),
    Endpoint("DELETE", "/sessions", end_all_sessions, OWN, status=204),
    Endpoint("DELETE", "/sessions/{session}", end_session, OWN, status=204),
]
