"""Whose a referral is: of the people of the case, the one that is certain."""

from collections.abc import Collection, Mapping
from uuid import UUID

OWN = (
    "reach_by", "reach_address", "reach_when", "reach_words", "name", "about", "side", "needs", "language", "other",
)  # fmt: skip
"""What somebody answers who asks for themselves. A referral that says anything else was made by somebody else."""


def whose(answers: Mapping[str, str], known: Mapping[UUID, Collection[str]]) -> UUID | None:
    """The person whose own name or address the referral gives; None where it fits nobody, more than one, or was made
    by somebody else.

    `known`: by person, the name and every address that was recorded. Blanks and capitals do not count.
    """
    if not set(answers) <= set(OWN):
        return None
    given = {_plain(answers.get(name, "")) for name in ("name", "reach_address")} - {""}
    fits = [person for person, words in known.items() if given & {_plain(word) for word in words}]
    return fits[0] if len(fits) == 1 else None


def _plain(text: str) -> str:
    return "".join(text.casefold().split())
