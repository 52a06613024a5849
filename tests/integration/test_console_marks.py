"""The desk marks what may tell who or where somebody is (rule 17); what is marked changes nothing by itself."""

import html
import re

from exchange.core.model import State
from exchange.store.service import Service
from tests.support.console_site import running_console
from tests.support.message_pages import approve
from tests.support.world import make_world

LETTER = """Dear Form harmed,

I live in Lower Heath now. Ring me on 07700 900123 <b>any</b> evening, or ask for Full name responsible.
You are harmed@people.example, I found that out.
"""
MARK = re.compile(r'<mark class="app-mark" id="mark-1-(\d+)" title="([^"]+)" tabindex="-1">(.*?)<span', re.DOTALL)


async def test_rule_17_the_desk_marks_what_tells_who_or_where(service: Service) -> None:
    """In their order, each with what it is; the agreed form of name is not marked; the words stay as they were."""
    world = await make_world(service)
    message = await world.letter(LETTER)
    async with running_console(service) as console:
        fern = await console.as_(world.facilitator)
        status, page = await fern.get(f"/messages/{message}/review")
        assert status == 200
        assert MARK.findall(page) == [
            ("1", "place, school or workplace", "Lower Heath"),
            ("2", "telephone number", "07700 900123"),
            ("3", "name or address known in this case", "Full name responsible"),
            ("4", "name or address known in this case", "harmed@people.example"),
        ]
        assert "Places that may tell who or where somebody is: 4" in page
        letter = re.search(r'<div class="app-letter" data-text="text" dir="auto">(.*?)</div>', page, re.DOTALL)
        assert letter
        bare = re.sub(r'<span class="govuk-visually-hidden" data-aside>.*?</span>|<[^>]+>', "", letter[1])
        assert html.unescape(bare) == LETTER
        assert "<b>any" not in page
        assert "Marked places that nobody has looked at: 4." in page
        assert (await approve(fern, world, message))[0] == 303
    assert await world.state(message) == State.APPROVED


async def test_a_letter_that_tells_nothing_has_no_list(service: Service) -> None:
    """No empty list, and no reassurance either."""
    world = await make_world(service)
    message = await world.letter()
    async with running_console(service) as console:
        fern = await console.as_(world.facilitator)
        _, page = await fern.get(f"/messages/{message}/review")
    assert "app-mark" not in page
    assert "who or where somebody is" not in page
