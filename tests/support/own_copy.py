"""Markers in everything of one person, and in everything of everybody else, made by the real steps."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

from exchange.core.links import new_secret
from exchange.core.model import Channel, ConsentKind, FactKind, Kind, Method, Side
from exchange.steps import appeals, bars, cases, concern, consent, facts, hold, links, referral, review, stop
from exchange.steps.cases import SafeContact
from exchange.steps.consent import Said
from tests.support import message_tour
from tests.support.matrix import second_case
from tests.support.world import World, record_everything
from tests.vectors.media import inputs

OWN = {f"OWN-{word}-OWN" for word in (
    "reach", "name", "about", "referral-needs", "other", "address", "hours", "words", "answer", "form", "needs",
    "letter", "returned", "withheld", "frozen", "reason-to-change", "reason-withheld", "told", "file",
)}  # fmt: skip
FOREIGN = (b"FOREIGN", b"Otherly", b"Othershort", b"others.example", b"Fern", b"Sage", b"Rowan", b"fern", b"rowan")
"""Markers of the other person, of staff's own words and names, and of another case."""


async def plant(first: World, folder: Path) -> World:
    """A case that began with the author's own referral; markers in everything of theirs and of everybody else."""
    service, lead = first.service, first.facilitator
    told = {"reach_by": "phone", "reach_address": "OWN-reach-OWN", "name": "OWN-name-OWN", "about": "OWN-about-OWN",
            "needs": "OWN-referral-needs-OWN", "other": "OWN-other-OWN"}  # fmt: skip
    await referral.save_referral(service, told)
    asked = (await referral.listed(service, lead))[0].id
    await referral.read_referral(service, first.supervisor, asked)
    case = await referral.open_case(service, lead, asked)
    people = {}
    for side, mark in ((Side.RESPONSIBLE, "OWN-{}-OWN"), (Side.HARMED, "FOREIGN-{}")):
        contact = SafeContact(Channel.PHONE, *(mark.format(word) for word in ("address", "hours", "words", "answer")))
        people[side] = await cases.add_participant(
            service, lead, case, side=side, name=mark.format("name"), form_of_name=mark.format("form"),
            contact=contact, needs=mark.format("needs"),
        )  # fmt: skip
    here = replace(first, case=case, author=people[Side.RESPONSIBLE], recipient=people[Side.HARMED])
    await record_everything(here)
    await _staff_words(here)
    await _messages(here, folder)
    await second_case(here)
    return here


async def _staff_words(here: World) -> None:
    """What staff wrote for themselves: on facts, consents, a hold, a conflict of interest."""
    service, lead = here.service, here.facilitator
    for person in (None, here.author, here.recipient):
        kind = FactKind.PAUSE if person is None else FactKind.SUPPORTER
        value = "off" if person is None else "in_place"
        await facts.record_fact(service, lead, here.case, kind, value, participant=person, note="FOREIGN-fact")
    said = Said(Method.PHONE, "take-part-2026-01", note="FOREIGN-consent")
    await consent.record(service, lead, here.author, ConsentKind.TAKE_PART, True, said)
    await hold.place_hold(service, here.supervisor, here.case, "FOREIGN-hold")
    await bars.set_bar(service, here.supervisor, here.case, UUID(str(here.stranger.id)), reason="FOREIGN-bar")


async def _messages(here: World, folder: Path) -> None:
    """Letters of both, one of each fate; a recording with captions; what both told."""
    service, lead = here.service, here.facilitator
    _, link = await here.released("OWN-letter-OWN\n")
    await stop.tell(service, await here.visit(link, new_secret()), kind="feedback", text="FOREIGN-told")
    back = await here.letter("OWN-returned-OWN\n")
    digest = await here.digest(back)
    await review.add_note(service, lead, back, digest, text="FOREIGN-note", place={})
    await review.return_to_author(service, lead, back, digest, reason="OWN-reason-to-change-OWN")
    held = await here.letter("OWN-withheld-OWN\n")
    await review.withhold(service, lead, held, await here.digest(held), reason="FOREIGN-reason-withheld")
    await appeals.tell(service, lead, held, words="OWN-reason-withheld-OWN", means=Channel.PHONE)
    frozen = await here.letter("OWN-frozen-OWN\n")
    await concern.raise_concern(service, lead, frozen, kind="other", note="FOREIGN-concern")
    sound = inputs.ffmpeg(folder / "OWN-file-OWN.wav", *inputs.SOUND, seconds=1)
    recorded = await message_tour.put_in(here, Kind.AUDIO, sound)
    await here.approve(recorded)
    preview = await links.preview_link(service, lead, recorded, channel=Channel.EMAIL)
    await stop.tell(service, await here.visit(preview, new_secret()), kind="feedback", text="OWN-told-OWN")
    other = replace(here, author=here.recipient, recipient=here.author)
    await other.released("FOREIGN-letter\n")
