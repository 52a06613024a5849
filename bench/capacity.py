"""From one office to a country: what must be bought, worked out from what was measured.

    python -m bench.capacity

prints the table of docs/operating.md ("How much of everything"); a test compares the two. Change a measured figure here
when `bench.footprint`, `bench.load`, `make transcode` or `make console` says another one, and paste the table anew.
"""

from dataclasses import dataclass
from math import ceil

KIB, MB, GB, TB = 1024, 1000**2, 1000**3, 1000**4
HOUR, WORKDAYS, KEPT_YEARS = 3600, 220, 7

# measured (bench.footprint, 23 November 2026, on two cores)
DATABASE_PER_CASE = 80 * KIB  # six messages, with its part of the record
VIDEO_OUT = 123_000  # bytes a second of 720p, as it is released
AUDIO_IN, AUDIO_OUT = 9_000, 12_000
VIDEO_CPU, AUDIO_CPU = 0.62, 0.042  # CPU seconds a second: the larger of bench.footprint and of `make transcode`
LETTER_BYTES = 2_000_000  # a photographed letter of two pages and its page images
PAGE_CPU = 0.08  # a page of the console, its share of the database included (README, "quiet": median 55 ms)
STREAM_CPU = 0.4 / 1024**3  # a byte of a film (DESIGN section 14)
OPEN_CPU = 0.05  # opening a film or seeking in it: gate, leaf, database
PORTAL_MIB, CONSOLE_MIB, WORKER_MIB = 160, 320, 240  # a process at work, without the scratch of a worker
FILM_MIB, SCRATCH_MIB = 4, 2048  # a film that is being watched, in the portal (bench.load); one that is being made safe

CONNECTIONS_OF_SITE, CONNECTIONS_OF_WORKER, CONNECTIONS_LEFT = 20, 28, 10
"""What a process opens to PostgreSQL at most (`store.engine`, `workers.app`), and what is left for commands."""

# assumed of people and their telephones
VIDEO_IN = 1_000_000  # bytes a second as it comes: 1080p of a phone; the film that bench.footprint makes has 386,000
MESSAGES_A_CASE = 6
VIDEOS, SOUNDS = 0.15, 0.25  # of messages; the rest are letters
MINUTES = 20  # of a film or recording
VIEWS, SEEKS = 3, 10  # of each message, at the desk and by people; of each view
PAGES_A_DAY = 150  # of somebody at the desk
BUSY_HOUR = 0.25  # of a day's work falls into its busiest hour
SPARE = 2.0  # of everything that is bought


@dataclass(frozen=True)
class Size:
    """A service of this size."""

    name: str
    staff: int
    cases_a_year: int


SIZES = (
    Size("one office", 5, 60),
    Size("a charity in a region", 40, 600),
    Size("a police force area", 150, 3_000),
    Size("a country", 2_500, 60_000),
)


def media_seconds(size: Size, share: float) -> float:
    """Seconds of film or of sound that come in a year."""
    return size.cases_a_year * MESSAGES_A_CASE * share * MINUTES * 60


def stored_a_year(size: Size) -> float:
    """Bytes in the object store: what came and what is released, both kept."""
    letters = size.cases_a_year * MESSAGES_A_CASE * (1 - VIDEOS - SOUNDS) * LETTER_BYTES
    film = media_seconds(size, VIDEOS) * (VIDEO_IN + VIDEO_OUT)
    return letters + film + media_seconds(size, SOUNDS) * (AUDIO_IN + AUDIO_OUT)


def busy_seconds(a_year: float) -> float:
    """Of what comes in a year, what falls into the busiest hour of a working day."""
    return a_year / WORKDAYS * BUSY_HOUR


def worker_cores(size: Size) -> float:
    """Cores that make safe in an hour what comes in the busiest one."""
    cpu = media_seconds(size, VIDEOS) * VIDEO_CPU + media_seconds(size, SOUNDS) * AUDIO_CPU
    return busy_seconds(cpu) / HOUR * SPARE


def site_cores(size: Size) -> float:
    """Cores of both sites and their database in the busiest hour: pages, and films being watched."""
    pages = size.staff * PAGES_A_DAY * BUSY_HOUR * PAGE_CPU
    views = busy_seconds(size.cases_a_year * MESSAGES_A_CASE * VIEWS * (VIDEOS + SOUNDS)) * (1 + SEEKS) * OPEN_CPU
    bytes_read = busy_seconds(VIEWS * media_seconds(size, VIDEOS) * VIDEO_OUT)
    return (pages + views + bytes_read * STREAM_CPU) / HOUR * SPARE


def watching(size: Size) -> float:
    """Films that run at the same time in the busiest hour."""
    return busy_seconds(media_seconds(size, VIDEOS) * VIEWS) / HOUR * SPARE


def megabits(size: Size) -> float:
    """Mbit/s in and out at the worst."""
    coming = busy_seconds(media_seconds(size, VIDEOS) * VIDEO_IN) / HOUR * SPARE
    return (coming + watching(size) * VIDEO_OUT) * 8 / 1e6


def processes(size: Size) -> tuple[int, int, int]:
    """Portals, consoles, workers: a process uses one core, a worker two at most; two of each so that one may end."""
    each = max(2, ceil(site_cores(size)))
    return (each, each, max(2, ceil(worker_cores(size) / 2)))


def connections(size: Size) -> int:
    """The least `max_connections` of PostgreSQL."""
    portals, consoles, workers = processes(size)
    return (portals + consoles) * CONNECTIONS_OF_SITE + workers * CONNECTIONS_OF_WORKER + CONNECTIONS_LEFT


def row(size: Size) -> str:
    """One line of the table."""
    portals, consoles, workers = processes(size)
    at_rest = portals * PORTAL_MIB + consoles * CONSOLE_MIB + workers * (WORKER_MIB + SCRATCH_MIB)
    memory = (at_rest + watching(size) * FILM_MIB) / 1024
    stored = stored_a_year(size)
    cells = (
        size.name, f"{size.staff:,}", f"{size.cases_a_year:,}",
        amount(size.cases_a_year * DATABASE_PER_CASE * KEPT_YEARS), amount(stored), amount(stored * KEPT_YEARS),
        f"{watching(size):.1f}", f"{megabits(size):.0f}", f"{worker_cores(size):.1f}", f"{site_cores(size):.2f}",
        f"{portals}, {consoles}, {workers}", f"{ceil(memory)} GiB", f"{connections(size)}",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def amount(size: float) -> str:
    """In words that are bought."""
    for unit, name in ((TB, "TB"), (GB, "GB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / MB:.0f} MB"


HEAD = (
    "size", "staff", "cases a year", "database after 7 years", "objects a year", "objects after 7 years",
    "films at once", "Mbit/s", "cores: workers", "cores: sites and database", "portals, consoles, workers", "memory",
    "connections",
)  # fmt: skip


def table() -> str:
    """As it stands in docs/operating.md."""
    head = "| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|"
    return "\n".join([head, *map(row, SIZES)])


if __name__ == "__main__":
    print(table())
