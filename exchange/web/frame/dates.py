"""Dates and times as people say them: "Tuesday 3 March, 2:15pm", in the service's zone and the page's
language (DESIGN section 13). Input is always an aware datetime."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_day_names

from exchange.web.frame.i18n import current_language, gettext, ngettext


def moment(when: datetime, zone: ZoneInfo, *, now: datetime | None = None) -> str:
    """ "Tuesday 3 March, 2:15pm"; with the year when it is not the year of `now` (default: the clock)."""
    local = _local(when, zone)
    return f"{day(local.date(), now=_local(now, zone) if now else datetime.now(zone))}, {clock(local.time())}"


def day(when: date, *, now: datetime | None = None) -> str:
    """ "Tuesday 3 March", with the year when it is not the year of `now`."""
    pattern = "EEEE d MMMM" if now and when.year == now.year else "EEEE d MMMM y"
    return format_date(when, pattern, locale=_locale())


def clock(when: time) -> str:
    """ "2:15pm", "8am", "midday", "midnight"."""
    if when.minute == 0 and when.hour in (0, 12):
        return gettext("midday") if when.hour else gettext("midnight")
    minutes = f":{when.minute:02}" if when.minute else ""
    shown = {"time": f"{when.hour % 12 or 12}{minutes}"}
    return (gettext("%(time)sam") if when.hour < 12 else gettext("%(time)spm")) % shown


def weekday(when: date) -> str:
    """ "Tuesday 3 March" without a year."""
    return format_date(when, "EEEE d MMMM", locale=_locale())


def weekday_name(number: int) -> str:
    """ "Monday" for 0."""
    return str(get_day_names("wide", locale=_locale())[number])


def waiting(since: datetime, now: datetime) -> str:
    """How long something has waited: "today", "1 day", "12 days" (whole days of 24 hours)."""
    days = max(0, (now - since).days)
    return ngettext("%(num)d day", "%(num)d days", days) % {"num": days} if days else gettext("today")


def length(seconds: float) -> str:
    """A rough length: "45 seconds", "about 4 minutes"."""
    if seconds < 60:
        whole = max(1, round(seconds))
        return ngettext("%(num)d second", "%(num)d seconds", whole) % {"num": whole}
    minutes = round(seconds / 60)
    return ngettext("about %(num)d minute", "about %(num)d minutes", minutes) % {"num": minutes}


def _locale() -> Locale:
    """What babel knows of the page's language: its base, where a region is a made-up one."""
    return Locale.parse(current_language().partition("-")[0])


def _local(when: datetime, zone: ZoneInfo) -> datetime:
    if when.tzinfo is None:
        raise ValueError("A time without a zone cannot be shown.")
    return when.astimezone(zone)
