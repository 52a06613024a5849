"""The console's navigation: who sees which entry. Seeing an entry grants nothing; every route asks again."""

from dataclasses import dataclass

from exchange.core.access import Permission, may
from exchange.core.model import Actor
from exchange.web.frame.i18n import N_, gettext


@dataclass(frozen=True)
class Entry:
    """One entry: words, path, and the permission without which it is not shown."""

    words: str
    path: str
    permission: Permission


ENTRIES = (
    Entry(N_("Needs you now"), "/", Permission.HOME),
    Entry(N_("Cases"), "/cases", Permission.CASE_LIST),
    Entry(N_("Referrals"), "/referrals", Permission.REFERRALS),
    Entry(N_("Supervisor"), "/supervisor", Permission.SUPERVISE),
    Entry(N_("Emergencies"), "/emergencies", Permission.EMERGENCY_LIST),
    Entry(N_("The record"), "/record", Permission.RECORD),
    Entry(N_("Administration"), "/admin", Permission.ADMINISTER),
)


def navigation(actor: object, path: str) -> list[dict[str, object]]:
    """The entries for an actor as the GOV.UK service navigation takes them; none without one."""
    if not isinstance(actor, Actor):
        return []
    shown = (entry for entry in ENTRIES if may(actor, entry.permission))
    return [{"text": gettext(e.words), "href": e.path, "active": _is_at(path, e.path)} for e in shown]


def _is_at(path: str, entry: str) -> bool:
    return path == entry or (entry != "/" and path.startswith(entry + "/"))
