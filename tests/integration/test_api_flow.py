"""The whole story over HTTP only: from opening a case to the access in the record, and a file by tus."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from exchange.core.assessment import from_plain
from exchange.core.links import new_secret
from exchange.core.model import Role
from exchange.steps import process, setup, view, visit
from exchange.store import ledger_read, record
from exchange.store.service import Service
from exchange.store.unit import reading
from tests.support.api import Api, Caller, running_api
from tests.support.assessing import answers_to
from tests.support.roles import as_portal
from tests.support.staff import PASSWORD, Member, code, member

LETTER = "Dear neighbour,\n\nI am sorry. I will answer what you ask.\n"
TICKS = ["right_people", "no_threat", "nobody_else", "nothing_locating", "no_pressure"]
CONTACT = {"means": "phone", "address": "01632 960 002", "hours": "mornings"}


@pytest.fixture
async def api(service: Service) -> AsyncIterator[Api]:
    """A running console of a service without anybody in it."""
    setup.make_keys(service.settings)
    await setup.found_service(service, demo=True, name="Messages")
    async with running_api(service) as running:
        yield running


async def signed_in(api: Api, who: Member, *, step_up: bool = False) -> Caller:
    """A caller who signed in by password and code, and confirmed again with the next code."""
    told = {"login": who.login, "password": PASSWORD, "code": await code(api.service, who)}
    made = await api.nobody().do("POST", "/sign-in", told)
    caller = Caller(api.console.url, api.http, made["token"])
    if step_up:
        await caller.do("POST", "/step-up", {"code": await code(api.service, who, steps=1)})
        assert (await caller.get("/me"))["stepped_up"]
    return caller


async def opened_case(caller: Caller) -> tuple[str, str, str]:
    """A case with two people and everything recorded that the gate asks of them."""
    case = (await caller.do("POST", "/cases", {"type": "general", "summary": "About that evening."}))["id"]
    people = []
    for side in ("responsible", "harmed"):
        person = {"side": side, "name": f"Name {side}", "form_of_name": side.title(), "contact": CONTACT}
        made = await caller.do("POST", f"/cases/{case}/participants", person)
        people.append(made["id"])
        for kind in ("take_part", "be_asked"):
            wording = await caller.get(f"/wordings/{kind}")
            said = {"kind": kind, "given": True, "method": "in_person", "wording": wording["id"]}
            await caller.do("POST", f"/participants/{made['id']}/consents", said)
        await caller.do("POST", f"/participants/{made['id']}/code", {"how": "phone"})
    author, recipient = people
    for item in ("information", "expectations", "needs", "owning_up"):
        entry = {"kind": item, "value": "done", "participant": author}
        await caller.do("POST", f"/cases/{case}/diary", entry)
    for fact in (
        {"kind": "preparation", "value": "done", "participant": author},
        {"kind": "responsibility", "value": "accepted", "participant": author},
    ):
        await caller.do("POST", f"/cases/{case}/facts", fact)
    await assess(caller, case, people)
    return case, author, recipient


async def assess(caller: Caller, case: str, people: list[str]) -> None:
    """The risk assessment, with the form in use."""
    used = await caller.get("/assessment-form")
    form, ids = from_plain(used["form"]), tuple(UUID(one) for one in people)
    until = (datetime.now(UTC) + timedelta(days=60)).isoformat()
    said = {"version": used["version"], "answers": answers_to(form, ids), "value": "current", "why": "We looked."}
    await caller.do("POST", f"/cases/{case}/assessments", {**said, "until": until})


async def letter_in_review(api: Api, caller: Caller, case: str, author: str, recipient: str) -> dict[str, Any]:
    """A typed letter, sent, and made safe by the worker's step."""
    asked = {"author": author, "recipient": recipient, "kind": "letter"}
    message = (await caller.do("POST", f"/cases/{case}/messages", asked))["id"]
    await caller.do("PUT", f"/messages/{message}/letter", {"text": LETTER})
    assert (await caller.get(f"/messages/{message}/uploads"))["uploads"][0]["complete"]
    assert (await caller.do("POST", f"/messages/{message}/finish"))["reference"].startswith("M-")
    await process.process_message(api.service, UUID(message))
    seen: dict[str, Any] = await caller.get(f"/messages/{message}")
    return seen


async def test_from_opening_a_case_to_the_access_in_the_record(api: Api) -> None:
    """Everything a facilitator does for one letter, then an auditor looks it up."""
    caller = await signed_in(api, await member(api.service, "fern", Role.FACILITATOR), step_up=True)
    case, author, recipient = await opened_case(caller)
    seen = await letter_in_review(api, caller, case, author, recipient)
    message, digest = seen["id"], seen["versions"][0]["digest"]
    assert (seen["state"], seen["next_act"]) == ("in_review", "preview")
    assert [one["code"] for one in seen["needed"]] == ["approval", "stopped"]
    part = await caller.ask("GET", f"/messages/{message}/parts/text", headers={"Range": "bytes=0-3"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"Dear", f"bytes 0-3/{len(LETTER)}")

    approval = {"digest": digest, "ticks": TICKS, "understood": "myself"}
    assert (await caller.do("POST", f"/messages/{message}/approve", approval)) == {"approved": True}
    link = await caller.do("POST", f"/messages/{message}/preview-link", {"channel": "email"})
    assert "#" in link["url"]
    said = {"given": True, "method": "phone", "message": message}
    share = said | {"kind": "share", "digest": digest, "wording": "share-2026-01"}
    await caller.do("POST", f"/participants/{author}/consents", share)
    told = {"content_note": "A letter of one page.", "told_by": "phone", "by_link": False}
    assert (await caller.do("POST", f"/messages/{message}/offer", told)) == {"link": None}
    receive = said | {"kind": "receive", "wording": "receive-2026-01", "how_to_receive": "with_facilitator"}
    await caller.do("POST", f"/participants/{recipient}/consents", receive)

    room = {"who_is_there": "Recipient and me"}
    release = (await caller.do("POST", f"/messages/{message}/release/present", room))["id"]
    part = await caller.ask("GET", f"/messages/{message}/parts/text", params={"release": release})
    assert part.body.decode() == LETTER
    await caller.do("POST", f"/releases/{release}/end", {"copy": "kept"})
    assert (await caller.get(f"/messages/{message}"))["state"] == "opened"

    auditor = await signed_in(api, await member(api.service, "hazel", Role.AUDITOR))
    found = await auditor.get("/record", case=case, act="presented.opened")
    assert [one["leaf"]["release"] for one in found["entries"]] == [release]


async def test_a_released_link_is_read_by_its_recipient_and_taken_back(api: Api) -> None:
    """By link: the secret is in the one answer that is for it, and in no list."""
    caller = await signed_in(api, await member(api.service, "fern", Role.FACILITATOR), step_up=True)
    case, author, recipient = await opened_case(caller)
    seen = await letter_in_review(api, caller, case, author, recipient)
    message, digest = seen["id"], seen["versions"][0]["digest"]
    approval = {"digest": digest, "ticks": TICKS, "understood": "myself"}
    await caller.do("POST", f"/messages/{message}/approve", approval)
    said = {"given": True, "method": "phone", "message": message}
    share = said | {"kind": "share", "digest": digest, "wording": "share-2026-01"}
    await caller.do("POST", f"/participants/{author}/consents", share)
    told = {"content_note": "A letter of one page.", "told_by": "phone"}
    await caller.do("POST", f"/messages/{message}/offer", told)
    refused = await caller.ask("POST", f"/messages/{message}/release/link", {"channel": "email"})
    assert (refused.status, refused.json["type"]) == (409, "/api/v1/problems/refused")
    assert [(one["condition"], one["form"]) for one in refused.json["reasons"]] == [("7", "consent.recipient.receive")]
    receive = said | {"kind": "receive", "wording": "receive-2026-01"}
    await caller.do("POST", f"/participants/{recipient}/consents", receive)
    made = await caller.do("POST", f"/messages/{message}/release/link", {"channel": "email"})
    secret = made["url"].split("#")[1]
    assert (await caller.do("POST", f"/links/{made['id']}/show"))["url"] == made["url"]
    for place in (f"/cases/{case}/links", f"/links/{made['id']}", f"/messages/{message}", f"/cases/{case}"):
        assert secret not in (await caller.ask("GET", place)).body.decode()
    agreed = (await caller.do("POST", f"/participants/{recipient}/code/show"))["code"]
    assert await read_by_link(api, secret, agreed) == LETTER
    await caller.do("POST", f"/messages/{message}/revoke", {"wrong_person": True})
    assert (await caller.get(f"/messages/{message}"))["state"] == "accepted"
    async with reading(api.service) as conn:
        acts = [entry.leaf["act"] for entry in await ledger_read.leaves(conn)]
    assert acts.index("release.created") < acts.index("view.opened") < acts.index("release.revoked")


async def read_by_link(api: Api, secret: str, agreed: str) -> str:
    """What the recipient reads at the portal, which has no keys."""
    portal, cookie = as_portal(api.service), new_secret()
    session = await visit.claim(portal, secret, cookie, agreed)
    found = await visit.load(portal, cookie, session)
    await visit.is_for_me(portal, found, yes=True)
    opened = await view.open_for_visitor(portal, await visit.load(portal, cookie, session), "text")
    return b"".join([bytes(run) async for run in opened.reader.range(0, opened.part.size)]).decode()


async def test_a_file_arrives_by_tus_in_two_pieces(api: Api) -> None:
    """Created with its message and name, resumed, sent; taken away again where it is not wanted."""
    caller = await signed_in(api, await member(api.service, "fern", Role.FACILITATOR))
    case, author, recipient = await opened_case(caller)
    asked = {"author": author, "recipient": recipient, "kind": "letter"}
    message = (await caller.do("POST", f"/cases/{case}/messages", asked))["id"]
    data = LETTER.encode()
    named = [f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in
             (("message", message), ("filename", "letter.txt"))]  # fmt: skip
    tus = {"Tus-Resumable": "1.0.0"}
    about = tus | {"Upload-Length": str(len(data)), "Upload-Metadata": ",".join(named)}
    places = [(await caller.ask("POST", "/uploads", headers=about)).headers["Location"] for _ in range(2)]
    kept, dropped = (place.removeprefix("/api/v1") for place in places)
    for start, stop in ((0, 20), (20, len(data))):
        piece = tus | {"Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
        assert (await caller.ask("PATCH", kept, data=data[start:stop], headers=piece)).status == 204
    assert (await caller.ask("DELETE", dropped, headers=tus)).status == 204
    assert (await caller.ask("HEAD", kept, headers=tus)).headers["Upload-Offset"] == str(len(data))
    uploads = (await caller.get(f"/messages/{message}/uploads"))["uploads"]
    assert [(one["name"], one["complete"]) for one in uploads] == [("letter.txt", True)]
    await caller.do("POST", f"/messages/{message}/finish")
    assert (await caller.get(f"/messages/{message}"))["state"] == "quarantined"


async def test_the_record_is_taken_away_after_a_step_up(api: Api) -> None:
    """Refused before it; then lines, the first of which says that it is filtered."""
    who = await member(api.service, "hazel", Role.AUDITOR)
    auditor = await signed_in(api, who)
    refused = await auditor.ask("POST", "/record/export", {})
    assert (refused.status, refused.json["type"]) == (403, "/api/v1/problems/step-up-needed")
    await auditor.do("POST", "/step-up", {"code": await code(api.service, who, steps=1)})
    assert (await auditor.ask("GET", "/record/checkpoint")).status == 404
    assert (await auditor.ask("POST", "/record/export", {})).status == 404
    await record.sign(api.service)
    signed = await auditor.get("/record/checkpoint")
    assert signed["size"] > 0
    taken = await auditor.ask("POST", "/record/export", {"act": "account.signed_in"})
    assert (taken.status, taken.media_type) == (200, "application/jsonl")
    lines = taken.body.decode().splitlines()
    assert '"complete":false' in lines[0]
    assert any("account.signed_in" in line for line in lines[1:-1])
