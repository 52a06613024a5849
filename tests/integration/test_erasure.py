"""The erasure drill: of N objects that could be read, none can be afterwards, nor after a restore."""

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from exchange.core.certificate import open_certificate
from exchange.core.errors import Conflict, ExchangeError, NotAllowed, OnHold, Refused
from exchange.core.model import OPERATOR, CaseState, State
from exchange.core.notes import BadNote, Verifier
from exchange.core.sealed import open_whole
from exchange.settings import Settings
from exchange.steps import certificate, closing, concern, erase, hold, setup
from exchange.store import read, reaper
from exchange.store import tables as t
from exchange.store.embedded import EmbeddedPostgres, _binary
from exchange.store.engine import plain_url
from exchange.store.parts import part_context
from exchange.store.pieces import piece_context
from exchange.store.sealing import opener_of
from exchange.store.service import Service, open_service
from exchange.store.unit import reading
from tests.support.database import cloned
from tests.support.world import World, make_world


@pytest.fixture
async def world(service: Service) -> World:
    """A case in which everything is recorded."""
    return await make_world(service)


async def readable(service: Service, case_id: object) -> set[str]:
    """Every object of the case that opens with all that the service has: database, root key, bucket."""
    u, p, r, m = t.upload, t.piece, t.revision, t.message
    async with reading(service) as conn:
        parts = select(t.part, r.c.key_sealed, r.c.id.label("owner"), r.c.message_id)
        parts = parts.select_from(t.part).join(r).join(m)
        pieces = select(p, u.c.key_sealed, u.c.id.label("owner"), u.c.message_id).select_from(p).join(u).join(m)
        rows = [("revision.key", row) for row in await conn.execute(parts.where(m.c.case_id == case_id))]
        rows += [("upload.key", row) for row in await conn.execute(pieces.where(m.c.case_id == case_id))]
        found = set()
        for column, row in rows:
            try:
                opener = await opener_of(service, conn, case_id)  # type: ignore[arg-type]
                key = opener.open_key(row.key_sealed, column, row.owner)
                open_whole(key, _bound(case_id, column, row), await service.objects.get(row.object_key))
                found.add(row.object_key)
            except ExchangeError:
                continue
    return found


def _bound(case: Any, column: str, row: Any) -> bytes:
    if column == "revision.key":
        return part_context(case, row.message_id, row.sealed_in, row.name)
    return piece_context(case, row.message_id, row.owner, row.number, row.start)


async def all_leaves(service: Service) -> list[dict[str, Any]]:
    """The record, as it is kept outside the backup."""
    async with reading(service) as conn:
        return list((await conn.execute(text("select leaf::jsonb from public.ledger_leaf order by index"))).scalars())


async def test_an_erased_case_is_unreadable_also_after_a_restore(
    world: World, migrated_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """N of N; with a bucket copied before; and from a dump of before, once the record was replayed over it."""
    service = world.service
    await world.released()
    await world.approved()
    alone, _ = await world.offered()
    before = await readable(service, world.case)
    assert len(before) >= 6
    dump, bucket, old_url = tmp_path / "dump", tmp_path / "bucket", _url(service)
    folder = service.settings.objects_folder
    assert folder is not None
    shutil.copytree(folder, bucket)
    subprocess.run([_binary("pg_dump"), "-Fc", "-f", dump, old_url], check=True)

    first = await erase.erase_message(service, world.supervisor, alone)
    gone = await erase.erase_case(service, world.supervisor, world.case)
    assert first + gone == len(before)
    assert await readable(service, world.case) == set()
    copied = service.settings.model_copy(update={"objects": f"local:{bucket}"})
    async with open_service(copied, with_keys=True) as thief:
        assert await readable(thief, world.case) == set()
    await reaper.reap(service)
    assert not [path for path in folder.rglob("*") if path.is_file() and "revision" in str(path)]

    leaves = await all_leaves(service)
    with cloned(migrated_postgres, "template0") as url:
        subprocess.run([_binary("pg_restore"), "-d", plain_url(url), dump], check=True)
        restored = _at(copied, url)
        async with open_service(restored, with_keys=True) as again:
            assert await readable(again, world.case) == before
            # three messages, each with its own leaf, and the case
            assert await erase.replay(again, OPERATOR, leaves) == 4
            assert await readable(again, world.case) == set()
            assert await erase.replay(again, OPERATOR, leaves) == 0
            with pytest.raises(NotAllowed):
                await erase.replay(again, world.supervisor, leaves)


def _url(service: Service) -> str:
    """The owner's: only the owner can dump everything."""
    assert service.settings.owner_database_url is not None
    return plain_url(service.settings.owner_database_url.get_secret_value())


def _at(settings: Settings, url: str) -> Settings:
    from pydantic import SecretStr

    return settings.model_copy(update={"database_url": SecretStr(url)})


async def test_a_replay_goes_over_holds_and_concerns_that_came_back(world: World) -> None:
    """They stood when the backup was made, and had been ended before the erasure."""
    message = await world.letter()
    await concern.raise_concern(world.service, world.facilitator, message, kind="other", note="Look.")
    await hold.place_hold(world.service, world.supervisor, world.case, "A court asked.")
    leaves = [{"act": "message.erased", "message": str(message)}, {"act": "case.erased", "case": str(world.case)}]
    assert await erase.replay(world.service, OPERATOR, leaves) == 2
    assert await world.state(message) == State.ERASED
    assert await readable(world.service, world.case) == set()


async def test_erasing_a_case_destroys_every_wrap_and_every_word(world: World) -> None:
    """Case, link, session, draft; sealed columns of the case hold nothing, and no link is alive."""
    service = world.service
    _, link = await world.released()
    await world.visit(link, "c" * 43)
    await erase.erase_case(service, world.supervisor, world.case)
    async with reading(service) as conn:
        pair = (await conn.execute(select(t.key_pair).where(t.key_pair.c.id == world.case))).one()
        links = (await conn.execute(select(t.link))).all()
        sessions = (await conn.execute(select(t.portal_session))).all()
        people = (await conn.execute(select(t.participant))).all()
        counts = [(await conn.execute(select(table))).first() for table in (t.grant, t.draft, t.code, t.safe_contact)]
    assert (pair.private_wrapped, pair.field_key_sealed) == (None, None)
    assert {(row.payload, row.secret_sealed) for row in links} == {(None, None)}
    assert not {row.state for row in links} & {"live", "claimed"}
    assert {(row.state, row.payload, row.private_wrapped) for row in sessions} == {("ended", None, None)}
    assert {(row.name_sealed, row.form_of_name_sealed, row.needs_sealed, row.signature_sealed) for row in people} == {
        (b"", b"", None, None)
    }
    assert counts == [None] * 4


async def test_an_erased_case_stays_erased(world: World) -> None:
    """It cannot be opened again or erased twice; its pages still open, without names."""
    service, rowan = world.service, world.supervisor
    message = await world.letter()
    await erase.erase_case(service, rowan, world.case)
    with pytest.raises(Conflict, match="was erased"):
        await closing.reopen(service, rowan, world.case)
    with pytest.raises(Conflict, match="already"):
        await erase.erase_case(service, rowan, world.case)
    view = await read.case_view(service, rowan, world.case)
    assert (view.case.state, set(view.names.values())) == (CaseState.ERASED, {""})
    assert (await read.message_view(service, rowan, message)).message.state == State.ERASED
    assert [row.state for row in await read.case_list(service, rowan, show="all")] == [CaseState.ERASED]
    assert await read.needs_you_now(service, world.facilitator) == {}


async def test_a_legal_hold_forbids_both_erasures(world: World) -> None:
    """Placed and lifted by a supervisor with a reason; meanwhile nothing goes."""
    service, rowan = world.service, world.supervisor
    message = await world.letter()
    before = await readable(service, world.case)
    with pytest.raises(NotAllowed):
        await hold.place_hold(service, world.facilitator, world.case, "Why")
    with pytest.raises(ExchangeError, match="why"):
        await hold.place_hold(service, rowan, world.case, " ")
    await hold.place_hold(service, rowan, world.case, "A court asked.")
    with pytest.raises(Conflict):
        await hold.place_hold(service, rowan, world.case, "Again")
    with pytest.raises(OnHold):
        await erase.erase_message(service, rowan, message)
    with pytest.raises(OnHold):
        await erase.erase_case(service, rowan, world.case)
    with pytest.raises(NotAllowed):
        await hold.lift_hold(service, world.facilitator, world.case, "Why")
    assert await readable(service, world.case) == before
    await hold.lift_hold(service, rowan, world.case, "The court is done.")
    assert await erase.erase_case(service, rowan, world.case) == len(before)
    said = [leaf["act"] for leaf in await all_leaves(service) if leaf["act"].startswith("case.")]
    assert said[-3:] == ["case.held", "case.hold_lifted", "case.erased"]


async def test_nobody_but_a_supervisor_erases_a_case_and_a_concern_comes_first(world: World) -> None:
    """The team may not, a stranger does not learn of it; an open concern is decided before."""
    service = world.service
    message = await world.letter()
    for who in (world.facilitator, world.stranger, world.administrator):
        with pytest.raises(ExchangeError):
            await erase.erase_case(service, who, world.case)
    await concern.raise_concern(service, world.facilitator, message, kind="other", note="Look.")
    with pytest.raises(Refused, match="concern"):
        await erase.erase_case(service, world.supervisor, world.case)
    assert await world.state(message) == State.CONCERN


async def test_the_certificate_is_signed_and_says_nothing_of_the_content(world: World) -> None:
    """Ids, counts, times, its place in the record, when the last backup is gone; one changed letter is noticed."""
    service = replace(world.service, settings=world.service.settings.model_copy(update={"backup_days": 30}))
    verifier: Verifier = setup.make_keys(service.settings)
    message = await world.letter()
    objects = await erase.erase_message(service, world.supervisor, message)
    with pytest.raises(Refused, match="being prepared"):
        await certificate.certificate_of(service, OPERATOR, message)
    await erase.erase_case(service, world.supervisor, world.case)
    assert await certificate.certify_waiting(service) == 2
    assert await certificate.certify_waiting(service) == 0
    note = await certificate.certificate_of(service, OPERATOR, message)
    found = open_certificate(note, verifier)
    assert (found.message, found.case, found.objects) == (message, world.case, objects)
    assert found.backups == (found.erased + timedelta(days=30)).date()
    assert (await all_leaves(service))[found.entry]["act"] == "message.erased"
    whole = open_certificate(await certificate.certificate_of(service, OPERATOR, world.case), verifier)
    assert (whole.message, (await all_leaves(service))[whole.entry]["act"]) == (None, "case.erased")
    assert "Full name" not in note
    assert "Form" not in note
    for wrong in (note.replace("objects: ", "objects: 1"), note.replace(str(message), str(world.case)), note[:-9]):
        with pytest.raises(BadNote):
            open_certificate(wrong, verifier)
    listed = await certificate.erasures(service, world.supervisor, world.case)
    assert [row.what for row in listed] == ["case", "message"]
    assert await certificate.certificate(service, world.facilitator, listed[1].id) == note
    with pytest.raises(ExchangeError):
        await certificate.certificate(service, world.stranger, listed[1].id)
