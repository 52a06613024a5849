"""Needs you now: what waits for the person who is signed in, one button per row (PAGES, rule 25)."""

from aiohttp import web

from exchange.core.access import Permission
from exchange.core.model import State
from exchange.core.retention import NOTICE
from exchange.store.read import PILE, RECOVERY, WEBHOOK, Item, needs_you_now
from exchange.store.read.home import MOST, SUPERVISION
from exchange.web import frame
from exchange.web.console import words
from exchange.web.console.paging import page_number, pager
from exchange.web.console.session import actor_of, service_of
from exchange.web.frame import N_

BUTTONS = {
    State.CONCERN: N_("Look at it"),
    State.IN_REVIEW: N_("Review"),
    State.ACCEPTED: N_("Hand over"),
    State.LAPSED: N_("New link"),
}


async def home(request: web.Request) -> web.StreamResponse:
    """The groups in their order, the longest waiting of each; one group by pages. A kind word where nothing waits."""
    only, number = request.query.get("group", ""), page_number(request)
    only = only if only in words.GROUP_TITLES else ""
    found = await needs_you_now(service_of(request), actor_of(request), group=only, page=number if only else 1)
    groups = [
        {
            "key": key,
            "title": words.said(words.GROUP_TITLES, key),
            "rows": [_row(item) for item in items],
            "total": items.total,
            "pager": pager("/", {"group": key}, number, items.total, MOST) if only else None,
        }
        for key, items in found.items()
    ]
    return frame.render(request, "console/home.html", {"groups": groups, "only": only})


def _row(item: Item) -> dict[str, object]:
    about = STATE_OR_TASK.get(item.kind, item.kind)
    return {
        "item": item,
        "kind_words": _kind(item),
        "what": frame.gettext(about),
        "href": _place(item),
        "button": frame.gettext(_button(item)),
    }


def _kind(item: Item) -> str:
    if not item.message_kind or item.asks:
        return frame.gettext(words.QUESTION) if item.message_kind else ""
    return words.said(words.UNSENT_KINDS if item.never_sent else words.KINDS, item.message_kind)


RECOVERY_USED = N_("A recovery code was used: ask them whether it was them")
WEBHOOK_STOPPED = N_("A webhook was stopped: nothing arrives there any more")
PILE_WAITS = N_("Scanned replies are not all put in yet")
STATE_OR_TASK = {
    **words.STATE_NEEDS,
    **words.TASKS,
    RECOVERY: RECOVERY_USED,
    WEBHOOK: WEBHOOK_STOPPED,
    PILE: PILE_WAITS,
}


def _button(item: Item) -> str:
    if item.message_kind:
        return BUTTONS.get(State(item.kind), N_("Open"))
    return N_("Record it") if item.kind in ("assessment_due", SUPERVISION) else N_("Open")


def _place(item: Item) -> str:
    """Where the button leads: to the one page on which this can be done."""
    if item.group == "referrals":
        return f"/referrals/{item.task_id}"
    if item.kind == RECOVERY:
        return f"/admin/accounts/{item.task_id}"
    if item.kind == PILE:
        return f"/piles/{item.task_id}"
    if item.kind == WEBHOOK:
        return f"/admin/webhooks/{item.task_id}"
    if item.kind == NOTICE and item.case_id is None:
        return "/retention"
    if item.task_id is not None:
        return f"/tasks/{item.task_id}"
    if item.kind == SUPERVISION:
        return f"/cases/{item.case_id}/supervision"
    if item.kind == "assessment_due":
        return f"/cases/{item.case_id}/assessments"
    return f"/messages/{item.message_id}" + {State.IN_REVIEW: "/review", State.ACCEPTED: "/hand-over"}.get(
        State(item.kind), ""
    )


ROUTES = [frame.Route("GET", "/", home, Permission.HOME)]
