"""Rule 15: nothing for courts that sentence or for parole; anything else names its authority and its basis."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

import exchange
from exchange.core.disclosure import BASES, KINDS, NEVER, Disclosure, consents_for
from exchange.core.errors import BadInput, NotAllowed, NotForSentences, NotFound, Refused, StepUpNeeded
from exchange.core.model import ConsentKind, Method
from exchange.steps import consent, disclosure, erase, wording
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.api import running_api
from tests.support.world import World, make_world

ONE, TWO, YES, ALSO = (UUID(int=number) for number in range(1, 5))
WHOLE = Disclosure("police", "A station, a named officer", "The date of a call.", "consents", concerned=(ONE, TWO))
BOTH = {ONE: YES, TWO: ALSO}


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


def test_rule_15_a_disclosure_names_authority_basis_and_consents() -> None:
    """Each of them missing is a refusal of its own; one consent of two is not enough; a duty must be named."""
    assert consents_for(WHOLE, BOTH, (ONE, TWO)) == [YES, ALSO]
    for change in ({"authority": " "}, {"what": ""}, {"concerned": ()}, {"basis": "trust"}, {"kind": "press"}):
        with pytest.raises(BadInput):
            consents_for(replace(WHOLE, **change), BOTH, (ONE, TWO))
    with pytest.raises(BadInput):
        consents_for(WHOLE, BOTH, (ONE,))
    with pytest.raises(Refused, match="has not agreed"):
        consents_for(WHOLE, {ONE: YES}, (ONE, TWO))
    with pytest.raises(BadInput, match="law"):
        consents_for(replace(WHOLE, basis="legal_duty"), BOTH, (ONE, TWO))
    assert consents_for(replace(WHOLE, basis="legal_duty", duty="An Act, section 1"), {}, (ONE, TWO)) == []


@pytest.mark.parametrize("kind", NEVER)
@pytest.mark.parametrize("basis", BASES)
def test_rule_15_for_a_sentence_and_for_parole_there_is_no_basis(kind: str, basis: str) -> None:
    """Neither everybody's consent nor a law: refused with a sentence that says why."""
    with pytest.raises(NotForSentences, match="never counts for or against anyone"):
        consents_for(replace(WHOLE, kind=kind, basis=basis, duty="An order"), BOTH, (ONE, TWO))


def test_rule_15_nothing_in_the_product_writes_for_a_sentence_or_parole() -> None:
    """No route, command, table, task or step has such a name; only the refusal and its words know these kinds."""
    root = Path(exchange.__file__).parent
    named = re.compile(r"(?i)sentencing|parole")
    knows = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Constant) and isinstance(node.value, str) and named.fullmatch(node.value))
        or (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and named.search(node.name))
    }
    assert knows == {"core/disclosure.py", "web/console/disclosures.py"}
    assert not set(NEVER) & set(KINDS)


async def test_rule_15_one_consent_is_good_for_one_disclosure(world: World) -> None:
    """Recorded with it, used up by it; taken back it counts no more; a second thing is asked anew."""
    service, fern = world.service, world.facilitator
    people = (world.author, world.recipient)
    asked = replace(WHOLE, concerned=people)
    with pytest.raises(Refused, match="has not agreed"):
        await disclosure.record(service, fern, world.case, asked)
    for person in people:
        await agree(world, person)
    with pytest.raises(StepUpNeeded):
        await disclosure.record(service, replace(fern, stepped_up=False), world.case, asked)
    with pytest.raises(NotFound):
        await disclosure.record(service, world.stranger, world.case, asked)
    with pytest.raises(NotAllowed):
        await disclosure.record(service, world.supervisor, world.case, asked)
    made = await disclosure.record(service, fern, world.case, asked)
    with pytest.raises(Refused, match="has not agreed"):
        await disclosure.record(service, fern, world.case, asked)
    await agree(world, world.author)
    await agree(world, world.author, given=False)
    with pytest.raises(Refused, match="has not agreed"):
        await disclosure.record(service, fern, world.case, replace(asked, concerned=(world.author,)))
    [one] = await disclosure.of_case(service, fern, world.case)
    assert (one.row.id, one.authority, one.what, len(one.row.consents)) == (made, asked.authority, asked.what, 2)
    leaf = "select leaf from public.ledger_leaf where leaf::jsonb ->> 'act' = 'disclosure.recorded'"
    async with reading(service) as conn:
        said = (await conn.execute(text(leaf))).scalar_one()
        with pytest.raises(IntegrityError):
            await conn.execute(text("update disclosure set kind = 'parole'"))
    assert "station" not in said
    assert str(one.row.consents[0]) in said
    await erase.erase_case(service, world.supervisor, world.case)
    async with reading(service) as conn:
        row = (await conn.execute(select(t.disclosure))).one()
    assert (row.authority_sealed, row.what_sealed, row.kind) == (None, None, "police")


async def agree(world: World, person: UUID, *, given: bool = True) -> None:
    """The person's decision about one disclosure."""
    said = Said(Method.IN_PERSON, wording.current(ConsentKind.DISCLOSE).id)
    await consent.record(world.service, world.facilitator, person, ConsentKind.DISCLOSE, given, said)


async def test_rule_15_the_page_and_the_api_refuse_with_the_sentence(world: World) -> None:
    """The page says it beside the question; the API as a problem; what may be recorded is shown with its basis."""
    place = f"/cases/{world.case}/disclosures"
    form = {"kind": "parole", "authority": "A board", "what": "A letter.", "concerned": str(world.author)}
    async with running_api(world.service) as api:
        fern = await api.console.as_(world.facilitator)
        status, shown, _ = await fern.send(place, basis="legal_duty", duty="An order", **form)
        assert status == 409
        assert "Nothing of a case is passed on for a sentence or for parole: taking part never counts" in shown
        status, _, where = await fern.send(
            place, basis="legal_duty", duty="An Act", **(form | {"kind": "safeguarding"})
        )
        assert (status, where) == (303, place)
        assert "An Act" in (await fern.get(place))[1]
        caller = await api.as_(world.facilitator, stepped_up=True)
        body = {"kind": "sentencing", "authority": "A court", "what": "x", "basis": "consents"}
        found = await caller.ask("POST", place, body | {"concerned": [str(world.author)]})
        assert (found.status, "never counts" in found.json["detail"]) == (409, True)
        assert (await caller.ask("POST", place, body | {"concerned": ["x"]})).status == 422
        assert (await caller.ask("POST", place, body | {"concerned": [str(uuid4())], "kind": "court"})).status == 422
        assert [one["kind"] for one in (await caller.get(place))["disclosures"]] == ["safeguarding"]
