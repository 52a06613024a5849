"""Holds the service to what people were told: invariants I1 to I5 over the history, the database, record and objects.

Each function gives sentences about what is wrong; none means that the invariant holds for this run. It reads as the
owner of the schema, by queries of its own, and asks nothing of the steps that it checks.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.core.audit_rules import replay
from exchange.core.errors import ExchangeError
from exchange.store.placing import places_of
from exchange.store.service import Service
from tests.faults.people import ACTS, People
from tests.support.putting_in import read_back
from tests.support.roles import as_owner

ONCE = ("message.put_in", "message.withdrawn", "message.erased", "case.erased", "offer.made")
"""Acts that no run does twice."""
_OWNED = text(
    "select object_key from piece join upload on upload.id = upload_id where durable and key_sealed is not null"
    " union select object_key from part"
    " join revision on revision.id = revision_id where key_sealed is not null"
    " union select object_key from early union select object_key from spoken where key_sealed is not null"
    " union select object_key from own_copy where key_sealed is not null and object_key is not null"
)
_LEFT_OVER = (
    ("a line of the reaper's", "select count(*) from reap"),
    ("a piece that does not count", "select count(*) from piece where not durable"),
    ("an upload that nobody goes on with", "select count(*) from upload where state = 'open'"),
    ("a job", "select count(*) from procrastinate_jobs where status <> 'failed'"),
    ("a leaf without a place", "select count(*) from ledger_pending"),
    ("an erasure without a certificate", "select count(*) from erasure where note is null"),
)
_STOPS = frozenset({"withdraw", "stop_it", "revoke", "want_out", "wipe", "retain"})


async def leaves_of(conn: AsyncConnection, case: UUID) -> list[dict[str, Any]]:
    """The record of one case, in order."""
    query = text("select leaf from ledger_leaf where leaf::jsonb ->> 'case' = :case order by index")
    return [json.loads(leaf) for leaf in (await conn.execute(query, {"case": str(case)})).scalars()]


async def check_run(people: People) -> list[str]:
    """Everything about one run that is over."""
    await places_of(people.service.engine).settle()
    async with as_owner(people.service).engine.begin() as conn:
        leaves = await leaves_of(conn, people.world.case)
        sessions = await _sessions(conn, people.world.case)
        stuck = [f"{act} was never done" for act in people.script.acts if act not in people.history.acts()]
        return [
            *stuck,
            *await _lost(people, conn, leaves),
            *_gate(people),
            *_unrecorded(people, await _by_session(conn)),
            *_redeemed(people, leaves, sessions),
        ]


async def _lost(people: People, conn: AsyncConnection, leaves: list[dict[str, Any]]) -> list[str]:
    """I1: every act that was acknowledged is recorded, what was put in is there to the last byte, nothing is twice."""
    wrong, there = [], [leaf["act"] for leaf in leaves]
    for name in people.history.acts():
        wanted = ACTS[name].leaf
        if wanted and wanted not in there and not await _elsewhere(conn, people, wanted):
            wrong.append(f"I1 {name} was acknowledged, and the record has no {wanted}")
    asked_again = sum("alarm" in line for line in people.history.lines())
    moved = "decide_place" in people.history.acts()  # put in where it belongs, too
    often = {one: there.count(one) - (asked_again + moved if one == "message.put_in" else 0) for one in ONCE}
    wrong += [f"I1 {one} happened {number} times" for one, number in often.items() if number > 1]
    gone = {"wipe", "retain"} & people.history.acts()
    return wrong if gone else wrong + await _bytes(people, conn)


async def _elsewhere(conn: AsyncConnection, people: People, act: str) -> bool:
    """Leaves that name the message or the session only."""
    ids = [people.known("message"), *[str(one.get("session")) for one in people.history.lines() if "session" in one]]
    query = text("select leaf from ledger_leaf where leaf::jsonb ->> 'act' = :act")
    found = (await conn.execute(query, {"act": act})).scalars()
    return any(one and one in leaf for leaf in found for one in ids)


async def _bytes(people: People, conn: AsyncConnection) -> list[str]:
    """The originals as a worker reads them."""
    query = text(
        "select upload.id, received from upload join message on message.id = message_id"
        " where message_id = :message and upload.state <> 'gone' and upload.round = message.round"
    )
    found = (await conn.execute(query, {"message": people.message})).all()
    told = [line for line in people.history.lines() if "offset" in line]
    known = [letter.encode() for letter in people.letters()]
    wrong = [] if len(found) == 1 else [f"I1 the message is made of {len(found)} uploads"]
    for row in found:
        try:
            whole = await read_back(people.service, row.id)
        except ExchangeError as error:
            wrong.append(f"I1 what was put in cannot be read: {error}")
            continue
        if whole not in known:
            wrong.append(f"I1 what was put in is not what is there: {whole[:40]!r}")
    most = max((line["offset"] for line in told), default=0)
    if any(row.received < most for row in found):
        wrong.append(f"I1 {most} bytes were acknowledged, fewer are there")
    return wrong


def _gate(people: People) -> list[str]:
    """I2: what came was the letter; nothing came once it was taken back."""
    wrong, lines = [], people.history.lines()
    wrong += [f"I2 {line['wrong']}" for line in lines if "wrong" in line]
    wrong += [f"I2 {line['read']} read something else: {line}" for line in lines if line.get("right") is False]
    stopped = False
    for line in lines:
        if stopped and "served" in line and "session" in line:
            wrong.append("I2 a byte left after it was taken back")
        stopped = stopped or line.get("act") in _STOPS
    return wrong


async def _by_session(conn: AsyncConnection) -> dict[str, datetime]:
    """When each opening was recorded first, by who and which part."""
    query = text(
        "select leaf from ledger_leaf where leaf::jsonb ->> 'act' in"
        " ('view.opened', 'review.opened', 'presented.opened') order by index"
    )
    found: dict[str, datetime] = {}
    for one in (await conn.execute(query)).scalars():
        leaf = json.loads(one)
        session = leaf.get("session") or leaf["actor"]["id"]
        at = datetime.strptime(leaf["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        found.setdefault(f"{session} {leaf['message']} {leaf['part']} {leaf.get('release')}", at)
    return found


def _unrecorded(people: People, opened: dict[str, datetime]) -> list[str]:
    """I3: before every byte that left there is its leaf."""
    wrong = []
    for line in people.history.lines():
        if "served" not in line:
            continue
        who = line.get("session") or line["staff"]
        at = opened.get(f"{who} {people.message} {line['served']} {line.get('release')}")
        if at is None or at.timestamp() > line["at"]:
            wrong.append(f"I3 {line['size']} bytes of {line['served']} left without a leaf before them")
    return wrong


async def _sessions(conn: AsyncConnection, case: UUID) -> dict[str, int]:
    """How many sessions each link that is for one session has had."""
    query = text(
        "select link.id, count(portal_session.id) as number from link left join portal_session on link_id = link.id"
        " where case_id = :case and purpose in ('view', 'preview') group by link.id"
    )
    return {str(row.id): row.number for row in await conn.execute(query, {"case": case})}


def _redeemed(people: People, leaves: list[dict[str, Any]], sessions: dict[str, int]) -> list[str]:
    """I4: one session for each link, one browser that was ever let in, one leaf that says so."""
    wrong = [f"I4 a link has {number} sessions" for number in sessions.values() if number > 1]
    for link in sessions:
        claimed = sum(leaf["act"] == "link.claimed" and leaf.get("link") == link for leaf in leaves)
        let_in = {line["by"] for line in people.history.lines() if line.get("claimed") == link}
        if claimed > 1 or len(let_in) > 1:
            wrong.append(f"I4 {len(let_in)} browsers were let in by one link, recorded {claimed} times")
    return wrong


async def check_service(service: Service) -> list[str]:
    """What concerns all runs together: I5, and every access replayed through the gate by the record alone (I2)."""
    await places_of(service.engine).settle()
    async with as_owner(service).engine.begin() as conn:
        wrong = []
        for what, query in _LEFT_OVER:
            number = (await conn.execute(text(query))).scalar_one()
            wrong += [f"I5 {number} times {what} is left over"] if number else []
        owned = set((await conn.execute(_OWNED)).scalars())
        record = list((await conn.execute(_RECORD)).scalars())
    stored = {key async for key, _ in service.objects.list("") if not key.startswith("record/")}
    wrong += [f"I5 {len(stored - owned)} objects belong to nobody"] if stored - owned else []
    wrong += [f"I1 {len(owned - stored)} objects are gone"] if owned - stored else []
    drafts = list(service.settings.folder.glob("objects/tmp/*"))
    wrong += [f"I5 {len(drafts)} unfinished files lie beside the objects"] if drafts else []
    scratch = list(service.settings.scratch.glob("job-*"))
    wrong += [f"I5 {len(scratch)} folders with words in the clear are left over"] if scratch else []
    wrong += await _second_record(service, record)
    return wrong + [f"I2 {violation}" for violation in replay([json.loads(one) for one in record])]


async def _second_record(service: Service, record: list[str]) -> list[str]:
    """The record beside the objects says what the database's says, as far as it goes, and nothing else lies there."""
    keys = sorted([key async for key, _ in service.objects.list("record/")])
    bundles = [key for key in keys if key.startswith("record/leaves/")]
    lines = "".join([(await service.objects.get(key)).decode() for key in bundles]).splitlines()
    wrong = [] if lines == record[: len(lines)] else ["I1 the record beside the objects is another one"]
    # the first copy, killed before its end, has said nothing of how far it goes: the next one begins anew
    return wrong + (["I5 something lies in record/"] if set(keys) - {*bundles, "record/newest"} else [])


_RECORD = text("select leaf from ledger_leaf order by index")
