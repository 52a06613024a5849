"""The demonstration's made-up people and cases, put in through the real steps. Idempotent.

Three cases at different stages: a letter waiting for review, an audio approved and waiting for its author, a
video released by a live link. The names are plants and rivers, so that nobody takes them for people.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import ffmpeg
import imageio_ffmpeg
from sqlalchemy import select

from exchange.core import assessment
from exchange.core.assessment import Question
from exchange.core.diary import Diary
from exchange.core.errors import ExchangeError, WrongSetting
from exchange.core.model import (
    OPERATOR,
    TICKS,
    Actor,
    ActorKind,
    Channel,
    ConsentKind,
    FactKind,
    Kind,
    Method,
    Purpose,
    Role,
    Side,
)
from exchange.steps import (
    accounts,
    assessing,
    assessment_form,
    cases,
    consent,
    diary,
    factor,
    facts,
    intake,
    links,
    offer,
    process,
    release,
    review,
    settings,
    setup,
    team,
    upload,
    wording,
)
from exchange.steps.cases import SafeContact
from exchange.steps.consent import Said
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.unit import now_of, reading, unit_of_work

PASSWORD = "willow-bridge-lantern-7"  # noqa: S105  # the demonstration prints it
CODE = "apple river garden"
FILLED = "demo_filled"
STAFF: dict[str, tuple[str, tuple[Role, ...]]] = {
    "fern": ("Fern (facilitator)", (Role.FACILITATOR,)),
    "sage": ("Sage (facilitator, covers)", (Role.FACILITATOR,)),
    "rowan": ("Rowan (supervisor)", (Role.SUPERVISOR,)),
    "hazel": ("Hazel (auditor)", (Role.AUDITOR,)),
    "linden": ("Linden (administrator)", (Role.ADMINISTRATOR,)),
}
LETTER = (
    "Hello,\n\n"
    "You asked me to write down what I think about when I think of that evening.\n\n"
    "I think about your front door. I had no right to be there. I broke something that was yours, and I made the "
    "place where you live feel unsafe. That was my doing and nobody else's.\n\n"
    "I am not asking for anything. If you want to ask me something, I will answer it honestly.\n"
)
NOTE = "The person speaks about the evening itself and about what they have changed since. It is calm."
SAID = Said(Method.IN_PERSON, "share-2026-01")
RECEIVES = Said(Method.IN_PERSON, "receive-2026-01")


@dataclass(frozen=True)
class Stage:
    """One made-up case and its two people."""

    case: UUID
    author: UUID
    recipient: UUID


async def seed(service: Service) -> Mapping[str, Any]:
    """Make the demonstration unless it is there; what to print: accounts, and a live link with its code."""
    await asyncio.to_thread(setup.make_keys, service.settings)
    await setup.found_service(service, demo=True, name="Letter Bridge")
    await _fill_once(service)
    return {"accounts": await _accounts(service), "link": await _live_link(service)}


async def _fill_once(service: Service) -> None:
    """All of it or, after an interruption, a sentence: half a demonstration explains nothing."""
    async with reading(service) as conn:
        if await settings.row(conn, FILLED) is not None:
            return
        begun = (await conn.execute(select(t.account.c.id).limit(1))).first()
    if begun:
        raise WrongSetting(
            f"The demonstration was interrupted while it was made. Remove {service.settings.folder} and start again."
        )
    await _fill(service, await _staff(service))
    async with unit_of_work(service, OPERATOR) as unit:
        await settings.put(unit, FILLED, True)
        unit.leaf("service.demo_filled")


async def _staff(service: Service) -> dict[str, Actor]:
    """The accounts, each with a second factor already set up."""
    made = {}
    for login, (name, roles) in STAFF.items():
        account = await accounts.create_account(
            service, OPERATOR, login=login, display_name=name, roles=roles, password=PASSWORD, temporary=False
        )
        await accounts.enrol(service, OPERATOR, account)
        made[login] = Actor(ActorKind.STAFF, account, frozenset(roles), stepped_up=True)
    return made


async def _fill(service: Service, staff: dict[str, Actor]) -> None:
    fern, sage, rowan = staff["fern"], staff["sage"], staff["rowan"]
    await _letter_in_review(service, fern, await _case(service, fern, sage, rowan, "Ash", "Birch"))
    with tempfile.TemporaryDirectory(dir=_scratch(service)) as folder:
        sound, film = await asyncio.to_thread(_recordings, service, Path(folder))
        await _audio_waiting(service, fern, await _case(service, fern, sage, rowan, "Tamar", "Severn"), sound)
        await _video_released(service, fern, await _case(service, fern, sage, rowan, "Clover", "Aspen"), film)


def _scratch(service: Service) -> Path:
    service.settings.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    return service.settings.scratch


async def _case(service: Service, lead: Actor, cover: Actor, supervisor: Actor, author: str, recipient: str) -> Stage:
    """A case where everything the gate asks is recorded."""
    case = await cases.open_case(service, lead, summary="Made up for the demonstration.")
    ids = {}
    for side, name in ((Side.RESPONSIBLE, author), (Side.HARMED, recipient)):
        contact = SafeContact(
            Channel.PHONE, "01632 960 000", "weekdays after 5pm", "Say “about the garden”", "Only they"
        )
        person = await cases.add_participant(
            service, lead, case, side=side, name=f"{name} (made up)", form_of_name=name, contact=contact
        )
        for kind in (ConsentKind.TAKE_PART, ConsentKind.BE_ASKED):
            await consent.record(service, lead, person, kind, True, Said(Method.IN_PERSON, wording.current(kind).id))
        await cases.agree_code(service, lead, person, how=Channel.PHONE, code=CODE)
        ids[side] = person
    stage = Stage(case, ids[Side.RESPONSIBLE], ids[Side.HARMED])
    await _assess(service, lead, stage)
    for item in (Diary.INFORMATION, Diary.EXPECTATIONS, Diary.NEEDS, Diary.OWNING_UP):
        await diary.record(service, lead, case, item, "done", participant=stage.author)
    for fact, value in ((FactKind.PREPARATION, "done"), (FactKind.RESPONSIBILITY, "accepted")):
        await facts.record_fact(service, lead, case, fact, value, participant=stage.author)
    await team.set_cover(service, supervisor, case, cover.id or case)
    return stage


async def _assess(service: Service, lead: Actor, stage: Stage) -> None:
    """The risk of a made-up case, with the form in use: nothing speaks against going on."""
    async with reading(service) as conn:
        used, now = await assessment_form.in_use(conn), await now_of(conn)
    people = (stage.author, stage.recipient)
    answers = {one.name: _answer(one.question) for one in assessment.asked(used.form, people)}
    until, why = now + timedelta(days=60), "Made up for the demonstration."
    await assessing.assess(
        service, lead, stage.case, version=used.number, answers=answers, value="current", why=why, until=until
    )


def _answer(question: Question) -> str:
    quiet = {assessment.Kind.LEVEL: "low", assessment.Kind.YES_NO: "no", assessment.Kind.CHOICE: "1"}
    return quiet.get(question.kind, "Made up: nothing to say.")


async def _letter_in_review(service: Service, lead: Actor, stage: Stage) -> None:
    message = await _begin(service, lead, stage, Kind.LETTER)
    await intake.write_letter(service, lead, message, LETTER)
    await _send(service, lead, message)


async def _audio_waiting(service: Service, lead: Actor, stage: Stage, sound: Path) -> None:
    message = await _begin(service, lead, stage, Kind.AUDIO)
    await _put(service, lead, message, sound)
    await _approve(service, lead, message)


async def _video_released(service: Service, lead: Actor, stage: Stage, film: Path) -> None:
    message = await _begin(service, lead, stage, Kind.VIDEO)
    await _put(service, lead, message, film)
    digest = await _approve(service, lead, message)
    await consent.record(service, lead, stage.author, ConsentKind.SHARE, True, SAID, message_id=message, digest=digest)
    terms = offer.Terms(NOTE, Channel.PHONE, length="less than a minute", by_link=False)
    await offer.make_offer(service, lead, message, terms)
    await consent.record(service, lead, stage.recipient, ConsentKind.RECEIVE, True, RECEIVES, message_id=message)
    await release.release_by_link(service, lead, message, channel=Channel.EMAIL)


async def _begin(service: Service, lead: Actor, stage: Stage, kind: Kind) -> UUID:
    return await intake.begin_message(
        service, lead, stage.case, author=stage.author, recipient=stage.recipient, kind=kind
    )


async def _put(service: Service, lead: Actor, message: UUID, path: Path) -> None:
    body = await asyncio.to_thread(path.read_bytes)

    async def once() -> AsyncIterator[bytes]:
        yield body

    began = await upload.begin_upload(service, lead, message, size=len(body), untrusted_name=path.name)
    await upload.append(service, lead, began, 0, once())
    await _send(service, lead, message)


async def _send(service: Service, lead: Actor, message: UUID) -> None:
    await intake.finish(service, lead, message)
    await process.process_message(service, message)


async def _approve(service: Service, lead: Actor, message: UUID) -> str:
    async with reading(service) as conn:
        digest = str(
            (await conn.execute(select(t.revision.c.digest).where(t.revision.c.message_id == message))).scalar_one()
        )
    await review.approve(service, lead, message, digest, ticks=TICKS, understood="myself")
    return digest


def _recordings(service: Service, folder: Path) -> tuple[Path, Path]:
    """A made sound and a made film of a few seconds, as a phone would send them."""
    tool = str(service.settings.ffmpeg or shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe())
    sound, film = folder / "interview.m4a", folder / "film.mp4"
    tones = "0.2*sin(2*PI*220*t)*(1+sin(2*PI*0.5*t))/2+0.1*sin(2*PI*330*t)*(1+sin(2*PI*0.3*t))/2"
    chord = ffmpeg.input(f"aevalsrc={tones}:s=48000:d=12", f="lavfi")
    ffmpeg.output(chord, str(sound), acodec="aac").run(cmd=tool, quiet=True)
    chord = ffmpeg.input(f"aevalsrc={tones}:s=48000:d=12", f="lavfi")
    picture = ffmpeg.input(
        "gradients=size=640x360:rate=25:duration=12:speed=0.02:c0=0x2f6f6d:c1=0xe8d8b8:n=3", f="lavfi"
    )
    ffmpeg.output(
        picture, chord, str(film), vcodec="libx264", preset="ultrafast", pix_fmt="yuv420p", acodec="aac", shortest=None
    ).run(cmd=tool, quiet=True)
    return sound, film


async def _accounts(service: Service) -> list[dict[str, str]]:
    """What a visitor of the demonstration needs to sign in, second factor included."""
    async with reading(service) as conn:
        rows = (await conn.execute(select(t.account).where(t.account.c.login.in_(STAFF)))).all()
    by_login = {row.login: row for row in rows}
    return [
        {
            "role": str(roles[0]),
            "login": login,
            "password": PASSWORD,
            "totp_secret": await factor.unwrapped(service, by_login[login].id, by_login[login].totp_wrapped),
        }
        for login, (_, roles) in STAFF.items()
        if login in by_login and by_login[login].totp_wrapped
    ]


async def _live_link(service: Service) -> dict[str, str] | None:
    """The unopened link of the released video, made anew where somebody has opened it; None where it is over."""
    k = t.link
    async with reading(service) as conn:
        lead = (await conn.execute(select(t.account.c.id).where(t.account.c.login == "fern"))).scalar_one_or_none()
        newest = select(k).where(k.c.purpose == Purpose.VIEW).order_by(k.c.created_at.desc()).limit(1)
        row = (await conn.execute(newest)).first()
        now = await now_of(conn)
    if lead is None or row is None:
        return None
    actor = Actor(ActorKind.STAFF, lead, frozenset({Role.FACILITATOR}), stepped_up=True)
    if row.state == "live" and row.expires_at > now:
        secret = await links.show_secret(service, actor, row.id)
    else:
        try:
            secret = (await release.release_by_link(service, actor, row.message_id, channel=Channel.EMAIL)).secret
        except ExchangeError:
            return None
    return {"url": f"{service.settings.portal_url}/l#{secret}", "code": CODE}
