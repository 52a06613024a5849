"""Rows of one generated case: sealed as the steps seal them, so that every page of the console opens them."""

import dataclasses
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from exchange.core import keys, links
from exchange.core.model import CASE_FACTS, TICKS, Kind, Manifest, ManifestPart, Policy, Side, State
from exchange.core.reference import ALPHABET
from exchange.core.sealed import seal_iter
from exchange.steps.revising import version_code
from exchange.store.parts import part_context, part_key
from exchange.store.sealing import Opener

Row = dict[str, Any]
LETTER = "Dear neighbour,\n\nI think about that evening often. I am sorry.\n\nI will answer what you ask.\n"
SPREAD = {
    State.OPENED: 400, State.APPROVED: 110, State.DECLINED: 80, State.WITHDRAWN: 70, State.SUPERSEDED: 50,
    State.LATER: 50, State.IN_REVIEW: 45, State.OFFERED: 40, State.RETURNED: 35, State.WITHHELD: 30,
    State.RELEASED: 30, State.ACCEPTED: 20, State.RECEIVING: 15, State.LAPSED: 12, State.REJECTED: 8,
    State.CONCERN: 5,
}  # fmt: skip
WAITING_DAYS = {
    State.IN_REVIEW: 7, State.ACCEPTED: 6, State.RETURNED: 30, State.LAPSED: 8, State.CONCERN: 5, State.RELEASED: 20,
    State.OFFERED: 25, State.RECEIVING: 20, State.REJECTED: 5,
}  # fmt: skip
"""How long, at most, a message waits in a state that somebody looks after; in any other up to three years."""
AT_REST = (State.OPENED, State.DECLINED, State.WITHDRAWN, State.SUPERSEDED, State.WITHHELD)
SHARED = (State.OFFERED, State.ACCEPTED, State.DECLINED, State.LATER, State.RELEASED, State.OPENED, State.LAPSED)
RECEIVED = (State.ACCEPTED, State.RELEASED, State.OPENED, State.LAPSED)
HANDED = (State.RELEASED, State.OPENED, State.LAPSED)
UNSEEN = (State.RECEIVING, State.REJECTED)


class Rows:
    """What was made: rows by table, leaves with their times, and objects; `chance` decides the spread."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.chance, self.now = random.Random(seed), now
        self.tables: dict[str, list[Row]] = defaultdict(list)
        self.leaves: list[tuple[datetime, Row]] = []
        self.objects: list[tuple[str, bytes]] = []
        self._number = seed * 1_000_000

    def add(self, table: str, **row: Any) -> UUID:
        """One row; its id."""
        row.setdefault("id", uuid4())
        self.tables[table].append(row)
        return UUID(str(row["id"]))

    def leaf(self, at: datetime, act: str, who: UUID, **ids: Any) -> None:
        """One leaf, by a member of staff, in office hours."""
        at = at.replace(hour=9 + at.hour % 7) - timedelta(days=max(0, at.weekday() - 4))
        self.leaves.append((at, {"act": act, "actor": {"kind": "staff", "id": who}, **ids}))

    def reference(self, prefix: str) -> str:
        """A reference that nobody else has."""
        self._number, rest, found = self._number + 1, self._number, ""
        for _ in range(6):
            rest, place = divmod(rest, len(ALPHABET))
            found = ALPHABET[place] + found
        return f"{prefix}-{found}"

    def ago(self, days: float, *, least: float = 0.0) -> datetime:
        """Some time between `least` and `days` days ago."""
        return self.now - timedelta(days=self.chance.uniform(least, days))


@dataclasses.dataclass(frozen=True)
class Made:
    """A case under way: its keys, its lead, its people by side."""

    id: UUID
    opener: Opener
    lead: UUID
    second: UUID
    state: str
    opened_at: datetime
    people: dict[Side, UUID]


def one_case(
    rows: Rows, opener: Opener, wrapped: tuple[bytes, str], team: tuple[UUID, UUID, UUID], most: int, *, every: bool
) -> None:
    """A case with its people, facts, consents, tasks and `most` messages. `team`: lead, second, cover.

    `wrapped`: the private key and the name of the root key. `every`: open, with a letter in every state.
    """
    lead, second, cover = team
    case, chance = opener.owner, rows.chance
    begun = rows.ago(1000, least=3)
    state = "open" if every or chance.random() < 0.6 else "closed"
    type_ = chance.choice(("general", "general", "general", "serious", "gender_violence", "young"))
    four = type_ == "serious"
    policy = dataclasses.asdict(Policy(four_eyes=four, harmed_starts=False))
    where = opener.where("key_pair.field_key", case, "key")
    rows.add(
        "key_pair", id=case, public=opener.public, private_wrapped=wrapped[0], root_key_name=wrapped[1], at=begun,
        field_key_sealed=keys.seal_to(opener.public, opener.field_key, where),
    )  # fmt: skip
    rows.add(
        "cases", id=case, reference=rows.reference("C"), key_id=case, type=type_, policy=Jsonb(policy), state=state,
        cover_id=cover, summary_sealed=opener.seal("A burglary in spring.", "cases.summary", case), created_at=begun,
        moved_at=begun + (rows.now - begun) * chance.random(),
    )  # fmt: skip
    rows.add("assignment", case_id=case, account_id=lead, part="lead", since=begun)
    rows.add("assignment", case_id=case, account_id=second, part="co", since=begun)
    rows.leaf(begun, "case.opened", lead, case=case, facilitator=lead)
    rows.leaf(begun, "case.assigned", cover, case=case, account=second)
    made = Made(case, opener, lead, second, state, begun, {side: _person(rows, opener, side, lead) for side in Side})
    _facts(rows, made)
    for one in list(SPREAD) if every else []:
        _message(rows, made, Kind.LETTER, one, four=four)
    states = {s: n for s, n in SPREAD.items() if made.state == "open" or s in AT_REST}
    for _ in range(0 if every else most):
        kind = Kind(chance.choice(("letter",) * 8 + ("audio", "video")))
        _message(rows, made, kind, chance.choices(list(states), list(states.values()))[0], four=four)


def _person(rows: Rows, opener: Opener, side: Side, lead: UUID) -> UUID:
    person, contact = uuid4(), uuid4()
    names = {Side.HARMED: "Form harmed", Side.RESPONSIBLE: "Form responsible"}
    at = rows.ago(900)
    rows.add(
        "participant", id=person, case_id=opener.owner, side=side.value, created_at=at,
        name_sealed=opener.seal(f"Full name {side}", "participant.name", person),
        form_of_name_sealed=opener.seal(names[side], "participant.form_of_name", person),
        needs_sealed=opener.seal("Large print", "participant.needs", person), custody=False, under_18=False,
    )  # fmt: skip
    detail = json.dumps({"means": "email", "address": "person@people.example", "asked_at": at.isoformat()})
    rows.add(
        "safe_contact", id=contact, participant_id=person, means="email", recorded_by=lead, at=at,
        detail_sealed=opener.seal(detail, "safe_contact.detail", contact),
    )  # fmt: skip
    rows.tables["code"].append({
        "participant_id": person, "salt": b"salt", "hash": hashlib.sha256(person.bytes).digest(), "agreed_how": "phone",
        "code_sealed": opener.seal("apple river garden", "code.code", person), "recorded_by": lead,
    })  # fmt: skip
    for kind in ("take_part", "be_asked"):
        _consent(rows, person, kind, at, lead)
    rows.leaf(at, "participant.added", lead, case=opener.owner, participant=person, role=side)
    return person


def _consent(rows: Rows, person: UUID, kind: str, at: datetime, lead: UUID, **about: Any) -> UUID:
    return rows.add(
        "consent", participant_id=person, kind=kind, given=True, method="in_person", wording="take-part-2026-01",
        recorded_by=lead, at=at, message_id=about.get("message"), digest=about.get("digest"),
    )  # fmt: skip


def _facts(rows: Rows, made: Made) -> None:
    harmed, responsible = made.people[Side.HARMED], made.people[Side.RESPONSIBLE]
    told: list[tuple[UUID | None, str, str]] = [
        (responsible, "preparation", "done"), (harmed, "preparation", "done"),
        (responsible, "responsibility", "accepted"), (None, "assessment", "current"), (harmed, "supporter", "in_place"),
    ]  # fmt: skip
    chance = rows.chance.random()
    if chance < 0.05:
        told.append((None, rows.chance.choice(("pause", "hold")), "on"))
    elif chance < 0.1:
        told.append((None, "contact_order", CASE_FACTS["contact_order"][0]))  # type: ignore[index]  # a str enum
    for person, kind, value in told:
        row, at = uuid4(), rows.ago(100 if kind == "assessment" else 700)
        rows.add(
            "fact", id=row, case_id=made.id, participant_id=person, kind=kind, value=value, recorded_by=made.lead,
            at=at, note_sealed=made.opener.seal("Talked it through.", "fact.note", row),
        )  # fmt: skip
        rows.leaf(at, "fact.recorded", made.lead, case=made.id, participant=person, fact=kind, value=value)


def _message(rows: Rows, made: Made, kind: Kind, state: State, *, four: bool) -> None:
    message = uuid4()
    since = rows.ago(WAITING_DAYS.get(state, 1000))
    author, recipient = rows.chance.sample(list(made.people.values()), 2)
    created = since - timedelta(days=rows.chance.uniform(1, 40))
    rows.add(
        "message", id=message, reference=rows.reference("M"), case_id=made.id, author_id=author, kind=kind.value,
        recipient_id=recipient, state=state.value, state_since=since, put_in_by=made.lead, created_at=created,
        progress=100, state_before="in_review" if state is State.CONCERN else None,
        rejected_code="damaged" if state is State.REJECTED else None,
    )  # fmt: skip
    about = {"case": made.id, "message": message}
    rows.leaf(created, "message.begun", made.lead, **about, kind=kind)
    if state in UNSEEN:
        return
    digest = _version(rows, made, message, kind, created)
    approved = created + (since - created) / 2
    rows.leaf(approved, "review.opened", made.lead, **about, part="text", digest=digest)
    if state in (State.APPROVED, *SHARED):
        review = _review(rows, made, message, digest, "approve", made.lead, approved)
        rows.tables["approval_current"].append({"message_id": message, "digest": digest, "review_id": review})
    if (four and state in (State.APPROVED, State.IN_REVIEW, *SHARED)) and rows.chance.random() < 0.9:
        _review(rows, made, message, digest, "approve", made.second, approved)
    if state in (State.WITHHELD, State.RETURNED):
        _review(rows, made, message, digest, {"withheld": "withhold", "returned": "return"}[state], made.lead, since)
    for row in _after(rows, made, (message, author, recipient), state, digest, since):
        rows.leaf(since, row, made.lead, **about, digest=digest)


def _version(rows: Rows, made: Made, message: UUID, kind: Kind, at: datetime) -> str:
    """One clean version; a letter's text lies sealed in the store, a recording's bytes are not made."""
    revision, key = uuid4(), keys.new_data_key()
    name, media_type = {"letter": ("text", "text/plain"), "audio": ("sound", "audio/mp4")}.get(
        kind, ("picture", "video/mp4")
    )
    data = LETTER.encode()
    about = ManifestPart(name, media_type, len(data), hashlib.sha256(data).hexdigest(), {})
    manifest = Manifest(message, 1, kind, (about,))
    rows.add(
        "revision", id=revision, message_id=message, number=1, digest=manifest.digest, clean=True, at=at,
        manifest=Jsonb(json.loads(manifest.canonical())), version_code=version_code(manifest.digest),
        key_sealed=made.opener.seal_key(key, "revision.key", revision),
    )  # fmt: skip
    rows.add(
        "part", revision_id=revision, name=name, media_type=media_type, size=len(data), sha256=about.sha256,
        object_key=part_key(revision, name), sealed_in=revision, position=0,
    )  # fmt: skip
    if kind is Kind.LETTER:
        bound = part_context(made.id, message, revision, name)
        rows.objects.append((part_key(revision, name), b"".join(seal_iter(key, bound, [data]))))
    return manifest.digest


def _review(rows: Rows, made: Made, message: UUID, digest: str, decision: str, who: UUID, at: datetime) -> UUID:
    row = uuid4()
    reason = made.opener.seal("It names a school.", "review.reason", row) if decision != "approve" else None
    act = {"approve": "review.approved", "withhold": "review.withheld", "return": "review.returned"}[decision]
    rows.leaf(at, act, who, case=made.id, message=message, digest=digest, review=row)
    return rows.add(
        "review", id=row, message_id=message, digest=digest, account_id=who, decision=decision, assigned=True, at=at,
        reason_sealed=reason, ticks=Jsonb(sorted(TICKS)), understood="myself",
    )  # fmt: skip


def _after(
    rows: Rows, made: Made, who: tuple[UUID, UUID, UUID], state: State, digest: str, since: datetime
) -> Iterator[str]:
    """What follows an approval, and the tasks that come of it; the acts that the record then has."""
    message, author, recipient = who
    if state in SHARED:
        agreed = _consent(rows, author, "share", since, made.lead, message=message, digest=digest)
        rows.tables["share_current"].append({"message_id": message, "digest": digest, "consent_id": agreed})
        row = uuid4()
        note = made.opener.seal("A letter of one page.", "offer.content_note", row)
        rows.add(
            "offer", id=row, message_id=message, digest=digest, content_note_sealed=note, told_by="phone",
            made_by=made.lead, at=since,
        )  # fmt: skip
        yield "offer.made"
    if state in RECEIVED:
        took = _consent(rows, recipient, "receive", since, made.lead, message=message)
        rows.tables["receive_current"].append({"message_id": message, "consent_id": took})
    if state in HANDED:
        link = _link(rows, made, message, recipient, state, since)
        rows.add("release", message_id=message, digest=digest, way="link", link_id=link, made_by=made.lead, at=since)
        yield "release.made"
    if state is State.OPENED:
        done = None if rows.chance.random() < 0.03 else since + timedelta(days=3)
        _task(rows, made, message, recipient, "follow_up", since, done)
    if rows.chance.random() < 0.02:
        kind = rows.chance.choice(("call_me", "talk_first", "feedback", "link_asked", "decide_status", "appeal"))
        _task(rows, made, message, author, kind, rows.ago(6), None)
    if state is State.CONCERN:
        row = uuid4()
        note = made.opener.seal("A sentence that worries me.", "concern.note", row)
        rows.add(
            "concern", id=row, case_id=made.id, message_id=message, raised_by=made.lead, kind="threat",
            note_sealed=note, at=since,
        )  # fmt: skip


def _link(rows: Rows, made: Made, message: UUID, person: UUID, state: State, since: datetime) -> UUID:
    row, live = uuid4(), state is State.RELEASED
    secret = made.opener.seal(links.new_secret(), "link.secret", row) if live else None
    words = {State.RELEASED: "live", State.LAPSED: "expired"}
    return rows.add(
        "link", id=row, case_id=made.id, participant_id=person, message_id=message, purpose="view", channel="email",
        lookup_hash=hashlib.sha256(row.bytes).digest(), state=words.get(state, "done"), secret_sealed=secret,
        made_by=made.lead, created_at=since, expires_at=since + timedelta(days=30),
    )  # fmt: skip


def _task(rows: Rows, made: Made, message: UUID, person: UUID, kind: str, at: datetime, done: datetime | None) -> None:
    due = at + timedelta(days=2) if kind == "follow_up" else None
    rows.add(
        "task", case_id=made.id, message_id=message, participant_id=person, kind=kind, at=at, due_at=due, done_at=done,
        done_by=made.lead if done else None,
    )  # fmt: skip
    rows.leaf(at, "task.added", made.lead, case=made.id, message=message, kind=kind)
