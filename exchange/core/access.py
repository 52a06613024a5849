"""Who may do what: one table, deny by default (RULES, SECURITY "People inside").

A permission names the roles that have it and how near to the case one must be:

- ANY: the role is enough (lists, referrals, the record, administration).
- SEES: assigned, co-facilitator or cover; or supervisor. State and story of the case, never content.
- TEAM: assigned to the case (lead or co) or its cover. Content is for the team only, whatever the role.

Two relations stand beside the team. EMERGENCY: a colleague from outside opened the case for some hours, with
a reason that the team and supervisors are told; that gives `IN_AN_EMERGENCY` and nothing more: nobody
approves, offers or hands over that way. BARRED: a conflict of interest; nothing about the case is for this
account, whatever its roles, and no emergency opens it.

`may` is asked with the relation of the actor to the case, which the store looks up; what is not in the
table is refused.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from exchange.core.errors import NotAllowed, StepUpNeeded
from exchange.core.model import Actor, ActorKind, Role


class Near(StrEnum):
    """How near to a case a permission demands one to be."""

    ANY = "any"
    SEES = "sees"
    TEAM = "team"


class Relation(StrEnum):
    """What somebody is to a case."""

    NONE = "none"
    LEAD = "lead"
    CO = "co"
    COVER = "cover"
    EMERGENCY = "emergency"
    BARRED = "barred"


ON_THE_TEAM = frozenset({Relation.LEAD, Relation.CO, Relation.COVER})
READS_INSIDE = ON_THE_TEAM | {Relation.EMERGENCY}
"""Who reads names, notes and reasons of a case: its team, and whoever opened it in an emergency."""


class Permission(StrEnum):
    """Everything a member of staff can be allowed to do."""

    HOME = "home"
    CASE_LIST = "case_list"
    CASE_OPEN = "case_open"
    CASE_IMPORT = "case_import"
    CASE_SEE = "case_see"
    CASE_CHANGE = "case_change"
    CASE_ASSIGN = "case_assign"
    CASE_CLOSE = "case_close"
    CASE_SETTLE = "case_settle"
    CASE_BAR = "case_bar"
    PERSON_SEE = "person_see"
    EMERGENCY_OPEN = "emergency_open"
    EMERGENCY_JUDGE = "emergency_judge"
    EMERGENCY_SECOND = "emergency_second"
    EMERGENCY_LIST = "emergency_list"
    CONTENT = "content"
    PUT_IN = "put_in"
    REVIEW = "review"
    CONCERN_RAISE = "concern_raise"
    CONCERN_END = "concern_end"
    CONSENT = "consent"
    FACT = "fact"
    FACT_SUPERVISED = "fact_supervised"
    OFFER = "offer"
    RELEASE = "release"
    REVOKE = "revoke"
    DISCLOSE = "disclose"
    COPY_PREPARE = "copy_prepare"
    COPY_APPROVE = "copy_approve"
    COPY_HAND_OUT = "copy_hand_out"
    REFERRALS = "referrals"
    SUPERVISE = "supervise"
    RECORD = "record"
    RECORD_EXPORT = "record_export"
    RECORD_WITNESS = "record_witness"
    ADMINISTER = "administer"
    WORDING = "wording"
    LEAVER = "leaver"
    OWN_ACCOUNT = "own_account"


@dataclass(frozen=True)
class Rule:
    """The roles that have a permission, the nearness it demands, and whether a fresh second factor is needed."""

    roles: frozenset[Role]
    near: Near
    step_up: bool = False


F, SV, AU, AD = Role.FACILITATOR, Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR


def _rule(near: Near, *roles: Role, step_up: bool = False) -> Rule:
    return Rule(frozenset(roles), near, step_up)


RULES: dict[Permission, Rule] = {
    Permission.HOME: _rule(Near.ANY, F, SV, AU, AD),
    Permission.OWN_ACCOUNT: _rule(Near.ANY, F, SV, AU, AD),
    Permission.CASE_LIST: _rule(Near.ANY, F, SV),
    Permission.CASE_OPEN: _rule(Near.ANY, F, SV),
    Permission.CASE_IMPORT: _rule(Near.ANY, SV),
    Permission.CASE_SEE: _rule(Near.SEES, F, SV),
    Permission.CASE_CHANGE: _rule(Near.TEAM, F, SV),
    Permission.CASE_ASSIGN: _rule(Near.ANY, SV),
    Permission.CASE_CLOSE: _rule(Near.SEES, SV),
    Permission.CASE_SETTLE: _rule(Near.SEES, F, SV),
    Permission.CASE_BAR: _rule(Near.SEES, SV),
    Permission.PERSON_SEE: _rule(Near.TEAM, F, SV),
    Permission.EMERGENCY_OPEN: _rule(Near.ANY, F, SV, step_up=True),
    Permission.EMERGENCY_JUDGE: _rule(Near.SEES, F, SV),
    Permission.EMERGENCY_SECOND: _rule(Near.SEES, SV, step_up=True),
    Permission.EMERGENCY_LIST: _rule(Near.ANY, SV, AU),
    Permission.CONTENT: _rule(Near.TEAM, F, SV),
    Permission.PUT_IN: _rule(Near.TEAM, F, SV),
    Permission.REVIEW: _rule(Near.TEAM, F, SV),
    Permission.CONCERN_RAISE: _rule(Near.SEES, F, SV),
    Permission.CONCERN_END: _rule(Near.SEES, SV),
    Permission.CONSENT: _rule(Near.TEAM, F, SV),
    Permission.FACT: _rule(Near.TEAM, F, SV),
    Permission.FACT_SUPERVISED: _rule(Near.SEES, SV),
    Permission.OFFER: _rule(Near.TEAM, F, SV),
    Permission.RELEASE: _rule(Near.TEAM, F, SV, step_up=True),
    Permission.REVOKE: _rule(Near.SEES, F, SV),
    Permission.DISCLOSE: _rule(Near.TEAM, F, SV, step_up=True),
    Permission.COPY_PREPARE: _rule(Near.TEAM, F, SV),
    Permission.COPY_APPROVE: _rule(Near.SEES, F, SV, step_up=True),
    Permission.COPY_HAND_OUT: _rule(Near.TEAM, F, SV, step_up=True),
    Permission.REFERRALS: _rule(Near.ANY, F, SV),
    Permission.SUPERVISE: _rule(Near.ANY, SV),
    Permission.RECORD: _rule(Near.ANY, AU),
    Permission.RECORD_EXPORT: _rule(Near.ANY, AU, step_up=True),
    Permission.RECORD_WITNESS: _rule(Near.ANY, AU),
    Permission.ADMINISTER: _rule(Near.ANY, AD),
    Permission.WORDING: _rule(Near.ANY, SV, AD),
    Permission.LEAVER: _rule(Near.ANY, SV, AD, step_up=True),
}


class Scope(StrEnum):
    """What a token may be narrowed to."""

    WITNESS = "witness"


SCOPES: dict[Scope, frozenset[Permission]] = {Scope.WITNESS: frozenset({Permission.RECORD_WITNESS})}
"""The permissions of a narrowed token, of those that its account's roles have: checkpoints and proofs, no entry."""


IN_AN_EMERGENCY = frozenset(
    {
        Permission.CASE_SEE,
        Permission.PERSON_SEE,
        Permission.CONTENT,
        Permission.CONCERN_RAISE,
        Permission.REVOKE,
    }
)
"""What an emergency gives: to read, to reach people, to stop things. Never to let something go out."""


def may(actor: Actor, permission: Permission, relation: Relation = Relation.NONE) -> bool:
    """Whether the actor's roles and nearness to the case are enough (a fresh second factor aside)."""
    rule = RULES.get(permission)
    if actor.kind is not ActorKind.STAFF or actor.id is None or rule is None or not actor.roles & rule.roles:
        return False
    if relation is Relation.BARRED or (actor.only is not None and permission not in actor.only):
        return False
    if rule.near is Near.ANY or relation in ON_THE_TEAM:
        return True
    if relation is Relation.EMERGENCY and permission in IN_AN_EMERGENCY:
        return True
    return rule.near is Near.SEES and Role.SUPERVISOR in actor.roles


def require(actor: Actor, permission: Permission, relation: Relation = Relation.NONE) -> None:
    """Raise `NotAllowed`, or `StepUpNeeded` where only the fresh second factor is missing."""
    if not may(actor, permission, relation):
        raise NotAllowed
    if RULES[permission].step_up and not actor.stepped_up:
        raise StepUpNeeded


def require_administrator(actor: Actor) -> None:
    """The machine's command line, or an administrator who confirmed the second factor just now."""
    if actor.kind is ActorKind.OPERATOR:
        return
    require(actor, Permission.ADMINISTER)
    if not actor.stepped_up:
        raise StepUpNeeded


def require_import(actor: Actor) -> None:
    """Many cases at once: the machine's command line, or a supervisor. Never an administrator: a table holds names."""
    if actor.kind is not ActorKind.OPERATOR:
        require(actor, Permission.CASE_IMPORT)


def may_break_glass(actor: Actor, relation: Relation) -> bool:
    """Whether the actor may open this case in an emergency: from outside the team, and not barred."""
    return may(actor, Permission.EMERGENCY_OPEN, relation) and relation is Relation.NONE


def may_judge_emergency(actor: Actor, relation: Relation, asked_by: UUID) -> bool:
    """Whether the actor may end this emergency or say that it was looked at: never who asked for it."""
    return may(actor, Permission.EMERGENCY_JUDGE, relation) and actor.id != asked_by


def may_second_emergency(actor: Actor, relation: Relation, asked_by: UUID) -> bool:
    """Whether the actor may agree to it where the case's policy asks for four eyes: another supervisor."""
    return may(actor, Permission.EMERGENCY_SECOND, relation) and actor.id != asked_by
