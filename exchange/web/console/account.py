"""One's own account: password, second factor, sessions, tokens."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from aiohttp import web
from pydantic import Field

from exchange.core.access import Permission, Scope
from exchange.core.errors import StepUpNeeded
from exchange.core.model import Role
from exchange.steps import accounts, demo_code, passkeys, recovery_codes, sessions, sign_on, tokens
from exchange.steps.sessions import Session
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.asking import asked
from exchange.web.console.session import COOKIE, SESSION, actor_of, id_of, service_of
from exchange.web.console.sign_in import CODE_WRONG, NewPassword
from exchange.web.frame import N_, gettext

PASSWORD_CHANGED = frame.notice("own-password", N_("Your password was changed. Your other sessions have ended."))
FACTOR_CHANGED = frame.notice("own-factor", N_("Your new codes count from now on."))
PASSKEY_ADDED = frame.notice("own-passkey", N_("You can sign in with this passkey from now on."))
PASSKEY_REMOVED = frame.notice("own-passkey-removed", N_("That passkey opens nothing any more."))
SESSION_ENDED = frame.notice("own-session", N_("That session has ended."))
TOKEN_DOES_ALL = N_("All that I may")
TOKEN_WITNESSES = N_("Only witness the record: checkpoints and proofs, no entries")
TOKEN_ENDED = frame.notice("own-token", N_("That token has ended."))


class Code(frame.Form):
    """A code of the new set-up."""

    code: str
    sentences: ClassVar = {"code": CODE_WRONG}


class NewPasskey(frame.Form):
    """A passkey's name, and what its device answered."""

    label: str = Field(max_length=60)
    credential: str = Field(max_length=20_000)
    sentences: ClassVar = {
        "label": N_("Give the passkey a name, such as the device it is on."),
        "credential": N_("This device has not answered. Try again."),
    }


class NewToken(frame.Form):
    """A token for scripts."""

    label: str = Field(max_length=100)
    days: int = Field(default=90, ge=1, le=366)
    scope: Literal["", "witness"] = ""
    sentences: ClassVar = {
        "label": N_("Enter what the token is for"),
        "days": N_("Enter a number of days from 1 to 366"),
    }


async def page(request: web.Request) -> web.StreamResponse:
    """Everything of one's own."""
    return await _page(request, frame.blank(days=90), 200)


async def password_page(request: web.Request) -> web.StreamResponse:
    """Change the password."""
    return _password_page(request, frame.blank(), 200)


async def change_password(request: web.Request) -> web.StreamResponse:
    """Take over a new one; other sessions end."""

    async def show(req: web.Request, form: frame.ErrorSummary, status: int) -> web.StreamResponse:
        return _password_page(req, form, status)

    async def act(form: NewPassword) -> web.StreamResponse:
        if form.password != form.again:
            wrong = frame.blank().add("again", N_("The two new passwords are not the same"))
            return _password_page(request, wrong, 422)
        session = _session(request)
        await accounts.choose_password(
            service_of(request), session, old_password=form.old_password, new_password=form.password
        )
        return frame.see_other(request, "/account", done=PASSWORD_CHANGED)

    return await asked(request, NewPassword, show, act, at="password")


async def begin_factor(request: web.Request) -> web.StreamResponse:
    """Begin with a new phone; the old codes count until the new ones are confirmed."""
    await accounts.begin_enrolment(service_of(request), _session(request))
    return frame.see_other(request, "/account/factor")


async def factor_page(request: web.Request) -> web.StreamResponse:
    """The picture for the app, and a code of it."""
    return await _factor_page(request, frame.blank(), 200)


async def replace_factor(request: web.Request) -> web.StreamResponse:
    """The new codes count."""

    async def act(form: Code) -> web.StreamResponse:
        await accounts.replace_factor(service_of(request), _session(request), form.code)
        return frame.see_other(request, "/account", done=FACTOR_CHANGED)

    return await asked(request, Code, _factor_page, act, at="code")


async def passkey_page(request: web.Request) -> web.StreamResponse:
    """Its name, and one press."""
    if not actor_of(request).stepped_up:
        raise StepUpNeeded
    return await _passkey_page(request, frame.blank(), 200)


async def begin_passkey(request: web.Request) -> web.StreamResponse:
    """What the new passkey is to sign."""
    options = await passkeys.begin_enrolment(service_of(request), _session(request))
    return web.Response(text=options, content_type="application/json")


async def add_passkey(request: web.Request) -> web.StreamResponse:
    """Keep it."""

    async def act(form: NewPasskey) -> web.StreamResponse:
        await passkeys.enrol(service_of(request), _session(request), form.credential, label=form.label)
        return frame.see_other(request, "/account", done=PASSKEY_ADDED)

    return await asked(request, NewPasskey, _passkey_page, act, at="label")


async def remove_passkey(request: web.Request) -> web.StreamResponse:
    """Forget it."""
    await passkeys.remove(service_of(request), _session(request), id_of(request, "passkey"))
    return frame.see_other(request, "/account", done=PASSKEY_REMOVED)


async def recovery_page(request: web.Request) -> web.StreamResponse:
    """How many are left, and ten new ones by one press. `?used`: one was used just now."""
    return await _recovery_page(request)


async def make_recovery(request: web.Request) -> web.StreamResponse:
    """Ten new codes, shown this once."""
    made = await recovery_codes.make(service_of(request), _session(request))
    return await _recovery_page(request, made)


async def _recovery_page(request: web.Request, codes: Sequence[str] = ()) -> web.Response:
    left = await recovery_codes.left(service_of(request), _session(request).account_id)
    context = {"codes": codes, "left": left, "used": "used" in request.query}
    return frame.render(request, "console/account_recovery.html", context)


async def _passkey_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    form.entered.pop("credential", None)
    return frame.render(request, "console/account_passkey.html", {"form": form}, status=status)


async def end_session(request: web.Request) -> web.StreamResponse:
    """End another session of one's own."""
    await sessions.revoke(service_of(request), actor_of(request), id_of(request, "session"))
    return frame.see_other(request, "/account", done=SESSION_ENDED)


async def end_all_sessions(request: web.Request) -> web.StreamResponse:
    """Sign out everywhere, here too."""
    await sessions.sign_out_everywhere(service_of(request), actor_of(request))
    response = frame.see_other(request, "/sign-in")
    frame.clear_private_cookie(request, response, COOKIE)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def make_token(request: web.Request) -> web.StreamResponse:
    """A new token, shown this once."""

    async def act(form: NewToken) -> web.StreamResponse:
        scope = Scope(form.scope) if form.scope else None
        made = await tokens.create_token(
            service_of(request), actor_of(request), label=form.label, days=form.days, scope=scope
        )
        return await _page(request, frame.blank(days=90), 200, made.secret)

    return await asked(request, NewToken, _page, act, at="label")


async def end_token(request: web.Request) -> web.StreamResponse:
    """End a token of one's own."""
    await tokens.revoke_token(service_of(request), actor_of(request), id_of(request, "token"))
    return frame.see_other(request, "/account", done=TOKEN_ENDED)


def _session(request: web.Request) -> Session:
    return request[SESSION]


async def _page(request: web.Request, form: frame.ErrorSummary, status: int, secret: str = "") -> web.Response:
    service, actor = service_of(request), actor_of(request)
    session = _session(request)
    context = {
        "form": form,
        "session": session,
        "roles": [words.said(words.ROLES, role) for role in words.ROLES if role in session.roles],
        "sessions": await sessions.sessions_of(service, actor),
        "scopes": _scopes(session),
        "witness_words": TOKEN_WITNESSES,
        "tokens": await tokens.tokens_of(service, actor),
        "secret": secret,
        "passkeys": await passkeys.passkeys_of(service, session.account_id),
        "passkeys_work": await passkeys.place_of(service) is not None,
        "recovery_left": await recovery_codes.left(service, session.account_id),
        "has_password": session.has_password,
        "provider": sign_on.offered(service),
    }
    return frame.render(request, "console/account.html", context, status=status)


def _scopes(session: Session) -> list[tuple[str, str]]:
    """What a new token may be narrowed to; nothing to choose for who has no part in it."""
    if Role.AUDITOR not in session.roles:
        return []
    return [("", gettext(TOKEN_DOES_ALL)), (Scope.WITNESS.value, gettext(TOKEN_WITNESSES))]


def _password_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    blank = frame.ErrorSummary({}, form.errors)
    return frame.render(request, "console/account_password.html", {"form": blank}, status=status)


async def _factor_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    service, session = service_of(request), _session(request)
    enrolment = await accounts.pending_enrolment(service, session)
    if enrolment is None and status != 200:  # a code without a set-up that was begun: there is no field to show it at
        return frame.see_other(request, "/account")
    shown = await demo_code.pending_code_to_show(service, enrolment)
    context = {"form": form, "enrolment": enrolment, "demo_code": shown}
    return frame.render(request, "console/account_factor.html", context, status=status)


CREATE = ("publickey-credentials-create",)
ROUTES = [
    frame.Route("GET", "/account", page, Permission.OWN_ACCOUNT),
    frame.Route("GET", "/account/password", password_page, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/account/password", change_password, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/account/factor/begin", begin_factor, Permission.OWN_ACCOUNT),
    frame.Route("GET", "/account/factor", factor_page, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/account/factor", replace_factor, Permission.OWN_ACCOUNT),
    frame.Route("GET", "/account/passkeys/new", passkey_page, Permission.OWN_ACCOUNT, features=CREATE),
    frame.Route("POST", "/account/passkeys/begin", begin_passkey, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/account/passkeys", add_passkey, Permission.OWN_ACCOUNT, features=CREATE),
    frame.Route("POST", "/account/passkeys/{passkey}/remove", remove_passkey, Permission.OWN_ACCOUNT),
    frame.Route("GET", "/account/recovery", recovery_page, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/account/recovery", make_recovery, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/account/sessions/{session}/end", end_session, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/account/sessions/end", end_all_sessions, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/account/tokens", make_token, Permission.OWN_ACCOUNT),
    frame.Route("POST", "/account/tokens/{token}/end", end_token, Permission.OWN_ACCOUNT),
]
