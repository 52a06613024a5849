"""Which Chromium the browser tests drive: the one on PATH, else the one playwright has fetched."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def system_chromium() -> str | None:
    """The path of a Chromium on PATH, or None, which makes playwright use its own."""
    return next((path for path in map(shutil.which, NAMES) if path), None)
