"""Notes at their places over several versions, marks that were left, and two versions beside each other."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select, text

from exchange.core.errors import BadInput, NotAllowed, NotFound
from exchange.core.model import Kind, State
from exchange.steps import erase, marks, review, texts
from exchange.store import read
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support import message_tour
from tests.support.console_site import running_console
from tests.support.message_pages import approve
from tests.support.world import World, make_world
from tests.vectors.media import inputs

LETTER = "Dear you,\n\nI live in Lower Heath now. Ring me on 07700 900123.\n\nAgain: 07700 900123.\n"
NUMBER = "07700 900123"


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def test_a_note_keeps_its_region_over_versions(world: World, tmp_path: Path) -> None:
    """Drawn on page 1 of version 1, pinned there on version 2 too, which says on which version it was noted."""
    message = await message_tour.put_in(world, Kind.LETTER, inputs.photo(tmp_path / "p.jpg"))
    path, first = f"/messages/{message}", await world.digest(message)
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        noted = {"digest": first, "text": "A house number.", "place": "1", "box": "12.5,30,40,10"}
        status, _, where = await fern.send(f"{path}/note", f"{path}/review", **noted)
        assert (status, where) == (303, f"{path}/review#notes")
        for wrong in ({"place": "2"}, {"box": "90,0,20,10"}, {"place": "1:05"}, {"place": "x"}):
            assert (await fern.send(f"{path}/note", f"{path}/review", **(noted | wrong)))[0] == 422
        typed = {"name": "transcription", "language": "en", "text": "Number 7."}
        await texts.add_text(world.service, world.facilitator, message, base_digest=first, **typed)
        _, page = await fern.get(f"{path}/review")
    assert page.count("A house number.") == 1
    assert 'href="#note-1" id="pin-1"' in page
    assert '<rect x="12.5%" y="30.0%" width="40.0%" height="10.0%">' in page
    assert "noted on version 1" in page


async def test_words_of_a_note_are_found_again_only_where_they_stand(world: World) -> None:
    """The second of two numbers; in a text that was changed the note stands in the list alone."""
    message = await world.letter(LETTER)
    path, first = f"/messages/{message}", await world.digest(message)
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        noted = {"digest": first, "text": "Twice.", "words": NUMBER, "nth": "2", "part": "text"}
        assert (await fern.send(f"{path}/note", f"{path}/review", **noted))[0] == 303
        at = LETTER.rindex(NUMBER)
        view = await read.message_view(world.service, world.facilitator, message)
        assert view.notes[0][0].place == {"text": "text", "start": at, "end": at + len(NUMBER)}
        for wrong in ({"nth": "3"}, {"words": "not there"}, {"place": "1"}):
            status, page, _ = await fern.send(f"{path}/note", f"{path}/review", **(noted | wrong))
            assert (status, page.count("Twice.")) == (422, 2)
        _, page = await fern.get(f"{path}/review")
        assert page.count('<a class="app-pin" id="pin-1"') == 1


async def test_a_note_at_no_place_of_the_version_is_refused(world: World) -> None:
    """Whatever asks, page or API: a time of a letter, a text beyond its end, words in the clear."""
    message = await world.letter(LETTER)
    digest = await world.digest(message)
    for place in ({"seconds": 3}, {"page": 1}, {"text": "text", "start": 0, "end": 10_000}, {"words": NUMBER}):
        with pytest.raises(BadInput):
            await review.add_note(world.service, world.facilitator, message, digest, text="x", place=place)
    assert (await read.message_view(world.service, world.facilitator, message)).notes == []


async def test_a_mark_that_was_left_is_shown_no_more_until_asked_for(world: World) -> None:
    """Both places of the same number at once; counted above the decision; brought back; the approval never waits."""
    message = await world.letter(LETTER)
    path = f"/messages/{message}"
    async with running_console(world.service) as console:
        fern = await console.as_(world.facilitator)
        answer = {"kind": "phone", "words": NUMBER, "answer": "leave"}
        assert (await fern.send(f"{path}/marks", f"{path}/review", **answer))[0] == 303
        _, page = await fern.get(f"{path}/review")
        assert re.findall(r'<mark class="app-mark"[^>]*>([^<]+)<', page) == ["Lower Heath"]
        assert "Marked places that nobody has looked at: 1." in page
        assert "(<span data-left-count>2</span>)" in page
        _, page = await fern.get(f"{path}/review?left=yes")
        assert page.count("Mark it again") == 2
        assert (await fern.send(f"{path}/marks", f"{path}/review", **(answer | {"answer": "show"})))[0] == 303
        _, page = await fern.get(f"{path}/review")
        assert "Marked places that nobody has looked at: 3." in page
        assert (await fern.send(f"{path}/marks", f"{path}/review", **(answer | {"kind": "spell"})))[0] == 422
        assert (await approve(fern, world, message))[0] == 303
    assert await world.state(message) == State.APPROVED


async def test_left_words_are_kept_only_as_a_keyed_hash(world: World) -> None:
    """No column of the row holds them; the same words of another message have another hash; erasing takes the row."""
    one, other = await world.letter(LETTER), await world.letter(LETTER)
    for message in (one, other):
        await marks.leave(world.service, world.facilitator, message, "phone", f" {NUMBER}\n")
    async with reading(world.service) as conn:
        rows = (await conn.execute(select(t.mark_left))).all()
        dump = str((await conn.execute(text("select mark_left::text from mark_left"))).all())
    assert len({row.keyed for row in rows}) == 2
    assert NUMBER not in dump
    assert NUMBER.encode().hex() not in dump
    left = await read.marks_left(world.service, world.facilitator, one)
    assert [("phone", NUMBER) in left, ("place", NUMBER) in left, ("phone", "07700 900124") in left] == [
        True, False, False,
    ]  # fmt: skip
    await erase.erase_message(world.service, world.supervisor, one)
    async with reading(world.service) as conn:
        assert (await conn.execute(select(t.mark_left.c.message_id))).scalars().all() == [other]


async def test_only_the_team_answers_marks_and_compares(world: World) -> None:
    """A stranger finds nothing, a supervisor outside the team may not."""
    message = await world.letter(LETTER)
    for actor, error in ((world.stranger, NotFound), (world.supervisor, NotAllowed)):
        with pytest.raises(error):
            await marks.leave(world.service, actor, message, "phone", NUMBER)
        with pytest.raises(error):
            await read.marks_left(world.service, actor, message)
    async with running_console(world.service) as console:
        for actor, status in ((world.stranger, 404), (world.supervisor, 403), (world.auditor, 403)):
            client = await console.as_(actor)
            assert (await client.get(f"/messages/{message}/compare"))[0] == status


async def test_two_versions_beside_each_other(world: World) -> None:
    """What was taken out and what is new, told in words too; a part that is the same says so; no wrong order."""
    message = await world.approved(LETTER)
    service, who, first = world.service, world.facilitator, await world.digest(message)
    typed = {"name": "translation", "language": "pl"}
    second = await texts.add_text(service, who, message, base_digest=first, text="Drogi sąsiedzie, tak.", **typed)
    await texts.add_text(service, who, message, base_digest=second, text="Drogi sąsiedzie, nie.", **typed)
    path = f"/messages/{message}"
    async with running_console(service) as console:
        fern = await console.as_(who)
        _, page = await fern.get(f"{path}/review")
        assert f'href="{path}/compare?from=1&amp;to=3"' in page
        _, page = await fern.get(f"{path}/compare?from=2&to=3")
        assert "The same in both." in page
        assert re.search(r"<del><span[^>]*>\[taken out: </span>tak<span[^>]*>\]</span></del>", page)
        assert re.search(r"<ins><span[^>]*>\[new: </span>nie<span[^>]*>\]</span></ins>", page)
        assert "autoplay" not in page
        for wrong in ("from=3&to=1", "from=1&to=9", "from=x"):
            assert (await fern.get(f"{path}/compare?{wrong}"))[0] == 404
        assert (await fern.get(f"{path}/compare"))[0] == 200
