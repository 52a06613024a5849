"""The statistics of a quarter as a table for spreadsheets and machines: fixed words in English; console and API."""

from aiohttp import web

from exchange.core.csv_table import row
from exchange.steps.statistics import Statistics
from exchange.web.attachment import named

COLUMNS = ("quarter", "figure", "division", "part", "number")
HIDDEN = "hidden"


def answer(found: Statistics) -> web.Response:
    """The file, to be saved."""
    quarter = found.quarter.first.isoformat() if found.quarter else "none"
    headers = {**named(f"statistics-{quarter}.csv"), "Cache-Control": "no-store"}
    return web.Response(text="".join(_lines(found, quarter)), content_type="text/csv", charset="utf-8", headers=headers)


def _lines(found: Statistics, quarter: str) -> list[str]:
    made = [row(COLUMNS)]
    for figure, shown in found.figures.items():
        made.append(row((quarter, figure, "total", "", _cell(shown.total))))
        for by, parts in shown.parts.items():
            made += [row((quarter, figure, by, name, _cell(number))) for name, number in parts.items()]
    for kind, medians in (("median_days", found.times), ("median_days_waited_for", found.waits)):
        made += [row((quarter, kind, "", name, _cell(days))) for name, days in medians.items()]
    return made


def _cell(number: int | None) -> str:
    return HIDDEN if number is None else str(number)
