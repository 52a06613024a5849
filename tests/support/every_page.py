"""Every page of both sites in every state, as addresses: made by the real steps, so that looking needs no walking."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from exchange.core.links import new_secret
from exchange.core.model import Actor, Channel, EmergencyKind, Kind, Method
from exchange.core.referrals import Source
from exchange.steps import (
    again,
    consent,
    dialogue,
    draft,
    emergency,
    intake,
    links,
    notices,
    offer,
    referral,
    release,
    sending,
    upload,
    visit,
)  # fmt: skip
from exchange.steps.visit import Visit
from exchange.store import tables as t
from exchange.store.unit import unit_of_work
from tests.support import message_tour
from tests.support.assessing import assess
from tests.support.dialogue import question
from tests.support.intake_tour import with_mistakes, wrong_case
from tests.support.matrix import second_case
from tests.support.notices import ALWAYS, post_office, says_safe
from tests.support.outside import webhook
from tests.support.piles_tour import scanned
from tests.support.ports import free_port
from tests.support.putting_in import chunked
from tests.support.rights_tour import copies
from tests.support.stops import Stop
from tests.support.world import CODE, PASSWORD, World

ABOUT = ("/", "/ask", "/refer", "/l", "/new-link", "/new-link/asked", "/privacy", "/accessibility", "/cookies",
         "/exit-explained", "/not-for-me", "/finished")  # fmt: skip
CASE_FACTS = ("pause", "hold", "contact_order", "carve_out", "assessment")
ADMIN = ("/admin", "/admin/accounts", "/admin/accounts/new", "/admin/service", "/admin/guidance",
         "/admin/guidance?in=cy", "/admin/keys", "/wordings", "/wordings/take_part",
         "/wordings/shown/take-part-2026-01", "/admin/webhooks", "/admin/assessment",
         "/admin/assessment/sections/s1", "/admin/assessment/questions/q1",
         "/admin/assessment/questions/q9", "/admin/assessment/sections/new",
         "/admin/assessment/questions/new?section=s1")  # fmt: skip
PERSON_FACTS = ("status", "preparation", "responsibility", "guardian", "supporter", "interpreter")


async def portal(world: World, folder: Path) -> tuple[str, list[Stop]]:
    """A browser's secret cookie, and every page of the portal with visits of that browser."""
    cookie = new_secret()
    stops = [Stop("about" + path.replace("/", "-").rstrip("-"), path) for path in ABOUT]
    stops += [Stop("not-found", "/nothing-here", 404), Stop("dead", "/closed", 404), *_refused()]
    for name, found in (await _visits(world, cookie, folder)).items():
        here = f"/s/{found.id}"
        stops += [Stop(f"{name}-{page.strip('/').replace('/', '-')}", here + page) for page in PAGES.get(name, ())]
        stops += [
            Stop(f"{name}-{stop.name}", here + stop.path, stop.status, stop.press, leads=stop.leads)
            for stop in WRONG.get(name, ())
        ]
    stops.append(Stop("part-missing", here + "/part/none", 404))
    return cookie, stops


PAGES = {
    "new": ("/me", "/locked"),
    "letter": ("/before", "/read", "/read?size=large&pages=1", "/break", "/after"),
    "audio": ("/before", "/read", "/after"),
    "video": ("/before", "/read", "/read?size=large"),
    "decide": ("/decide", "/accept", "/moment", "/answered?said=yes", "/answered?said=no", "/answered?said=not-now"),
    "preview": ("/preview", "/preview?size=large", "/shared?said=yes", "/shared?said=no", "/beforehand"),
    "asking": ("/guidance", "/write", "/thread"),
    "answering": ("/rules", "/guidance", "/write"),
    "ruled": ("/rules", "/thread"),
    "submit": ("/guidance", "/way", "/write", "/upload", "/check"),
    "submit-empty": ("/check", "/write"),
    "submit-unsent": ("/guidance", "/write"),
    "revise": ("/changes", "/guidance", "/write"),
    "submit-audio": ("/guidance", "/way", "/record", "/upload"),
    "submit-video": ("/way", "/record", "/upload"),
    "broke-off": ("/way", "/record", "/check"),
    "unfinished": ("/upload", "/check"),
    "sent": ("/receipt",),
    "stop": ("/stop", "/stopped", "/appeal", "/appealed"),
}
WRONG = {
    "stopped": (Stop("dead", "/before", 404, leads="/closed"),),
    "decide": (
        Stop("wrong", "/decide", 422, "Continue"),
        Stop("accept-wrong", "/accept", 422, "I agree, and I want to receive it"),
    ),
    "letter": (
        Stop("after-wrong", "/after", 422, "Save my choice"),
        Stop("say-wrong", "/after", 422, "Send to my facilitator"),
    ),
    "submit": (Stop("way-wrong", "/way", 422, "Continue"),),
    "submit-empty": (Stop("write-wrong", "/write", 422, "Continue"),),
    "new": (Stop("locked-wrong", "/locked", 422, "Go on"),),
}  # fmt: skip


GUIDED = (
    Stop("administrator-guidance-look", "/admin/guidance", 200, "Look at it first"),
    Stop("administrator-question-wrong", "/admin/assessment/questions/new", 422, "Save"),
    Stop("administrator-section-wrong", "/admin/assessment/sections/new", 422, "Save"),
    Stop("administrator-wording-wrong", "/wordings/share", 422, "Save the draft", (("en", ""),)),
    Stop("administrator-guidance-wrong", "/admin/guidance", 422, "Use these words", (("helps", ""),)),
)


HOOKED = (
    Stop("administrator-webhook-wrong", "/admin/webhooks", 422, "Add it", (("address", "http://inside"),)),
    Stop("administrator-webhook-secret", "/admin/webhooks", 200, "Add it", (("address", "https://cases.example/in"),)),
)


def _refused() -> list[Stop]:
    return [
        Stop("landing-wrong", "/l", 422, "Yes, open it here"),
        Stop("dead-link", "/l", 404, "Yes, open it here", (("link", "A" * 43), ("code", CODE))),
        Stop("new-link-wrong", "/new-link", 422, "Ask for a new link"),
    ]


async def _visits(world: World, cookie: str, folder: Path) -> dict[str, Visit]:
    """A session of one browser for each purpose and kind."""
    service, who = world.service, world.facilitator
    _, unanswered = await world.released()
    _, letter = await world.released()
    gone, lost = await world.released()
    _, asked = await world.offered(by_link=True, on_acceptance=True)
    assert asked
    approved = await world.letter()
    await message_tour.beside(world, approved, await world.digest(approved))
    await world.approve(approved)
    made = {
        "letter": letter,
        "audio": await _released(world, await message_tour.recording(world, folder)),
        "video": await _released(world, await message_tour.film(world, folder)),
        "stopped": lost,
        "decide": asked,
        "preview": await links.preview_link(service, who, approved, channel=Channel.EMAIL),
        "submit-empty": await _invited(world, Kind.LETTER),
        "submit-unsent": await links.invite(
            service, who, world.author, world.recipient, channel=Channel.EMAIL, never_sent=True
        ),
        "submit-audio": await _invited(world, Kind.AUDIO),
        "submit-video": await _invited(world, Kind.VIDEO),
        "revise": await again.revise_link(
            service, who, await message_tour.came_back(world, folder), channel=Channel.EMAIL
        ),
    }
    found = {"new": await world.visit(unanswered, cookie, is_me=False)}
    found |= {name: await world.visit(link, cookie) for name, link in made.items()}
    await consent.withdraw_message(service, who, gone)
    found["submit"] = await _written(world, cookie)
    found["broke-off"] = await _begun(world, cookie, Kind.AUDIO, "recording.webm", None)
    found["unfinished"] = await _begun(world, cookie, Kind.LETTER, "a letter from June, scanned.pdf", 9_000_000)
    sent = await _written(world, cookie)
    await sending.send(service, sent)
    found["sent"] = await visit.load(service, cookie, sent.id)
    found |= await _dialogue(world, cookie)
    stop = links.NewLink(sent.link.id, found["sent"].payload["receipt"]["stop"].split("#")[1])
    found["stop"] = await world.visit(stop, cookie, is_me=False)
    return found


async def _dialogue(world: World, cookie: str) -> dict[str, Visit]:
    """Asking and answering by somebody who agreed to the ground rules; and somebody who is asked to agree."""
    service, who = world.service, world.facilitator
    both = (world.author, world.recipient)
    asked = await question(replace(world, author=world.recipient, recipient=world.author))
    newest = await dialogue.write(service, who, world.case, dialogue.template())
    await dialogue.record(service, who, world.author, newest, Method.PAPER)
    made = {
        "asking": await links.invite(service, who, *both, channel=Channel.EMAIL, asks=True),
        "answering": await links.invite(service, who, *both, channel=Channel.EMAIL, answers=asked),
        "ruled": await links.invite(service, who, *reversed(both), channel=Channel.EMAIL),
    }
    return {name: await world.visit(link, cookie) for name, link in made.items()}


async def _invited(world: World, kind: Kind) -> links.NewLink:
    return await links.invite(
        world.service, world.facilitator, world.author, world.recipient, channel=Channel.EMAIL, kind=kind
    )


async def _written(world: World, cookie: str) -> Visit:
    """A visit in which a letter was typed and put in, not sent."""
    found = await world.visit(await _invited(world, Kind.LETTER), cookie)
    await draft.save(world.service, found, "I think about the gate.")
    message = await sending.begin(world.service, found)
    who = draft.visitor(found)
    await intake.write_letter(world.service, found.actor, message, "I think about the gate.", visitor=who)
    return await visit.load(world.service, cookie, found.id)


async def _begun(world: World, cookie: str, kind: Kind, name: str, size: int | None) -> Visit:
    """A visit whose recording or file has arrived in part."""
    found = await world.visit(await _invited(world, kind), cookie)
    message, who = await sending.begin(world.service, found), draft.visitor(found)
    told = {"size": size, "untrusted_name": name, "recorded": size is None}
    made = await upload.begin_upload(world.service, found.actor, message, visitor=who, **told)
    await upload.append(world.service, found.actor, made, 0, chunked(b"\x1a\x45\xdf\xa3" * 99_000), visitor=who)
    return await visit.load(world.service, cookie, found.id)


async def _released(world: World, message: UUID) -> links.NewLink:
    """A recording on its way to its recipient."""
    await world.approve(message)
    await world.agree_to_share(message)
    terms = offer.Terms("Three seconds, calm.", Channel.PHONE, length="a few seconds", by_link=False)
    await offer.make_offer(world.service, world.facilitator, message, terms)
    await world.accept(message)
    return await release.release_by_link(world.service, world.facilitator, message, channel=Channel.EMAIL)


FRESH = (
    Stop("team-passkeys-new", "/account/passkeys/new"),
    Stop("team-recovery-made", "/account/recovery", 200, "Make ten new codes"),
)
"""What asks for a second factor of the last five minutes comes first."""


async def console(world: World, folder: Path) -> list[tuple[Actor | None, list[Stop]]]:
    """Who looks at which pages of the console."""
    case = f"/cases/{world.case}"
    told = {"reach_by": "phone", "reach_address": "01632 960 555", "about": "A burglary in spring"}
    await referral.save_referral(world.service, told)
    one = (await referral.listed(world.service, world.supervisor))[0].id
    team = [*await _team_pages(world, one), *await _of_the_exchange(case, f"/people/{world.recipient}", world)]
    opened = await _emergency(world)
    stops = [*FRESH, *await scanned(world, folder), *await copies(world)]
    checked = stops[-1].path
    stops += [Stop("message-" + name, path) for part in message_tour.PARTS for name, path in await part(world, folder)]
    in_review = next(stop.path for stop in stops if stop.name == "message-in-review")
    stops += [Stop("team-" + _short(path, world), path) for path in team]
    stops += [
        Stop("team-not-found", "/cases/none", 404), Stop("team-not-allowed", "/admin", 403),
        Stop("team-person-new-wrong", f"{case}/people/new", 422, "Add this person"),
        Stop("team-assess-wrong", f"{case}/assessments/new", 422, "Record this assessment"),
        Stop("team-post-wrong", "/post", 422, "Find its case"),
        Stop("message-desk-wrong", in_review + "/review", 422, "Approve this version"),
        Stop("message-return-wrong", in_review + "/return", 422, "Send it back"),
    ]  # fmt: skip
    record = ("/", "/record", "/record/entries/1", "/record/overview", "/record/export")
    account = f"/admin/accounts/{world.auditor.id}"
    admin = (*ADMIN, account, account + "/sign-on", f"/admin/webhooks/{await webhook(world)}")
    concern = next(stop.path for stop in stops if stop.name == "message-concern")
    appeal = next(stop.path for stop in stops if stop.name == "message-appealed")
    misfiled, mistakes = await wrong_case(world), with_mistakes(case)
    own = (*_supervised(world, opened), checked, case, "/cases", concern, appeal, *misfiled)
    overseen = (*own, *(in_review + end for end in ("", "/erase", "/after")))
    return [
        (None, _outside()),
        (world.facilitator, stops),
        (world.stranger, [Stop("stranger-emergency", f"/emergencies/{opened}"), *await _notices(world)]),
        (world.supervisor, [*(Stop(f"supervisor-{at}", path) for at, path in enumerate(overseen)), *mistakes]),
        (world.auditor, [Stop("auditor-" + _short(path, world), path) for path in record]),
        (world.administrator, [*HOOKED, *(Stop("administrator-" + _short(p, world), p) for p in admin), *GUIDED]),
    ]  # fmt: skip


async def _team_pages(world: World, one: UUID) -> list[str]:
    """What a facilitator sees of their case, and `one` referral."""
    case, person = f"/cases/{world.case}", f"/people/{world.recipient}"
    referred, assessed = await _referred(world), await assess(world.service, world.facilitator, world.case)
    task = await _task(world)
    team = ["/", "/cases", "/cases/new", "/post", case, f"{case}/record", f"{case}/team", f"{case}/people/new", person,
            f"{person}/edit", f"{person}/contact", f"{person}/code", f"/tasks/{task}", "/account",
            "/account/password", "/account/factor", "/account/recovery",
            "/step-up", "/help", "/accessibility", "/cookies", "/referrals",
            f"/referrals/{one}", f"/referrals/{referred}", f"{case}/diary/referred",
            f"{person}/consents/take_part", f"{person}/consents/be_asked"]  # fmt: skip
    team += [
        f"{case}/closing",
        f"{case}/follow-up",
        f"{case}/assessments",
        f"{case}/assessments/new",
        f"/assessments/{assessed}",
    ]
    team += [f"{person}/facts/{kind}" for kind in PERSON_FACTS]
    team += [f"{case}/diary/plan", f"{case}/diary/outcome", f"{person}/diary/inviting", f"{person}/diary/needs"]
    return team


async def _referred(world: World) -> UUID:
    """A referral by a professional."""
    told = {"by_name": "Jo", "by_organisation": "A prison", "by_role": "prison", "by_reach": "01632 960 700",
            "one_name": "Wren", "one_side": "harmed", "one_agreed": "yes", "one_agreed_when": "3 March, when we met",
            "one_reach_by": "phone", "one_reach_address": "01632 960 701", "two_name": "Ash", "two_agreed": "no",
            "about": "A fire in a boat shed", "orders": "not_known"}  # fmt: skip
    await referral.save_referral(world.service, told, Source.PROFESSIONAL)
    return (await referral.listed(world.service, world.supervisor))[-1].id


async def _of_the_exchange(case: str, person: str, world: World) -> list[str]:
    """Its policy and facts; the exchange as a thread, its rules, how people are named, when they come of age."""
    rules = await dialogue.write(world.service, world.facilitator, world.case, dialogue.template())
    await dialogue.record(world.service, world.facilitator, world.author, rules, Method.PAPER)
    thread = f"{case}/thread"
    about = [f"{case}/policy", *(f"{case}/facts/{kind}" for kind in CASE_FACTS)]
    mine = [f"{thread}?of={world.recipient}", f"{person}/naming", f"{person}/of-age"]
    return [*about, thread, f"{case}/ground-rules", *mine]


def _supervised(world: World, emergency: UUID) -> tuple[str, ...]:
    """What is for a supervisor."""
    case = f"/cases/{world.case}"
    lists = ("", "/waiting", "/decisions", "/second-approvals", "/due", "/statistics")
    return (
        "/", "/retention", "/cases/import", "/?group=concerns",
        *("/supervisor" + name for name in lists), f"{case}/supervision",
        f"{case}/bars",
        "/emergency", "/emergencies", f"/emergencies/{emergency}", f"/leaving/{world.stranger.id}",
        f"{case}/erase", f"{case}/erasures", f"{case}/legal-hold", f"{case}/policy", f"{case}/type",
        f"{case}/closing",
    )  # fmt: skip


async def _task(world: World) -> UUID:
    """The author has asked for a call."""
    async with unit_of_work(world.service, world.facilitator) as unit:
        task = await unit.add(t.task, case_id=world.case, participant_id=world.author, kind="call_me")
        unit.leaf("task.added", case=world.case, participant=world.author, kind="call_me")
    return task


async def _notices(first: World) -> list[Stop]:
    """Notices that are on, off, waiting, gone; and the exact words before one is asked for, or why none may be.

    In a case of the stranger's: the first one is open in an emergency, where none go.
    """
    world = await second_case(first)
    service, who = world.service, world.facilitator
    await post_office(service, free_port())
    message, link = await world.offered()
    _, refused = await world.offered()
    assert link
    assert refused
    await says_safe(world, world.recipient, hours=ALWAYS)
    first = await notices.ask(service, who, link=refused.id)
    await notices.stop(service, who, first)
    await says_safe(world, world.recipient)
    await notices.ask(service, who, message=message)
    unsaid = await links.invite(service, who, world.author, world.recipient, channel=Channel.PHONE)
    return [
        Stop("team-notice", f"/links/{link.id}/notice"),
        Stop("team-notice-of-message", f"/messages/{message}/notice"),
        Stop("team-notice-off", f"/links/{unsaid.id}/notice"),
        Stop("team-notices-safe", f"/people/{world.recipient}/notices"),
        Stop("team-notices-wrong", f"/people/{world.author}/notices", 422, "Save: this is safe"),
        Stop("team-notices-none", f"/people/{world.author}"),
        Stop("team-notices-on", f"/people/{world.recipient}"),
    ]


async def _emergency(world: World) -> UUID:
    """Somebody from outside the team has opened the case."""
    async with world.service.engine.connect() as conn:
        reference = (await conn.execute(select(t.cases.c.reference).where(t.cases.c.id == world.case))).scalar_one()
    kind, why = EmergencyKind.DANGER, "She rang and said that he is at the door."
    return (await emergency.open_in_emergency(world.service, world.stranger, reference, kind=kind, reason=why)).id


def _outside() -> list[Stop]:
    """Signing in, by whoever is not yet."""
    known = (("login", "fern"), ("password", PASSWORD))
    return [
        Stop("sign-in", "/sign-in"), Stop("sign-in-wrong", "/sign-in", 422, "Continue"),
        Stop("sign-in-code", "/sign-in", 200, "Continue", known),
        Stop("sign-in-code-wrong", "/sign-in/code", 422, "Sign in"),
        Stop("sign-in-recovery", "/sign-in/recovery"),
        Stop("sign-in-recovery-wrong", "/sign-in/recovery", 422, "Sign in"),
        Stop("sign-in-password", "/sign-in/password"),
    ]  # fmt: skip


def _short(path: str, world: World) -> str:
    for one in (world.case, world.recipient, world.auditor.id):
        path = path.replace(f"/{one}", "")
    return path.strip("/").replace("/", "-") or "home"
