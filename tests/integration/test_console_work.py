"""The work by the console's own forms: a case from nothing, facts that clear lines, lists that miss nothing."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, update

from exchange.core import checklist, gate
from exchange.core.gate import Act
from exchange.core.model import State
from exchange.core.waiting import TASKS, WAITING
from exchange.steps import referral, setup, team
from exchange.steps.tasks import ON_THEIR_OWN_PAGE
from exchange.store import facts
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.console.forms_for import url_for_form
from tests.support.console_site import Client, Console, running_console
from tests.support.home_page import all_of_home
from tests.support.world import World, make_world

STANDING = [state for state in State if WAITING[state].owner != "nobody"]


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case where everything is recorded."""
    await setup.found_service(service, demo=True, name="Message service")
    return await make_world(service)


@pytest.fixture
async def console(world: World) -> AsyncIterator[Console]:
    """The console over that world."""
    async with running_console(world.service) as running:
        yield running


async def message_in(world: World, state: State, age: timedelta) -> UUID:
    """A bare message in one state since `age`, straight in the table."""
    row = {"id": uuid4(), "reference": f"M-{uuid4().hex[:8]}", "case_id": world.case, "kind": "letter"}
    people = {"author_id": world.author, "recipient_id": world.recipient}
    async with reading(world.service) as conn:
        since = func.now() - age
        await conn.execute(insert(t.message).values(**row, **people, state=state, state_since=since))
    return UUID(str(row["id"]))


async def test_every_state_is_on_somebodys_list(world: World, console: Console) -> None:
    """One message per standing state: once its clock has run, the lead, the cover and a supervisor have it."""
    await team.set_cover(world.service, world.supervisor, world.case, world.stranger.id or world.case)
    made = {state: await message_in(world, state, timedelta(days=120)) for state in STANDING}
    final = [await message_in(world, state, timedelta(days=120)) for state in State if state not in STANDING]
    for actor in (world.facilitator, world.second, world.stranger, world.supervisor):
        home = await all_of_home(await console.as_(actor))
        missing = [state for state, message in made.items() if f'href="/messages/{message}' not in home]
        assert missing == []
        assert not any(str(message) in home for message in final)
    home = await all_of_home(await console.as_(world.stranger))
    assert home.count("Covering") == len(STANDING)


async def test_what_is_fresh_is_the_teams_and_nobody_elses(world: World, console: Console) -> None:
    """A letter to review since an hour: the lead sees it, cover and supervisor after two days; a concern at once."""
    await team.set_cover(world.service, world.supervisor, world.case, world.stranger.id or world.case)
    fresh = await message_in(world, State.IN_REVIEW, timedelta(hours=1))
    concern = await message_in(world, State.CONCERN, timedelta(hours=1))
    lead, cover, supervisor = [
        (await (await console.as_(a)).get("/"))[1] for a in (world.facilitator, world.stranger, world.supervisor)
    ]
    assert f"/messages/{fresh}/review" in lead
    assert str(fresh) not in cover
    assert str(fresh) not in supervisor
    assert str(concern) in supervisor
    headings = re.findall(r'id="group-(\w+)"', lead)
    assert headings == ["concerns", "to_review"]


async def test_every_task_opens_says_what_to_do_and_goes(world: World, console: Console) -> None:
    """Each kind of task is on the list, has a page of its own, and is gone when it is done."""
    async with reading(world.service) as conn:
        for kind in [kind for kind in TASKS if kind not in ON_THEIR_OWN_PAGE]:  # those end with what is decided there
            values = {"case_id": world.case, "participant_id": world.author, "kind": kind}
            await conn.execute(insert(t.task).values(**values))
        ids = list((await conn.execute(select(t.task.c.id))).scalars())
    lead, supervisor = await console.as_(world.facilitator), await console.as_(world.supervisor)
    home = await all_of_home(lead)
    for task in ids:
        assert f'href="/tasks/{task}"' in home
        status, page = await lead.get(f"/tasks/{task}")
        assert status == 200
        done = lead if "This is done" in page else supervisor
        assert (await done.send(f"/tasks/{task}"))[2] == "/"
    _, home = await lead.get("/")
    assert "Nothing waits for you" in home


BREAK: dict[str, tuple[str, str, str, bool]] = {
    # code: its form, what breaks it, what clears it, whether only a supervisor clears it
    "case_paused": ("fact.pause", "on", "off", False),
    "safety_hold": ("fact.hold", "on", "off", True),
    "contact_order": ("fact.contact_order", "in_force", "none", True),
    "assessment": ("fact.assessment", "none", "current", False),
    "author_status": ("fact.author.status", "lost_contact", "active", True),
    "recipient_status": ("fact.recipient.status", "lost_contact", "active", True),
    **{
        f"{who}_{kind}": (f"fact.{who}.{kind}", "needed", "in_place", False)
        for who in ("author", "recipient")
        for kind in ("guardian", "supporter", "interpreter")
    },
    "preparation": ("fact.author.preparation", "not_done", "done", False),
    "responsibility": ("fact.author.responsibility", "not_accepted", "accepted", False),
    "author_takes_part": ("consent.author.take_part", "no", "yes", False),
    "recipient_takes_part": ("consent.recipient.take_part", "no", "yes", False),
    "be_asked": ("consent.recipient.be_asked", "no", "yes", False),
}
BY_TIME: dict[str, tuple[str, str]] = {
    # code: its form, and whose; a birthday breaks it, or that the yes was said more than a year ago
    "author_of_age": ("consent.author.take_part", "author"),
    "recipient_of_age": ("consent.recipient.take_part", "recipient"),
    "author_consent_old": ("consent.author.take_part", "author"),
    "recipient_consent_old": ("consent.recipient.take_part", "recipient"),
    "be_asked_old": ("consent.recipient.be_asked", "recipient"),
}


async def test_each_line_is_cleared_by_the_form_it_is_linked_from(world: World, console: Console) -> None:
    """For every line that a fact or a consent about a person clears: break it, follow its link, clear it."""
    message = await world.approved()
    about = [code for code, line in checklist.REASONS.items() if by_short_form(line.form)]
    assert set(about) == {*BREAK, *BY_TIME}
    lead, supervisor = await console.as_(world.facilitator), await console.as_(world.supervisor)
    who = {"case": world.case, "message": message, "author": world.author, "recipient": world.recipient}
    for code, (form, breaking, clearing, supervised) in BREAK.items():
        assert checklist.REASONS[code].form == form
        path = url_for_form(form, **who)
        await filled(lead, path, form, breaking)
        assert code in await reasons(world, message), code
        if supervised:
            status, _, _ = await send(lead, path, form, clearing)
            assert status == 403
        place = await filled(supervisor if supervised else lead, path, form, clearing)
        assert place == f"/messages/{message}"
        assert code not in await reasons(world, message), code
    for code, (form, person) in BY_TIME.items():
        assert checklist.REASONS[code].form == form
        await time_goes_by(world, who[person], code, form.rsplit(".", maxsplit=1)[1])
        assert code in await reasons(world, message), code
        assert await filled(lead, url_for_form(form, **who), form, "yes") == f"/messages/{message}"
        assert code not in await reasons(world, message), code


async def time_goes_by(world: World, person: UUID, code: str, kind: str) -> None:
    """They come of age now; or what they said last of this kind, they said a year and a day ago."""
    said = {"given": True, "method": "in_person", "wording": "x", "at": func.now() - timedelta(days=366)}
    birthday = update(t.participant).where(t.participant.c.id == person).values(of_age_at=func.clock_timestamp())
    old = insert(t.consent).values(participant_id=person, kind=kind, **said)
    async with reading(world.service) as conn:
        await conn.execute(birthday if code.endswith("of_age") else old)


def by_short_form(form: str) -> bool:
    """Whether the form is one of people and cases, not of one message."""
    return form.startswith("fact.") or form.endswith((".take_part", ".be_asked"))


async def filled(client: Client, path: str, form: str, answer: str) -> str:
    """Send one short form; where it leads."""
    status, text, where = await send(client, path, form, answer)
    assert status == 303, text
    return where


async def send(client: Client, path: str, form: str, answer: str) -> tuple[int, str, str]:
    """The form as the page has it: hidden fields kept, one answer chosen."""
    status, page = await client.get(path)
    assert status == 200
    # the form of the page itself stands before the one that changes the language
    page = page.split('action="/language"')[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(back|wording|language)" value="([^"]*)"', page))
    answers = {"given": answer, "method": "phone"} if form.startswith("consent") else {"value": answer}
    if form == "fact.assessment":
        first = dict(reversed(re.findall(r'name="(q\d+[_0-9a-f]*)" type="radio" value="(\w+)"', page)))
        due = datetime.now(UTC) + timedelta(days=9)
        date = {"until-day": str(due.day), "until-month": str(due.month), "until-year": str(due.year)}
        answers |= {**first, **date, "version": "0", "why": "We went through it.", "q18": "We ring them."}
    return await client.send(path.split("?", maxsplit=1)[0], path, **hidden, **answers)


async def reasons(world: World, message: UUID) -> set[str]:
    """Everything that stands against offering, handing over or putting in."""
    row = await world.row(message)
    async with reading(world.service) as conn:
        known = await facts.load(conn, row, asker=world.facilitator.id)
        now = (await conn.execute(select(func.now()))).scalar_one()
    acts = (Act.OFFER, Act.RELEASE, Act.SUBMIT)
    return {reason.code for act in acts for reason in gate.explain(act, known, now).reasons}


async def test_a_case_from_nothing_by_its_forms(world: World, console: Console) -> None:
    """Open, add two people, agree a code and show it, consent, team and cover, close and open again."""
    lead = await console.as_(world.facilitator)
    status, _, case = await lead.send("/cases/new", type="serious", four_eyes="yes", summary="A long story")
    assert status == 303
    status, page, _ = await lead.send(f"{case}/people/new", side="harmed")
    assert status == 422
    assert "Enter the person&#39;s name" in page
    who = {"name": "Ada Byron", "form_of_name": "Ada", "means": "phone", "address": "01632 960 777"}
    status, _, ada = await lead.send(f"{case}/people/new", side="harmed", under_18="yes", **who)
    assert status == 303
    _, page = await lead.get(ada)
    assert "01632 960 777" in page
    assert "Under 18" in page
    status, page, _ = await lead.send(f"{ada}/code", do="agree", digits="digits", how="phone")
    found = re.search(r'id="code">([\d ]+)<', page)
    assert found
    _, page, _ = await lead.send(f"{ada}/code", do="show")
    assert found[1] in page
    _, page = await lead.get(f"{ada}/consents/take_part")
    assert "It happens only if both of us want it." in page
    given = {"given": "yes", "method": "paper", "wording": "take-part-2026-01", "language": "en"}
    assert (await lead.send(f"{ada}/consents/take_part", **given))[2] == ada
    _, page = await lead.get(case)
    assert "A long story" in page
    assert "Needed, not in place" in page
    changed = await lead.send(f"{case}/team", do="cover", account=str(world.second.id))
    assert changed[0] == 303
    supervisor = await console.as_(world.supervisor)
    _, page = await supervisor.get(case)
    assert "A long story" not in page
    assert "Ada Byron" not in page
    assert (await supervisor.send(f"{case}/closing/close", f"{case}/closing"))[0] == 409
    assert (await lead.send(f"{ada}/diary/closing_talk", value="held", words=""))[0] == 303
    assert (await lead.send(f"{case}/diary/outcome", value="not_begun", words="She thought better of it."))[0] == 303
    _, page = await lead.get(f"{case}/closing")
    names = dict.fromkeys(re.findall(r'name="(consent_[0-9a-f]{32})"', page), "end")
    assert (await lead.send(f"{case}/closing", **names))[0] == 303
    assert (await supervisor.send(f"{case}/closing/close", f"{case}/closing"))[0] == 303
    _, page = await lead.get(case)
    assert "Closed" in page


async def test_a_referral_becomes_a_case_or_not(world: World, console: Console) -> None:
    """Both ends; a reason is needed for the second; what is decided stays decided."""
    answers = {"reach_by": "phone", "reach_address": "01632 960 555"}
    names = [await referral.save_referral(world.service, answers) for _ in range(2)]
    lead = await console.as_(world.facilitator)
    _, page = await lead.get("/referrals")
    assert all(name in page for name in names)
    first, second = re.findall(r'href="/referrals/([0-9a-f-]{36})"', page)
    status, _, case = await lead.send(f"/referrals/{first}/open", f"/referrals/{first}")
    assert status == 303
    assert names[0] in (await lead.get(case))[1]
    assert (await lead.send(f"/referrals/{second}", reason=" "))[0] == 422
    assert (await lead.send(f"/referrals/{second}", reason="Not of our area"))[0] == 303
    assert "Not of our area" in (await lead.get(f"/referrals/{second}"))[1]
    stranger = await console.as_(world.stranger)
    assert (await stranger.get(f"/referrals/{first}"))[0] == 404


async def test_supervisor_sees_what_waits_on_whom(world: World, console: Console) -> None:
    """States and ages per facilitator, second approvals, no names and no words of participants."""
    waiting = await message_in(world, State.OFFERED, timedelta(days=9))
    async with reading(world.service) as conn:
        await conn.execute(update(t.cases).values(policy={"four_eyes": True}))
    letter = await world.letter()
    assert await world.approve(letter, by=world.second) is False
    _, page = await (await console.as_(world.supervisor)).get("/supervisor")
    assert f"/messages/{waiting}" in page
    assert "9 days" in page
    seconds = page.split('id="second"')[1].split("</section>")[0]
    assert f"/messages/{letter}" in seconds
    assert not re.search("Full name|Form (harmed|responsible)", page)


async def test_an_unknown_kind_or_id_is_nothing(world: World, console: Console) -> None:
    """Made-up addresses answer like addresses of other people's cases."""
    lead = await console.as_(world.facilitator)
    for path in (
        "/cases/no-id", f"/cases/{uuid4()}", f"/people/{uuid4()}", f"/cases/{world.case}/facts/wish",
        f"/people/{world.author}/facts/pause", f"/people/{world.author}/consents/share", f"/tasks/{uuid4()}",
    ):  # fmt: skip
        assert (await lead.get(path))[0] == 404, path
