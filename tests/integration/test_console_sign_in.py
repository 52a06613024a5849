"""Signing in to the console by its pages: one answer for whatever is wrong, two factors, an end."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from exchange.core.model import OPERATOR, Role
from exchange.steps import accounts
from exchange.store.service import Service
from tests.support.console_site import Client, Console, running_console
from tests.support.world import PASSWORD


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """A console with one account, fern, whose second factor is set up."""
    await made(service, "fern")
    async with running_console(service) as running:
        yield running


async def made(service: Service, login: str, *, enrolled: bool = True, temporary: bool = False) -> UUID:
    """An account of a facilitator."""
    account = await accounts.create_account(
        service, OPERATOR, login=login, display_name=login.title(), roles=[Role.FACILITATOR],
        password=PASSWORD, temporary=temporary,
    )  # fmt: skip
    if enrolled:
        await accounts.enrol(service, OPERATOR, account)
    return account


def without_token(page: str, login: str) -> str:
    """A page without what differs by design: token, nonce, and the name that was entered."""
    return re.sub(r'(name="csrf" value=|nonce=)"[^"]+"', "", page).replace(login, "")


async def signed_in(client: Client, login: str) -> None:
    """Password, then the code that the demonstration shows."""
    status, _, where = await client.send("/sign-in", login=login, password=PASSWORD)
    assert (status, where) == (303, "/sign-in/code")
    _, page = await client.get("/sign-in/code")
    found = re.search(r'id="demo-code">(\d{6})<', page)
    assert found
    assert (await client.send("/sign-in/code", code=found[1]))[0] == 303


async def test_unknown_account_and_wrong_password_get_the_same_answer(console: Console) -> None:
    """Byte for byte, but for the name that was entered."""
    client = console.client()
    known = await client.send("/sign-in", login="fern", password="not the password at all")
    unknown = await client.send("/sign-in", login="nobody", password="not the password at all")
    assert known[0] == unknown[0] == 401
    assert without_token(known[1], "fern") == without_token(unknown[1], "nobody")


async def test_a_password_counts_with_its_blanks_and_capitals(console: Console) -> None:
    """Nothing is left out at the ends by the form (ASVS 6.2.8)."""
    client = console.client()
    assert (await client.send("/sign-in", login="fern", password=PASSWORD + " "))[0] == 401
    assert (await client.send("/sign-in", login="fern", password=" " + PASSWORD))[0] == 401
    assert (await client.send("/sign-in", login="fern", password=PASSWORD.upper()))[0] == 401
    assert (await client.send("/sign-in", login="fern", password=PASSWORD))[0] == 303


async def test_password_and_code_open_the_start_page(console: Console) -> None:
    """After the password only the code page opens; after the code, the work."""
    client = console.client()
    assert await client.where("/") == "/sign-in"
    await client.send("/sign-in", login="fern", password=PASSWORD)
    assert await client.where("/cases") == "/sign-in/code"
    status, page, _ = await client.send("/sign-in/code", code="000000")
    assert status == 422
    assert "This code is not right" in page
    client = console.client()
    await signed_in(client, "fern")
    status, page = await client.get("/")
    assert status == 200
    assert "Needs you now" in page
    assert "Nothing waits for you" in page


async def test_sign_out_ends_the_session_everywhere(console: Console) -> None:
    """The old cookie opens nothing after signing out."""
    client = console.client()
    await signed_in(client, "fern")
    assert (await client.send("/sign-out", "/"))[2] == "/sign-in"
    assert await client.where("/") == "/sign-in"


async def test_first_sign_in_sets_up_codes_and_a_password(console: Console, service: Service) -> None:
    """A password that was given opens nothing but the pages on which one's own is chosen."""
    await made(service, "sage", enrolled=False, temporary=True)
    client = console.client()
    await client.send("/sign-in", login="sage", password=PASSWORD)
    _, page = await client.get("/sign-in/code")
    assert "Set up your codes" in page
    await signed_in(client, "sage")
    assert await client.where("/") == "/sign-in/password"
    new = "four quiet wooden boats"
    status, _, where = await client.send("/sign-in/password", old_password=PASSWORD, password=new, again=new)
    assert (status, where) == (303, "/")
    assert (await client.get("/"))[0] == 200


async def test_a_real_service_never_shows_a_code(service: Service) -> None:
    """Only the demonstration does."""
    await made(service, "fern")
    real = Service(service.engine, service.objects, service.settings.model_copy(update={"demo": False}), service.keys)
    async with running_console(real) as console:
        client = console.client()
        await client.send("/sign-in", login="fern", password=PASSWORD)
        _, page = await client.get("/sign-in/code")
        assert "demo-code" not in page
        assert "Enter your code" in page
