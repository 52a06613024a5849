"""When a notice does not arrive: told to the team, tried again only where nothing was taken, never sent twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from exchange import doctor
from exchange.core.errors import Refused
from exchange.core.model import Channel
from exchange.steps import notices, notifying
from exchange.store.service import Service
from exchange.supervise import exchange_command
from tests.support.govuk_notify import KEY, TEMPLATE, Notify, govuk_notify
from tests.support.mail import Mailbox
from tests.support.notices import (
    ADDRESS,
    ALWAYS,
    ENGLISH,
    NUMBER,
    history,
    post_office,
    reasons,
    report,
    says_safe,
    tasks,
)
from tests.support.staff import found, pass_time
from tests.support.world import World, make_world

BOUNCES = "bounces@example.org"


@pytest.fixture
async def world(service: Service, smtp: Mailbox) -> World:
    """A case where everything is recorded, and a service that has a mail server and reads what comes back."""
    service = replace(service, settings=service.settings.model_copy(update={"bounce_address": BOUNCES}))
    await found(service)
    await post_office(service, smtp.port)
    return await make_world(service)


@pytest.fixture
async def notify(world: World) -> AsyncIterator[Notify]:
    """GOV.UK Notify, as far as we use it."""
    async with govuk_notify() as running:
        yield running
        assert running.problems == []


def with_texts(world: World, notify: Notify) -> World:
    """The same world in a service that can send text messages."""
    told = {"notify_api_key": SecretStr(KEY), "notify_template": TEMPLATE, "notify_url": notify.url}
    settings = world.service.settings.model_copy(update=told)
    return replace(world, service=replace(world.service, settings=settings))


async def ask(world: World, **wish: Any) -> Any:
    """A notice about a message that was offered, to somebody for whom any hour is safe."""
    await says_safe(world, world.recipient, **{"hours": ALWAYS, **wish})
    message, _ = await world.offered(by_link=False)
    return await notices.ask(world.service, world.facilitator, message=message)


async def state(world: World) -> tuple[str, str | None]:
    """Where the newest notice stands, and why."""
    one = (await history(world, world.recipient))[0]
    return one.state, one.outcome


async def test_a_refused_address_turns_notices_off_until_it_is_recorded_anew(world: World, smtp: Mailbox) -> None:
    """Told to the team at once; nothing more is sent there."""
    smtp.to_recipient = "550 5.1.1 no such user"
    notice = await ask(world)
    for _ in range(3):
        await notifying.send_notice(world.service, notice)
    assert await state(world) == ("failed", "refused")
    assert await tasks(world) == ["notice_failed"]
    assert await reasons(world, world.recipient) == ("came_back",)
    message, _ = await world.offered(by_link=False)
    with pytest.raises(Refused):
        await notices.ask(world.service, world.facilitator, message=message)
    await says_safe(world, world.recipient, hours=ALWAYS, address="right@people.example")
    assert await reasons(world, world.recipient) == ()


async def test_a_server_that_is_away_is_tried_three_times(world: World, smtp: Mailbox) -> None:
    """With growing waits, and then told; nothing was ever taken."""
    smtp.to_recipient = "451 4.3.0 try later"
    notice = await ask(world)
    for attempt in (1, 2, 3):
        await notifying.send_notice(world.service, notice)
        await notifying.send_notice(world.service, notice)  # not due yet: nothing happens
        (one,) = await history(world, world.recipient)
        assert one.attempts == attempt
        await pass_time(world.service, "notice", "due_at", timedelta(hours=1))
    assert await state(world) == ("failed", "not_taken")
    assert await tasks(world) == ["notice_failed"]
    assert await reasons(world, world.recipient) == ()  # the address is not at fault


async def test_after_a_short_outage_it_arrives_once(world: World, smtp: Mailbox) -> None:
    """The second try."""
    smtp.to_recipient = "451 4.3.0 try later"
    notice = await ask(world)
    await notifying.send_notice(world.service, notice)
    smtp.to_recipient = ""
    await pass_time(world.service, "notice", "due_at", timedelta(hours=1))
    await notifying.look_after(world.service)  # its job was lost
    await notifying.look_after(world.service)
    assert (await state(world), len(smtp.messages)) == (("sent", None), 1)
    assert await tasks(world) == []


async def test_a_line_that_breaks_is_not_sent_again(world: World, smtp: Mailbox) -> None:
    """Nobody knows whether it went: the team is told."""
    smtp.to_content = "hang up"
    notice = await ask(world)
    for _ in range(3):
        await notifying.send_notice(world.service, notice)
        await notifying.look_after(world.service)
    assert (await state(world), len(smtp.messages)) == (("unknown", "unknown"), 1)
    assert await tasks(world) == ["notice_unknown"]


SENDER = """
import asyncio, sys, uuid
from exchange.settings import Settings
from exchange.steps import notifying
from exchange.store.service import open_service
async def main():
    async with open_service(Settings.load(), with_keys=True) as service:
        await notifying.send_notice(service, uuid.UUID(sys.argv[1]))
asyncio.run(main())
"""


async def test_a_crash_between_sending_and_recording_does_not_send_twice(world: World, smtp: Mailbox) -> None:
    """A process is killed after the server took it and before it answered; others come after it."""
    smtp.to_content = "stall"
    notice = await ask(world)
    environment = {**os.environ, **world.service.settings.environment()}
    process = subprocess.Popen([sys.executable, "-c", SENDER, str(notice)], env=environment)
    try:
        while not smtp.messages:
            assert process.poll() is None
            await asyncio.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    smtp.to_content = ""
    await notifying.send_notice(world.service, notice)
    await notifying.look_after(world.service)
    assert await state(world) == ("trying", None)
    await pass_time(world.service, "notice", "tried_at", timedelta(minutes=11))
    await notifying.look_after(world.service)
    await notifying.send_notice(world.service, notice)
    assert (await state(world), len(smtp.messages)) == (("unknown", "unknown"), 1)
    assert await tasks(world) == ["notice_unknown"]


async def test_what_comes_back_later_is_told_and_turns_notices_off(world: World, smtp: Mailbox) -> None:
    """By the envelope's own sender; delays, strangers' tokens and the same report again change nothing."""
    notice = await ask(world)
    await notifying.send_notice(world.service, notice)
    sender = smtp.envelopes[0][0]
    assert sender != BOUNCES
    take = notifying.take_bounce
    for nothing in (
        report(BOUNCES),
        report(sender.replace("+", "+0")),
        report("bounces+" + "0" * 32 + "@example.org"),
        report(sender, action="delayed", status="4.4.7"),
        b"\xff" * 100,
    ):
        assert await take(world.service, nothing) == 0
    assert (await state(world), await tasks(world)) == (("sent", None), [])
    assert await take(world.service, report(sender)) == 1
    assert await take(world.service, report(sender)) == 0
    assert (await state(world), await tasks(world)) == (("came_back", "came_back"), ["notice_failed"])
    assert await reasons(world, world.recipient) == ("came_back",)


async def test_the_mail_server_pipes_it_into_a_command(world: World, smtp: Mailbox) -> None:
    """`exchange bounce`: exit 0 for what is ours and what is not, no address in what it prints, 75 without database."""
    notice = await ask(world)
    await notifying.send_notice(world.service, notice)
    sender = smtp.envelopes[0][0]
    environment = {**os.environ, **world.service.settings.environment()}

    def piped(untrusted: bytes, **changed: str) -> tuple[int, str]:
        done = subprocess.run(
            exchange_command("bounce"), input=untrusted, env=environment | changed, capture_output=True, check=False
        )
        return done.returncode, (done.stdout + done.stderr).decode()

    ours = await asyncio.to_thread(piped, report(sender))
    other = await asyncio.to_thread(piped, b"Subject: hello\n\nI am away.")
    away = await asyncio.to_thread(
        piped, report(sender), EXCHANGE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none?connect_timeout=2"
    )
    assert [code for code, _ in (ours, other, away)] == [0, 0, 75]
    assert "came back" in ours[1]
    assert "no notice" in other[1]
    assert not [said for _, said in (ours, other, away) if ADDRESS in said or sender in said]
    assert await state(world) == ("came_back", "came_back")


async def test_a_text_message_says_the_same_words(world: World, notify: Notify, smtp: Mailbox) -> None:
    """To the number as it was meant; and its fate is asked until it is known."""
    world = with_texts(world, notify)
    notice = await ask(world, means=Channel.TEXT, address=NUMBER)
    await notifying.send_notice(world.service, notice)
    (sent,) = notify.sent
    assert (sent["phone_number"], sent["personalisation"]) == ("07700900111", {"text": ENGLISH})
    await notifying.look_after(world.service)
    assert await state(world) == ("sent", None)
    notify.fates[sent["reference"]] = "delivered"
    await notifying.look_after(world.service)
    assert await state(world) == ("delivered", None)
    assert (len(notify.sent), smtp.messages, await tasks(world)) == (1, [], [])


async def test_a_text_message_that_could_not_be_delivered_is_told(world: World, notify: Notify) -> None:
    """And turns notices off until the number is recorded anew."""
    world = with_texts(world, notify)
    notice = await ask(world, means=Channel.TEXT, address=NUMBER)
    await notifying.send_notice(world.service, notice)
    notify.fates[notify.sent[0]["reference"]] = "permanent-failure"
    await notifying.look_after(world.service)
    assert (await state(world), await tasks(world)) == (("came_back", "came_back"), ["notice_failed"])
    assert await reasons(world, world.recipient) == ("came_back",)


async def test_a_text_message_after_a_crash_is_asked_for_and_not_sent_again(world: World, notify: Notify) -> None:
    """The sender knows it by our reference."""
    world = with_texts(world, notify)
    notify.status = 0
    notice = await ask(world, means=Channel.TEXT, address=NUMBER)
    async with world.service.engine.begin() as conn:
        await conn.exec_driver_sql("update notice set state = 'trying', tried_at = now() - interval '1 hour'")
        token = (await conn.exec_driver_sql("select token from notice")).scalar_one()
    notify.sent.append({"reference": token})
    await notifying.look_after(world.service)
    await notifying.send_notice(world.service, notice)
    assert (await state(world), len(notify.sent), await tasks(world)) == (("sent", None), 1, [])


async def test_without_text_messages_set_up_none_is_asked_for(world: World) -> None:
    """Said before anything is queued."""
    with pytest.raises(Refused):
        await ask(world, means=Channel.TEXT, address=NUMBER)
    assert await reasons(world, world.recipient) == ("not_set_up",)


async def test_the_doctor_says_whether_text_messages_are_set_up(world: World, notify: Notify) -> None:
    """Not set up is no fault; a wrong template is."""
    without = {check.name: check.wrong for check in await doctor.examine(world.service)}
    assert without["Text messages (not set up)"] == ""
    texts = with_texts(world, notify).service
    assert (await doctor.text_messages(texts)).ok
    notify.template["body"] = "Hello"
    found = {check.name: check.wrong for check in await doctor.examine(texts)}
    assert "((text))" in found["Text messages"]
