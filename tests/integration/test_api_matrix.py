"""Who may ask what: every endpoint × every role, near the case and far from it (SECURITY "People inside")."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from exchange.core import access
from exchange.core.access import RULES, Near, Permission
from exchange.core.edits import Doing, Edit
from exchange.core.model import Role
from exchange.steps import concern, dialogue, links, own_copy, rectification, redact, referral, setup
from exchange.store import record
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.api.endpoint import Endpoint
from exchange.web.api.table import ENDPOINTS
from exchange.web.frame import PUBLIC
from tests.support import piles
from tests.support.api import Answered, Api, Caller, running_api
from tests.support.api_bodies import body_of, path_of, without_request
from tests.support.assessing import assess
from tests.support.world import World, make_world

GUARDED = [one for one in ENDPOINTS if one.permission is not PUBLIC]
REFUSALS = ("not-allowed", "step-up-needed", "sign-in-needed")


@pytest.fixture
async def world(service: Service) -> World:
    """A founded service with a case in which everything is recorded."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Messages")
    return await make_world(service)


@pytest.fixture
async def api(service: Service) -> AsyncIterator[Api]:
    """A running console."""
    async with running_api(service) as running:
        yield running


async def ids_of(world: World) -> dict[str, UUID]:
    """An id of everything there is: a released letter, a concern, a link, a release, a referral …"""
    message, link = await world.released()
    stopped = await world.letter()
    raised = await concern.raise_concern(world.service, world.facilitator, stopped, kind="other", note="Look.")
    await referral.save_referral(world.service, {"reach_by": "phone", "reach_address": "01632 960 002"})
    async with reading(world.service) as conn:
        asked = (await conn.execute(select(t.referral.c.id))).scalar_one()
        released = (await conn.execute(select(t.release.c.id))).scalar_one()
        task = await conn.execute(t.task.insert().values(case_id=world.case, kind="call_me").returning(t.task.c.id))
        found = {"case": world.case, "participant": world.author, "other": world.recipient, "message": message}
        waiting = t.emergency.insert().values(case_id=world.case, account_id=world.auditor.id, kind="danger")
        asked_for = await conn.execute(waiting.returning(t.emergency.c.id))
        about = {"case_id": world.case, "participant_id": world.author, "token": uuid4().hex, "due_at": func.now()}
        waits = t.notice.insert().values(event="offer", means="email", **about).returning(t.notice.c.id)
        found |= {"notice": (await conn.execute(waits)).scalar_one()}
        found |= {"emergency": asked_for.scalar_one(), "bar": uuid4(), "webhook": uuid4()}
        found |= {"task": task.scalar_one(), "concern": raised, "link": link.id, "release": released}
    strike = Edit(Doing.STRIKE, "text", 0, 4)
    found["edit"] = await redact.want(world.service, world.facilitator, stopped, strike, why="name")
    copy = found["copy"] = await own_copy.prepare(world.service, world.facilitator, world.author)
    found["item"] = (await own_copy.read(world.service, world.facilitator, copy)).items[0].row.id
    found["pile"], found["part"] = await piles.outsiders(world, world.facilitator)
    found["rules"] = await dialogue.write(world.service, world.facilitator, world.case, dialogue.template())
    told = (world.author, "details", "My name has one l.")
    found["wrong"] = await rectification.ask(world.service, world.facilitator, *told)
    found["assessment"] = await assess(world.service, world.facilitator, world.case)
    own = {"account": world.stranger.id, "second": world.second.id, "supervisor": world.supervisor.id}
    return found | {"referral": asked, "token": uuid4(), "session": uuid4()} | {n: i for n, i in own.items() if i}


async def asked(caller: Caller, endpoint: Endpoint, ids: dict[str, UUID]) -> Answered:
    """The endpoint's one request."""
    path, body = path_of(endpoint.path, ids), body_of(endpoint.method, endpoint.path, ids)
    if endpoint.in_query:
        return await caller.ask(endpoint.method, path, params=body or {})
    return await caller.ask(endpoint.method, path, body)


def kind_of(found: Answered) -> str:
    """The last part of a problem's type, "" for anything else."""
    return str(found.json["type"]).rsplit("/", 1)[1] if found.status >= 400 else ""


def test_there_is_a_request_for_every_endpoint() -> None:
    """So that no endpoint is left out of the matrix."""
    assert without_request() == set()


async def test_nobody_gets_in_without_a_token(api: Api, world: World) -> None:
    """401 everywhere, whatever is asked; a cookie counts for nothing."""
    ids = await ids_of(world)
    cookie = (await api.console.as_(world.facilitator)).cookie
    for endpoint in GUARDED:
        for headers in ({}, {"Cookie": f"console={cookie}"}, {"Authorization": "Bearer exch_nobody"}):
            found = await api.nobody().ask(endpoint.method, path_of(endpoint.path, ids), headers=headers)
            assert (found.status, kind_of(found)) == (401, "sign-in-needed"), endpoint.path


@pytest.mark.parametrize("who", ["auditor", "administrator", "supervisor", "facilitator"])
async def test_a_role_without_the_permission_is_refused(api: Api, world: World, who: str) -> None:
    """403 exactly where the table of permissions gives the role nothing."""
    ids, actor = await ids_of(world), getattr(world, who)
    caller = await api.as_(actor, stepped_up=True)
    for endpoint in GUARDED:
        if not actor.roles & RULES[endpoint.permission].roles:
            found = await asked(caller, endpoint, ids)
            assert (found.status, kind_of(found)) == (403, "not-allowed"), (who, endpoint.path)


async def test_a_witness_s_token_is_refused_all_but_three(api: Api, world: World) -> None:
    """Checkpoint, consistency proof, cosignatures: 403 everywhere else, an auditor's own pages and rights included."""
    ids, auditor = await ids_of(world), await api.as_(world.auditor, stepped_up=True)
    made = await auditor.do("POST", "/tokens", {"label": "witness", "days": 30, "scope": "witness"})
    narrow = Caller(auditor.url, auditor.http, made["token"])
    answers = {endpoint.path: (await asked(narrow, endpoint, ids)).status for endpoint in GUARDED}
    passed = {path for path, status in answers.items() if status != 403}
    assert passed == {"/record/checkpoint", "/record/consistency", "/record/cosignatures"}


async def test_a_table_of_the_record_is_csv(api: Api, world: World) -> None:
    """With a fresh second factor, and not before something was signed."""
    auditor = await api.as_(world.auditor, stepped_up=True)
    assert (await auditor.ask("POST", "/record/table", {})).status == 404
    setup.make_keys(api.service.settings)
    await record.sign(api.service)
    found = await auditor.ask("POST", "/record/table", {"act": "participant.added"})
    assert (found.status, found.media_type) == (200, "text/csv")
    assert found.body.count(b"participant.added") == len(found.body.splitlines()) - 1 > 0
    assert (await (await api.as_(world.auditor)).ask("POST", "/record/table", {})).status == 403


async def test_a_facilitator_of_another_case_learns_nothing(api: Api, world: World) -> None:
    """Everything about the case is 404 for a stranger, as for a case that does not exist."""
    ids = await ids_of(world)
    caller = await api.as_(world.stranger, stepped_up=True)
    nothing = {name: uuid4() for name in ids} | {name: ids[name] for name in ("second", "supervisor")}
    for endpoint in GUARDED:
        if about_a_case(endpoint):
            here, nowhere = [await asked(caller, endpoint, found) for found in (ids, nothing)]
            told = (here.status, here.json) if endpoint.path not in STAFFING else (here.status, None)
            assert told in ((404, nowhere.json), (403, None)), (endpoint.method, endpoint.path, here.body)


# who may staff a case is judged by role first, and being refused says nothing about the case
STAFFING = ("/cases/{case}/team", "/cases/{case}/team/{account}", "/cases/{case}/cover")


def about_a_case(endpoint: Endpoint) -> bool:
    """Whether the endpoint's permission depends on how near one is to a case, and a facilitator has it."""
    rule = RULES[endpoint.permission]
    return rule.near is not Near.ANY and Role.FACILITATOR in rule.roles


async def test_the_team_is_refused_nowhere_that_its_role_allows(api: Api, world: World) -> None:
    """The lead reaches the step behind every endpoint of theirs: no refusal by role or nearness."""
    ids = await ids_of(world)
    caller = await api.as_(world.facilitator, stepped_up=True)
    supervised = {"/cases/{case}/policy", "/cases/{case}/type", "/cases/{case}/state"}
    for endpoint in sorted(GUARDED, key=lambda one: one.method != "GET"):
        mine = access.may(world.facilitator, endpoint.permission, access.Relation.LEAD)
        if mine and endpoint.path not in supervised:
            found = await asked(caller, endpoint, ids)
            assert kind_of(found) not in REFUSALS, (endpoint.path, found.body)
            assert found.status < 500, (endpoint.path, found.body)


async def test_release_export_and_keys_need_the_step_up(api: Api, world: World) -> None:
    """403 of its own type, and nothing was changed."""
    ids = await ids_of(world)
    needed = {Permission.RELEASE: world.facilitator, Permission.RECORD_EXPORT: world.auditor,
              Permission.EMERGENCY_OPEN: world.stranger, Permission.EMERGENCY_SECOND: world.supervisor,
              Permission.LEAVER: world.supervisor,
              Permission.DISCLOSE: world.facilitator,
              Permission.COPY_APPROVE: world.second, Permission.COPY_HAND_OUT: world.facilitator}  # fmt: skip
    assert set(needed) == {permission for permission, rule in RULES.items() if rule.step_up}
    for permission, actor in needed.items():
        caller = await api.as_(actor)
        for endpoint in GUARDED:
            if endpoint.permission is permission:
                found = await asked(caller, endpoint, ids)
                assert (found.status, kind_of(found)) == (403, "step-up-needed"), endpoint.path
    administrator = await api.as_(world.administrator)
    for method, path in (("POST", "/accounts"), ("PATCH", "/service"), ("POST", "/tokens")):
        found = await administrator.ask(method, path, body_of(method, path, ids))
        assert (found.status, kind_of(found)) == (403, "step-up-needed"), path


async def test_lists_hold_no_secret(api: Api, world: World) -> None:
    """Every GET of every role, searched for the link's secret and for the token."""
    ids = await ids_of(world)
    secret = await links.show_secret(world.service, world.facilitator, ids["link"])
    for actor in (world.facilitator, world.supervisor, world.auditor, world.administrator):
        caller = await api.as_(actor, stepped_up=True)
        for endpoint in GUARDED:
            if endpoint.method == "GET":
                found = await asked(caller, endpoint, ids)
                assert secret.encode() not in found.body
                assert caller.token.encode() not in found.body
