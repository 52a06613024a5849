"""Cases put in as a table: looked at without a change, then all of it or nothing, and only once."""

import asyncio
import html
import io
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import func, select

from exchange.core.errors import Conflict, NotAllowed
from exchange.core.model import OPERATOR
from exchange.steps import erase, importing, tokens
from exchange.steps.importing import TableHasMistakes
from exchange.store import tables as t
from exchange.store.read import case_list, case_view, person_view
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import Client, Console, running_console
from tests.support.staff import leaves
from tests.support.world import World, make_world

HEAD = "reference,kind,facilitator,side,name,form_of_name,language,contact_means,contact_address,needs,date_of_birth\n"
TWO = (
    HEAD
    + "RJ-2026-1,serious,FERN,harmed,Wren Finch,Wren,cy,text,+44 1632 960 001,large print,\n"
    + 'RJ-2026-1,,,responsible,Ash Grove,Ash,en,post,"1 Example Street\nAnytown",,2015-06-01\n'
    + "RJ-2026-2,general,sage,harmed,=1+1,Lark,,email,lark@people.example,,\n"
)
WRONG = TWO.replace("sage", "nobody").replace(",cy,", ",fr,")
ROOT = Path(__file__).parents[2]
TABLES = ("cases", "participant", "safe_contact", "assignment", "key_pair", "ledger_leaf", "ledger_pending", "task")


@pytest.fixture
async def world(service: Service) -> World:
    """Staff, and one case."""
    return await make_world(service)


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The console, listening."""
    async with running_console(service) as running:
        yield running


async def counted(service: Service) -> dict[str, int]:
    """How many rows each table has."""
    async with reading(service) as conn:
        known = {name: t.metadata.tables[name] for name in TABLES if name in t.metadata.tables}
        return {
            name: int(await conn.scalar(select(func.count()).select_from(table)) or 0) for name, table in known.items()
        }


async def sent(client: Client, table: bytes) -> tuple[int, str]:
    """The form with a file."""
    _, page = await client.get("/cases/import")
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert token
    form = aiohttp.FormData([("csrf", token[1])])
    form.add_field("file", io.BytesIO(table), filename="cases.csv", content_type="text/csv")
    async with client.http.post(client.url + "/cases/import", data=form) as answer:
        return answer.status, html.unescape(await answer.text())


async def test_looking_at_a_table_changes_nothing(world: World) -> None:
    """Neither of one without a mistake nor of one with some; each row of every table is as it was."""
    before = await counted(world.service)
    found = await importing.plan(world.service, world.supervisor, TWO.encode())
    assert [(one.case.reference, one.facilitator, one.there) for one in found.cases] == [
        ("RJ-2026-1", "Fern", False), ("RJ-2026-2", "Sage", False),
    ]  # fmt: skip
    assert (await importing.plan(world.service, world.supervisor, WRONG.encode())).cases == ()
    assert await counted(world.service) == before


async def test_a_table_opens_its_cases_as_by_hand(world: World) -> None:
    """With the type's policy, who leads, people, safe contact and leaves; a formula is a name like any other."""
    service = world.service
    await importing.carry_out(service, world.supervisor, TWO.encode())
    rows = {row.reference: row for row in await case_list(service, world.supervisor, show="all")}
    first = await case_view(service, world.facilitator, rows["RJ-2026-1"].id)
    assert (first.case.type, first.policy.four_eyes, first.policy.cooling_days) == ("serious", True, 7)
    people = {row.side: await person_view(service, world.facilitator, row.id) for row in first.people}
    assert (people["harmed"].name, people["harmed"].needs) == ("Wren Finch", "large print")
    assert people["harmed"].contact["address"] == "+44 1632 960 001"
    assert people["responsible"].contact["address"] == "1 Example Street\nAnytown"
    young = people["responsible"].person
    assert young.under_18
    assert young.of_age_at == datetime(2033, 6, 1, tzinfo=service.settings.zone)
    assert people["harmed"].person.language == "cy"
    second = await case_view(service, world.second, rows["RJ-2026-2"].id)
    assert [second.names[row.id] for row in second.people] == ["=1+1"]
    acts = [json.loads(leaf)["act"] for leaf in await leaves(service)]
    assert acts[-9:] == [
        *("case.opened", "participant.added", "participant.contact_set", "participant.added"),
        *("participant.contact_set", "case.opened", "participant.added", "participant.contact_set", "cases.imported"),
    ]  # fmt: skip


async def test_one_mistake_and_nothing_of_a_table_is_put_in(world: World) -> None:
    """The other case of it neither."""
    before = await counted(world.service)
    with pytest.raises(TableHasMistakes):
        await importing.carry_out(world.service, world.supervisor, WRONG.encode())
    assert await counted(world.service) == before


async def test_the_same_table_twice_opens_no_case_twice(world: World) -> None:
    """The second time it says what is here; also when one of them was erased in between: it does not come back."""
    service = world.service
    await importing.carry_out(service, world.supervisor, TWO.encode())
    gone = next(row for row in await case_list(service, world.supervisor, show="all") if row.reference == "RJ-2026-2")
    await erase.erase_case(service, world.supervisor, gone.id)
    before = await counted(service)
    more = TWO + "RJ-2026-3,general,sage,harmed,Rook Nest,Rook,,phone,01632 960 003,,\n"
    found = await importing.carry_out(service, world.supervisor, more.encode())
    assert [(one.case.reference, one.there) for one in found.cases] == [
        ("RJ-2026-1", True), ("RJ-2026-2", True), ("RJ-2026-3", False),
    ]  # fmt: skip
    after = await counted(service)
    assert {name: after[name] - before[name] for name in ("cases", "participant")} == {"cases": 1, "participant": 1}


async def test_of_two_at_the_same_moment_one_is_done(world: World) -> None:
    """The other is refused whole."""
    both = (importing.carry_out(world.service, world.supervisor, TWO.encode()) for _ in range(2))
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert (await counted(world.service))["cases"] == 3
    for answer in answers:
        assert isinstance(answer, Conflict) or not isinstance(answer, BaseException)


async def test_only_a_supervisor_or_the_machine_itself_puts_in_a_table(world: World) -> None:
    """It holds names: not an administrator, and nobody for whom one case at a time is enough."""
    for who in (world.facilitator, world.administrator, world.auditor):
        for act in (importing.plan, importing.carry_out):
            with pytest.raises(NotAllowed):
                await act(world.service, who, TWO.encode())
    assert (await counted(world.service))["cases"] == 1
    await importing.carry_out(world.service, OPERATOR, TWO.encode())
    assert (await counted(world.service))["cases"] == 3


async def test_the_page_shows_what_would_happen_and_does_it_when_told(world: World, console: Console) -> None:
    """A table is looked at, confirmed, and the cases are there; nothing before."""
    client = await console.as_(world.supervisor)
    status, page = await sent(client, TWO.encode("utf-8-sig").replace(b",", b";"))
    assert status == 200
    assert "2 cases would be opened." in page
    assert "Wren Finch" not in page
    assert (await counted(world.service))["cases"] == 1
    token = re.findall(r'name="(csrf|table)" value="([^"]+)"', page)
    status, _, where = await client.post("/cases/import/confirm", token[-2:])
    assert (status, where) == (303, "/cases?show=all")
    assert (await counted(world.service))["cases"] == 3
    assert "2 are here already and are left as they are." in (await sent(client, TWO.encode()))[1]


async def test_the_page_names_each_mistake_by_line_and_column(world: World, console: Console) -> None:
    """And offers nothing to confirm."""
    client = await console.as_(world.supervisor)
    status, page = await sent(client, WRONG.encode())
    assert status == 422
    assert re.findall(r'<th scope="row"[^>]*>(\d+)</th><td[^>]*>(\w+)</td><td[^>]*>([^<]+)<', page) == [
        ("2", "language", "It is en or cy, or empty for English."),
    ]
    assert "/cases/import/confirm" not in page
    status, page = await sent(client, TWO.replace("sage", "nobody").encode())
    assert "No active facilitator or supervisor signs in by this name." in page
    assert (await sent(client, b"x" * 5_000_000))[0] == 413


async def test_the_template_from_the_page_is_a_table(world: World, console: Console) -> None:
    """Saved and sent back as it is, with a facilitator of this service."""
    client = await console.as_(world.supervisor)
    status, template = await client.get("/cases/import/template")
    assert status == 200
    assert (await sent(client, template.replace('"jo"', '"fern"').encode()))[0] == 200


async def test_the_api_looks_first_unless_told_otherwise(world: World, console: Console) -> None:
    """The same steps, the same answer."""
    made = await tokens.create_token(world.service, OPERATOR, label="t", account_id=world.supervisor.id)
    client = console.client()
    told = {"headers": {"Authorization": f"Bearer {made.secret}"}}
    for body, done in (({"table": TWO}, False), ({"table": WRONG, "dry_run": False}, False),
                       ({"table": TWO, "dry_run": False}, True)):  # fmt: skip
        async with client.http.post(f"{console.url}/api/v1/cases/import", json=body, **told) as answer:
            found = await answer.json()
            assert (answer.status, found["done"]) == (200, done), found
    assert (await counted(world.service))["cases"] == 3


async def test_a_table_of_5000_lines_is_put_in(world: World) -> None:
    """2,500 cases of two people, in one transaction."""
    lines = [
        f"RJ-{at}X,general,fern,{side},Name {side} {at},N,,phone,01632 960 {at:04},,\n"
        for at in range(2_500)
        for side in ("harmed", "responsible")
    ]
    await importing.carry_out(world.service, world.supervisor, (HEAD + "".join(lines)).encode())
    found = await counted(world.service)
    assert (found["cases"], found["participant"]) == (2_501, 5_002)


async def test_the_command_looks_and_puts_in(world: World, tmp_path: Path) -> None:
    """`--dry-run` changes nothing; a mistake ends with 1 and its place; done twice says what is here."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(TWO)
    bad.write_text(WRONG)
    environment = {"PATH": os.environ["PATH"], **world.service.settings.environment()}

    async def exchange(*words: str) -> tuple[int | None, str]:
        command = (sys.executable, "-m", "exchange", "import-cases", *words)
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=PIPE, stderr=STDOUT)
        out, _ = await asyncio.wait_for(process.communicate(), 120)
        return process.returncode, out.decode()

    code, told = await exchange(str(good), "--dry-run")
    assert (code, "2 cases would be opened. Nothing was changed." in told) == (0, True), told
    code, told = await exchange(str(bad))
    assert (code, "line 2, language: It is en or cy" in told) == (1, True), told
    assert (await counted(world.service))["cases"] == 1
    code, told = await exchange(str(good))
    assert (code, "2 cases were opened." in told) == (0, True), told
    code, told = await exchange(str(good))
    assert (code, told.count("here already")) == (0, 2), told
    assert (await counted(world.service))["cases"] == 3
