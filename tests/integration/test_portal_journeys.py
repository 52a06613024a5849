"""The other journeys: deciding, the author's preview, writing and uploading, the receipt, stopping, asking."""

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import select, update

from exchange.core.model import Channel, FactKind
from exchange.settings import Settings
from exchange.steps import links, process, referral, release
from exchange.steps.setup import found_service
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.frame import route_census
from exchange.web.portal.uploading import FORM_BYTES
from exchange.web.portal.visits import Door
from tests.support.portal_site import Answer, PortalSite, Visitor, hidden, running_portal
from tests.support.world import CODE, World, make_world

TYPED = "I think about that day often.\nI was wrong."


@pytest.fixture
async def world(service: Service) -> World:
    """A case with everything recorded."""
    return await make_world(service)


@pytest.fixture
async def site(portal_service: Service) -> AsyncIterator[PortalSite]:
    """The portal, without keys."""
    async with running_portal(portal_service) as running:
        yield running


@pytest.fixture
async def browser(site: PortalSite) -> AsyncIterator[Visitor]:
    """One browser."""
    async with site.browser() as found:
        yield found


async def _mine(browser: Visitor, link: links.NewLink) -> str:
    session = await browser.open(link.secret, CODE)
    await browser.post(session + "/me", answer="me")
    return session


async def _invited(world: World, browser: Visitor) -> str:
    link = await links.invite(world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL)
    return await _mine(browser, link)


async def _message(service: Service) -> UUID:
    async with reading(service) as conn:
        query = select(t.message.c.id).order_by(t.message.c.created_at.desc()).limit(1)
        return UUID(str((await conn.execute(query)).scalar_one()))


async def test_accepting_reads_on_in_the_same_sitting(world: World, browser: Visitor, service: Service) -> None:
    """Decide → how → one moment → the worker hands over the key → content note → the letter."""
    message, link = await world.offered(by_link=True, on_acceptance=True)
    assert link
    session = await _mine(browser, link)
    assert (await browser.get(session)).location == session + "/decide"
    assert (await browser.get(session + "/part/text")).status == 404
    assert (await browser.post(session + "/decide", answer="accept")).location == session + "/accept"
    assert (await browser.post(session + "/accept")).status == 422
    assert (await browser.post(session + "/accept", how="alone")).location == session + "/moment"
    waiting = await browser.get(session + "/moment", headers={"Accept": "application/json"})
    assert '"state": "waiting"' in waiting.text
    assert await release.grant_on_acceptance(service, UUID(session.split("/")[-1]), message)
    assert (await browser.get(session + "/moment")).location == session + "/before"
    assert "I am sorry" in (await browser.get(session + "/read")).text
    async with reading(service) as conn:
        row = (await conn.execute(select(t.consent).where(t.consent.c.kind == "receive"))).one()
    assert row.detail["how_to_receive"] == "alone"
    assert row.detail["author_may_learn"] == []


async def test_no_and_not_now_can_be_reconsidered(world: World, browser: Visitor) -> None:
    """Not now, then no, then yes on paper: each is recorded, nothing is shown."""
    message, link = await world.offered(by_link=True)
    assert link
    session = await _mine(browser, link)
    for answer, state in (("not_now", "later"), ("no", "declined")):
        assert (await browser.follow(await browser.post(session + "/decide", answer=answer))).status == 200
        assert await world.state(message) == state
    talked = await browser.post(session + "/decide", answer="talk_first")
    assert talked.location == session + "/decide"
    done = await browser.post(session + "/accept", how="printed", learn="accepted")
    assert done.location == session + "/answered?said=yes"
    assert await world.state(message) == "accepted"
    assert (await browser.get(session + "/read")).status in (403, 404, 409)


async def test_the_author_sees_exactly_what_would_be_shared(world: World, browser: Visitor, service: Service) -> None:
    """Preview, consent to this digest, and taking it back."""
    message = await world.approved()
    link = await links.preview_link(service, world.facilitator, message, channel=Channel.EMAIL)
    session = await _mine(browser, link)
    page = await browser.get(session + "/preview")
    assert "I am sorry" in page.text
    assert "we cannot prevent that" in page.text
    current = select(t.share_current.c.digest).where(t.share_current.c.message_id == message)
    await browser.post(session + "/preview", answer="share")
    async with reading(service) as conn:
        assert (await conn.execute(current)).scalars().all() == [await world.digest(message)]
    await browser.post(session + "/preview", answer="do_not_share")
    async with reading(service) as conn:
        assert (await conn.execute(current)).scalars().all() == []


async def test_a_written_letter_is_kept_sent_and_can_be_stopped(
    world: World, browser: Visitor, service: Service
) -> None:
    """Draft, check, send, receipt; the stop link answers alike and shows nothing."""
    session = await _invited(world, browser)
    assert "danger" in (await browser.get(session + "/guidance")).text
    assert (await browser.post(session + "/write", text=TYPED, go="save")).status == 303
    assert TYPED.split("\n")[1] in (await browser.get(session + "/write")).text
    async with reading(service) as conn:
        kept = (await conn.execute(select(t.draft))).one()
    assert TYPED.encode()[:10] not in kept.text_wrapped + kept.text_sealed
    assert (await browser.post(session + "/write", text="  ", go="next")).status == 422
    assert (await browser.post(session + "/write", text=TYPED, go="next")).location == session + "/check"
    assert "I was wrong." in (await browser.get(session + "/check")).text
    receipt = await browser.follow(await browser.post(session + "/check"))
    secret = re.search(r"/l#([\w-]{43})", receipt.text)
    assert secret
    assert secret[1] in (await browser.get(session + "/receipt")).text
    assert (await browser.get(session + "/write")).location == session + "/receipt"
    message = await _message(service)
    await process.process_message(service, message)
    assert await world.state(message) == "in_review"
    async with reading(service) as conn:
        assert (await conn.execute(select(t.draft))).all() == []
    stop = await browser.open(secret[1], CODE)
    assert (await browser.get(stop)).location == stop + "/stop"
    wishes = ("pause", "withdraw", "withdraw", "call")
    answers = [(await browser.follow(await browser.post(stop + "/stop", wish=wish))).text for wish in wishes]
    said = {re.search(r"Done\. If it has not been shared[^<]*", text)[0] for text in answers}  # type: ignore[index]
    assert len(said) == 1
    assert await world.state(message) == "withdrawn"


async def test_what_was_typed_survives_the_lock_without_scripts(
    world: World, browser: Visitor, service: Service
) -> None:
    """Ten minutes of thinking, then "save": the locked page carries it sealed; the code saves it."""
    session = await _invited(world, browser)
    await browser.get(session + "/write")
    async with reading(service) as conn:
        long_ago = t.portal_session.c.last_used_at - timedelta(seconds=700)
        await conn.execute(update(t.portal_session).values(last_used_at=long_ago))
    locked = await browser.post(session + "/write", text=TYPED, go="save")
    assert locked.status == 200
    assert "I was wrong" not in locked.text
    kept = re.search(r'name="kept" value="([^"]+)"', locked.text)
    assert kept
    assert (await browser.post(session + "/locked", code=CODE, kept=kept[1])).location == session + "/write"
    assert "I was wrong." in (await browser.get(session + "/write")).text


async def test_a_file_arrives_without_scripts_and_by_tus(
    world: World, site: PortalSite, browser: Visitor, service: Service
) -> None:
    """A streamed form, and a resumed tus upload; one is taken away; the other is sent."""
    session = await _invited(world, browser)
    await browser.get(session + "/upload")
    assert (await _form(browser, session, b"")).status == 422
    assert (await _form(browser, session, b"A letter in a file.\n" * 9000)).location == session + "/check"
    page = await browser.get(session + "/check")
    assert "0.2 MB" in page.text
    drop = re.search(r'action="([^"]+/drop)"', page.text)
    assert drop
    await browser.post(drop[1])
    assert "0.2 MB" not in (await browser.get(session + "/check")).text
    headers = {"X-CSRF-Token": browser.token, "X-Visit": session.split("/")[-1], "Tus-Resumable": "1.0.0"}
    told = await browser.ask("POST", session + "/upload/begin", headers=headers)
    message = re.search(r"[0-9a-f-]{36}", told.text)
    assert message
    data = b"Another letter, in two pieces.\n" * 1000
    named = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in
                     {"message": message[0], "filename": "letter.txt"}.items())  # fmt: skip
    made = await browser.ask(
        "POST", "/uploads", headers={**headers, "Upload-Length": str(len(data)), "Upload-Metadata": named}
    )
    assert made.status == 201, made.text
    typed = {**headers, "Content-Type": "application/offset+octet-stream"}
    for start, stop in ((0, 10_000), (10_000, len(data))):
        sent = await browser.ask(
            "PATCH", made.location, data=data[start:stop], headers={**typed, "Upload-Offset": str(start)}
        )
        assert sent.headers["Upload-Offset"] == str(stop)
    async with site.browser() as other:
        await other.get("/l")
        stolen = {**headers, "X-CSRF-Token": other.token}
        assert (await other.ask("HEAD", made.location, headers=stolen)).status == 404
    receipt = await browser.follow(await browser.post(session + "/check"))
    assert "/l#" in receipt.text
    await process.process_message(service, await _message(service))
    assert await world.state(await _message(service)) == "in_review"


async def _form(browser: Visitor, session: str, data: bytes, token: str = "") -> Answer:
    edge = "edge"
    body = (
        (
            f'--{edge}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token or browser.token}\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="letter.txt"\r\n'
            "Content-Type: text/plain\r\n\r\n"
        ).encode()
        + data
        + f"\r\n--{edge}--\r\n".encode()
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    return await browser.ask("POST", session + "/upload", data=BytesIO(body), headers=headers)


async def test_a_form_with_too_much_or_no_token_is_refused(world: World, browser: Visitor, service: Service) -> None:
    """More than 64 MiB gets a sentence and leaves nothing behind; a wrong token is refused."""
    session = await _invited(world, browser)
    await browser.get(session + "/upload")
    forged = await _form(browser, session, b"text", token="0" * 80)
    assert forged.status == 403
    large = await _form(browser, session, bytes(FORM_BYTES + 1))
    assert large.status == 413
    async with reading(service) as conn:
        states = set((await conn.execute(select(t.upload.c.state))).scalars())
    assert states <= {"gone"}


async def test_a_copy_given_back_cannot_be_opened_again(world: World, browser: Visitor) -> None:
    """Rule 16: after "destroy it" this visit reads nothing more."""
    _, link = await world.released()
    session = await _mine(browser, link)
    await browser.get(session + "/read")
    assert (await browser.post(session + "/copy", copy="kept")).location == session + "/after"
    assert (await browser.get(session + "/read")).status == 200
    assert (await browser.post(session + "/copy", copy="destroyed")).location == "/finished"
    assert (await browser.get(session + "/read")).location == "/closed"


@pytest.mark.parametrize("kind", [FactKind.HOLD, FactKind.PAUSE])
async def test_an_offer_is_out_of_sight_while_everything_is_stopped(
    world: World, browser: Visitor, kind: FactKind
) -> None:
    """A hold or a pause hides an open offer and its note, refuses a yes, keeps a no; afterwards it stands again."""
    message, link = await world.offered()
    assert link is not None
    session = await _mine(browser, link)
    assert "that evening" in (await browser.get(session + "/decide")).text
    open_form = hidden((await browser.get(session + "/accept")).text)
    await world.fact(kind, "on")
    for page in ("/decide", "/accept"):
        answer = await browser.get(session + page)
        assert "cannot be opened at the moment" in answer.text
        assert "that evening" not in answer.text
    assert (await browser.post(session + "/accept", how="alone", **open_form)).status == 409
    assert "cannot be opened at the moment" in (await browser.post(session + "/accept", how="alone", wording="x")).text
    assert await world.state(message) == "offered"
    await world.fact(kind, "off", by=world.supervisor if kind is FactKind.HOLD else world.facilitator)
    assert "that evening" in (await browser.get(session + "/decide")).text
    assert (await browser.post(session + "/accept", how="alone")).location.startswith(session)
    assert await world.state(message) == "accepted"


async def test_an_answer_left_empty_shows_nothing_that_a_hold_hides(world: World, browser: Visitor) -> None:
    """The page with the mistake on it is a page like the first: no name, no note, no kind while a hold is on."""
    message, link = await world.offered()
    assert link is not None
    session = await _mine(browser, link)
    before = await browser.post(session + "/decide", answer="")
    assert (before.status, "that evening" in before.text, "Form responsible" in before.text) == (422, True, True)
    assert (await browser.post(session + "/accept", how="")).status == 422
    await world.fact(FactKind.HOLD, "on")
    for page, empty in (("/decide", {"answer": ""}), ("/accept", {"how": ""})):
        answer = await browser.post(session + page, **empty)
        assert "cannot be opened at the moment" in answer.text, page
        assert not any(told in answer.text for told in ("that evening", "Form responsible", "one page", "receive it"))
    assert await world.state(message) == "offered"


async def test_reasons_are_never_told_to_a_participant(world: World, browser: Visitor) -> None:
    """A contact order blocks reading; the page says "not at the moment" and nothing about orders."""
    _, link = await world.released()
    session = await _mine(browser, link)
    await world.fact(FactKind.CONTACT_ORDER, "in_force", by=world.facilitator)
    for page in ("/before", "/read", "/part/text"):
        answer = await browser.get(session + page)
        assert "I am sorry" not in answer.text
        assert "order" not in answer.text.lower()


async def test_asking_to_take_part(world: World, browser: Visitor, service: Service) -> None:
    """Six questions, only one needed; changing an answer; a reference; sealed where it is kept."""
    await found_service(service, demo=True, name="Message service")
    first = await browser.get("/ask")
    page = await _answer(browser, first.text, go="reach")
    wrong = await _answer(browser, page, step="reach")
    assert "Choose how we should reach you" in wrong
    page = await _answer(browser, wrong, step="reach", reach_by="text", reach_address="07700 900001")
    long = await _answer(browser, page, step="when", reach_when="x" * 9000, reach_words="x" * 9000)
    listed = re.findall(r'href="#(reach_[a-z]+)">([^<]+)<', long)
    assert [name for name, _ in listed] == ["reach_when", "reach_words"]
    assert len({sentence for _, sentence in listed}) == 2
    for step in ("when", "name", "side", "about", "needs"):
        page = await _answer(browser, page, step=step, **({"name": "Robin"} if step == "name" else {}))
    assert "Robin" in page
    page = await _answer(browser, page, go="name")
    page = await _answer(browser, page, step="name", name="Sam", back_to_check="1")
    assert "Sam" in page
    assert "Robin" not in page
    sent = await _answer(browser, page, step="check", go="send")
    reference = re.search(r"R-[0-9A-Z]{4}", sent)
    assert reference
    found = await referral.listed(service, world.facilitator)
    told = await referral.read_referral(service, world.facilitator, found[0].id)
    assert told.referral.reference == reference[0]
    assert told.answers == {"reach_by": "text", "reach_address": "07700 900001", "name": "Sam"}


async def test_a_professional_refers(world: World, browser: Visitor, service: Service) -> None:
    """Who has not agreed is asked no address; an answer that is changed at the check asks what follows from it."""
    await found_service(service, demo=True, name="Message service")
    page = await _answer(browser, (await browser.get("/refer")).text, go="by", path="/refer")
    assert "Enter your organisation" in await _answer(browser, page, step="by", by_name="Jo", path="/refer")
    said = {"by_name": "Jo", "by_organisation": "A school", "by_role": "school", "by_reach": "01632 960 009"}
    page = await _answer(browser, page, step="by", **said, path="/refer")
    page = await _answer(browser, page, step="one", one_name="Wren", path="/refer")
    wrong = await _answer(browser, page, step="one_agreed", one_agreed="yes", path="/refer")
    assert "Enter when and how they agreed" in wrong
    page = await _answer(browser, page, step="one_agreed", one_agreed="no", path="/refer")
    assert "Is there a second person?" in page
    for step in ("two", "about", "risks"):
        page = await _answer(browser, page, step=step, path="/refer")
    assert "Check your answers" in page
    refused = await _answer(browser, page, step="check", go="send", path="/refer")
    assert "Nobody has agreed to be referred yet" in refused
    page = await _answer(browser, page, go="one_agreed", back_to_check="1", path="/refer")
    agreed = {"one_agreed": "yes", "one_agreed_when": "in May", "back_to_check": "1"}
    page = await _answer(browser, page, step="one_agreed", **agreed, path="/refer")
    assert "How can we reach this person safely?" in page
    reached = {"one_reach_by": "phone", "one_reach_address": "01632 960 701", "back_to_check": "1"}
    page = await _answer(browser, page, step="one_reach", **reached, path="/refer")
    assert "Check your answers" in page
    assert re.search(r"R-[0-9A-Z]{4}", await _answer(browser, page, step="check", go="send", path="/refer"))
    (listed,) = await referral.listed(service, world.facilitator)
    told = await referral.read_referral(service, world.facilitator, listed.id)
    assert (told.referral.source, told.answers["one_reach_address"]) == ("professional", "01632 960 701")


async def test_the_answers_of_one_form_are_nothing_to_the_other(world: World, browser: Visitor) -> None:
    """What this browser sealed for the one journey does not open on the other."""
    page = await _answer(browser, (await browser.get("/ask")).text, go="reach")
    page = await _answer(browser, page, step="reach", reach_by="text", reach_address="07700 900001")
    page = await _answer(browser, page, step="check", go="send", path="/refer")
    assert "07700" not in page
    assert "Tell us who you are" in page


async def _answer(browser: Visitor, page: str, path: str = "/ask", **fields: str) -> str:
    so_far = re.search(r'name="so_far" value="([^"]*)"', page)
    assert so_far
    return (await browser.post(path, so_far=so_far[1], **fields)).text


async def test_the_public_is_answered_only_when_the_doctor_is_green(portal_service: Service) -> None:
    """A service that was never founded shows a calm 503; leaving and health still work."""
    settings: Settings = portal_service.settings.model_copy(update={"demo": False})
    async with running_portal(replace(portal_service, settings=settings)) as site, site.browser() as browser:
        page = await browser.get("/")
        assert page.status == 503
        assert "Nothing is lost" in page.text
        assert (await browser.get("/healthz")).status == 200


async def test_every_route_is_declared(site: PortalSite) -> None:
    """Everything under a session asks for one; nothing else does but uploads."""
    for method, path, permission in route_census(site.app):
        assert permission is not None, (method, path)
        if path.startswith(("/s/", "/uploads")) and "/locked" not in path:
            assert isinstance(permission, Door), (method, path)
