"""The place of backups when something in it is wrong, or two come at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exchange.core.backup import BadBackup
from exchange.core.errors import Conflict
from exchange.steps import backup, erase
from exchange.steps.restore import Wanted
from exchange.store import reaper
from exchange.store.backup import place
from exchange.store.embedded import EmbeddedPostgres
from tests.integration.test_restore import local, objects_of
from tests.support.backups import Drill, empty_place, restored

__all__ = ["local"]


async def test_two_backups_never_run_at_once(local: Drill, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even while one looks at the place before its snapshot, or throws away after it."""
    await local.world.letter()
    for step in ("_known_objects", "throw_away"):
        reached, go_on, really = asyncio.Event(), asyncio.Event(), getattr(backup, step)

        async def held(*given: object, reached=reached, go_on=go_on, really=really) -> object:
            reached.set()
            await go_on.wait()
            return await really(*given)

        with monkeypatch.context() as then:
            then.setattr(backup, step, held)
            first = asyncio.create_task(local.backup())
            await asyncio.wait_for(reached.wait(), 30)
        with pytest.raises(Conflict, match="at this moment"):
            await local.backup()
        go_on.set()
        assert (await first).missing == ()
    await backup.check(local.service, local.place)


async def test_one_bad_head_hides_no_other_backup(local: Drill) -> None:
    """An older one is named and passed over; by its name it is refused. The next backup goes on from the good one."""
    await local.world.letter()
    first, second = await local.backup(), await local.backup()
    await local.place.put(f"head/{first.id}", b"{")
    await local.place.put("head/notes.txt", b"not a backup")
    found = await place.heads(local.place)
    assert ([head.id for head in found.good], set(found.bad), found.strange) == (
        [second.id], {first.id}, ["notes.txt"]
    )  # fmt: skip
    assert (await backup.unlock(local.service, local.place)).head.id == second.id
    with pytest.raises(BadBackup, match="head of this backup cannot be read"):
        await backup.unlock(local.service, local.place, first.id)
    third = await local.backup()
    assert (third.copied, third.unreadable, third.strange) == (0, {first.id: True}, ("notes.txt",))


async def test_nobody_goes_back_further_than_they_know(
    local: Drill, migrated_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Where the newest head is the bad one, a restore refuses, says so and names the one that can be read."""
    await local.world.letter()
    await local.sign()
    first, second = await local.backup(), await local.backup()
    await local.place.put(f"head/{second.id}", b"{}")
    with empty_place(migrated_postgres, local.service.settings, tmp_path / "again") as there:
        with pytest.raises(BadBackup, match=f"It is {second.id}.*--backup {first.id}"):
            await restored(there, local.place, Wanted(without_record=True))
        done = await restored(there, local.place, Wanted(backup=first.id, without_record=True))
        assert done.backup == first.id


STRANGE = ("notes.txt", "99999999t999999999999z-00000000", "20200101t000000000000z-0000000g", "old/20200101t0z")


async def test_a_name_that_is_no_backups_is_left_alone_and_keeps_nothing(
    local: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no backup needs any more goes as if it were not there; it is told each time, and a restore goes on."""
    first, gone = await _made(local, monkeypatch, days=36)
    for name in STRANGE:
        await local.place.put(f"head/{name}", b"not a backup")
    made = await local.backup()
    assert (made.thrown_away, made.unreadable, set(made.strange)) == (1, {}, set(STRANGE))
    assert not gone & {key async for key, _ in local.place.list("objects/")}
    left = {key async for key, _ in local.place.list("head/")}
    assert left == {f"head/{name}" for name in (made.id, *STRANGE)}
    assert (await backup.unlock(local.service, local.place)).head.id == made.id
    assert f"head/{first}" not in left


@pytest.mark.parametrize(("days", "keeps"), [(6, True), (8, False), (-3, True), (-8, False)])
async def test_a_head_that_cannot_be_read_keeps_what_it_may_need_for_seven_days_and_is_told_each_time(
    local: Drill, monkeypatch: pytest.MonkeyPatch, days: int, keeps: bool
) -> None:
    """After that what was erased goes; what the readable ones need stays whole, and the bad one till it is old."""
    bad, gone = await _made(local, monkeypatch, days=days)
    await local.place.put(f"head/{bad}", b"{")
    for _ in range(2):
        made = await local.backup()
        assert made.unreadable == {bad: keeps}
        assert (gone <= {key async for key, _ in local.place.list("objects/")}) == keeps
        await backup.check(local.service, local.place, made.id)
    assert f"head/{bad}" in {key async for key, _ in local.place.list("head/")}


async def _made(local: Drill, monkeypatch: pytest.MonkeyPatch, *, days: int) -> tuple[str, set[str]]:
    """A backup of so many days ago with a letter that was erased since, and what only it needs in the place."""
    message = await local.world.letter()
    await local.world.letter()
    gone = {f"objects/{key}" for key in await objects_of(local.service, message)}
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)

    async def then(_service: object) -> datetime:
        return at

    with monkeypatch.context() as ago:
        ago.setattr(backup, "_now", then)
        made = await local.backup()
    await erase.erase_message(local.service, local.world.supervisor, message)
    await reaper.reap(local.service)
    return made.id, gone


async def test_an_object_that_rotted_in_the_place_is_copied_anew(local: Drill) -> None:
    """Of another size at once; with a flipped bit after a check, which names everything that is wrong."""
    message = await local.world.letter()
    other = await local.world.letter()
    await local.backup()
    cut, flipped, gone, *_ = sorted(await objects_of(local.service, message) | await objects_of(local.service, other))
    data = await local.place.get(f"objects/{cut}")
    await local.place.put(f"objects/{cut}", data[:-1])
    assert (await local.backup()).copied == 1
    data = bytearray(await local.place.get(f"objects/{flipped}"))
    data[len(data) // 2] ^= 1
    await local.place.put(f"objects/{flipped}", bytes(data))
    await local.place.delete(f"objects/{gone}")
    with pytest.raises(BadBackup) as told:
        await backup.check(local.service, local.place)
    assert flipped in str(told.value)
    assert gone in str(told.value)
    assert (await local.backup()).copied == 2
    await backup.check(local.service, local.place)
    assert await place.marked_bad(local.place) == set()


async def test_the_last_copy_of_what_the_store_has_lost_is_kept(local: Drill) -> None:
    """It is told of in every backup, and stays in each, so that a restore brings it back."""
    message = await local.world.letter()
    await local.backup()
    lost = min(await objects_of(local.service, message))
    await local.service.objects.delete(lost)
    made = await local.backup()
    assert made.missing == (lost,)
    assert lost in (await backup.check(local.service, local.place)).contents.objects
