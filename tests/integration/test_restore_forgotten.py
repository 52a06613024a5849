"""What was stopped, put right or asked for after a backup is so again after a restore, or somebody is told to ask."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import select

from exchange.cli_backup import _tell
from exchange.core.audit import Outcome
from exchange.core.case_types import CaseType
from exchange.core.errors import Refused
from exchange.core.model import Channel, ConsentKind, FactKind, Method, Role, Side, State
from exchange.core.referrals import Source
from exchange.steps import (
    appeals,
    cases,
    concern,
    consent,
    diary,
    hold,
    naming,
    own_copy,
    rectification,
    referral,
    release,
    review,
    settings,
    signing,
    stop,
    tasks,
    visit,
)
from exchange.steps.cases import SafeContact
from exchange.steps.consent import Said
from exchange.steps.restore import Restored, Wanted
from exchange.store import tables as t
from exchange.store.embedded import EmbeddedPostgres
from exchange.store.service import Service, open_service
from exchange.store.unit import reading
from tests.integration.test_restore import verified
from tests.integration.test_restore_careful import _settings
from tests.support.backups import Drill, drill, empty_place, restored
from tests.support.database import cloned
from tests.support.roles import as_portal
from tests.support.world import World, staff

DRILL = pytest.mark.asyncio(loop_scope="module")
SAID = Said(Method.IN_PERSON, "share-after-2026-11")


@dataclass
class After:
    """A restored service, what the restore says it did, and what there was before."""

    service: Service
    done: Restored
    world: World
    outside: str
    made: dict[str, UUID] = field(default_factory=dict)

    async def rows(self, query: Any) -> list[Any]:
        """What a query finds now."""
        async with reading(self.service) as conn:
            return list((await conn.execute(query)).all())

    async def asked(self) -> list[tuple[str, UUID | None, UUID | None]]:
        """(kind, message, participant) of every open task of the case."""
        k = t.task
        mine = select(k.c.kind, k.c.message_id, k.c.participant_id).where(k.c.case_id == self.world.case)
        return [tuple(row) for row in await self.rows(mine.where(k.c.done_at.is_(None)))]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def after(migrated_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[After]:
    """Backed up; then much is stopped, put right and asked for; then restored with the record that tells of it."""
    folder = tmp_path_factory.mktemp("forgotten")
    with ExitStack() as stack:
        configured = _settings(stack.enter_context(cloned(migrated_postgres)), folder)
        async with open_service(configured, with_keys=True) as service, drill(service, folder, None) as local:
            made = await _before(local)
            await local.sign()
            await local.backup()
            await _since(local, made)
            outside = await local.sign()
            there = stack.enter_context(empty_place(migrated_postgres, local.service.settings, folder / "again"))
            done = await restored(there, local.place, Wanted(since=outside), local.service.objects)
            async with open_service(there, with_keys=True) as opened:
                again = replace(opened, objects=local.service.objects)
                yield After(again, done, World(**{**vars(local.world), "service": again}), outside, made)


async def _before(local: Drill) -> dict[str, UUID]:
    """Letters in every place from which something can be stopped; one whose author said it may be shared afterwards."""
    world, service = local.world, local.service
    made = {name: await world.approved() for name in ("frozen", "retracted", "ended", "beforehand", "appealed")}
    made |= {"worry": await world.letter(), "withheld": await world.letter(), "shared": await world.shared()}
    made["released"], _ = await world.released()
    said = {"message_id": made["beforehand"], "digest": await world.digest(made["beforehand"])}
    await consent.record(service, world.facilitator, world.author, ConsentKind.SHARE_AFTER, True, SAID, **said)
    await _withhold(world, made["appealed"])
    made["other"] = await cases.open_case(service, world.facilitator)
    return made


async def _withhold(world: World, message: UUID) -> None:
    digest = await world.digest(message)
    if await world.state(message) == State.APPROVED:
        await review.retract(world.service, world.facilitator, message, digest, reason="A street.")
    else:
        await review.withhold(world.service, world.facilitator, message, digest, reason="A street.")


async def _since(local: Drill, made: dict[str, UUID]) -> None:
    await _stopped(local, made)
    await _put_right(local, made)
    await _asked(local, made)


async def _stopped(local: Drill, made: dict[str, UUID]) -> None:
    world, service, lead = local.world, local.service, local.world.facilitator
    for name in ("frozen", "worry", "ended"):
        await concern.raise_concern(service, lead, made[name], kind="threat", note="Look at the second page.")
    [row] = await _of(service, select(t.concern.c.id).where(t.concern.c.message_id == made["ended"]))
    await concern.end_concern(service, world.supervisor, row.id, outcome="withhold", note="Not this one.")
    for name in ("withheld", "retracted"):
        await _withhold(world, made[name])
    named, contact = {"name": "Ash", "form_of_name": "A."}, SafeContact(Channel.PHONE)
    await cases.add_participant(service, lead, made["other"], side=Side.HARMED, **named, contact=contact)
    await hold.place_hold(service, world.supervisor, made["other"], "A court asked.")
    await concern.raise_concern(service, lead, await world.letter(), kind="new_crime", note="A new one.")


async def _put_right(local: Drill, made: dict[str, UUID]) -> None:
    world, service, lead = local.world, local.service, local.world.facilitator
    await release.revoke(service, lead, made["released"], wrong_person=True)
    await naming.agree(service, lead, world.author, form_of_name="Somebody", signature="")
    await cases.set_type(service, world.supervisor, made["other"], CaseType.SERIOUS, reason="It is worse.")
    said = {"message_id": made["beforehand"], "digest": await world.digest(made["beforehand"])}
    await consent.record(service, lead, world.author, ConsentKind.SHARE_AFTER, False, SAID, **said)
    await settings.save(service, world.administrator, phone="01632 960 111")


async def _asked(local: Drill, made: dict[str, UUID]) -> None:
    world, service, lead = local.world, local.service, local.world.facilitator
    link = await stop.renew(service, lead, made["shared"], channel=Channel.EMAIL)
    theirs = await world.visit(link, "s" * 43)
    await stop.stop(as_portal(service), theirs, wish="replace")
    await stop.tell(as_portal(service), theirs, kind="feedback", text="I moved.")
    await appeals.appeal(service, lead, made["appealed"], says="I do not agree.", method=Method.PHONE)
    await rectification.ask(service, lead, world.recipient, "contact", "It is the other street.")
    await own_copy.prepare(service, lead, world.author)
    link = await stop.renew(service, lead, made["retracted"], channel=Channel.EMAIL)
    wrong = await world.visit(link, "w" * 43, is_me=False)
    await visit.is_for_me(as_portal(service), wrong, yes=False)
    await diary.record(service, lead, world.case, diary.Diary.NEEDS, "done", participant=world.recipient)
    answers = {"name": "Sam", "reach_by": "phone", "reach_address": "01632 960 222"}
    await referral.save_referral(service, answers, Source.SELF)
    await staff(service, "yarrow", Role.SUPERVISOR)
    await cases.open_case(service, lead)


async def _of(service: Service, query: Any) -> list[Any]:
    async with reading(service) as conn:
        return list((await conn.execute(query)).all())


@DRILL
async def test_what_was_frozen_since_is_frozen_after_a_restore(after: After) -> None:
    """From review and from approved, by the same concern; its words are lost, so somebody is told to ask."""
    c, world = t.concern, after.world
    for name in ("frozen", "worry"):
        assert await world.state(after.made[name]) == State.CONCERN
        found = select(c.c.kind, c.c.raised_by, c.c.ended_at).where(c.c.message_id == after.made[name])
        [row] = await after.rows(found)
        assert tuple(row) == ("threat", world.facilitator.id, None)
        assert ("again_stopped", after.made[name], None) in await after.asked()
    [row] = await after.rows(select(c.c.id).where(c.c.message_id == after.made["worry"]))
    await concern.end_concern(after.service, world.supervisor, row.id, outcome="continue", note="Looked at.")
    assert await world.state(after.made["worry"]) == State.IN_REVIEW


@DRILL
async def test_a_concern_about_a_message_newer_than_the_backup_holds_the_case(after: After) -> None:
    """There is nothing to freeze but all of it, and a supervisor decides."""
    kinds = [kind for kind, _, _ in await after.asked()]
    assert "decide_hold" in kinds
    assert ("again_stopped", None, None) in await after.asked()
    newest = select(t.fact.c.value).where(t.fact.c.case_id == after.world.case, t.fact.c.kind == FactKind.HOLD)
    assert [row.value for row in await after.rows(newest)] == ["on"]


@DRILL
async def test_what_was_withheld_since_is_withheld_after_a_restore(after: After) -> None:
    """By whoever decided it, who must not decide the appeal; the author is told, and somebody writes down why."""
    world = after.world
    for name in ("withheld", "retracted", "ended"):
        assert await world.state(after.made[name]) == State.WITHHELD, name
        assert ("tell_author", after.made[name], world.author) in await after.asked()
        assert ("again_stopped", after.made[name], None) in await after.asked()
    r = t.review
    not_shared = r.c.decision.in_(("withhold", "retract"))
    for name in ("withheld", "retracted"):
        found = await after.rows(select(r.c.account_id).where(r.c.message_id == after.made[name], not_shared))
        assert [row.account_id for row in found] == [world.facilitator.id]


@DRILL
async def test_nothing_goes_out_under_a_name_that_was_put_right(
    after: After, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked anew, told to whoever restores, and the pause stays until a person has looked at each of them."""
    world, asked = after.world, await after.asked()
    assert await after.rows(select(t.share_current).where(t.share_current.c.message_id == after.made["shared"])) == []
    assert ("again_person", None, world.author) in asked
    [case] = await after.rows(select(t.cases.c.reference).where(t.cases.c.id == world.case))
    [other] = await after.rows(select(t.cases.c.reference).where(t.cases.c.id == after.made["other"]))
    assert after.done.people == {case.reference: 1, other.reference: 1}
    _tell(after.done, "0000")
    said = capsys.readouterr().out
    assert f"{case.reference}: LOOK AT 1 people" in said
    with pytest.raises(Refused, match="Look first"):
        await world.fact(FactKind.PAUSE, "off")
    k = t.task
    for row in await after.rows(select(k.c.id).where(k.c.case_id == world.case, k.c.kind == "again_person")):
        await tasks.finish_task(after.service, world.facilitator, row.id)
    await world.fact(FactKind.PAUSE, "off")


@DRILL
async def test_a_case_is_of_the_type_it_became(after: After) -> None:
    """With what that type asks for; and nobody's word beforehand counts that was taken back."""
    [row] = await after.rows(select(t.cases.c.type, t.cases.c.policy).where(t.cases.c.id == after.made["other"]))
    assert (row.type, row.policy["four_eyes"]) == (CaseType.SERIOUS, True)
    c = t.consent
    newest = select(c.c.given).where(c.c.kind == ConsentKind.SHARE_AFTER).order_by(c.c.number.desc())
    assert [row.given for row in await after.rows(newest)] == [False, True]


@DRILL
async def test_what_was_asked_for_since_is_asked_again(after: After) -> None:
    """Stopping, feedback, an appeal, a correction, a copy, the wrong person, not for me, a lost letter, lost notes."""
    world, made, asked = after.world, after.made, await after.asked()
    expected = {
        ("asked_to_replace", made["shared"], None),
        ("again_feedback", None, world.author),
        ("again_appeal", made["appealed"], None),
        ("again_rectification", None, world.recipient),
        ("again_own_copy", None, world.author),
        ("wrong_person", made["released"], None),
        ("not_for_me", None, world.author),
        ("again_message", None, world.author),
        ("again_words", None, world.recipient),
    }
    assert expected - set(asked) == set()
    assert len(asked) == len(set(asked))
    assert after.done.asked >= len(expected)


@DRILL
async def test_what_has_no_case_is_counted(after: After, capsys: pytest.CaptureFixture[str]) -> None:
    """A case, a referral and an account that are lost, and which settings went back."""
    assert after.done.newer == {"case.opened": 1, "referral.received": 1, "account.created": 1}
    assert after.done.settings == ["phone"]
    _tell(after.done, "0000")
    said = capsys.readouterr().out
    assert "1 referrals came in after the backup" in said
    assert "look at them: phone" in said


@DRILL
async def test_the_record_of_a_restore_keeps_the_rules(after: After) -> None:
    """An auditor's check of the whole record finds no access without its conditions."""
    await signing.sign(after.service)
    verdict = await verified(after.service, after.outside)
    assert verdict.outcome is Outcome.WHOLE, verdict.problems
