"""What happened to a message, newest first, in plain words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange.core.model import ConsentKind
from exchange.store.read import MessageView
from exchange.web.console.messages import words
from exchange.web.console.words import METHODS, said
from exchange.web.frame import gettext


@dataclass(frozen=True)
class Entry:
    """One line of the timeline, as `components/cards.html` takes it."""

    when: datetime
    words: str
    who: str = ""
    note: str = ""


def story_of(found: MessageView) -> list[Entry]:
    """Everything that is known of it, without any of its content."""
    message, staff = found.message, found.staff
    by_staff = staff.get(message.put_in_by, "") if message.put_in_by else found.author
    entries = [Entry(message.created_at, gettext("Begun"), by_staff)]
    entries += [Entry(u.confirmed_at, gettext("Arrived, checked and locked away")) for u in _confirmed(found)]
    entries += [_version(found, row) for row in found.revisions]
    entries += [_review(found, row, reason) for row, reason in found.reviews]
    entries += [_consent(found, row) for row in found.consents]
    entries += [Entry(row.at, gettext("Offered"), staff.get(row.made_by, ""), note) for row, note in found.offers]
    entries += [_release(found, row, there) for row, there in found.releases]
    entries += [_link(row) for row in found.links]
    entries += [Entry(row.at, gettext("A note was added"), staff.get(row.account_id, "")) for row, _ in found.notes]
    if found.concern is not None:
        raised = found.concern
        entries.append(Entry(raised.at, gettext("A concern was raised"), staff.get(raised.raised_by, "")))
        if raised.ended_at is not None:
            who = staff.get(raised.ended_by, "")
            entries.append(Entry(raised.ended_at, gettext("The concern was decided"), who))
    return sorted(entries, key=lambda entry: entry.when, reverse=True)


def _confirmed(found: MessageView) -> list[Any]:
    return [row for row in found.uploads if row.confirmed_at is not None]


def _version(found: MessageView, row: Any) -> Entry:
    told = gettext("Version %(number)s was made, code %(code)s")
    who = found.staff.get(row.made_by, gettext("The service, by itself"))
    made = told % {"number": row.number, "code": row.version_code}
    return Entry(row.at, made, who, found.changes.get(row.id, ""))


def _review(found: MessageView, row: Any, reason: str) -> Entry:
    return Entry(row.at, said(words.DECISIONS, row.decision), found.staff.get(row.account_id, ""), reason)


def _consent(found: MessageView, row: Any) -> Entry:
    told = {
        (ConsentKind.SHARE, True): gettext("The author agreed to share this version"),
        (ConsentKind.SHARE, False): gettext("The author does not agree to share"),
        (ConsentKind.RECEIVE, True): gettext("The recipient wants to receive it"),
        (ConsentKind.RECEIVE, False): gettext("The recipient said no for now"),
    }
    method = said(METHODS, row.method)
    recorded = found.staff.get(row.recorded_by, "")
    return Entry(row.at, told.get((ConsentKind(row.kind), row.given), ""), recorded, method)


def _release(found: MessageView, row: Any, there: str) -> Entry:
    handed = gettext("Handed over: %(way)s") % {"way": said(words.WAYS, row.way)}
    return Entry(row.at, handed, found.staff.get(row.made_by, ""), there)


def _link(row: Any) -> Entry:
    made = gettext("A link %(purpose)s") % {"purpose": said(words.PURPOSES, row.purpose)}
    return Entry(row.created_at, made, "", said(words.LINK_STATES, row.state))
