"""The erasure certificate: a signed statement, without content, that something was erased and when.

A C2SP signed note under the key that signs the record's checkpoints. Its text is one line of title and one
`name: value` per line, in this order; it cannot be taken for a checkpoint, whose second line is a number:

    exchange erasure certificate, version 1
    record: desk.example.org/record
    what: case                       or message, participant, referral
    case: <id>                       not of a referral
    message: <id>                    only where one message was erased
    participant: <id>                only where one person who never took part was
    referral: <id>                   only where one referral was
    erased: 2026-11-22T12:00:00Z
    objects: 12
    entry: 4711                      its place in the record
    backups: 2026-12-27              after this day no backup from before it is kept, by the service's policy
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from exchange.core.notes import BadNote, Signer, Verifier, open_text, sign_text

_TITLE = "exchange erasure certificate, version 1"
ONE_THING = ("message", "participant", "referral")
"""What can be erased by itself, as it is called in a certificate and in the record."""
_LINE = re.compile(r"([a-z]+): ([ -~]+)")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was erased, when, how many objects, where the record says so, and when old backups are gone. At most one of
    ONE_THING is there; a case in all but that of a referral."""

    record: str
    case: UUID | None
    message: UUID | None
    erased: datetime
    objects: int
    entry: int
    backups: date
    participant: UUID | None = None
    referral: UUID | None = None

    @property
    def what(self) -> str:
        """What was erased, in the word of its leaf."""
        return next((name for name in ONE_THING if getattr(self, name)), "case")

    @property
    def text(self) -> str:
        """What is signed."""
        about = {name: str(found) for name in ("case", *ONE_THING) if (found := getattr(self, name))}
        lines = {
            "record": self.record,
            "what": self.what,
            **about,
            "erased": self.erased.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "objects": str(self.objects),
            "entry": str(self.entry),
            "backups": self.backups.isoformat(),
        }
        return "\n".join((_TITLE, *(f"{name}: {value}" for name, value in lines.items()))) + "\n"

    def signed(self, signer: Signer) -> str:
        """The signed note."""
        return sign_text(self.text, signer)


def open_certificate(untrusted_note: str, verifier: Verifier) -> Certificate:
    """The certificate, once this key's signature holds. Raises BadNote and says why."""
    text = open_text(untrusted_note, verifier)
    found = {match[1]: match[2] for match in map(_LINE.fullmatch, text.splitlines()[1:]) if match}
    try:
        about = {name: UUID(found[name]) if name in found else None for name in ("case", *ONE_THING)}
        read = Certificate(
            record=found["record"], erased=datetime.fromisoformat(found["erased"]), objects=int(found["objects"]),
            entry=int(found["entry"]), backups=date.fromisoformat(found["backups"]), **about,
        )  # fmt: skip
    except (KeyError, ValueError):
        raise BadNote("This is not an erasure certificate.") from None
    if read.text != text or read.record != verifier.name:
        raise BadNote("This is not an erasure certificate of this record.")
    return read
