"""What a referral may say, who made it, and whose it is.

Somebody asks for themselves, or a professional asks for others (police, probation, a prison, a victim service, a
court, a school). Of themselves one safe way to reach them is needed and nothing else. A professional says who they
are, and of each person whether that person agreed to be referred, and when: consent is never taken for granted.
At least one person has agreed; of whoever has not, no way to reach them is kept, for nobody may be rung up unasked
(rule 1). Nothing here makes anybody a contact: that is for triage.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from exchange.core.errors import BadInput


class Source(StrEnum):
    """Who made a referral."""

    SELF = "self"
    PROFESSIONAL = "professional"


OWN = (
    "reach_by", "reach_address", "reach_when", "reach_words", "name", "about", "side", "needs", "language", "other",
)  # fmt: skip
"""What somebody answers who asks for themselves. A referral that says anything else was made by somebody else."""

BY = ("by_name", "by_organisation", "by_role", "by_reach")
WHO = ("one", "two")
_TOLD = ("name", "side", "agreed", "agreed_when")
_REACHED = ("reach_by", "reach_address", "reach_when", "reach_words", "needs")
OF_PROFESSIONAL = (
    *BY, *(f"{who}_{name}" for who in WHO for name in (*_TOLD, *_REACHED)), "about", "orders", "orders_words", "risks",
)  # fmt: skip
FIELDS = {Source.SELF: OWN, Source.PROFESSIONAL: OF_PROFESSIONAL}

ROLES = ("police", "probation", "prison", "victim_service", "court", "school", "other")
WORDS: dict[str, tuple[str, ...]] = {
    "by_role": ROLES,
    "orders": ("yes", "no", "not_known"),
    **{f"{who}_side": ("harmed", "responsible") for who in WHO},
    **{f"{who}_agreed": ("yes", "no") for who in WHO},
}
"""Answers of a professional that are one of a list."""
LONGEST = 4_000
_SHORT = 500
_LONG = frozenset({"about", "orders_words", "risks"})


def longest(source: Source, name: str) -> int:
    """How many characters an answer may have."""
    return LONGEST if source is Source.SELF or name in _LONG else _SHORT


def named(answers: Mapping[str, str], who: str) -> bool:
    """Whether a professional tells of this person (one of WHO) at all; of the first one always."""
    return who == WHO[0] or bool(answers.get(f"{who}_name") or answers.get(f"{who}_side"))


def agreed(answers: Mapping[str, str], who: str) -> bool:
    """Whether this person has agreed to be referred."""
    return named(answers, who) and answers.get(f"{who}_agreed") == "yes"


def applies(answers: Mapping[str, str], name: str) -> bool:
    """Whether a field of a professional's referral is asked, after these answers."""
    who, _, rest = name.partition("_")
    if who not in WHO or rest in ("name", "side"):
        return True
    return agreed(answers, who) if rest in (*_REACHED, "agreed_when") else named(answers, who)


def checked(source: Source, untrusted_answers: Mapping[str, str]) -> dict[str, str]:
    """The answers that are kept. Raises BadInput for the first that cannot be used."""
    if set(untrusted_answers) - set(FIELDS[source]):
        raise BadInput("The form has changed. Please load it again.")
    answers = {name: untrusted_answers.get(name, "").replace("\x00", "").strip() for name in FIELDS[source]}
    for name, text in answers.items():
        if len(text) > longest(source, name):
            raise BadInput("This is too long. Tell us the rest when we talk.", field=name)
    if source is Source.SELF:
        _reachable(answers, "")
    else:
        answers = _of_a_professional(answers)
    return {name: text for name, text in answers.items() if text}


def _of_a_professional(answers: dict[str, str]) -> dict[str, str]:
    for name in BY:
        if not answers[name]:
            raise BadInput("Tell us who you are and how we reach you.", field=name)
    for name, words in WORDS.items():
        if answers[name] and answers[name] not in words:
            raise BadInput("Choose one of the answers.", field=name)
    kept = {name: text if applies(answers, name) else "" for name, text in answers.items()}
    sure = [who for who in WHO if agreed(kept, who)]
    if not sure:
        raise BadInput("Nobody has agreed to be referred yet. Please ask them first, or ring us.", field="one_agreed")
    for who in sure:
        if not kept[f"{who}_agreed_when"]:
            raise BadInput("Tell us when and how they agreed.", field=f"{who}_agreed_when")
        _reachable(kept, who + "_")
    return kept


def _reachable(answers: Mapping[str, str], who: str) -> None:
    for name in ("reach_by", "reach_address"):
        if answers[who + name]:
            continue
        if who:
            raise BadInput("Tell us one safe way to reach them.", field=who + name)
        raise BadInput("Tell us one safe way to reach you.", field=name)


def for_the_diary(source: Source, answers: Mapping[str, str]) -> str:
    """Who referred, and who agreed when: what stays with the case. "" for somebody who asked for themselves.

    One line each, whatever line ends somebody outside wrote into a name: nobody writes a line that looks like ours.
    """
    return "\n".join(" ".join(line.split()) for line in _who_referred(answers)) if source is Source.PROFESSIONAL else ""


def _who_referred(answers: Mapping[str, str]) -> Iterator[str]:
    yield from (answers[name] for name in ("by_name", "by_organisation", "by_reach") if name in answers)
    for who in WHO:
        if agreed(answers, who):
            yield ": ".join(filter(None, (answers.get(f"{who}_name", ""), answers.get(f"{who}_agreed_when", ""))))


@dataclass(frozen=True)
class Known:
    """One person of a case as recorded: full name ("" once erased), side, and every address there was."""

    name: str
    side: str
    addresses: Collection[str]


def whose(answers: Mapping[str, str], known: Mapping[UUID, Known]) -> UUID | None:
    """The person whose own name or address the referral gives; None where it fits nobody, more than one, or was made
    by somebody else.

    A name or a side that is given must be theirs: people share telephones. Without a name an address is enough only
    while everybody of the case is still known. Blanks and capitals do not count.
    """
    name, address = (_plain(answers.get(field, "")) for field in ("name", "reach_address"))
    if not set(answers) <= set(OWN) or not (name or all(one.name for one in known.values())):
        return None
    fits = [
        person
        for person, one in known.items()
        if (name and name == _plain(one.name)) or (address and address in {_plain(words) for words in one.addresses})
    ]
    if len(fits) != 1:
        return None
    one, side = known[fits[0]], answers.get("side", "")
    return fits[0] if name in ("", _plain(one.name)) and side in ("", one.side) else None


def _plain(text: str) -> str:
    return "".join(text.casefold().split())
