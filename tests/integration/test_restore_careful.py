"""What a restored service does not do by itself, and does not forget: one drill, looked at from several sides."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func, insert, select, text, update

from exchange.cli_backup import _tell
from exchange.core.model import OPERATOR, CaseState, Policy, Role
from exchange.core.retention import NOTICE
from exchange.settings import Settings
from exchange.steps import bars, cases, closing, hold, retention, webhooks
from exchange.steps.restore import Restored, Wanted
from exchange.store import tables as t
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.rootkey import FileRootKey
from exchange.store.service import Service, open_service
from exchange.store.unit import reading
from tests.support.backups import Drill, drill, empty_place, restored
from tests.support.closing import shut
from tests.support.database import cloned, role_urls
from tests.support.world import World, staff

DRILL = pytest.mark.asyncio(loop_scope="module")


@dataclass
class After:
    """A restored service, what the restore says it did, and the cases that were there before."""

    service: Service
    done: Restored
    world: World
    overdue: UUID
    opened_again: UUID
    kept: UUID
    referral: UUID

    async def rows(self, query: Any) -> list[Any]:
        """What a query finds now."""
        async with reading(self.service) as conn:
            return list((await conn.execute(query)).all())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def after(migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[After]:
    """Backed up; then much is decided; then restored with the record that tells of it."""
    folder = tmp_path_factory.mktemp("careful")
    with ExitStack() as stack:
        url = stack.enter_context(cloned(migrated_postgres))
        settings = _settings(url, folder)
        async with open_service(settings, with_keys=True) as service, drill(service, folder, None) as local:
            made = await _before(local)
            await local.sign()
            await local.backup()
            await _since(local, made)
            outside = await local.sign()
            there = stack.enter_context(empty_place(migrated_postgres, local.service.settings, folder / "again"))
            done = await restored(there, local.place, Wanted(since=outside), local.service.objects)
            async with open_service(there, with_keys=True) as opened:
                again = replace(opened, objects=local.service.objects)
                world = World(**{**vars(local.world), "service": again})
                yield After(again, done, world, **made)


def _settings(url: str, folder: Path) -> Settings:
    """As the tests' own, and things go by themselves a month after a notice."""
    folders = {"folder": folder / "service", "scratch": folder / "scratch"}
    found = Settings.load(demo=True, retention_notice_days=30, **folders, **role_urls(url))
    found.root_key_file.parent.mkdir(mode=0o700, parents=True)
    FileRootKey.create(found.root_key_file)
    return found


async def _before(local: Drill) -> dict[str, UUID]:
    """Two cases that are closed, one of them and a referral long due; one that is open; somebody else is told."""
    world, service = local.world, local.service
    lead, brief = world.facilitator, Policy(retention_days=30)
    made = {name: await cases.open_case(service, lead, policy=brief) for name in ("overdue", "opened_again", "kept")}
    for name in ("overdue", "opened_again"):
        await shut(service, world.supervisor, made[name])
    long_ago = func.now() - text("interval '400 days'")
    async with reading(service) as conn:
        await conn.execute(update(t.closing).values(at=long_ago))
        refused = {"state": "not_for_us", "decided_at": long_ago, "notice_at": long_ago, "detail_sealed": b"x"}
        row = insert(t.referral).values(id=uuid4(), reference="R-4711", **refused).returning(t.referral.c.id)
        made["referral"] = (await conn.execute(row)).scalar_one()
        for name in ("overdue", "opened_again"):
            told = {"case_id": made[name], "kind": NOTICE, "at": long_ago, "due_at": long_ago}
            await conn.execute(insert(t.task).values(**told))
    kinds = [kind.value for kind in webhooks.EVENTS]
    told = await webhooks.add(service, OPERATOR, address="https://other.example/hook", kinds=kinds)
    await webhooks.test(service, OPERATOR, told.id)
    async with reading(service) as conn:
        await conn.execute(insert(t.webhook_event).values(kind=kinds[0], case_id=world.case))
    return made


async def _since(local: Drill, made: dict[str, UUID]) -> None:
    world, service = local.world, local.service
    [known] = await webhooks.listed(service, world.administrator)
    await webhooks.remove(service, OPERATOR, known.id)
    await closing.reopen(service, world.supervisor, made["opened_again"])
    newcomer = await staff(service, "yarrow", Role.SUPERVISOR)
    await hold.place_hold(service, newcomer, made["kept"], "A court asked.")
    await bars.set_bar(service, newcomer, made["kept"], world.second.id or made["kept"], reason="A cousin.")


@DRILL
async def test_a_restore_tells_no_other_system_anything_and_leaves_webhooks_off(
    after: After, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that was removed since is there again, but off; what waited for it is gone; the operator is told."""
    assert [row.state for row in await after.rows(select(t.webhook.c.state))] == ["off"]
    assert await after.rows(select(t.webhook_event.c.id)) == []
    assert await after.rows(select(t.webhook_delivery.c.id)) == []
    _tell(after.done, "0000")
    assert "1 webhooks are switched off" in capsys.readouterr().out


@DRILL
async def test_nothing_goes_by_itself_in_the_first_night_after_a_restore(after: After) -> None:
    """The case and the referral were told of long before the backup; supervisors get all days of notice again."""
    assert await retention.run(after.service) == 0
    due = {one.about for one in await retention.schedule(after.service, after.world.supervisor)}
    assert due == {after.overdue, after.referral}
    [state] = await after.rows(select(t.cases.c.state).where(t.cases.c.id == after.overdue))
    assert state.state == CaseState.CLOSED
    k = t.task
    told = select(k.c.at > func.now() - text("interval '1 hour'")).where(k.c.kind == NOTICE, k.c.done_at.is_(None))
    assert [row[0] for row in await after.rows(told)] == [True]


@DRILL
async def test_a_case_opened_again_since_is_open_after_a_restore(after: After) -> None:
    """Open and paused; nothing of it is due."""
    mine = t.cases.c.id == after.opened_again
    assert [row.state for row in await after.rows(select(t.cases.c.state).where(mine))] == [CaseState.OPEN]
    assert await after.rows(select(t.closing.c.id).where(t.closing.c.case_id == after.opened_again)) == []
    waits = select(t.task.c.id).where(t.task.c.case_id == after.opened_again, t.task.c.kind == "decide_pause")
    assert len(await after.rows(waits)) == 1


@DRILL
async def test_a_legal_hold_by_an_account_newer_than_the_backup_is_there_after_a_restore(after: After) -> None:
    """So is the bar that it set: both stand in the name of the oldest administrator."""
    h, b, who = t.legal_hold, t.bar, after.world.administrator.id
    held = await after.rows(select(h.c.placed_by).where(h.c.case_id == after.kept, h.c.lifted_at.is_(None)))
    barred = await after.rows(select(b.c.account_id, b.c.set_by).where(b.c.case_id == after.kept, b.c.until.is_(None)))
    assert [row.placed_by for row in held] == [who]
    assert [tuple(row) for row in barred] == [(after.world.second.id, who)]
