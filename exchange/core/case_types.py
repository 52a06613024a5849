"""Case types: what each means for a case's policy, and how far a case may depart from it (rules 6, 11, 12, 13).

`DEFAULTS` is what a case of the type starts with. `BOUNDS` is how far any case may go; `SAFER` what the type adds to
that: there a change may only make the case more careful, and `check` refuses everything else. Days are calendar days.

Cooling-off time (`cooling_days`) lies between the recipient's yes and handing over: time to think again for somebody
who said yes, in which nothing can be opened. The gate asks for it by itself (condition "cooling").

Less careful (`looser`, `lowered`) is a change of its own: who may make it is said in `steps/loosening.py`.

It does not know who may change a policy (`access.py`), and reads nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from exchange.core.errors import BadInput
from exchange.core.model import Policy


class CaseType(StrEnum):
    """What kind of case it is."""

    GENERAL = "general"
    SERIOUS = "serious"
    GENDER_VIOLENCE = "gender_violence"
    YOUNG = "young"
    CUSTODY = "custody"


SUPERVISION_DAYS = 84
"""Rule 12: serious and complex cases are talked over in supervision at least every twelve weeks."""


@dataclass(frozen=True)
class Bound:
    """What a value may be: for numbers the least and the most, for yes or no what it must be. None: no bound.

    `unset`: whether the value may be left out (no end, no supervision prompted).
    """

    least: int | None = None
    most: int | None = None
    must: bool | None = None
    unset: bool = False

    def allows(self, value: Any) -> bool:
        """Whether a policy may hold this value."""
        if value is None:
            return self.unset
        if isinstance(value, bool):
            return self.must is None or value is self.must
        least = self.least is None or value >= self.least
        return bool(least and (self.most is None or value <= self.most))


DEFAULTS: dict[CaseType, Policy] = {
    CaseType.GENERAL: Policy(),
    CaseType.SERIOUS: Policy(
        four_eyes=True,
        assessment_days=84,
        cooling_days=7,
        supervision_days=SUPERVISION_DAYS,
        consent_days=182,
        notices=1,
    ),
    CaseType.GENDER_VIOLENCE: Policy(
        four_eyes=True,
        harmed_starts=True,
        assessment_days=60,
        cooling_days=14,
        supervision_days=SUPERVISION_DAYS,
        consent_days=182,
        notices=1,
    ),
    # half a year is long in a young life
    CaseType.YOUNG: Policy(
        four_eyes=True, assessment_days=60, cooling_days=3, supervision_days=SUPERVISION_DAYS, consent_days=182
    ),
    # post to and from a prison takes its time
    CaseType.CUSTODY: Policy(assessment_days=60, link_days=28, window_days=14, cooling_days=2),
}

BOUNDS: dict[str, Bound] = {
    "four_eyes": Bound(),
    "harmed_starts": Bound(),
    "assessment_days": Bound(1, 365),
    "cooling_days": Bound(0, 365),
    "link_days": Bound(1, 3_650),
    "window_days": Bound(1, 3_650),
    "notices": Bound(0, 10),
    "notices_by_itself": Bound(),
    "supervision_days": Bound(7, 365, unset=True),
    "follow_up_days": Bound(1, 366, unset=True),
    "consent_days": Bound(30, 1_095),
    "retention_days": Bound(30, 36_500),
    "expire_days": Bound(1, 36_500, unset=True),
    "emergency_hours": Bound(1, 72),
}
"""How far the policy of any case may go, in the order in which pages tell it."""

SAFER: dict[CaseType, dict[str, Bound]] = {
    CaseType.GENERAL: {},
    CaseType.SERIOUS: {
        "four_eyes": Bound(must=True),
        "assessment_days": Bound(1, 84),
        "cooling_days": Bound(2, 365),
        "supervision_days": Bound(7, SUPERVISION_DAYS),
        "follow_up_days": Bound(1, 84),
        "consent_days": Bound(30, 365),
        "notices": Bound(0, 2),
    },
    CaseType.GENDER_VIOLENCE: {
        "four_eyes": Bound(must=True),
        "harmed_starts": Bound(must=True),
        "assessment_days": Bound(1, 60),
        "cooling_days": Bound(7, 365),
        "supervision_days": Bound(7, SUPERVISION_DAYS),
        "follow_up_days": Bound(1, 84),
        "consent_days": Bound(30, 365),
        "notices": Bound(0, 2),
        "notices_by_itself": Bound(must=False),
    },
    CaseType.YOUNG: {
        "assessment_days": Bound(1, 90),
        "supervision_days": Bound(7, SUPERVISION_DAYS),
        "consent_days": Bound(30, 365),
    },
    CaseType.CUSTODY: {"notices_by_itself": Bound(must=False)},
}


SAFEGUARDS: dict[str, bool] = {
    "four_eyes": True,
    "harmed_starts": True,
    "cooling_days": True,
    "notices_by_itself": False,
    "assessment_days": False,
    "supervision_days": False,
    "follow_up_days": False,
    "consent_days": False,
    "notices": False,
    "emergency_hours": False,
}
"""The values that protect people. True: more of it (or yes) is more careful; False: less (or no). Unset is least so."""

UNTIL_HANDED_OVER = ("four_eyes", "cooling_days")
"""What stays as careful as it was for a message that is approved and not handed over."""


def bound(case_type: CaseType, name: str) -> Bound:
    """What counts for one value of the policy in a case of this type."""
    return SAFER[case_type].get(name, BOUNDS[name])


def beyond(case_type: CaseType, policy: Policy) -> Iterator[str]:
    """The names of the values that go further than the type allows, in the order of `BOUNDS`."""
    return (name for name in BOUNDS if not bound(case_type, name).allows(getattr(policy, name)))


def check(case_type: CaseType, policy: Policy) -> None:
    """Raise BadInput, naming the field, unless a case of this type may have this policy."""
    wrong = next(beyond(case_type, policy), None)
    if wrong is not None:
        raise BadInput("A case of this kind must be more careful than that.", field=wrong)


def adapted(before: CaseType, policy: Policy, after: CaseType) -> Policy:
    """The policy when a case becomes another type: what was changed for this case stays where the new type
    allows it, everything else is as the new type has it."""
    old, new = asdict(DEFAULTS[before]), asdict(DEFAULTS[after])
    kept = {
        name: value for name, value in asdict(policy).items() if value != old[name] and bound(after, name).allows(value)
    }
    return Policy(**{**new, **kept})


def looser(before: Policy, after: Policy) -> frozenset[str]:
    """The names of the safeguards of which `after` has less than `before`."""
    return frozenset(name for name in SAFEGUARDS if _less(name, getattr(before, name), getattr(after, name)))


def lowered(before: CaseType, after: CaseType) -> frozenset[str]:
    """The names of the values for which the one type has a floor that the other does not keep."""
    floors = ((name, SAFER[before][name], bound(after, name)) for name in SAFER[before])
    return frozenset(name for name, old, new in floors if _wider(old, new))


def stricter(policy: Policy, other: Policy, names: Iterable[str] = SAFEGUARDS) -> Policy:
    """The policy, with whatever of these safeguards the other has more of."""
    more = {name: getattr(other, name) for name in looser(other, policy) & set(names)}
    return replace(policy, **more)


def _less(name: str, old: Any, new: Any) -> bool:
    if old is None or new is None:
        return new is None and old is not None
    return bool(new < old if SAFEGUARDS[name] else new > old)


def _wider(old: Bound, new: Bound) -> bool:
    """Whether the new bound lets something through that the old one does not."""
    forced = old.must is not None and new.must is not old.must
    least = old.least is not None and (new.least is None or new.least < old.least)
    most = old.most is not None and (new.most is None or new.most > old.most)
    return forced or least or most or (new.unset and not old.unset)


def changed(case_type: CaseType, policy: Policy) -> frozenset[str]:
    """The names of the values that are not the type's own: they were changed for this case."""
    own = DEFAULTS[case_type]
    return frozenset(f.name for f in fields(Policy) if getattr(policy, f.name) != getattr(own, f.name))


def with_changes(case_type: CaseType, values: Mapping[str, Any]) -> Policy:
    """The type's policy with these values in place of its own."""
    return Policy(**{**asdict(DEFAULTS[case_type]), **values})
