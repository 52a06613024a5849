"""Role × route: every role opens every page of people, cases and administration; nothing leaks.

The addresses come from the application's own census, filled with the ids of a case with planted names, so a
page that is added later is asked too.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from exchange.core.access import RULES, Near
from exchange.core.model import Actor, FactKind, Role
from exchange.steps import cases, rectification, referral, setup
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import unit_of_work
from exchange.web.frame import PUBLIC, route_census
from tests.support.assessing import assess
from tests.support.console_site import PROVIDER, Console, running_console
from tests.support.outside import webhook
from tests.support.world import World, make_world, staff

PLANTED = ("Full name harmed", "Full name responsible", "Form harmed", "Form responsible", "people.example",
           "Planted summary", "Planted note", "Planted referral", "apple river garden", "Planted needs")  # fmt: skip
MINE = ("/", "/admin", "/record", "/cases", "/people", "/referrals", "/supervisor", "/tasks", "/account",
        "/emergency", "/emergencies", "/assessments",
        "/help", "/accessibility", "/cookies", "/sign-in", "/step-up")  # fmt: skip


@dataclass
class Setting:
    """A console over a world with planted names, and what to fill addresses with."""

    console: Console
    world: World
    ids: dict[str, str]


@pytest.fixture
async def setting(service: Service) -> AsyncIterator[Setting]:
    """The world, a referral and a task; run once per test."""
    await setup.found_service(service, demo=True, name="Message service")
    world = await make_world(service)
    await world.fact(FactKind.PAUSE, "on")
    await cases.change_participant(
        service, world.facilitator, world.author, name="Full name responsible",
        form_of_name="Form responsible", needs="Planted needs", custody=False,
    )  # fmt: skip
    told = {"reach_by": "phone", "reach_address": "01632 960 555", "about": "Planted referral"}
    await referral.save_referral(service, told)
    found = (await referral.listed(service, world.supervisor))[0]
    async with unit_of_work(service, world.facilitator) as unit:
        task = await unit.add(t.task, case_id=world.case, participant_id=world.author, kind="call_me")
        unit.leaf("task.added", case=world.case, participant=world.author, kind="call_me")
        asker = await staff(service, "ash", Role.FACILITATOR)
        emergency = await unit.add(t.emergency, case_id=world.case, account_id=asker.id, kind="danger")
    told = (world.author, "details", "Planted note: one l.")
    wrong = await rectification.ask(service, world.facilitator, *told)
    ids = {
        "case": str(world.case), "wrong": str(wrong),
        "person": str(world.author), "kind": "status", "referral": str(found.id),
        "account": str(world.auditor.id), "task": str(task),
        "emergency": str(emergency),
        "index": "0", "assessment": str(await assess(service, world.facilitator, world.case, words="Planted note")),
        "section": "s1", "question": "q1", "wording": "take-part-2026-01",
        "webhook": str(await webhook(world)),
    }  # fmt: skip
    known = replace(service, settings=service.settings.model_copy(update=PROVIDER))
    async with running_console(known) as console:
        yield Setting(console, world, ids)


def pages(setting: Setting) -> list[tuple[str, object]]:
    """Every GET page of this area with its permission, its places filled in."""
    found = []
    for method, path, permission in route_census(setting.console.app):
        ours = any(path == start or path.startswith(start + "/") for start in MINE)
        if method != "GET" or not ours or "/messages" in path or path.endswith("/invite"):
            continue
        found += [(filled, permission) for filled in filled_in(path, setting.ids)]
    return found


def filled_in(path: str, ids: dict[str, str]) -> list[str]:
    """The addresses of one pattern: all kinds of facts and consents."""
    kinds = {
        "/cases/{case}/facts/{kind}": ["pause", "hold", "contact_order", "carve_out", "assessment"],
        "/people/{person}/facts/{kind}": [
            "status", "preparation", "responsibility", "guardian", "supporter", "interpreter",
        ],
        "/cases/{case}/diary/{kind}": ["plan", "outcome"],
        "/people/{person}/diary/{kind}": ["inviting", "information", "closing_talk"],
        "/people/{person}/consents/{kind}": ["take_part", "be_asked"],
        "/wordings/{kind}": ["take_part"],
    }  # fmt: skip
    return [path.format(**{**ids, "kind": kind}) for kind in kinds.get(path, ["-"])]


def expected(actor: Actor, permission: object, *, team: bool) -> int:
    """What a page answers: the page, 403 where no role has it, 403 or 404 where one is not near enough."""
    if permission is PUBLIC:
        return 200
    rule = RULES[permission]  # type: ignore[index]
    if not actor.roles & rule.roles:
        return 403
    if rule.near is Near.ANY or team:
        return 200
    if Role.SUPERVISOR in actor.roles:
        return 200 if rule.near is Near.SEES else 403
    return 404


async def test_every_role_on_every_page(setting: Setting) -> None:
    """The answer is the one that the table of permissions says, for each of six people."""
    world = setting.world
    people = {
        "lead": (world.facilitator, True), "co": (world.second, True), "stranger": (world.stranger, False),
        "supervisor": (world.supervisor, False), "auditor": (world.auditor, False),
        "administrator": (world.administrator, False),
    }  # fmt: skip
    asked, wrong = 0, []
    for name, (actor, team) in people.items():
        client = await setting.console.as_(actor)
        for path, permission in pages(setting):
            status, text = await client.get(path)
            want = expected(actor, permission, team=team)
            # the sign-in pages send whoever is signed in on; before the first checkpoint there is none to take
            good = {want, 303} if path.startswith("/sign-in") or path == "/record/checkpoint" else {want}
            good |= {404} if path.endswith("/proof") and want == 200 else set()
            asked += 1
            if status not in good:
                wrong.append((name, path, status, want))
            outsider = not team and Role.SUPERVISOR not in actor.roles
            allowed = path.startswith("/referrals/") and status == 200
            if outsider and not allowed:
                wrong += [(name, path, "leak", word) for word in PLANTED if word in text]
    assert wrong == []
    assert asked >= 200


async def test_nobody_sees_anything_without_signing_in(setting: Setting) -> None:
    """Every page with a permission leads to the sign-in page."""
    client = setting.console.client()
    for path, permission in pages(setting):
        if permission is not PUBLIC:
            assert await client.where(path) == "/sign-in", path


async def test_changes_are_refused_to_whoever_may_not_see(setting: Setting) -> None:
    """A stranger, an auditor and an administrator change nothing in the case by any of its forms."""
    world, case, person = setting.world, setting.world.case, setting.world.author
    tries = [
        (f"/cases/{case}/facts/pause", {"value": "off"}),
        (f"/people/{person}/edit", {"name": "x", "form_of_name": "x"}),
        (f"/people/{person}/contact", {"means": "phone"}),
        (f"/people/{person}/code", {"do": "show"}),
        (f"/people/{person}/consents/take_part", {"given": "no", "method": "phone", "wording": "take-part-2026-01"}),
        (f"/cases/{case}/team", {"do": "cover", "account": str(world.stranger.id)}),
        (f"/cases/{case}/state", {"opened": "no"}),
        (f"/cases/{case}/people/new", {"side": "harmed", "name": "x", "form_of_name": "x", "means": "phone"}),
        (f"/tasks/{setting.ids['task']}", {}),
    ]
    for actor in (world.stranger, world.auditor, world.administrator):
        client = await setting.console.as_(actor)
        for path, fields in tries:
            status, text, _ = await client.send(path, page="/account", **fields)
            assert status in (403, 404), (path, status)
            assert not any(word in text for word in PLANTED)


async def test_an_administrator_cannot_give_themselves_a_case(setting: Setting) -> None:
    """Accounts are made; a case's team is not an administrator's to change."""
    client = await setting.console.as_(setting.world.administrator)
    path = f"/cases/{setting.world.case}/team"
    status, _, _ = await client.send(path, "/account", do="co", account=str(setting.world.administrator.id))
    assert status == 403
