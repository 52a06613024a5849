"""Case types: what each starts with, how far a case may depart from it, and what stays when the type changes."""

from dataclasses import asdict, fields, replace

import pytest

from exchange.core import case_types
from exchange.core.case_types import BOUNDS, DEFAULTS, SAFER, CaseType
from exchange.core.errors import BadInput
from exchange.core.model import Policy

T = CaseType


@pytest.mark.parametrize("case_type", list(CaseType))
def test_every_type_keeps_to_its_own_bounds(case_type: CaseType) -> None:
    """What a case begins with is allowed, and every value of a policy has a bound."""
    case_types.check(case_type, DEFAULTS[case_type])
    assert set(BOUNDS) == {f.name for f in fields(Policy)}
    assert set(SAFER[case_type]) <= set(BOUNDS)


# By hand: what RULES demand of a type, and a value that would be looser.
LOOSER = [
    (T.SERIOUS, "four_eyes", False),
    (T.SERIOUS, "supervision_days", 85),
    (T.SERIOUS, "supervision_days", None),
    (T.SERIOUS, "assessment_days", 85),
    (T.SERIOUS, "cooling_days", 1),
    (T.GENDER_VIOLENCE, "harmed_starts", False),
    (T.GENDER_VIOLENCE, "four_eyes", False),
    (T.GENDER_VIOLENCE, "cooling_days", 6),
    (T.GENDER_VIOLENCE, "assessment_days", 61),
    (T.GENDER_VIOLENCE, "notices_by_itself", True),
    (T.YOUNG, "assessment_days", 91),
    (T.CUSTODY, "notices_by_itself", True),
    (T.GENERAL, "assessment_days", 366),
    (T.GENERAL, "assessment_days", 0),
    (T.GENERAL, "cooling_days", -1),
    (T.GENERAL, "notices", 11),
    (T.GENERAL, "retention_days", 29),
]


@pytest.mark.parametrize(("case_type", "name", "value"), LOOSER)
def test_rule_12_and_13_no_case_is_looser_than_its_type(case_type: CaseType, name: str, value: object) -> None:
    """Refused, and the field is named."""
    with pytest.raises(BadInput) as refused:
        case_types.check(case_type, replace(DEFAULTS[case_type], **{name: value}))
    assert refused.value.field == name


def test_a_case_may_always_be_more_careful() -> None:
    """The strictest policy there is fits every type."""
    careful = Policy(four_eyes=True, harmed_starts=True, assessment_days=30, cooling_days=30, supervision_days=28,
                     notices=0, link_days=3, window_days=3)  # fmt: skip
    for case_type in CaseType:
        case_types.check(case_type, careful)


def test_another_type_brings_its_own_rules_and_keeps_what_was_changed_where_it_fits() -> None:
    """From general to gender-based violence: a shorter link stays, a long assessment does not."""
    changed = replace(DEFAULTS[T.GENERAL], link_days=5, assessment_days=200)
    after = case_types.adapted(T.GENERAL, changed, T.GENDER_VIOLENCE)
    assert asdict(after) == {**asdict(DEFAULTS[T.GENDER_VIOLENCE]), "link_days": 5}
    assert case_types.changed(T.GENDER_VIOLENCE, after) == {"link_days"}
    for before in CaseType:
        for to in CaseType:
            case_types.check(to, case_types.adapted(before, DEFAULTS[before], to))
