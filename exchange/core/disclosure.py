"""Passing something of a case on to somebody outside (rule 15): what must be recorded, and what is never done.

Closed by default: a disclosure names the authority and its legal basis; the basis is the consent of every person
concerned, given for this one disclosure, or a legal duty that is written down. For a sentence and for parole there is
no basis at all: what somebody writes here must never count for or against anyone's sentence (rule 24), and people
could not write freely if it might. Whoever holds a court's order for that speaks to the service's lawyer: the product
has no export to such a file, and no place to record one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from exchange.core.errors import BadInput, NotForSentences, Refused

KINDS = ("police", "court", "safeguarding", "health", "regulator", "other")
"""`court`: a civil or family court, or an inquest. Never for a sentence."""
NEVER = ("sentencing", "parole")
BASES = ("consents", "legal_duty")


@dataclass(frozen=True)
class Disclosure:
    """What is to be recorded. `duty`: which law or order, where that is the basis; `concerned`: whom it is about."""

    kind: str
    authority: str
    what: str
    basis: str
    duty: str = ""
    concerned: tuple[UUID, ...] = ()


def consents_for(asked: Disclosure, free: Mapping[UUID, UUID], people: Collection[UUID]) -> list[UUID]:
    """The consents that it stands on, none for a legal duty. Raises BadInput, Refused, NotForSentences.

    `free`: by person, their newest consent to a disclosure, where it is a yes and no disclosure stands on it yet.
    """
    if asked.kind in NEVER:
        raise NotForSentences
    if asked.kind not in KINDS:
        raise BadInput("Choose what it is for.", field="kind")
    if not asked.authority.strip():
        raise BadInput("Write down which authority it goes to, and who there.", field="authority")
    if not asked.what.strip():
        raise BadInput("Write down what was passed on.", field="what")
    if not asked.concerned or not set(asked.concerned) <= set(people):
        raise BadInput("Choose everybody whom it is about.", field="concerned")
    if asked.basis == "legal_duty":
        if not asked.duty.strip():
            raise BadInput("Write down which law or which order demands it.", field="duty")
        return []
    if asked.basis != "consents":
        raise BadInput("Choose what allows it.", field="basis")
    if not set(asked.concerned) <= set(free):
        raise Refused("Somebody whom it is about has not agreed to this one. Record their decision first.")
    return [free[person] for person in dict.fromkeys(asked.concerned)]
