"""A zip that is the document it says it is, and does not blow up (APPNOTE 4.3; ECMA-376 part 2, sections 6 and 7).

Order: max_zip_entries, max_zip_bytes.
"""

import zipfile
from typing import Any

from media.inside import say


def checked(file: Any, needed: set[str], asked: dict[str, int]) -> None:
    """Refuse what lacks one of the `needed` entries, is locked, or would inflate to more than is taken."""
    try:
        with zipfile.ZipFile(file) as untrusted:
            entries = untrusted.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        say.refuse("damaged")
    if not needed <= {entry.filename for entry in entries}:
        say.refuse("disguised")
    if any(entry.flag_bits & 1 for entry in entries):
        say.refuse("password")
    if len(entries) > asked["max_zip_entries"] or sum(entry.file_size for entry in entries) > asked["max_zip_bytes"]:
        say.refuse("unsafe")
    file.seek(0)
