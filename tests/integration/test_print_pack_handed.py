"""The print pack as a facilitator gets it: the same gate, grant and leaf as every access (rules 20, 19, 7)."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from exchange.core import packs
from exchange.core.errors import ExchangeError, NotFound, Refused
from exchange.core.model import FactKind
from exchange.steps import consent, printing, release
from exchange.store import ledger_read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.pack_words import pack_pdf, pack_words
from tests.support import pdf_ua, scanning
from tests.support.console_site import running_console
from tests.support.message_pages import accepted
from tests.support.pdf_ua import words
from tests.support.world import LETTER, World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def printed(world: World) -> tuple[UUID, UUID]:
    """A letter handed over on paper: message and release."""
    message = await accepted(world)
    return message, await release.print_pack(world.service, world.facilitator, message)


async def made(world: World, message: UUID, one: UUID, folder: Path, **asked: object) -> Path:
    """The PDF, kept to be looked at."""
    size = {"large": None, "language": None, **asked}
    body = await pack_pdf(world.service, world.facilitator, message, one, **size)  # type: ignore[arg-type]
    path = folder / "sheets.pdf"
    path.write_bytes(body)
    return path


async def acts(world: World) -> list[str]:
    """The record's acts, oldest first."""
    async with reading(world.service) as conn:
        return [entry.leaf["act"] for entry in await ledger_read.leaves(conn)]


async def code_of(world: World, one: UUID) -> str:
    """The code in the table."""
    p = t.printed_pack
    async with reading(world.service) as conn:
        return str((await conn.execute(select(p.c.code).where(p.c.release_id == one))).scalar_one())


async def test_rule_20_the_pack_holds_the_letter_and_nobody(world: World, tmp_path: Path) -> None:
    """Coversheet, letter and reply sheets in the recipient's own form of name; PDF/UA; its QR code is the table's."""
    message, one = await printed(world)
    path = await made(world, message, one, tmp_path)
    found, code = words(path), await code_of(world, one)
    for wanted in (
        *LETTER.split("\n\n"),
        code,
        "For staff who hand this over",
        "If you want to answer",
        "01632 960 001",
    ):
        assert " ".join(wanted.split()) in found
    assert found.count("Form harmed") == 1
    assert "Form responsible" not in found
    assert str(message) not in found
    assert pdf_ua.problems(path) == []
    assert packs.checked(code) == code
    last = len(pdf_ua.headings(path)) - 1
    assert {scanning.opencv(scanning.sheet(path, number)) for number in (0, last - 1, last)} == {code}


async def test_rule_20_making_the_pack_stands_in_the_record_before_it_is_given(world: World, tmp_path: Path) -> None:
    """A leaf for the sheets and one for each part that is on them; the code stays the same however often."""
    message, one = await printed(world)
    before, code = len(await acts(world)), await code_of(world, one)
    await made(world, message, one, tmp_path, large=True)
    assert (await acts(world))[before:] == ["release.pack_made", "presented.opened"]
    await made(world, message, one, tmp_path, large=False)
    assert (await acts(world))[before + 2 :] == ["release.pack_made"]
    assert await code_of(world, one) == code
    other = (await printed(world))[1]
    assert await code_of(world, other) != code


async def test_rule_20_no_pack_without_every_condition(world: World, tmp_path: Path) -> None:
    """After a hold, a withdrawal or its end nothing is set; by another way, for another message or team neither."""
    message, one = await printed(world)
    other, shown = await accepted(world), None
    shown = await release.present(world.service, world.facilitator, other, who_is_there="Form harmed")
    for wrong in ((message, shown), (other, one)):
        with pytest.raises(NotFound):
            await made(world, *wrong, tmp_path)
    words_of = pack_words("en", phone="1", name="N.")
    with pytest.raises(ExchangeError):
        await printing.make_pdf(world.service, world.facilitator, other, shown, large=False, words=words_of)
    with pytest.raises(NotFound):
        await printing.make_pdf(world.service, world.stranger, message, one, large=False, words=words_of)
    await world.fact(FactKind.HOLD, "on")
    with pytest.raises(Refused):
        await made(world, message, one, tmp_path)
    await world.fact(FactKind.HOLD, "off", by=world.supervisor)
    await made(world, message, one, tmp_path)
    await consent.withdraw_message(world.service, world.facilitator, message)
    with pytest.raises(ExchangeError):
        await made(world, message, one, tmp_path)


async def test_rule_20_what_is_taken_back_while_it_is_set_is_not_given(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate is asked again when the sheets are set."""
    message, one = await printed(world)
    press = printing._pressed

    async def slowly(*given: object) -> bytes:
        await consent.withdraw_message(world.service, world.facilitator, message)
        return await press(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(printing, "_pressed", slowly)
    with pytest.raises(ExchangeError):
        await made(world, message, one, tmp_path)


async def test_rule_19_custody_and_whoever_needs_it_get_large_print(world: World, tmp_path: Path) -> None:
    """18 points for 12 unless somebody chooses the other; the words of the sheets in the recipient's language."""
    message, one = await printed(world)
    ordinary = len(pages_of(await made(world, message, one, tmp_path)))
    async with reading(world.service) as conn:
        mine = t.participant.c.id == world.recipient
        await conn.execute(update(t.participant).where(mine).values(custody=True, language="cy"))
    path = await made(world, message, one, tmp_path)
    assert max(pages_of(path)) == 18
    assert "Os ydych am ateb" in words(path)
    assert pdf_ua.languages(path) == {"cy"}
    assert max(pages_of(await made(world, message, one, tmp_path, large=False, language="en"))) == 12
    assert ordinary


async def test_the_pack_comes_as_a_file_that_nobody_keeps(world: World, service: Service) -> None:
    """From the page: a PDF under a name that tells nothing, never stored by a browser or a proxy."""
    message, one = await printed(world)
    async with running_console(service) as console:
        fern = await console.as_(world.facilitator)
        page = f"/messages/{message}/print/{one}"
        assert f"{page}/pack?large=no&amp;language=en" in (await fern.get(page))[1]
        async with fern.http.get(f"{fern.url}{page}/pack?large=yes&language=cy") as answer:
            assert (answer.status, answer.content_type) == (200, "application/pdf")
            assert answer.headers["Content-Disposition"] == 'attachment; filename="sheets.pdf"'
            assert "no-store" in answer.headers["Cache-Control"]
            assert (await answer.read()).startswith(b"%PDF-")
        stranger = await console.as_(world.stranger)
        assert (await stranger.get(f"{page}/pack"))[0] == 404


def pages_of(path: Path) -> list[float]:
    """The sizes of print in points, of the body of the second sheet."""
    return pdf_ua.sizes(path, 1)
