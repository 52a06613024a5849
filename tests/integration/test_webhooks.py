"""Webhooks to a real server with TLS: told once, signed, in the transaction of the act; nothing reaches inside."""

import asyncio
import json
import socket
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from exchange.core.errors import NotAllowed, StepUpNeeded
from exchange.core.model import OPERATOR
from exchange.core.webhooks import EVENTS, MOST_FAILED
from exchange.steps import referral, telling_webhooks, webhooks
from exchange.store import hooks, read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading, unit_of_work
from tests.support.closing import shut
from tests.support.console_site import running_console
from tests.support.receiver import Receiver, may_call, receiving, signed_by
from tests.support.staff import found
from tests.support.world import World, make_world

ALL = [kind.value for kind in EVENTS]


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded, in a service with a key pair of its own."""
    await found(service)
    return await make_world(service)


async def listening(service: Service, receiver: Receiver, kinds: list[str] | None = None) -> webhooks.Made:
    """The receiver is told from now on."""
    return await webhooks.add(service, OPERATOR, address=receiver.address, kinds=kinds or ALL)


async def due_now(service: Service) -> None:
    """The wait before the next try is over."""
    async with reading(service) as conn:
        await conn.execute(update(t.webhook_delivery).values(due_at=func.now()))


async def one_delivery(service: Service) -> Any:
    """Its row."""
    async with reading(service) as conn:
        return (await conn.execute(select(t.webhook_delivery))).one()


async def broken_off(service: Service, world: World) -> None:
    """An act that fails at its very end."""
    async with unit_of_work(service, world.supervisor) as unit:
        unit.leaf("case.closed", case=world.case)
        await unit.finish()
        raise RuntimeError


async def test_another_system_is_told_of_four_things_by_references_alone(world: World, tmp_path: Path) -> None:
    """Signed with the secret that was shown, each once, and no name, no id, no word of anybody in any of it."""
    async with receiving(tmp_path) as receiver:
        service = may_call(world.service, tmp_path)
        made = await listening(service, receiver)
        reference = await referral.save_referral(service, {"reach_by": "phone", "reach_address": "01632 960 555"})
        await world.released()
        await shut(service, world.supervisor, world.case)
        assert await telling_webhooks.tell(service) == 4
        assert await telling_webhooks.tell(service) == 0
        assert [one["type"] for one in receiver.bodies] == ALL
    said = b"".join(body for _, _, body in receiver.came).decode()
    async with reading(service) as conn:
        case = (await conn.execute(select(t.cases.c.reference).where(t.cases.c.id == world.case))).scalar_one()
        message = (await conn.execute(select(t.message.c.reference))).scalar_one()
        left = (await conn.execute(select(func.count()).select_from(t.webhook_event))).scalar_one()
    both = {"case": case, "message": message}
    assert [one["data"] for one in receiver.bodies] == [{"referral": reference}, both, both, {"case": case}]
    assert all(signed_by(made.secret, headers, body) for _, headers, body in receiver.came)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.came}) == 4
    assert not [
        word for word in ("Full name", "Form", "555", str(world.case), str(world.author), "letter") if word in said
    ]
    assert left == 0


async def test_what_did_not_happen_is_not_told(world: World, tmp_path: Path) -> None:
    """The event stands in the transaction of the act: that fails, and nothing is sent."""
    async with receiving(tmp_path) as receiver:
        service = may_call(world.service, tmp_path)
        await listening(service, receiver)
        with pytest.raises(RuntimeError):
            await broken_off(service, world)
        assert await telling_webhooks.tell(service) == 0
        assert receiver.came == []


async def test_only_what_was_asked_for_is_sent(world: World, tmp_path: Path) -> None:
    """And nothing to a webhook that is switched off."""
    async with receiving(tmp_path) as receiver:
        service = may_call(world.service, tmp_path)
        made = await listening(service, receiver, ["case.closed"])
        await world.letter()
        assert await telling_webhooks.tell(service) == 0
        await webhooks.switch(service, OPERATOR, made.id, on=False)
        await shut(service, world.supervisor, world.case)
        assert await telling_webhooks.tell(service) == 0
        assert receiver.came == []


async def test_a_failed_try_is_made_again_under_the_same_id_with_a_new_time(world: World, tmp_path: Path) -> None:
    """A redirect is not followed; each try waits longer; the last ends on the list of what was given up."""
    async with receiving(tmp_path) as receiver:
        receiver.status = 302
        service = may_call(world.service, tmp_path)
        made = await listening(service, receiver)
        await webhooks.test(service, OPERATOR, made.id)
        waits = []
        for _ in range(9):
            assert await telling_webhooks.tell(service) == 1
            assert await telling_webhooks.tell(service) == 0
            row = await one_delivery(service)
            waits.append(None if row.state == "dead" else round((row.due_at - row.tried_at).total_seconds() / 60))
            await due_now(service)
        assert waits == [1, 5, 30, 120, 300, 600, 840, 1200, None]
        assert (row.status, row.reason, row.attempts) == (302, "redirected", 9)
        assert {path for path, _, _ in receiver.came} == {"/hook"}
        assert len({headers["webhook-id"] for _, headers, _ in receiver.came}) == 1
        assert await telling_webhooks.tell(service) == 0
        receiver.status = 200
        assert await webhooks.again(service, OPERATOR, made.id) == 1
        assert await telling_webhooks.tell(service) == 1
        assert (await one_delivery(service)).state == "delivered"
        assert (await webhooks.listed(service, world.administrator))[0].failed == 0


async def test_a_webhook_at_which_nothing_arrives_is_stopped_and_waits_on_administrators(
    world: World, tmp_path: Path
) -> None:
    """After so many failures in a row, and at once where the other side says that it is gone."""
    async with receiving(tmp_path) as receiver:
        receiver.status = 500
        service = may_call(world.service, tmp_path)
        made = await listening(service, receiver)
        for _ in range(MOST_FAILED):
            await webhooks.test(service, OPERATOR, made.id)
        assert await telling_webhooks.tell(service) == MOST_FAILED
        assert (await webhooks.listed(service, world.administrator))[0].state == "stopped"
        groups = await read.needs_you_now(service, world.administrator)
        assert [(one.kind, one.task_id) for group in groups.values() for one in group] == [("webhook_stopped", made.id)]
        assert await read.needs_you_now(service, world.facilitator) is not None
        await due_now(service)
        assert await telling_webhooks.tell(service) == 0
        receiver.status = 410
        await webhooks.switch(service, OPERATOR, made.id, on=True)
        await due_now(service)
        assert await telling_webhooks.tell(service) > 0
        assert (await webhooks.listed(service, world.administrator))[0].state == "stopped"


async def test_two_workers_tell_it_once(world: World, tmp_path: Path) -> None:
    """Each takes what the other has not."""
    async with receiving(tmp_path) as receiver:
        service = may_call(world.service, tmp_path)
        made = await listening(service, receiver)
        for _ in range(6):
            await webhooks.test(service, OPERATOR, made.id)
        tried = await asyncio.gather(*(telling_webhooks.tell(service) for _ in range(3)))
        assert sum(tried) == 6
        assert len({headers["webhook-id"] for _, headers, _ in receiver.came}) == len(receiver.came) == 6


async def test_no_try_begins_when_its_claim_is_about_to_end(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest sending of all that are claimed at once fits; what is late waits for the claim to end."""
    assert timedelta(seconds=telling_webhooks.AT_ONCE * hooks.SECONDS) < telling_webhooks.CLAIM
    assert timedelta(seconds=telling_webhooks.SENDING + hooks.SECONDS) < telling_webhooks.CLAIM
    async with receiving(tmp_path) as receiver:
        service = may_call(world.service, tmp_path)
        made = await listening(service, receiver)
        await webhooks.test(service, OPERATOR, made.id)
        monkeypatch.setattr(telling_webhooks, "SENDING", -1)
        assert await telling_webhooks.tell(service) == 0
        monkeypatch.undo()
        assert await telling_webhooks.tell(service) == 0
        await due_now(service)
        assert await telling_webhooks.tell(service) == 1
        assert len(receiver.came) == 1


async def test_a_webhook_to_this_machine_gets_nothing_in_a_real_service(world: World, tmp_path: Path) -> None:
    """Not even where a setting names it: only a demonstration may."""
    async with receiving(tmp_path) as receiver:
        for service in (may_call(world.service, tmp_path, demo=False), may_call(world.service, tmp_path, "")):
            made = await listening(service, receiver)
            await webhooks.test(service, OPERATOR, made.id)
            assert await telling_webhooks.tell(service) == 1
            assert (await one_delivery(service)).reason == "not_allowed"
            await webhooks.remove(service, OPERATOR, made.id)
        assert receiver.came == []


async def test_a_name_that_answers_differently_a_moment_later_leads_nowhere_new(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name is asked once, and the address that was judged is the one that is called."""
    asked: list[str] = []

    def rebinding(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        number = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

    async with receiving(tmp_path) as first, receiving(tmp_path, "127.0.0.2", first.port) as second:
        service = may_call(world.service, tmp_path, "127.0.0.1/32")
        made = await listening(service, first)
        await webhooks.test(service, OPERATOR, made.id)
        with monkeypatch.context() as patched:
            patched.setattr(socket, "getaddrinfo", rebinding)
            assert await telling_webhooks.tell(service) == 1
        assert asked == ["localhost"]
        assert (len(first.came), len(second.came)) == (1, 0)


async def test_a_name_with_one_address_inside_is_not_called_at_all(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public address beside a private one is no way in."""

    def two(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        del host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("127.0.0.1", "127.0.0.2")]

    async with receiving(tmp_path) as receiver:
        service = may_call(world.service, tmp_path, "127.0.0.1/32")
        made = await listening(service, receiver)
        await webhooks.test(service, OPERATOR, made.id)
        with monkeypatch.context() as patched:
            patched.setattr(socket, "getaddrinfo", two)
            assert await telling_webhooks.tell(service) == 1
        assert (await one_delivery(service)).reason == "not_allowed"
        assert receiver.came == []


async def test_an_untrusted_certificate_gets_nothing(world: World, tmp_path: Path) -> None:
    """No body is sent before the certificate is that of the name, from somebody who is trusted."""
    async with receiving(tmp_path) as receiver:
        service = may_call(world.service, tmp_path)
        service = replace(service, settings=service.settings.model_copy(update={"webhook_ca": None}))
        made = await listening(service, receiver)
        await webhooks.test(service, OPERATOR, made.id)
        assert await telling_webhooks.tell(service) == 1
        assert (await one_delivery(service)).reason == "no_answer"
        assert receiver.came == []


async def test_the_secret_is_shown_once_and_kept_sealed(world: World, tmp_path: Path) -> None:
    """Not on the page again, not at rest, not in the record; and only an administrator gets there."""
    async with receiving(tmp_path) as receiver, running_console(may_call(world.service, tmp_path)) as console:
        boss = await console.as_(world.administrator)
        status, shown, _ = await boss.send("/admin/webhooks", address=receiver.address, kinds=["case.closed"])
        secret = shown.split('id="webhook-secret">')[1].split("<")[0]
        listed = await webhooks.listed(world.service, world.administrator)
        pages = [(await boss.get(place))[1] for place in ("/admin/webhooks", f"/admin/webhooks/{listed[0].id}")]
        other = await console.as_(world.supervisor)
        assert (await other.get("/admin/webhooks"))[0] == 403
    assert status == 200
    assert not [page for page in pages if secret in page]
    assert all(receiver.address in page for page in pages)
    async with reading(world.service) as conn:
        row = (await conn.execute(select(t.webhook))).one()
        leaves = "".join((await conn.execute(text("select leaf from ledger_leaf"))).scalars())
    assert secret not in str(row)
    assert secret.encode() not in row.secret_sealed + row.address_sealed
    assert b"localhost" not in row.address_sealed
    assert "localhost" not in leaves
    assert '"act":"webhook.added"' in leaves


async def test_only_an_administrator_with_a_fresh_second_factor_adds_a_webhook(world: World) -> None:
    """By the step itself, whatever page or endpoint asks."""
    told = {"address": "https://cases.example/hook", "kinds": ALL}
    with pytest.raises(StepUpNeeded):
        await webhooks.add(world.service, replace(world.administrator, stepped_up=False), **told)
    for other in (world.facilitator, world.supervisor, world.auditor):
        with pytest.raises(NotAllowed):
            await webhooks.add(world.service, other, **told)
    async with reading(world.service) as conn:
        assert (await conn.execute(select(func.count()).select_from(t.webhook))).scalar_one() == 0


async def test_the_body_says_when_it_happened_and_the_header_when_it_was_sent(world: World, tmp_path: Path) -> None:
    """Two times, so that a receiver can refuse what is old and still know the order of things."""
    async with receiving(tmp_path) as receiver:
        service = may_call(world.service, tmp_path)
        await listening(service, receiver)
        await world.letter()
        async with reading(service) as conn:
            await conn.execute(text("update webhook_event set at = at - interval '2 hours'"))
        await telling_webhooks.tell(service)
        _, headers, body = receiver.came[0]
    happened = datetime.fromisoformat(json.loads(body)["timestamp"]).timestamp()
    assert 7100 < int(headers["webhook-timestamp"]) - happened < 7300
    assert headers["content-type"] == "application/json"
