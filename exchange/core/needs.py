"""What the free text of somebody's access needs asks of the pages (rule 19)."""

import re

EASY_READ = re.compile(r"\beasy[\s-]*read\b|\bhawdd\s+ei\s+(?:d?deall|d?darllen)\b", re.IGNORECASE)
LARGE_PRINT = re.compile(
    r"\b(?:large|big|giant)[\s-]*(?:print|letters|text)\b|\bprint\s+(?:bras|mawr)\b", re.IGNORECASE
)


def names_large_print(needs: str) -> bool:
    """Whether the recorded needs name large print, in English or Welsh; ordinary print is one button away."""
    return LARGE_PRINT.search(needs) is not None


def takes_large_print(needs: str, *, custody: bool) -> bool:
    """Large print for whoever needs it, and in custody, where nobody can zoom in (rules 19, 20)."""
    return custody or names_large_print(needs)


def names_easy_read(needs: str) -> bool:
    """Whether the recorded needs name Easy Read, in English or Welsh; whoever did not want it presses one button."""
    return EASY_READ.search(needs) is not None
