"""Who may do what, tried over every role, permission and relation."""

import itertools
from uuid import UUID

import pytest

from exchange.core import access
from exchange.core.access import IN_AN_EMERGENCY, ON_THE_TEAM, RULES, Near, Permission, Relation, may
from exchange.core.errors import NotAllowed, StepUpNeeded
from exchange.core.model import Actor, ActorKind, Role

ME, OTHER = UUID(int=1), UUID(int=2)
EVERY_ROLE = [frozenset(some) for n in range(5) for some in itertools.combinations(Role, n)]


def staff(*roles: Role, stepped_up: bool = True) -> Actor:
    """A member of staff with these roles."""
    return Actor(ActorKind.STAFF, ME, frozenset(roles), stepped_up=stepped_up)


def test_every_permission_has_a_rule() -> None:
    """What is not in the table is refused, so nothing may be missing from it."""
    assert set(RULES) == set(Permission)


@pytest.mark.parametrize("permission", list(Permission))
def test_whoever_is_barred_may_nothing_about_the_case(permission: Permission) -> None:
    """Whatever the roles are, all four together included: a conflict of interest comes first."""
    assert not any(may(staff(*roles), permission, Relation.BARRED) for roles in EVERY_ROLE)


@pytest.mark.parametrize("permission", list(Permission))
def test_an_emergency_adds_reading_and_stopping_and_nothing_else(permission: Permission) -> None:
    """For every set of roles: with it one may what one may without it, and what the list says."""
    for roles in EVERY_ROLE:
        actor = staff(*roles)
        without, with_it = (may(actor, permission, near) for near in (Relation.NONE, Relation.EMERGENCY))
        listed = permission in IN_AN_EMERGENCY and bool(roles & RULES[permission].roles)
        assert with_it == (without or listed), (permission, roles)


def test_nothing_goes_out_by_an_emergency() -> None:
    """Nobody approves, agrees for somebody, offers, hands over, puts in or changes people that way."""
    outward = {"review", "consent", "offer", "release", "put_in", "case_change", "fact", "fact_supervised"}
    assert not IN_AN_EMERGENCY & {Permission(name) for name in outward}


def test_a_supervisor_outside_the_team_reads_no_content() -> None:
    """Content is for the team: seeing a case is not enough."""
    for permission, rule in RULES.items():
        if rule.near is Near.TEAM:
            assert not may(staff(Role.SUPERVISOR), permission, Relation.NONE), permission


@pytest.mark.parametrize("near", list(Relation))
def test_only_outsiders_break_the_glass(near: Relation) -> None:
    """Whoever is on the team needs no emergency, whoever is barred gets none, other roles never do."""
    for roles in EVERY_ROLE:
        works = bool(roles & {Role.FACILITATOR, Role.SUPERVISOR})
        assert access.may_break_glass(staff(*roles), near) == (works and near is Relation.NONE)


def test_nobody_judges_their_own_emergency() -> None:
    """Neither agrees to it nor says that it was looked at, on the team or not, supervisor or not."""
    for roles, near in itertools.product(EVERY_ROLE, Relation):
        assert not access.may_judge_emergency(staff(*roles), near, ME)
        assert not access.may_second_emergency(staff(*roles), near, ME)


def test_the_second_person_is_a_supervisor_who_is_not_barred() -> None:
    """And the team may look at it and end it."""
    for roles, near in itertools.product(EVERY_ROLE, Relation):
        supervises = Role.SUPERVISOR in roles and near is not Relation.BARRED
        assert access.may_second_emergency(staff(*roles), near, OTHER) == supervises
    assert all(access.may_judge_emergency(staff(Role.FACILITATOR), near, OTHER) for near in ON_THE_TEAM)
    assert not access.may_judge_emergency(staff(Role.FACILITATOR), Relation.EMERGENCY, OTHER)


@pytest.mark.parametrize("permission", [p for p, rule in RULES.items() if rule.step_up])
def test_what_needs_a_fresh_second_factor_asks_for_it(permission: Permission) -> None:
    """Release, export, emergencies: `StepUpNeeded` without, nothing with, `NotAllowed` for everybody else."""
    for roles in EVERY_ROLE:
        fit = bool(roles & RULES[permission].roles)
        with pytest.raises(StepUpNeeded if fit else NotAllowed) as refusal:
            access.require(staff(*roles, stepped_up=False), permission, Relation.LEAD)
        assert type(refusal.value) is (StepUpNeeded if fit else NotAllowed)
        if fit:
            access.require(staff(*roles), permission, Relation.LEAD)
