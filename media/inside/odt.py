"""Looks at an OpenDocument text before an office program does: a zip of its kind, not locked, not a bomb.

Order: max_zip_entries, max_zip_bytes.
"""

import os
import zipfile

from media.inside import say, zips

_MANIFEST, _MOST = "META-INF/manifest.xml", 4 << 20
_LOCKED = b"encryption-data"  # OpenDocument 1.3 part 2, section 4.4


def main() -> None:
    """Descriptor 3 in; answers, or refuses."""
    asked = say.order()
    with os.fdopen(3, "rb") as file:
        zips.checked(file, {"mimetype", "content.xml", _MANIFEST}, asked)
        try:
            with zipfile.ZipFile(file) as untrusted, untrusted.open(_MANIFEST) as manifest:
                locked = _LOCKED in manifest.read(_MOST)
        except Exception:  # noqa: BLE001 - whatever it is, the document is not readable
            say.refuse("damaged")
    if locked:
        say.refuse("password")
    say.answer(document=True)


if __name__ == "__main__":
    main()
