"""Codes of notices in the words of the pages."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from exchange.core.model import Channel
from exchange.core.notices import SafeHours
from exchange.web.frame import N_, gettext
from exchange.web.frame.dates import clock, moment, weekday_name

MEANS: dict[str, str] = {Channel.EMAIL: N_("By e-mail"), Channel.TEXT: N_("By text message")}
WISHES: dict[str, str] = {**MEANS, "none": N_("No notices")}
REASONS: dict[str, str] = {
    "declined": N_("they want none"),
    "no_means": N_("no safe e-mail address or mobile number is recorded"),
    "no_hours": N_("no safe days and hours are recorded"),
    "no_words": N_("no safe words are recorded"),
    "contact_changed": N_("safe contact has changed since: ask them about notices again"),
    "came_back": N_("the last one could not be delivered: record the right address"),
    "not_set_up": N_("this service cannot send in this way"),
    "case_closed": N_("the case is closed"),
    "case_paused": N_("the case is paused"),
    "safety_hold": N_("the case is stopped for safety"),
    "emergency": N_("the case is open in an emergency"),
    "contact_order": N_("an order forbids contact"),
    "takes_part": N_("they do not take part at the moment"),
    "status": N_("their situation has changed"),
    "custody": N_("they are in custody, where none arrive"),
    "over": N_("there is nothing any more that it could be about"),
    "gate": N_("something is still needed before they may be told"),
    "enough": N_("the case's rules allow no more about this"),
    "not_by_itself": N_("one that goes by itself is not allowed"),
    "never": N_("no safe hour comes within two weeks"),
    "check_failed": N_("it could not be checked"),
    "by_staff": N_("a member of staff stopped it"),
    "refused": N_("the address was refused"),
    "not_taken": N_("it could not be handed over"),
    "unknown": N_("something broke while it was being sent"),
}
STATES: dict[str, str] = {
    "waiting": N_("Waits"),
    "trying": N_("Being sent"),
    "sent": N_("Sent"),
    "delivered": N_("Delivered"),
    "failed": N_("Could not be delivered"),
    "came_back": N_("Could not be delivered"),
    "unknown": N_("May not have been sent"),
    "stopped": N_("Not sent"),
}
OUTCOMES: dict[str, str] = {**REASONS, "came_back": N_("it came back")}


def hours_said(hours: SafeHours) -> str:
    """ "Monday to Friday, 9am to midday": days one after the other together."""
    days = sorted(hours.days)
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = [
        weekday_name(run[0])
        if len(run) == 1
        else gettext("%(first)s to %(last)s") % {"first": weekday_name(run[0]), "last": weekday_name(run[-1])}
        for run in runs
    ]
    times = {"days": ", ".join(names), "start": clock(hours.start), "end": clock(hours.end)}
    return gettext("%(days)s, %(start)s to %(end)s") % times


def when_said(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """When it goes: at once, or from a safe hour on."""
    if at <= now:
        return gettext("It goes at once.")
    return gettext("It waits until %(time)s.") % {"time": moment(at, zone, now=now)}


def days() -> list[tuple[str, str]]:
    """The weekdays to choose from."""
    return [(str(number), weekday_name(number)) for number in range(7)]


def clock_hours(last: int) -> list[tuple[str, str]]:
    """The hours of a day to choose from; 24 is the day's end."""
    whole = [
        datetime.combine(date(2026, 1, 1), datetime.min.time()).replace(hour=hour % 24) for hour in range(last + 1)
    ]
    return [(str(hour), clock(one.time())) for hour, one in enumerate(whole)]
