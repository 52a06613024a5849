"""The diary of a case: what practice writes down and the gate does not read (rules 10, 11, 12, 13, 22).

An entry is about the case or about one person in it, has a word of `VALUES`, and words of its own, sealed. Entries are
added, never changed; the newest of a kind counts, earlier ones stay to be read. `REASONED` kinds need words.
"""

from enum import StrEnum

from exchange.core.case_types import CaseType
from exchange.core.errors import BadInput
from exchange.core.referrals import Source


class Diary(StrEnum):
    """What an entry is about."""

    REFERRED = "referred"
    TYPE = "type"
    POLICY = "policy"
    INVITING = "inviting"
    INFORMATION = "information"
    EXPECTATIONS = "expectations"
    NEEDS = "needs"
    OWNING_UP = "owning_up"
    PLAN = "plan"
    CLOSING_TALK = "closing_talk"
    OUTCOME = "outcome"
    FOLLOW_UP = "follow_up"


TALKED = ("done", "not_done")
NOT_INVITED = ("not_invited_early", "not_invited_unsafe", "not_invited_unreachable", "not_invited_other", "not_invited")
"""Why somebody is not invited, as far as it can be counted; the entry's words say it (rule 22)."""
CASE_DIARY: dict[Diary, tuple[str, ...]] = {
    Diary.REFERRED: tuple(Source),
    Diary.TYPE: tuple(CaseType),
    Diary.POLICY: ("changed",),
    Diary.PLAN: ("written",),
    Diary.OUTCOME: ("agreed", "partly", "stopped", "not_begun"),
    Diary.FOLLOW_UP: ("held", "not_wanted", "not_reached"),
}
PERSON_DIARY: dict[Diary, tuple[str, ...]] = {
    Diary.INVITING: ("invited", *NOT_INVITED),
    Diary.INFORMATION: TALKED,
    Diary.EXPECTATIONS: TALKED,
    Diary.NEEDS: TALKED,
    Diary.OWNING_UP: TALKED,
    Diary.CLOSING_TALK: ("held", "not_wanted", "not_possible"),
}
REASONED = frozenset({Diary.TYPE, Diary.INVITING, Diary.PLAN, Diary.OUTCOME, Diary.FOLLOW_UP})
PREPARATION: dict[tuple[str, str], frozenset[Diary]] = {
    ("preparation", "done"): frozenset({Diary.INFORMATION, Diary.EXPECTATIONS, Diary.NEEDS}),
    ("responsibility", "accepted"): frozenset({Diary.OWNING_UP}),
}
"""Rule 10: (fact, value) that may be recorded about a person only when these were talked about with them."""
BY_OTHERS = frozenset({Diary.REFERRED, Diary.TYPE, Diary.POLICY, Diary.FOLLOW_UP})
"""Kinds that come with an act of their own, which writes them."""
LONGEST = 10_000


def check(kind: Diary, value: str, words: str, *, person: bool) -> None:
    """Raise BadInput, naming the field, unless this can stand in a diary."""
    if value not in (PERSON_DIARY if person else CASE_DIARY).get(kind, ()):
        raise BadInput("Choose one of the answers.", field="value")
    if kind in REASONED and not words.strip():
        raise BadInput("Write it in a few words, so that it can be understood later.", field="words")
    if len(words) > LONGEST:
        raise BadInput("This is too long. Keep to what matters.", field="words")
