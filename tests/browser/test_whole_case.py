"""One restorative case by the book, from the first page of the portal to its closing, all of it in Chromium.

Somebody who was harmed asks to take part. She is seventeen: her mother decides with her, an interpreter is there. The
person responsible is in custody and has paper only. His letter is sent back and revised; she says no, and thinks
differently later. She answers; it is printed for him. A last letter is taken back before anybody is asked.
"""

import pytest
from playwright.async_api import Browser, expect

from exchange.core.diary import Diary
from exchange.core.model import FactKind
from exchange.store.service import Service
from tests.support.browser import DESK, PATIENCE, Participant, Staff, new_page, press, tick, told
from tests.support.running import Exchange
from tests.support.whole_case import CaseWork, typed, version_code
from tests.support.world import CODE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
DRAFT = "Dear Wren,\n\nI am sorry for the fire in the boat shed. You must forgive me.\n"
REVISED = "Dear Wren,\n\nI am sorry for the fire in the boat shed. You owe me nothing.\n"
ANSWER = "I still dream of the shed. I wanted you to know that."
LAST = "Dear Wren,\n\nOne more thing about the boats.\n"
SEND_BACK = "Asking to be forgiven is a burden. Please try once more without it."
NOTE = "One page about the boat shed. It is calm."


async def test_a_case_by_the_book(exchange: Exchange, inside: Service, visitors: Browser) -> None:
    """Every page a facilitator, the two people and a supervisor would use, in their order."""
    reference = await _asks_to_take_part(exchange, visitors)
    fern = await Staff.signed_in(exchange, visitors, "fern")
    work = await _triage(fern, reference)
    await _people(work)
    await _prepared(work)
    letter = await _returned_and_revised(work, inside)
    await _declined_then_reconsidered(work, visitors, letter)
    await _answered_on_paper(work, visitors, inside)
    await _taken_back(work)
    await _closed(work, exchange, visitors)


async def _asks_to_take_part(exchange: Exchange, browser: Browser) -> str:
    """Six questions, one a page, on a phone; the reference that she is told."""
    page = await new_page(browser, {"width": 360, "height": 640})
    await page.goto(exchange.portal + "/ask")
    await press(page, "Start")
    await tick(page, "reach_by", "phone")
    await page.fill("#reach_address", "01632 960 411")
    await press(page, "Continue")
    await page.fill("#reach_words", "My mother may answer too.")
    await press(page, "Continue")
    await page.fill("#name", "Wren")
    await press(page, "Continue")
    await tick(page, "side", "harmed")
    await press(page, "Continue")
    await page.fill("#about", "The fire in the boat shed.")
    await press(page, "Continue")
    await page.fill("#needs", "Somebody who signs (British Sign Language).")
    await press(page, "Continue")
    await told(page, "Check your answers")
    await press(page, "Send")
    shown = page.locator(".govuk-panel strong")
    await shown.wait_for(timeout=PATIENCE)
    return (await shown.inner_text()).strip()


async def _triage(fern: Staff, reference: str) -> CaseWork:
    """It is among the new referrals; opened as a case under the same reference."""
    page = fern.page
    await fern.go("/referrals")
    await page.locator("main a", has_text=reference).first.click()
    await told(page, "My mother may answer too.")
    await press(page, "Open a case")
    await page.wait_for_url("**/cases/*")
    await told(page, f"Case {reference}")
    return CaseWork(fern, page.url.split("/cases/")[1].split("?")[0].split("#")[0])


async def _people(work: CaseWork) -> None:
    """Both people, how to reach them safely, their codes, and who is around them."""
    await work.add("harmed", "Wren", under_18=True, needs="British Sign Language")
    await work.add("responsible", "Ash", custody=True, needs="Large print")
    for name in ("Wren", "Ash"):
        await work.agree_code(name, CODE)
    await work.person_fact("Wren", FactKind.GUARDIAN, "in_place", "Her mother decides with her.")
    await work.person_fact("Wren", FactKind.INTERPRETER, "in_place", "BSL, booked by us.")


async def _prepared(work: CaseWork) -> None:
    """What the gate asks before anything is put in: informed consent, preparation, responsibility, assessment."""
    for name in ("Wren", "Ash"):
        for kind in ("take_part", "be_asked"):
            await work.consents(name, kind)
    for kind in (Diary.INFORMATION, Diary.EXPECTATIONS, Diary.NEEDS, Diary.OWNING_UP):
        await work.talked("Ash", kind, "In our second conversation.")
    await work.person_fact("Ash", FactKind.PREPARATION, "done", "Three conversations.")
    await work.person_fact("Ash", FactKind.RESPONSIBILITY, "accepted", "In his own words.")
    await work.assessed("Nothing speaks against it.")


async def _returned_and_revised(work: CaseWork, inside: Service) -> str:
    """His first words are sent back with a reason; the second letter is approved, and agreed to on paper."""
    fern = work.staff
    message = await typed(work, "Ash", DRAFT)
    await fern.go(f"{message}/return")
    await fern.page.fill("#reason", SEND_BACK)
    await press(fern.page, "Send it back")
    await told(fern.page, "sent back")
    again = await typed(work, "Ash", REVISED, of=message)
    await fern.approve(again)
    code = await version_code(inside, again)
    await fern.record(again, "share", given="yes", method="paper", paper_code=code)
    return again


async def _declined_then_reconsidered(work: CaseWork, browser: Browser, message: str) -> None:
    """She says no by her link; later, with the same link, yes: with somebody beside her. She reads it."""
    fern = work.staff
    wren = await Participant.with_link(browser, await fern.offer(message, NOTE))
    await told(wren.page, NOTE)
    assert "boat shed. You owe" not in await wren.page.content()
    await tick(wren.page, "answer", "no")
    await press(wren.page, "Continue")
    await told(wren.page, "You said no, and that is all right.")
    await fern.go(message)
    await told(fern.page, "No for now")
    await wren.page.get_by_role("link", name="Change my answer").click()
    await wren.accept("with_supporter")
    view = await fern.hand_over(message, "link")
    await wren.open(view)
    await wren.read_on()
    await told(wren.page, "You owe me nothing.")


async def _answered_on_paper(work: CaseWork, browser: Browser, inside: Service) -> None:
    """She writes an answer in her browser and agrees to share it; it is printed for him and handed over."""
    fern, page = work.staff, work.staff.page
    message = await work.written_by_link(browser, "Wren", ANSWER)
    await fern.made_safe(message)
    await fern.approve(message)
    wren = await Participant.with_link(browser, await fern.preview_link(message))
    await told(wren.page, ANSWER)
    await wren.agree_to_share()
    await fern.offer(message, NOTE, by_link=False)
    await fern.record(message, "receive", answer="yes", method="paper", how="printed")
    await fern.go(f"{message}/hand-over")
    await told(page, "is in custody and has no internet")
    await press(page, "Hand it over")
    await fern.step_up_if_asked()
    await page.wait_for_url("**/print/**", timeout=PATIENCE)
    await told(page, await version_code(inside, message))
    await tick(page, "copy_now", "kept")
    await press(page, "Stop and record")
    await told(page, "Recorded.")


async def _taken_back(work: CaseWork) -> None:
    """His last letter is withdrawn before she is asked: it can be offered no more."""
    fern = work.staff
    message = await typed(work, "Ash", LAST)
    await fern.approve(message)
    await fern.go(f"{message}/withdraw")
    await fern.page.locator("input[name='asked']").check()
    await press(fern.page, "Take it back now")
    await told(fern.page, "It is taken back.")
    await expect(fern.page.locator("a[href$='/offer']")).to_have_count(0)
    await fern.offer(message, NOTE, by_link=False)
    await expect(fern.page.locator(".govuk-error-summary")).to_be_visible()


async def _closed(work: CaseWork, exchange: Exchange, browser: Browser) -> None:
    """What is open is decided, a supervisor closes the case; what happened stays to be seen; they are asked later."""
    fern, page = work.staff, work.staff.page
    rowan = await Staff.signed_in(exchange, browser, "rowan", DESK)
    await rowan.go(f"{work.path}/closing")
    await told(rowan.page, "This is possible when everything above is decided.")
    for name in ("Wren", "Ash"):
        await work.talked(name, Diary.CLOSING_TALK, "It was good to have been heard.", "held")
    await work.case_diary(Diary.OUTCOME, "agreed", "Both said what they wanted to say.")
    await fern.go(f"{work.path}/closing")
    while await page.locator("fieldset:not(:has(input:checked)) input").count():
        await page.locator("fieldset:not(:has(input:checked)) input").last.check()
    await press(page, "Keep these decisions")
    await told(page, "Everything is decided.")
    await rowan.go(f"{work.path}/closing")
    await press(rowan.page, "Close the case")
    await told(rowan.page, "Closed")
    await fern.go(work.path)
    await expect(page.get_by_role("button", name="Put in a message")).to_have_count(0)
    await page.get_by_role("link", name="Follow-up after closing").click()
    await told(page, "To be asked by")
    await tick(page, "value", "held")
    await page.fill("#words", "Both are well.")
    await press(page, "Record")
    await fern.go(f"{work.path}/follow-up")
    await told(page, "Nothing is due.")
