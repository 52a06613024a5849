"""The record's pages: reading and taking away are recorded, parts say that they are parts, nobody is named."""

import csv
import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from exchange.core import access
from exchange.core.access import Permission
from exchange.core.audit import Outcome, verify
from exchange.core.notes import Verifier
from exchange.core.proof import EntryProof
from exchange.steps import setup, tokens
from exchange.store import ledger, ledger_read
from exchange.store.ledgerkey import load_signer
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import Client, Console, running_console
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case and a signed checkpoint."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Message service")
    made = await make_world(service)
    await signed(service)
    return made


@pytest.fixture
async def console(world: World) -> AsyncIterator[Console]:
    """The console over that world."""
    async with running_console(world.service) as running:
        yield running


async def signed(service: Service) -> Verifier:
    """Sign the record as it is now; the public key."""
    signer = load_signer(service.settings.ledger_key_file)
    async with reading(service) as conn:
        await ledger.checkpoint(conn, signer)
    return signer.verifier


async def newest(service: Service) -> dict[str, Any]:
    """The newest leaf."""
    async with reading(service) as conn:
        return (await ledger_read.leaves(conn, limit=1, newest_first=True))[0].leaf


async def taken(client: Client, **fields: str) -> tuple[int, str]:
    """Download an export by its form."""
    status, text, _ = await client.send("/record/export", **fields)
    return status, text


async def test_reading_the_record_is_recorded(world: World, console: Console) -> None:
    """One leaf per page: by whom, and whom it was narrowed to."""
    auditor = await console.as_(world.auditor)
    assert (await auditor.get("/record"))[0] == 200
    leaf = await newest(world.service)
    assert (leaf["act"], leaf["scope"], leaf["actor"]["id"]) == ("record.read", "complete", str(world.auditor.id))
    assert (await auditor.get(f"/record?case={world.case}&person=fern"))[0] == 200
    leaf = await newest(world.service)
    assert (leaf["scope"], leaf["case"], leaf["account"]) == ("filtered", str(world.case), str(world.facilitator.id))
    lead = await console.as_(world.facilitator)
    assert (await lead.get(f"/cases/{world.case}/record"))[0] == 200
    leaf = await newest(world.service)
    assert (leaf["act"], leaf["case"], leaf["actor"]["id"]) == (
        "record.read", str(world.case), str(world.facilitator.id),
    )  # fmt: skip


async def test_filters_find_and_say_what_is_wrong(world: World, console: Console) -> None:
    """By reference, person, action, outcome and day; a word that the record has not is said at its field."""
    auditor = await console.as_(world.auditor)
    _, page = await auditor.get("/record?act=participant.added")
    assert page.count("participant.added</span>") == 2
    _, page = await auditor.get(f"/record?act=fact.recorded&person={world.author}")
    assert page.count("fact.recorded</span>") == 2
    _, page = await auditor.get("/record?since=2001-01-01&until=2001-01-02")
    assert "Nothing was found" in page
    parts = "since-day=1&since-month=1&since-year=2001&until-day=2&until-month=1&until-year=2001"
    _, page = await auditor.get(f"/record?{parts}")
    assert "Nothing was found" in page
    assert "since=2001-01-01" in page
    for query, field in (("case=C-NONE", "case"), ("person=nobody", "person"), ("since=soon", "since-day")):
        status, page = await auditor.get(f"/record?{query}")
        assert status == 422
        assert f'href="#{field}"' in page


async def test_no_participant_is_named(world: World, console: Console) -> None:
    """Numbers of people, names of staff only."""
    _, page = await (await console.as_(world.auditor)).get("/record")
    assert str(world.author) in page
    assert "Fern" in page
    assert not re.search("Full name|Form (harmed|responsible)|people.example", page)
    lead = await console.as_(world.facilitator)
    _, page = await lead.get(f"/cases/{world.case}/record")
    assert "Form responsible" in page


async def test_pages_go_back_to_the_first_entry(world: World, console: Console) -> None:
    """Fifty at a time, none twice, none left out."""
    auditor = await console.as_(world.auditor)
    async with reading(world.service) as conn:
        size = await ledger_read.size(conn)
    seen: list[int] = []
    place = f"/record?below={size}"
    while place:
        _, page = await auditor.get(place)
        seen += [int(n) for n in re.findall(r"/record/entries/(\d+)\"", page)]
        older = re.search(r'href="(/record\?below=\d+)"', page)
        place = older[1] if older else ""
    assert seen == list(range(size - 1, -1, -1))


async def test_a_whole_export_verifies_and_a_part_says_so(world: World, console: Console) -> None:
    """What is downloaded passes the offline check; a filtered one never passes as whole. Both are recorded."""
    auditor = await console.as_(world.auditor)
    key = await signed(world.service)
    _, page = await auditor.get("/record/export")
    assert "This is everything up to the newest checkpoint" in page
    status, text = await taken(auditor)
    assert status == 200
    assert verify(text.splitlines(keepends=True), key).outcome is Outcome.WHOLE
    leaf = await newest(world.service)
    assert (leaf["act"], leaf["scope"]) == ("record.exported", "complete")
    _, page = await auditor.get(f"/record/export?case={world.case}")
    assert "This is a part." in page
    status, text = await taken(auditor, case=str(world.case))
    assert verify(text.splitlines(keepends=True), key).outcome is Outcome.PART
    leaf = await newest(world.service)
    assert (leaf["scope"], leaf["case"]) == ("filtered", str(world.case))


async def test_a_table_for_spreadsheets_is_recorded_as_such(world: World, console: Console) -> None:
    """Whole or a part, up to the newest checkpoint; named as what it is, and the leaf says so before its first byte."""
    auditor = await console.as_(world.auditor)
    await signed(world.service)
    async with reading(world.service) as conn:
        covered = (await ledger.newest(conn)).size  # type: ignore[union-attr]  # it was signed
    status, text = await taken(auditor, form="csv")
    assert status == 200
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [int(row["number"]) for row in rows] == list(range(covered))
    leaf = await newest(world.service)
    assert (leaf["act"], leaf["scope"], leaf["form"]) == ("record.exported", "complete", "csv")
    _, text = await taken(auditor, form="csv", case=str(world.case))
    assert {row["case"] for row in csv.DictReader(io.StringIO(text, newline=""))} == {str(world.case)}
    leaf = await newest(world.service)
    assert (leaf["scope"], leaf["case"], leaf["form"]) == ("filtered", str(world.case), "csv")


async def test_an_auditor_makes_a_token_for_a_witness(world: World, console: Console) -> None:
    """The page offers it to auditors only, says in the list what it is for, and the token reads no entry."""
    auditor = await console.as_(world.auditor)
    status, page, _ = await auditor.send("/account/tokens", "/account", label="second organisation", scope="witness")
    secret = re.search(r'id="token">(exch_[^<]+)<', page)
    assert (status, bool(secret)) == (200, True)
    assert page.count("Only witness the record: checkpoints and proofs, no entries") == 2
    leaf = await newest(world.service)
    assert (leaf["act"], leaf["scope"]) == ("account.token_created", "witness")
    actor = await tokens.resolve(world.service, secret[1] if secret else "")
    assert actor.only == {Permission.RECORD_WITNESS}
    assert not access.may(actor, Permission.RECORD)
    lead = await console.as_(world.facilitator)
    assert "What may it do?" not in (await lead.get("/account"))[1]


async def test_taking_away_needs_a_fresh_second_factor(world: World, console: Console) -> None:
    """An hour after the last code, the export page asks for one; nothing is recorded or sent."""
    auditor = await console.as_(world.auditor, stepped_up=False)
    before = await newest(world.service)
    assert (await auditor.where("/record/export")).startswith("/step-up?to=%2Frecord%2Fexport")
    status, text, _ = await auditor.send("/record/export", "/account")
    assert status == 403
    assert "Confirm that it is you" in text
    assert await newest(world.service) == before


async def test_the_checkpoint_is_the_newest_note(world: World, console: Console) -> None:
    """The file is the signed note; the page names its key and time."""
    auditor = await console.as_(world.auditor)
    key = await signed(world.service)
    status, note = await auditor.get("/record/checkpoint")
    assert status == 200
    assert note.startswith(key.name + "\n")
    _, page = await auditor.get("/record")
    assert key.name in page


async def test_an_entry_has_a_page_and_its_proof(world: World, console: Console) -> None:
    """The list leads to the entry, the entry to a file that verifies with the key alone; both are recorded."""
    auditor = await console.as_(world.auditor)
    _, page = await auditor.get("/record")
    assert 'href="/record/entries/' in page
    status, page = await auditor.get("/record/entries/4")
    leaf = await newest(world.service)
    assert (status, leaf["act"], leaf["index"]) == (200, "record.read", 4)
    assert "/record/entries/4/proof" in page
    status, file = await auditor.get("/record/entries/4/proof")
    leaf = await newest(world.service)
    assert (status, leaf["act"], leaf["index"]) == (200, "record.proved", 4)
    key = load_signer(world.service.settings.ledger_key_file).verifier
    assert EntryProof.parse(file).check(key).opened.checkpoint.size > 4


@pytest.mark.parametrize("number", ["99999", "x", "-1", "1" * 30])
async def test_an_entry_that_does_not_exist_has_no_page(world: World, console: Console, number: str) -> None:
    """Nor a proof."""
    auditor = await console.as_(world.auditor)
    assert (await auditor.get(f"/record/entries/{number}"))[0] == 404
    assert (await auditor.get(f"/record/entries/{number}/proof"))[0] == 404


async def test_the_newest_entry_says_that_its_proof_comes_later(world: World, console: Console) -> None:
    """Before a checkpoint covers it there is none."""
    auditor = await console.as_(world.auditor)
    await auditor.get("/record")
    async with reading(world.service) as conn:
        last = await ledger_read.size(conn) - 1
    status, page = await auditor.get(f"/record/entries/{last}")
    assert (status, "not under a checkpoint yet" in page) == (200, True)
    assert (await auditor.get(f"/record/entries/{last}/proof"))[0] == 404
