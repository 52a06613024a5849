"""Assessing the risk with a form that the service writes itself, through the real steps and pages (rule 11)."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from exchange.core.assessment import Kind, Question
from exchange.core.errors import BadInput, Conflict, NotAllowed, NotFound, StepUpNeeded
from exchange.core.model import FactKind
from exchange.steps import assessing, assessment_form, erase, erase_person, facts
from exchange.store import ledger_read, read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.assessing import answers_to, assess, people_of
from tests.support.console_site import Console, running_console
from tests.support.staff import dump
from tests.support.world import World, make_world

BOTH = {"en": "Is the river high?", "cy": "Ydy'r afon yn uchel?"}


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


@pytest.fixture
async def console(service: Service) -> AsyncIterator[Console]:
    """The console."""
    async with running_console(service) as running:
        yield running


async def test_rule_11_an_assessment_keeps_the_words_it_was_asked_in(world: World) -> None:
    """The form is changed twice; what was assessed before reads as it did, with its own version."""
    service, admin = world.service, world.administrator
    first = await assess(service, world.facilitator, world.case, words="planted-worry")
    before = await read.assessment_view(service, world.facilitator, first)
    await assessment_form.put_question(service, admin, "s1", Question("q1", Kind.YES_NO, BOTH, needed=True))
    await assessment_form.take_out(service, admin, "s6")
    assert (await read.assessment_view(service, world.facilitator, first)).told == before.told
    assert await assessment_form.use(service, admin) == 1
    second = await assess(service, world.second, world.case)
    old, new = [await read.assessment_view(service, world.facilitator, one) for one in (first, second)]
    assert (old.told, old.row.version, old.why) == (before.told, 0, "planted-worry")
    assert new.row.version == 1
    asked = {one.words("en") for _, sections in new.parts for _, told in sections for one in told}
    assert BOTH["en"] in asked
    assert BOTH["en"] not in str(old.told)
    assert b"planted" not in await dump(service)
    with pytest.raises(BadInput):
        await assessment_form.use(service, admin)


async def test_an_old_version_cannot_be_changed_in_the_database(world: World) -> None:
    """Nor what was assessed: the console's own role may add and empty, not rewrite."""
    service = world.service
    await assessment_form.take_out(service, world.administrator, "s6")
    await assessment_form.use(service, world.administrator)
    await assess(service, world.facilitator, world.case)
    changes = (
        "update assessment_form set number = 9",
        "delete from assessment_form",
        "update assessment set version = 9",
        "update assessment_part set participant_id = null",
        "delete from assessment_part",
    )
    for change in changes:
        async with service.engine.connect() as conn:
            await conn.execute(text("set role exchange_console"))
            with pytest.raises(DBAPIError, match="permission denied"):
                await conn.execute(text(change))


async def test_rule_11_an_assessment_is_current_until_its_review_and_never_longer_than_policy(world: World) -> None:
    """A date is asked, in the future and within the rules of the case; it is what the lists of what is due read."""
    service, lead, now = world.service, world.facilitator, datetime.now(UTC)
    async with reading(service) as conn:
        used = await assessment_form.in_use(conn)
    answers = answers_to(used.form, await people_of(service, world.case))
    made = {"version": 0, "answers": answers, "value": "current", "why": "x"}
    for until in (None, now - timedelta(days=1), now + timedelta(days=95)):
        with pytest.raises(BadInput) as refused:
            await assessing.assess(service, lead, world.case, **made, until=until)
        assert refused.value.field == "until-day"
    await assess(service, lead, world.case, days=5)
    (due,) = (await read.due_list(service, world.supervisor, "assessment")).rows
    assert due.id == world.case
    await assess(service, lead, world.case, days=60)
    assert (await read.due_list(service, world.supervisor, "assessment")).total == 0
    await assess(service, lead, world.case, value="none")
    assert (await read.case_view(service, lead, world.case)).assessment_until is None


async def test_rule_11_an_assessment_is_current_only_by_its_form(world: World, console: Console) -> None:
    """Recorded as a fact it is refused, by step and page, and nothing is written; the opposite may be said."""
    service, lead = world.service, world.facilitator
    await facts.record_fact(service, lead, world.case, FactKind.ASSESSMENT, "none")
    rows = select(func.count()).select_from(t.fact)
    async with reading(service) as conn:
        before = (await conn.execute(rows)).scalar_one()
    for who in (lead, world.supervisor):
        with pytest.raises(BadInput, match="fill it in"):
            await facts.record_fact(service, who, world.case, FactKind.ASSESSMENT, "current")
    status, _, _ = await (await console.as_(lead)).send(f"/cases/{world.case}/facts/assessment", value="current")
    assert status == 422
    async with reading(service) as conn:
        assert (await conn.execute(rows)).scalar_one() == before
    assert (await read.case_view(service, lead, world.case)).assessment_until is None
    await assess(service, lead, world.case)
    assert (await read.case_view(service, lead, world.case)).assessment_until is not None


async def test_what_is_missing_or_of_another_form_is_not_taken(world: World) -> None:
    """Answers, reasons and versions; a stranger sees nothing; a supervisor outside sees that there was one."""
    service, lead = world.service, world.facilitator
    people = await people_of(service, world.case)
    until = datetime.now(UTC) + timedelta(days=9)
    good = answers_to(assessment_form.house(), people)
    for wrong, kind in (
        ({"answers": {**good, "q5": ""}}, BadInput), ({"answers": {**good, "q5": "perhaps"}}, BadInput),
        ({"answers": {**good, "q99": "yes"}}, BadInput), ({"why": " "}, BadInput), ({"value": "fine"}, BadInput),
        ({"version": 7}, Conflict),
    ):  # fmt: skip
        made = {"version": 0, "answers": good, "value": "current", "why": "x", "until": until, **wrong}
        with pytest.raises(kind):
            await assessing.assess(service, lead, world.case, **made)
    async with reading(service) as conn:
        assert len((await conn.execute(select(t.assessment))).all()) == 1
    made_one = await assess(service, lead, world.case)
    assert len((await read.assessments_of(service, world.supervisor, world.case)).rows) == 2
    with pytest.raises(NotAllowed):
        await read.assessment_view(service, world.supervisor, made_one)
    for stranger in (read.assessment_view(service, world.stranger, made_one),
                     read.assessments_of(service, world.stranger, world.case),
                     assess(service, world.stranger, world.case)):  # fmt: skip
        with pytest.raises(NotFound):
            await stranger


async def test_only_an_administrator_writes_the_form_and_using_it_asks_for_the_second_factor(world: World) -> None:
    """Nobody else reads a draft either; a leaf says which version, never a word of it."""
    service = world.service
    for other in (world.facilitator, world.supervisor, world.auditor):
        for refused in (assessment_form.draft(service, other), assessment_form.take_out(service, other, "s1"),
                        assessment_form.drop(service, other), assessment_form.use(service, other)):  # fmt: skip
            with pytest.raises(NotAllowed):
                await refused
    await assessment_form.put_question(service, world.administrator, "s1", Question("", Kind.TEXT, BOTH))
    with pytest.raises(StepUpNeeded):
        await assessment_form.use(service, replace(world.administrator, stepped_up=False))
    await assessment_form.use(service, world.administrator)
    async with reading(service) as conn:
        leaves = [leaf.leaf for leaf in await ledger_read.leaves(conn, limit=1000)]
    (used,) = [leaf for leaf in leaves if leaf.get("kind") == "assessment_form"]
    assert (used["act"], used["number"]) == ("service.changed", 1)
    assert "river" not in str(leaves)


async def test_an_erased_person_and_an_erased_case_leave_no_word_of_an_assessment(world: World) -> None:
    """Of the person: their part; of the case: every part."""
    service = world.service
    await assess(service, world.facilitator, world.case)
    told = select(t.assessment_part.c.participant_id).where(t.assessment_part.c.told_sealed.is_not(None))
    async with reading(service) as conn:
        assert len((await conn.execute(told)).all()) == 6
    async with erase.unit_of_work(service, world.supervisor) as unit:
        await unit.case(world.case)
        await erase_person.person(unit, world.case, world.recipient)
    async with reading(service) as conn:
        assert set((await conn.execute(told)).scalars()) == {None, world.author}
        words = select(t.diary.c.words_sealed).where(t.diary.c.participant_id == world.recipient)
        assert set((await conn.execute(words)).scalars()) <= {None}
    await erase.erase_case(service, world.supervisor, world.case)
    async with reading(service) as conn:
        assert (await conn.execute(told)).all() == []
        assert set((await conn.execute(select(t.assessment.c.why_sealed))).scalars()) == {None}


async def test_the_form_is_written_on_its_pages(world: World, console: Console) -> None:
    """A question in both languages, a section without one, taken out again; then it is used."""
    admin, place = await console.as_(world.administrator), "/admin/assessment"
    question = {"section": "s2", "kind": "choice", "words_en": BOTH["en"], "words_cy": BOTH["cy"], "go": "save"}
    one = {**question, "choices_en": "Yes\nNo", "choices_cy": "Ydy"}
    status, page, _ = await admin.send(f"{place}/questions/new", **one)
    assert status == 422
    assert "Write this in both languages." in page
    status, _, _ = await admin.send(f"{place}/questions/new", **{**one, "choices_cy": "Ydy\nNac ydy", "needed": "yes"})
    assert status == 303
    assert (await admin.send(f"{place}/sections/new", title_en="Water", title_cy="Dŵr", about="person"))[0] == 303
    status, page, _ = await admin.send(place, go="use")
    assert status == 422
    assert "Every section needs a question" in page
    draft = (await assessment_form.draft(world.service, world.administrator)).form
    assert (await admin.send(f"{place}/sections/{draft.sections[-1].id}", about="person", go="remove"))[0] == 303
    new = draft.section("s2").questions[-1].id
    assert (await admin.send(f"{place}/questions/{new}", kind="choice", go="up"))[0] == 303
    assert (await admin.send(place, go="use"))[0] == 303
    async with reading(world.service) as conn:
        used = (await assessment_form.in_use(conn)).form
    assert [one.id for one in used.section("s2").questions] == ["q5", "q6", new, "q7"]
    assert used.question(new)[1].choices == ({"en": "Yes", "cy": "Ydy"}, {"en": "No", "cy": "Nac ydy"})


async def test_the_risk_is_assessed_on_its_pages(world: World, console: Console) -> None:
    """Everything that is missing is named at once; what was answered is read as it was asked."""
    choices = ({"en": "Yes", "cy": "Ydy"}, {"en": "No", "cy": "Nac ydy"})
    asked = Question("", Kind.CHOICE, BOTH, choices, needed=True)
    await assessment_form.put_question(world.service, world.administrator, "s2", asked)
    await assessment_form.use(world.service, world.administrator)
    lead, case, new = await console.as_(world.facilitator), f"/cases/{world.case}", "q19"
    _, page = await lead.get(f"{case}/assessments/new")
    assert BOTH["en"] in page
    names = dict.fromkeys(re.findall(r'name="(q\d+[_0-9a-f]*)" type="radio"', page), "")
    status, page, _ = await lead.send(f"{case}/assessments/new", version="1", value="current", why="")
    assert status == 422
    assert page.count('href="#q') >= 10
    answers = {name: "1" if name in (new, "q9") or name.startswith("q15") else "no" for name in names}
    answers |= {name: "low" for name in names if re.match(r"q(1|12)(_|$)", name)}
    due = (datetime.now(UTC) + timedelta(days=20)).date()
    said = {"until-day": due.day, "until-month": due.month, "until-year": due.year, "why": "We looked at it together."}
    texts = {"q18": "We ring them both."}
    status, page, _ = await lead.send(
        f"{case}/assessments/new", version="1", value="current", **answers, **texts, **said
    )
    assert status == 303, page
    _, page = await lead.get(f"{case}/assessments")
    shown = re.search(r'href="(/assessments/[0-9a-f-]{36})"', page)
    assert shown
    _, page = await lead.get(shown[1])
    assert "We ring them both." in page
    assert re.search(rf"{re.escape(BOTH['en'])}</strong></dt>\s*<dd[^>]*>Yes<", page)
    _, page = await lead.get(f"{case}/facts/assessment")
    assert 'value="current"' not in page
