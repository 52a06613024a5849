"""Made-up records for tests: leaves that read like a real case, dated without a clock, and their exports."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from exchange.core.export import Filter, Header, leaf_line, note_line
from exchange.core.leaf import dated
from exchange.core.ledger import Tree, leaf_hash
from exchange.core.notes import Checkpoint, KeySigner

ORIGIN = "exchange.example/record"
START = datetime(2026, 3, 3, 14, 15, tzinfo=UTC)
CASES = [UUID(int=0xCA5E << 64 | number) for number in range(5)]


def fields(number: int, seed: int = 1) -> dict[str, Any]:
    """One plausible leaf without its time: the same for the same numbers."""
    draw = random.Random(seed * 1_000_003 + number)

    def some_id() -> UUID:
        return UUID(int=draw.getrandbits(128))

    common = {
        "actor": {"kind": "staff", "id": some_id()},
        "case": CASES[number % len(CASES)],
        "message": some_id(),
    }
    digest = draw.randbytes(32).hex()
    return [
        {"act": "message.put_in", **common, "kind": "letter", "size": draw.randrange(10**6)},
        {"act": "review.approved", **common, "digest": digest, "approval": some_id(), "tick": ["no_threat"]},
        {"act": "consent.given", **common, "kind": "share", "consent": some_id(), "wording": "share-2"},
        {"act": "view.opened", **common, "session": some_id(), "part": "page-1", "digest": digest,
         "consent_take_part": [some_id(), some_id()], "consent_share": some_id(), "outcome": "shown"},
        {"act": "fact.recorded", **common, "fact": "assessment", "value": "current", "until": START},
    ][number % 5]  # fmt: skip


def leaves(count: int, seed: int = 1) -> list[str]:
    """The texts of `count` dated leaves."""
    return [dated(fields(n, seed), START + timedelta(seconds=n)) for n in range(count)]


def signed_note(texts: Sequence[str], signer: KeySigner, size: int | None = None) -> str:
    """The signed checkpoint over the first `size` leaves."""
    size = len(texts) if size is None else size
    tree = Tree(leaf_hash(text.encode()) for text in texts)
    return Checkpoint(signer.name, size, tree.root(size)).signed(signer)


def export_lines(texts: Sequence[str], signer: KeySigner) -> list[str]:
    """A complete export."""
    body = [leaf_line(index, text) for index, text in enumerate(texts)]
    header = Header(signer.name, len(texts), len(texts)).line
    return [header, *body, note_line(signed_note(texts, signer))]


def filtered_lines(texts: Sequence[str], signer: KeySigner, filters: Filter, wanted: Iterable[int]) -> list[str]:
    """A filtered export of the leaves at these places."""
    tree = Tree(leaf_hash(text.encode()) for text in texts)
    body = [leaf_line(index, texts[index], tree.inclusion(index)) for index in wanted]
    header = Header(signer.name, len(texts), len(body), filters).line
    return [header, *body, note_line(signed_note(texts, signer))]


def story(ids: Mapping[str, str]) -> list[dict[str, Any]]:
    """The leaves of one message from case to view, in order, every condition met; `ids` by name."""
    case, message, digest = ids["case"], ids["message"], "ab" * 32
    about = {"case": case, "message": message}
    grounds = {
        **about, "digest": digest, "approval": ids["approval"], "consent_share": ids["share"],
        "consent_receive": ids["receive"], "consent_take_part": [ids["author"], ids["recipient"]],
    }  # fmt: skip

    def part(who: str) -> dict[str, Any]:
        return {"act": "consent.given", "scope": "take_part", "case": case, "participant": ids[f"{who}_id"],
                "consent": ids[who]}  # fmt: skip

    def moved(event: str, before: str, after: str) -> dict[str, str]:
        return {"event": event, "state_from": before, "state_to": after}

    return [
        {"act": "case.opened", "case": case},
        part("author"),
        part("recipient"),
        {"act": "fact.recorded", "case": case, "fact": "assessment", "value": "current",
         "until": START + timedelta(days=90)},
        {"act": "message.begun", **about, "author": ids["author_id"], "recipient": ids["recipient_id"]},
        {"act": "message.put_in", **about, **moved("receive", "receiving", "quarantined")},
        {"act": "revision.made", **about, "digest": digest, **moved("clean", "quarantined", "in_review")},
        {"act": "review.approved", **about, "digest": digest, "approval": ids["approval"],
         **moved("approve", "in_review", "approved")},
        {"act": "consent.given", "scope": "share", **about, "digest": digest, "consent": ids["share"]},
        {"act": "offer.made", **about, **moved("offer", "approved", "offered")},
        {"act": "consent.given", "scope": "receive", **about, "consent": ids["receive"],
         **moved("accept", "offered", "accepted")},
        {"act": "release.created", **grounds, "release": ids["release"], "link": ids["link"],
         **moved("release", "accepted", "released")},
        {"act": "view.opened", **grounds, "release": ids["release"], "link": ids["link"],
         **moved("open", "released", "opened")},
    ]  # fmt: skip
