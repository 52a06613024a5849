"""Signing in: password, then second factor, then, where somebody else gave the password, one's own."""

from typing import ClassVar

from aiohttp import web
from pydantic import Field

from exchange.core.errors import BadInput, SignInNeeded, SignInRefused, Unreadable
from exchange.steps import accounts, demo_code, passkeys, recovery_codes, sessions, sign_on
from exchange.steps.sessions import Session, SignedIn
from exchange.web import frame
from exchange.web.console.asking import asked
from exchange.web.console.session import COOKIE, keep_session, service_of, session_of
from exchange.web.frame.forms import form_of
from exchange.web.frame.i18n import DEFAULT
from exchange.web.frame.language import COOKIE as LANGUAGE

PASSKEYS = ("publickey-credentials-get",)
CODE_WRONG = frame.N_("Enter the six digits that your app shows now")


class Password(frame.Form):
    """Name and password."""

    login: str
    password: frame.Verbatim
    sentences: ClassVar = {
        "login": frame.N_("Enter your sign-in name"),
        "password": frame.N_("Enter your password"),
    }


class Code(frame.Form):
    """The one-time code."""

    code: str
    sentences: ClassVar = {"code": CODE_WRONG}


class Recovery(frame.Form):
    """A recovery code."""

    recovery: str = Field(max_length=100)
    sentences: ClassVar = {"recovery": frame.N_("Enter one of your recovery codes")}


class NewPassword(frame.Form):
    """A password of one's own, twice."""

    old_password: frame.Verbatim
    password: frame.Verbatim
    again: frame.Verbatim
    sentences: ClassVar = {
        "old_password": frame.N_("Enter the password that you were given"),
        "password": frame.N_("Enter a new password"),
        "again": frame.N_("Enter the new password again"),
    }


async def page(request: web.Request) -> web.StreamResponse:
    """Name and password. Whoever is signed in goes on to work."""
    session = await session_of(request)
    if session and session.second_factor:
        return frame.see_other(request, "/")
    return await show(request, frame.blank(), 200)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Check them; one answer for whatever was wrong."""
    form = await frame.parse(request, Password)
    if isinstance(form, frame.ErrorSummary):
        return await show(request, form, 422)
    before = frame.private_cookie(request, COOKIE)
    try:
        signed = await sessions.sign_in(service_of(request), form.login, form.password, cookie=before)
    except SignInRefused as error:
        return await show(request, frame.blank(login=form.login).add("login", str(error)), 401)
    return await half_way(request, signed)


async def code_page(request: web.Request) -> web.StreamResponse:
    """The six digits, or the set-up of the app at the first sign-in."""
    session = await _half_open(request)
    if session.second_factor:
        return frame.see_other(request, "/")
    return await _code_page(request, frame.blank(), 200)


async def confirm(request: web.Request) -> web.StreamResponse:
    """The second factor opens the session."""
    session = await _half_open(request)

    async def act(form: Code) -> web.StreamResponse:
        signed = await sessions.confirm_factor(service_of(request), session, form.code)
        return entered(request, signed)

    return await asked(request, Code, _code_page, act, at="code")


async def begin_passkey(request: web.Request) -> web.StreamResponse:
    """What the authenticator is to sign: for the sign-in that began in this browser, else for a passkey alone."""
    session = await session_of(request)
    half_open = session if session and not session.second_factor else None
    return web.Response(text=await passkeys.begin_use(service_of(request), half_open), content_type="application/json")


async def use_passkey(request: web.Request) -> web.StreamResponse:
    """The authenticator's answer opens the session, instead of the code or of password and code."""
    untrusted = str((await form_of(request)).get("credential", ""))
    service, session = service_of(request), await session_of(request)
    try:
        if session is not None and not session.second_factor:
            signed = await passkeys.confirm(service, session, untrusted)
        else:
            before = frame.private_cookie(request, COOKIE)
            signed = await passkeys.sign_in(service, untrusted, cookie=before)
    except BadInput as error:
        return await _code_page(request, frame.blank().add("code", str(error)), 422)
    except SignInRefused as error:
        return await show(request, frame.blank().add("login", str(error)), 401)
    return entered(request, signed)


async def recovery_page(request: web.Request) -> web.StreamResponse:
    """A code on paper in place of the phone that is lost."""
    session = await _half_open(request)
    if session.second_factor:
        return frame.see_other(request, "/")
    return await _recovery_page(request, frame.blank(), 200)


async def use_recovery(request: web.Request) -> web.StreamResponse:
    """It opens the session once; then a new phone is set up."""
    session = await _half_open(request)

    async def act(form: Recovery) -> web.StreamResponse:
        signed = await recovery_codes.confirm(service_of(request), session, form.recovery)
        return entered(request, signed, "/account/recovery?used=yes")

    return await asked(request, Recovery, _recovery_page, act, at="recovery")


async def password_page(request: web.Request) -> web.StreamResponse:
    """Choose a password of one's own before anything else."""
    await _half_open(request)
    return await _password_page(request, frame.blank(), 200)


async def choose_password(request: web.Request) -> web.StreamResponse:
    """Take it over."""
    session = await _half_open(request)

    async def act(form: NewPassword) -> web.StreamResponse:
        if form.password != form.again:
            wrong = frame.blank().add("again", frame.N_("The two new passwords are not the same"))
            return await _password_page(request, wrong, 422)
        old, new = form.old_password, form.password
        await accounts.choose_password(service_of(request), session, old_password=old, new_password=new)
        return frame.see_other(request, "/")

    return await asked(request, NewPassword, _password_page, act, at="password")


async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session, wherever it stands."""
    await sessions.sign_out(service_of(request), frame.private_cookie(request, COOKIE))
    response = frame.see_other(request, "/sign-in")
    frame.clear_private_cookie(request, response, COOKIE)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def _half_open(request: web.Request) -> Session:
    session = await session_of(request)
    if session is None:
        raise SignInNeeded
    return session


async def half_way(request: web.Request, signed: SignedIn) -> web.StreamResponse:
    """On to the second factor, which is set up now where there is none yet."""
    if not signed.session.enrolled:
        await accounts.begin_enrolment(service_of(request), signed.session)
    response = frame.see_other(request, "/sign-in/code")
    keep_session(request, response, signed.cookie)
    return response


def entered(request: web.Request, signed: SignedIn, to: str = "/") -> web.StreamResponse:
    """The session is open: its cookie, its language, and on to work."""
    response = frame.see_other(request, to)
    keep_session(request, response, signed.cookie)
    _keep_language(request, response, signed.session.language)
    return response


def _keep_language(request: web.Request, response: web.StreamResponse, wanted: str) -> None:
    """The account's language, where this browser has not chosen one."""
    if wanted != DEFAULT and frame.private_cookie(request, LANGUAGE) is None:
        frame.set_private_cookie(request, response, LANGUAGE, wanted)


async def show(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    """The sign-in page, with what is wrong."""
    passkey = await passkeys.place_of(service_of(request)) is not None
    context = {"form": form, "passkey": passkey, "provider": sign_on.offered(service_of(request))}
    return frame.render(request, "console/sign_in.html", context, status=status)


async def _code_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    session = await _half_open(request)
    service = service_of(request)
    try:
        enrolment = None if session.enrolled else await accounts.pending_enrolment(service, session)
        shown = await demo_code.code_to_show(service, session)
    except Unreadable:
        # the set-up was begun anew in another browser: only that one goes on with it
        raise SignInNeeded from None
    context = {
        "form": form,
        "enrolment": enrolment,
        "demo_code": shown,
        "login": session.login,
        "passkey": await passkeys.may_be_asked(service, session.account_id),
        "recovery": await recovery_codes.left(service, session.account_id) > 0,
    }
    return frame.render(request, "console/sign_in_code.html", context, status=status)


async def _recovery_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    blank = frame.ErrorSummary({}, form.errors)
    return frame.render(request, "console/sign_in_recovery.html", {"form": blank}, status=status)


async def _password_page(request: web.Request, form: frame.ErrorSummary, status: int) -> web.Response:
    blank = frame.ErrorSummary({}, form.errors)
    return frame.render(request, "console/sign_in_password.html", {"form": blank}, status=status)


ROUTES = [
    frame.Route("GET", "/sign-in", page, frame.PUBLIC, features=PASSKEYS),
    frame.Route("POST", "/sign-in", sign_in, frame.PUBLIC, features=PASSKEYS),
    frame.Route("GET", "/sign-in/code", code_page, frame.PUBLIC, features=PASSKEYS),
    frame.Route("POST", "/sign-in/code", confirm, frame.PUBLIC, features=PASSKEYS),
    frame.Route("POST", "/sign-in/passkey/begin", begin_passkey, frame.PUBLIC),
    frame.Route("POST", "/sign-in/passkey", use_passkey, frame.PUBLIC, features=PASSKEYS),
    frame.Route("GET", "/sign-in/recovery", recovery_page, frame.PUBLIC),
    frame.Route("POST", "/sign-in/recovery", use_recovery, frame.PUBLIC),
    frame.Route("GET", "/sign-in/password", password_page, frame.PUBLIC),
    frame.Route("POST", "/sign-in/password", choose_password, frame.PUBLIC),
    frame.Route("POST", "/sign-out", sign_out, frame.PUBLIC),
]
