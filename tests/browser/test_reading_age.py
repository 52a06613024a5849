"""The reading age of every participant's page, as it is rendered in English: at most eleven."""

import pytest
from playwright.async_api import Browser, Page

from tests.support.browser import say
from tests.support.portal_tour import Tour
from tests.support.reading_age import reading_age, syllables
from tests.support.scripts import script

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
OLDEST = 11.0
FEWEST = 12
"""Words: below that a page is a sentence, and the measure means nothing."""

PARAGRAPHS = script("paragraphs")
"""Sentences: no headings, labels and buttons, which are short and would flatter; nobody's own words and names."""


def test_the_measure_counts_as_people_do() -> None:
    """Syllables of known words, and two texts whose ages are far apart."""
    known = {"page": 1, "letter": 2, "facilitator": 5, "private": 2, "asked": 1, "people": 2, "agreed": 2, "I": 1}
    assert {word: syllables(word) for word in known} == known
    assert reading_age(["The cat sat on the mat. It was warm."]) < 7
    hard = "Notwithstanding contractual obligations, administrative confidentiality considerations predominate."
    assert reading_age([hard]) > 20
    assert reading_age([]) == 0.0


async def test_every_page_can_be_read_at_eleven(tour: Tour, visitors: Browser) -> None:
    """Each page and state, and each Easy Read page; the table is printed."""
    ages: dict[str, tuple[float, int]] = {}
    async with tour.page(visitors) as page:
        async for name in tour.walk(page):
            ages[name] = await _age(page)
    async with tour.page(visitors, {"easy": "yes"}) as page:
        for stop in tour.easy:
            await tour.go(page, stop)
            ages["easy " + stop.name] = await _age(page)
    for name, (age, words) in sorted(ages.items(), key=lambda row: -row[1][0]):
        say(f"{age:5.1f} years {words:5} words  {name}")
    measured = {name: age for name, (age, words) in ages.items() if words >= FEWEST}
    oldest = max(measured.values())
    say(f"reading age: {len(measured)} of {len(ages)} pages and states measured, the oldest {oldest:.1f}")
    assert {name: age for name, age in measured.items() if age > OLDEST} == {}
    assert len([name for name in measured if name.startswith("easy ")]) >= len(tour.easy) - 1


async def _age(page: Page) -> tuple[float, int]:
    paragraphs = await page.evaluate(PARAGRAPHS)
    return reading_age(paragraphs), len(" ".join(paragraphs).split())
