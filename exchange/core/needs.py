"""What the free text of somebody's access needs asks of the pages (rule 19)."""

import re

EASY_READ = re.compile(r"\beasy[\s-]*read\b|\bhawdd\s+ei\s+(?:d?deall|d?darllen)\b", re.IGNORECASE)


def names_easy_read(needs: str) -> bool:
    """Whether the recorded needs name Easy Read, in English or Welsh; whoever did not want it presses one button."""
    return EASY_READ.search(needs) is not None
