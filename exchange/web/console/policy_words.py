"""A case's policy in words: what each value is called, what it says, and how far the case's type lets it go."""

from typing import Any

from exchange.core.case_types import Bound, CaseType
from exchange.web.frame import N_, gettext, ngettext

TITLES: dict[str, str] = {
    "four_eyes": N_("Two facilitators approve every version"),
    "harmed_starts": N_("Who starts"),
    "assessment_days": N_("A risk assessment is current for"),
    "cooling_days": N_("Time to think again after a yes"),
    "link_days": N_("A link waits to be opened for"),
    "window_days": N_("After opening it can be read for"),
    "notices": N_("Notices about one thing"),
    "notices_by_itself": N_("Notices go by themselves"),
    "supervision_days": N_("Talked over in supervision every"),
    "follow_up_days": N_("After closing, somebody asks how people are after"),
    "consent_days": N_("What people decided is asked anew before an offer after"),
    "retention_days": N_("Kept after closing for"),
    "expire_days": N_("An approved message waits for"),
    "emergency_hours": N_("Open in an emergency for"),
}
HINTS: dict[str, str] = {
    "cooling_days": N_("From the day somebody says yes to the day it can be handed over. Nothing opens before that."),
    "consent_days": N_("A message may wait for years. Before it is offered, nobody is held to an old yes."),
    "notices": N_("0 means that none are sent"),
    "supervision_days": N_("Leave this empty if nobody has to be reminded"),
    "follow_up_days": N_("Leave this empty if nobody has to ask"),
    "expire_days": N_("Leave this empty if it may wait without an end"),
}
WHO_STARTS: dict[bool, str] = {
    True: N_("Only the person who was harmed"),
    False: N_("Either person, when they are prepared"),
}
UNSET: dict[str, str] = {
    "expire_days": N_("No end"),
    "supervision_days": N_("Nobody is reminded"),
    "follow_up_days": N_("Nobody has to ask"),
}
YES: dict[bool, str] = {True: N_("Yes"), False: N_("No")}
TYPE_HINTS: dict[str, str] = {
    CaseType.GENERAL: N_("No special rules"),
    CaseType.SERIOUS: N_("Two facilitators approve; a week to think again; supervision every twelve weeks"),
    CaseType.GENDER_VIOLENCE: N_("Only the person who was harmed starts; two facilitators; two weeks to think again"),
    CaseType.YOUNG: N_("Somebody in the case is under 18: shorter checks, time to think again, supervision"),
    CaseType.CUSTODY: N_("Somebody is in prison: post takes longer, so links wait longer"),
}


def told(name: str, value: Any) -> str:
    """A value of the policy in words."""
    if name == "harmed_starts":
        return gettext(WHO_STARTS[value])
    if isinstance(value, bool):
        return gettext(YES[value])
    if value is None:
        return gettext(UNSET[name])
    if name == "notices":
        return ngettext("%(num)s at most", "%(num)s at most", value) % {"num": value}
    if name == "emergency_hours":
        return ngettext("%(num)s hour", "%(num)s hours", value) % {"num": value}
    return ngettext("%(num)s day", "%(num)s days", value) % {"num": value}


def limit(bound: Bound) -> str:
    """How far the type lets this value go, "" where a case may have any."""
    if bound.must is not None:
        return gettext(N_("Fixed for this kind of case"))
    if bound.least is None or bound.most is None:
        return ""
    return gettext(N_("From %(least)s to %(most)s")) % {"least": bound.least, "most": bound.most}


def hint(name: str, bound: Bound) -> str:
    """What helps to fill it in; "" where there is nothing to say, or where it may not be left empty."""
    if name not in HINTS or (name in UNSET and not bound.unset):
        return ""
    return gettext(HINTS[name])
