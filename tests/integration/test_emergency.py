"""Cases opened in an emergency, on real PostgreSQL: who, how long, who is told, what it never gives."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from exchange.core.errors import BadInput, Conflict, ExchangeError, NotAllowed, NotFound, Refused, StepUpNeeded
from exchange.core.model import OPERATOR, TICKS, Actor, Channel, EmergencyKind, Policy, Role
from exchange.steps import bars, concern, emergency, mail, offer, release, review, settings, setup, tasks, team, view
from exchange.store import read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.console_site import running_console
from tests.support.mail import Mailbox
from tests.support.staff import dump, leaves, pass_time
from tests.support.world import World, make_world, staff

WHY = "Fern is in hospital and the recipient rang in distress."


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case; `stranger` is a facilitator who is not on it."""
    await setup.found_service(service, demo=True, name="Messages")
    return await make_world(service)


async def reference(world: World) -> str:
    """The case's reference."""
    async with reading(world.service) as conn:
        return str((await conn.execute(select(t.cases.c.reference).where(t.cases.c.id == world.case))).scalar_one())


async def broken(world: World, who: Actor | None = None) -> emergency.Asked:
    """The case opened, or asked for, by a stranger."""
    asker = who or world.stranger
    found = await reference(world)
    return await emergency.open_in_emergency(
        world.service, asker, found.lower(), kind=EmergencyKind.NOBODY_THERE, reason=WHY
    )


async def acts(world: World, start: str = "emergency.") -> list[dict[str, str]]:
    """Leaves about emergencies, oldest first."""
    found = [json.loads(leaf) for leaf in await leaves(world.service)]
    return [leaf for leaf in found if leaf["act"].startswith(start)]


async def tasks_of(world: World, kind: str) -> list[UUID]:
    """Open tasks of a kind."""
    k = t.task
    async with reading(world.service) as conn:
        return list((await conn.execute(select(k.c.id).where(k.c.kind == kind, k.c.done_at.is_(None)))).scalars())


async def test_a_stranger_opens_a_case_reads_it_and_everybody_is_told(world: World) -> None:
    """Before: nothing. After: names, summary and content; a leaf, a task for team and supervisors, on the list."""
    service, who = world.service, world.stranger
    message = await world.letter()
    with pytest.raises(NotFound):
        await read.case_view(service, who, world.case)
    opened = await broken(world)
    assert opened.opened
    seen = await read.case_view(service, who, world.case)
    assert "Full name harmed" in seen.names.values()
    person = await read.person_view(service, who, world.recipient)
    assert (person.contact["address"], person.may_change) == ("harmed@people.example", False)
    digest = await world.digest(message)
    opened_part = await view.open_for_staff(service, who, message, "text", digest=digest)
    assert opened_part.part.size > 0
    leaf = (await acts(world))[0]
    assert (leaf["act"], leaf["account"], leaf["case"], leaf["reason"]) == (
        "emergency.opened", str(who.id), str(world.case), "nobody_there",
    )  # fmt: skip
    assert WHY not in "".join(await leaves(service))
    assert WHY.encode() not in await dump(service)
    for told in (world.facilitator, world.second, world.supervisor):
        groups = await read.needs_you_now(service, told)
        assert [item.kind for item in groups["concerns"]] == ["emergency_opened"], told
    for reader in (world.supervisor, world.auditor):
        rows = await read.emergencies(service, reader)
        assert [(row.id, row.state) for row in rows] == [(opened.id, "open")]
    shown = await read.emergency_view(service, world.supervisor, opened.id)
    assert (shown.reason, shown.may_end, shown.may_decide) == (WHY, True, False)


async def test_it_never_lets_anything_go_out(world: World) -> None:
    """Approve, offer, hand over, put in, change people, assign: refused, and nothing was changed."""
    service, who, who_id = world.service, world.stranger, world.stranger.id
    assert who_id
    waiting, (message, _) = await world.letter(), await world.offered()
    await world.accept(message)
    await broken(world)
    digest = await world.digest(waiting)
    terms = offer.Terms("A letter.", Channel.PHONE)
    before = [await world.state(one) for one in (waiting, message)]
    tries: list[Callable[[], Awaitable[object]]] = [
        lambda: review.approve(service, who, waiting, digest, ticks=TICKS, understood="myself"),
        lambda: offer.make_offer(service, who, waiting, terms),
        lambda: release.release_by_link(service, who, message, channel=Channel.EMAIL),
        lambda: team.assign(service, who, world.case, who_id),
    ]
    for attempt in tries:
        with pytest.raises(NotAllowed):
            await attempt()
    assert [await world.state(one) for one in (waiting, message)] == before


async def test_it_can_stop_what_must_be_stopped(world: World) -> None:
    """Raising a concern freezes a message, from an emergency too."""
    message = await world.letter()
    await broken(world)
    await concern.raise_concern(world.service, world.stranger, message, kind="threat", note="He knows where she is.")
    assert await world.state(message) == "concern"


async def test_it_ends_by_itself(world: World) -> None:
    """After the hours of the policy, by the database's clock, the case is not there any more."""
    await broken(world)
    await pass_time(world.service, "emergency", "until", timedelta(hours=7, minutes=59))
    assert await read.case_view(world.service, world.stranger, world.case)
    await pass_time(world.service, "emergency", "until", timedelta(minutes=2))
    with pytest.raises(NotFound):
        await read.case_view(world.service, world.stranger, world.case)
    assert [row.state for row in await read.emergencies(world.service, world.auditor)] == ["over"]
    assert (await broken(world)).opened


@pytest.mark.parametrize("who", ["stranger", "supervisor", "facilitator"])
async def test_it_is_ended_at_once_by_whoever_may(world: World, who: str) -> None:
    """By who opened it, a supervisor or the team; twice is a conflict."""
    opened = await broken(world)
    await emergency.end(world.service, getattr(world, who), opened.id)
    with pytest.raises(NotFound):
        await read.case_view(world.service, world.stranger, world.case)
    with pytest.raises(Conflict):
        await emergency.end(world.service, world.supervisor, opened.id)


async def test_four_eyes_need_another_supervisor(service: Service) -> None:
    """Where the policy says so nothing opens until another supervisor, freshly confirmed, has agreed."""
    await setup.found_service(service, demo=True, name="Messages")
    world = await make_world(service, policy=Policy(four_eyes=True, emergency_hours=2))
    asker = await staff(service, "ash", Role.FACILITATOR, Role.SUPERVISOR)
    asked = await broken(world, asker)
    assert not asked.opened
    message = await world.letter()
    digest = await world.digest(message)
    with pytest.raises(NotAllowed):
        await view.open_for_staff(service, asker, message, "text", digest=digest)
    with pytest.raises(Conflict):
        await broken(world, asker)
    (waiting,) = await tasks_of(world, "decide_emergency")
    with pytest.raises(Refused):
        await tasks.finish_task(service, world.supervisor, waiting)
    for nobody, error in (
        (asker, NotAllowed), (world.facilitator, NotAllowed), (world.stranger, NotFound),
        (replace(world.supervisor, stepped_up=False), StepUpNeeded),
    ):  # fmt: skip
        with pytest.raises(error) as refusal:
            await emergency.decide(service, nobody, asked.id, agree=True)
        assert type(refusal.value) is error
    await emergency.decide(service, world.supervisor, asked.id, agree=True)
    assert (await view.open_for_staff(service, asker, message, "text", digest=digest)).part.size > 0
    assert await tasks_of(world, "decide_emergency") == []
    row = (await read.emergencies(service, world.auditor))[0]
    assert row.until is not None
    assert row.opened_at is not None
    assert (row.second, row.until - row.opened_at) == ("Rowan", timedelta(hours=2))
    assert [leaf["act"] for leaf in await acts(world)] == ["emergency.asked", "emergency.opened"]


async def test_what_is_not_agreed_to_stays_shut(service: Service) -> None:
    """And may be asked again."""
    await setup.found_service(service, demo=True, name="Messages")
    world = await make_world(service, policy=Policy(four_eyes=True))
    asked = await broken(world)
    await emergency.decide(service, world.supervisor, asked.id, agree=False)
    with pytest.raises(NotFound):
        await read.case_view(service, world.stranger, world.case)
    with pytest.raises(Conflict):
        await emergency.decide(service, world.supervisor, asked.id, agree=True)
    assert not (await broken(world)).opened


async def test_unknown_and_barred_references_answer_alike(world: World) -> None:
    """The same sentence; a bar is not betrayed, and both tries stand in the record."""
    service, who = world.service, world.stranger
    assert who.id
    await bars.set_bar(service, world.supervisor, world.case, who.id, reason="Neighbours.")
    told = []
    for named in (await reference(world), "C-00000", "", "\x00' or 1=1 --"):
        with pytest.raises(BadInput) as refusal:
            await emergency.open_in_emergency(service, who, named, kind=EmergencyKind.DANGER, reason=WHY)
        told.append((str(refusal.value), refusal.value.field))
    assert len(set(told)) == 1
    assert [leaf["act"] for leaf in await acts(world)] == ["emergency.refused"] * 4


@pytest.mark.parametrize("who", ["facilitator", "second", "auditor", "administrator"])
async def test_the_team_and_other_roles_cannot(world: World, who: str) -> None:
    """Whoever is on the case needs none; auditors and administrators never see one."""
    with pytest.raises(ExchangeError):
        await broken(world, getattr(world, who))
    assert await read.emergencies(world.service, world.supervisor) == []


async def test_it_needs_a_reason_and_a_fresh_second_factor(world: World) -> None:
    """And a thief of an open session does not get far."""
    with pytest.raises(StepUpNeeded):
        await broken(world, replace(world.stranger, stepped_up=False))
    with pytest.raises(BadInput):
        await emergency.open_in_emergency(
            world.service, world.stranger, await reference(world), kind=EmergencyKind.DANGER, reason=" "
        )


async def test_whoever_opened_it_cannot_say_that_it_was_looked_at(world: World) -> None:
    """Also not as a supervisor; the team and other supervisors can."""
    asker = await staff(world.service, "ash", Role.FACILITATOR, Role.SUPERVISOR)
    await broken(world, asker)
    (task,) = await tasks_of(world, "emergency_opened")
    with pytest.raises(NotAllowed):
        await tasks.finish_task(world.service, asker, task)
    await tasks.finish_task(world.service, world.facilitator, task)


async def test_mail_goes_at_once_to_team_and_supervisors_only(world: World, smtp: Mailbox) -> None:
    """Neutral, once each; not to who opened it, not to strangers, not to a supervisor who is barred."""
    service = world.service
    barred = await staff(service, "yew", Role.SUPERVISOR)
    assert barred.id
    await bars.set_bar(service, world.supervisor, world.case, barred.id, reason="A cousin.")
    async with reading(service) as conn:
        await conn.execute(text("update account set email = login || '@staff.example'"))
    post = {"mail_host": smtp.host, "mail_port": smtp.port, "mail_starttls": False, "mail_from": "box@post.example"}
    await settings.save(service, OPERATOR, **post)
    opened = await broken(world)
    for _ in range(2):
        await mail.notify_emergency(service, opened.id)
    told = sorted(str(one["To"]) for one in smtp.messages)
    assert told == ["fern@staff.example", "rowan@staff.example", "sage@staff.example"]
    found = await reference(world)
    assert all(found not in str(one) and WHY not in str(one) for one in smtp.messages)


async def test_the_pages(world: World) -> None:
    """The form, the case with its banner, the task, the list, the end: in the browser's way."""
    async with running_console(world.service) as console:
        stranger = await console.as_(world.stranger)
        found = await reference(world)
        status, page, _ = await stranger.send("/emergency", reference=found, kind="danger", reason="")
        assert (status, "Say what has happened" in page) == (422, True)
        status, _, to = await stranger.send("/emergency", reference=found, kind="danger", reason=WHY)
        assert (status, to) == (303, f"/cases/{world.case}")
        page = (await stranger.get(to))[1]
        assert "Full name harmed" in page
        assert "/messages/new" not in page
        supervisor = await console.as_(world.supervisor)
        assert "Reed" in (await supervisor.get("/emergencies"))[1]
        assert "Open in an emergency" in (await supervisor.get(f"/cases/{world.case}"))[1]
        (task,) = await tasks_of(world, "emergency_opened")
        row = (await read.emergencies(world.service, world.supervisor))[0]
        assert f"/emergencies/{row.id}" in (await supervisor.get(f"/tasks/{task}"))[1]
        status, _, _ = await supervisor.send(f"/emergencies/{row.id}", do="end")
        assert status == 303
        assert (await stranger.get(f"/cases/{world.case}"))[0] == 404
        assert (await stranger.get(f"/emergencies/{uuid4()}"))[0] == 404
        auditor = await console.as_(world.auditor)
        listed = (await auditor.get("/emergencies"))[1]
        assert "Reed" in listed
        assert WHY not in listed
