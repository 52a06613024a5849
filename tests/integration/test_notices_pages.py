"""Notices by the console's own forms and by the API: what is safe, the exact words, when it goes, stopping it."""

import html
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from exchange.core.model import FactKind
from exchange.core.notices import REASONS
from exchange.steps import notifying
from exchange.store.service import Service
from exchange.store.tables.notices import STATES
from exchange.web.console import notice_words, tasks
from exchange.web.console.notice_words import hours_said
from exchange.web.console.words import TASKS
from exchange.web.frame.i18n import use_language
from tests.support.api import Caller, running_api
from tests.support.console_site import Console, running_console
from tests.support.mail import Mailbox
from tests.support.notices import ADDRESS, ENGLISH, WEEKDAYS, WORDS, history, post_office, reasons
from tests.support.staff import found
from tests.support.world import World, make_world

OFF = "Notices are off until safe means, hours and words are recorded."
EVERY_DAY = [str(day) for day in range(7)]


@pytest.fixture
async def world(service: Service, smtp: Mailbox) -> World:
    """A case where everything is recorded, and a service that has a mail server."""
    await found(service)
    await post_office(service, smtp.port)
    return await make_world(service)


@pytest.fixture
async def console(world: World) -> AsyncIterator[Console]:
    """The console over that world."""
    async with running_console(world.service) as running:
        yield running


def seen(page: str) -> str:
    """The text of a page, as it reads."""
    without = re.sub(r"<[^>]*>", " ", re.sub(r"</?strong>", "", page))
    return " ".join(html.unescape(without).split())


def another_day() -> list[str]:
    """A weekday that is neither today nor near midnight of today, in the service's zone."""
    return [str((datetime.now(UTC) + timedelta(days=3)).weekday())]


async def test_by_forms_from_off_to_sent(world: World, console: Console, smtp: Mailbox) -> None:
    """Off, recorded, the exact words, sent by the worker, and the history without address or words."""
    jo, person = await console.as_(world.facilitator), f"/people/{world.recipient}"
    message, link = await world.offered()
    assert link is not None
    assert OFF in seen((await jo.get(person))[1])
    assert "no safe words are recorded" in seen((await jo.get(f"/links/{link.id}/notice"))[1])
    told = {"means": "email", "address": ADDRESS, "days": EVERY_DAY, "start": "0", "end": "24", "words": WORDS}
    assert (await jo.send(f"{person}/notices", **told))[0] == 303
    page = seen((await jo.get(person))[1])
    assert "Notices are on. By e-mail: Monday to Sunday, midnight to midnight." in page
    assert ADDRESS not in page
    shown = seen((await jo.get(f"/links/{link.id}/notice"))[1])
    assert ENGLISH in shown
    assert "It goes at once." in shown
    status, _, where = await jo.send(f"/links/{link.id}/notice")
    assert (status, where) == (303, f"{person}#notices")
    (one,) = await history(world, world.recipient)
    await notifying.send_notice(world.service, one.id)
    assert smtp.messages[0].get_content().strip() == ENGLISH
    after = seen((await jo.get(person))[1])
    assert "Sent – By e-mail" in after
    assert "There is something" not in after
    assert f"/messages/{message}/notice" in (await jo.get(f"/messages/{message}"))[1]


async def test_the_page_says_until_when_it_waits_and_it_can_be_stopped(world: World, console: Console) -> None:
    """ "It waits until Wednesday 25 November, 9am": before it is asked for, and afterwards."""
    jo, person = await console.as_(world.facilitator), f"/people/{world.recipient}"
    message, _ = await world.offered(by_link=False)
    told = {"means": "email", "address": ADDRESS, "days": another_day(), "start": "9", "end": "12", "words": WORDS}
    await jo.send(f"{person}/notices", **told)
    assert "It waits until " in (shown := seen((await jo.get(f"/messages/{message}/notice"))[1]))
    assert ", 9am." in shown
    await jo.send(f"/messages/{message}/notice")
    (one,) = await history(world, world.recipient)
    assert "Waits – By e-mail" in (page := seen((await jo.get(person))[1]))
    assert "It waits until " in page
    status, _, where = await jo.send(f"/notices/{one.id}/stop", person)
    assert (status, where) == (303, f"{person}#notices")
    assert "Not sent: a member of staff stopped it" in seen((await jo.get(person))[1])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"means": ""}, "Choose e-mail, text message or no notices."),
        ({"address": "somebody"}, "Enter a whole e-mail address or mobile number."),
        ({"days": []}, "Choose at least one day that is safe."),
        ({"start": "12", "end": "9"}, "The safe time must end after it begins."),
        ({"words": ""}, "Choose the words that are safe."),
    ],
)
async def test_a_half_filled_form_is_shown_again(
    world: World, console: Console, wrong: dict[str, str | list[str]], sentence: str
) -> None:
    """With its sentence and what was entered; nothing is recorded."""
    jo = await console.as_(world.facilitator)
    told = {"means": "email", "address": ADDRESS, "days": ["0"], "start": "9", "end": "12", "words": WORDS} | wrong
    status, page, _ = await jo.send(f"/people/{world.recipient}/notices", **told)
    assert status == 422
    assert sentence in seen(page)
    assert await reasons(world, world.recipient) == ("no_means", "no_hours", "no_words")


async def test_no_notices_is_an_answer(world: World, console: Console) -> None:
    """Nothing else is asked then, and the page says it."""
    jo = await console.as_(world.facilitator)
    assert (await jo.send(f"/people/{world.recipient}/notices", means="none"))[0] == 303
    assert "Notices are off: they want none" in seen((await jo.get(f"/people/{world.recipient}"))[1])


async def test_a_refusal_is_said_where_it_was_pressed(world: World, console: Console) -> None:
    """A page that was open while the case was paused: nothing goes, and the page says why."""
    jo = await console.as_(world.facilitator)
    message, _ = await world.offered(by_link=False)
    told = {"means": "email", "address": ADDRESS, "days": EVERY_DAY, "start": "0", "end": "24", "words": WORDS}
    await jo.send(f"/people/{world.recipient}/notices", **told)
    page = f"/messages/{message}/notice"
    open_before = (await jo.get(page))[1]
    await world.fact(FactKind.PAUSE, "on")
    token = open_before.split('name="csrf" value="')[1].split('"')[0]
    status, answer, _ = await jo.post(page, [("csrf", token)])
    assert status == 409
    assert "the case is paused" in seen(answer)
    assert await history(world, world.recipient) == []


async def test_every_code_has_words() -> None:
    """Reasons, states, outcomes and tasks, in English and Welsh; no two reasons read the same."""
    assert set(REASONS) <= set(notice_words.REASONS)
    assert set(STATES) == set(notice_words.STATES)
    assert len({notice_words.REASONS[code] for code in REASONS}) == len(REASONS)
    for kind in ("notice_failed", "notice_stopped", "notice_unknown"):
        assert tasks.ADVICE[kind]
        assert TASKS[kind]


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Monday to Friday, 9am to midday"), ("cy", "Dydd Llun i Dydd Gwener, 9am i hanner dydd")],
)
async def test_hours_are_said_in_both_languages(language: str, said: str) -> None:
    """Days one after the other together."""
    use_language(language)
    try:
        assert hours_said(WEEKDAYS) == said
    finally:
        use_language("en")


async def test_the_api_does_what_the_pages_do(world: World) -> None:
    """Off, recorded, preview, sent, listed without address, stopped."""
    message, link = await world.offered()
    assert link is not None
    async with running_api(world.service) as api:
        caller = await api.as_(world.facilitator)
        await walk(caller, world, f"/links/{link.id}/notice", f"/messages/{message}/notice")


async def walk(api: Caller, world: World, link: str, message: str) -> None:
    """Everything that the console's pages do, by requests."""
    person = f"/participants/{world.recipient}/notices"
    off = (await api.ask("GET", person)).json
    assert (off["on"], off["reasons"]) == (False, ["no_means", "no_hours", "no_words"])
    assert (await api.ask("POST", link)).status == 409
    told = {"means": "email", "address": ADDRESS, "days": [0], "start": 9, "end": 10, "words": WORDS}
    assert (await api.ask("PUT", person, told | {"days": [9]})).status in (400, 422)
    assert (await api.ask("PUT", person, told)).status == 204
    shown = (await api.ask("GET", link)).json
    assert (shown["text"]["text"], shown["reasons"]) == (ENGLISH, [])
    made = (await api.ask("POST", message)).json["id"]
    found = await api.ask("GET", person)
    assert (found.json["on"], found.json["notices"][0]["id"]) == (True, made)
    assert ADDRESS.encode() not in found.body
    if found.json["notices"][0]["state"] == "waiting":
        assert (await api.ask("POST", f"/notices/{made}/stop")).status == 204
    assert (await api.ask("POST", f"/notices/{made}/stop")).status == 409
