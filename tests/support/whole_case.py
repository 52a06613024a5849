"""What a facilitator does in a case, from adding people to putting in their letters, in the words of the pages."""

from dataclasses import dataclass, field
from uuid import UUID

from playwright.async_api import Browser
from sqlalchemy import select

from exchange.core.diary import Diary
from exchange.core.model import FactKind
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.browser import Participant, Staff, id_of, press, tick, told


@dataclass
class CaseWork:
    """A member of staff at work in one case; `people` by their first names."""

    staff: Staff
    case: str
    people: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The page of the case."""
        return f"/cases/{self.case}"

    async def add(self, side: str, name: str, *, needs: str, under_18: bool = False, custody: bool = False) -> None:
        """A person, and how to reach them safely."""
        page = self.staff.page
        await self.staff.go(f"{self.path}/people/new")
        await tick(page, "side", side)
        await page.fill("#name", f"{name} Plantedname")
        await page.fill("#form_of_name", name)
        for box, wanted in (("under_18", under_18), ("custody", custody)):
            if wanted:
                await tick(page, box, "yes")
        await tick(page, "language", "en")
        await page.fill("#needs", needs)
        await tick(page, "means", "post" if custody else "phone")
        await page.fill("#address", "PO Box 11" if custody else "01632 960 411")
        await press(page, "Add this person")
        await page.wait_for_url("**/people/*")
        self.people[name] = page.url.split("/people/")[1].split("?")[0].split("#")[0]

    async def agree_code(self, name: str, code: str) -> None:
        """Words of their own, agreed face to face."""
        page = self.staff.page
        await self.staff.go(f"/people/{self.people[name]}/code")
        await page.fill("#own", code)
        await tick(page, "how", "in_person")
        await press(page, "Agree this code")
        await page.locator("#code").wait_for()

    async def person_fact(self, name: str, kind: FactKind, value: str, note: str) -> None:
        """Something about one person."""
        await self._fact(f"/people/{self.people[name]}/facts/{kind}", value, note)

    async def talked(self, name: str, kind: Diary, words: str, value: str = "done") -> None:
        """What was talked about with one person, in the diary of the case."""
        await self._fact(f"/people/{self.people[name]}/diary/{kind}", value, words, field="words")

    async def case_diary(self, kind: Diary, value: str, words: str) -> None:
        """What is written down about the case."""
        await self._fact(f"{self.path}/diary/{kind}", value, words, field="words")

    async def assessed(self, why: str) -> None:
        """The risk, with the service's form: the first answer to every question, and a word where words are needed."""
        page = self.staff.page
        await self.staff.go(f"{self.path}/assessments/new")
        await page.evaluate(
            "document.querySelectorAll('fieldset').forEach(f => f.querySelector('[type=radio]')?.click())"
        )
        for box in await page.locator("textarea").all():
            await box.fill(why)
        async with page.expect_navigation():
            await press(page, "Record this assessment")

    async def case_fact(self, kind: FactKind, value: str, note: str) -> None:
        """Something about the case."""
        await self._fact(f"{self.path}/facts/{kind}", value, note)

    async def _fact(self, path: str, value: str, note: str, *, field: str = "note") -> None:
        page = self.staff.page
        await self.staff.go(path)
        await tick(page, "value", value)
        await page.fill(f"#{field}", note)
        async with page.expect_navigation():
            await press(page, "Record")

    async def consents(self, name: str, kind: str) -> None:
        """They agree, face to face, after the wording was read to them."""
        page = self.staff.page
        await self.staff.go(f"/people/{self.people[name]}/consents/{kind}")
        await tick(page, "given", "yes")
        await tick(page, "method", "in_person")
        async with page.expect_navigation():
            await press(page, "Record this decision")

    async def written_by_link(self, browser: Browser, name: str, words: str) -> str:
        """They are invited, write in their own browser, check, and send. The message's path."""
        page = self.staff.page
        await self.staff.go(f"{self.path}/invite")
        await tick(page, "author", self.people[name])
        await tick(page, "kind", "letter")
        await tick(page, "channel", "email")
        await press(page, "Make the link")
        writer = await Participant.with_link(browser, await self.staff.link())
        await press(writer.page, "Continue")
        await tick(writer.page, "way", "write")
        await press(writer.page, "Continue")
        await writer.page.get_by_label("Write your letter").fill(words)
        await press(writer.page, "Continue")
        await told(writer.page, words)
        await press(writer.page, "Send it to my facilitator")
        await told(writer.page, "It has arrived")
        return await self.newest()

    async def newest(self) -> str:
        """The path of what was put in last."""
        m = t.message
        async with self.staff.exchange.service() as inside, reading(inside) as conn:
            query = select(m.c.id).where(m.c.case_id == UUID(self.case)).order_by(m.c.created_at.desc()).limit(1)
            return f"/messages/{(await conn.execute(query)).scalar_one()}"


async def typed(work: CaseWork, name: str, letter: str, *, of: str = "") -> str:
    """Their letter, typed by staff, put in (`of`: again, after it was sent back) and made safe. The message's path."""
    page = work.staff.page
    if of:
        await work.staff.go(of)
        await press(page, "Put it in again")
        await page.get_by_role("link", name="Type the letter instead").click()
    else:
        await work.staff.go(f"{work.path}/messages/new")
        await tick(page, "author", work.people[name])
        await tick(page, "what", "typed")
        await press(page, "Continue")
    await page.get_by_label("The letter, word for word").fill(letter)
    async with page.expect_navigation():
        await press(page, "Put it in")
    message = "/messages/" + page.url.split("/messages/")[1].split("?")[0].split("#")[0].split("/")[0]
    await work.staff.made_safe(message)
    return message


async def version_code(inside: Service, message: str) -> str:
    """What is printed on the sheets of the newest version."""
    r = t.revision
    async with reading(inside) as conn:
        query = select(r.c.version_code).where(r.c.message_id == id_of(message)).order_by(r.c.number.desc()).limit(1)
        return str((await conn.execute(query)).scalar_one())
