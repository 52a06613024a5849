"""Where sealed bytes lie: one protocol, a local folder and an S3 API behind it (DESIGN sections 3 and 7).

Nothing here knows what the bytes are; they arrive sealed. `tests/contract/test_objects.py` holds every
implementation to the same promises.
"""

from exchange.settings import Settings
from exchange.store.objects.local import LocalObjects
from exchange.store.objects.protocol import ObjectStore, checked_key

__all__ = ["LocalObjects", "ObjectStore", "checked_key", "open_objects"]


def open_objects(settings: Settings) -> ObjectStore:
    """The object store that the settings name; nothing is contacted or created before its first use."""
    folder = settings.objects_folder
    if folder:
        return LocalObjects(folder)
    # a third of a second of every start, which a local store need not pay
    from exchange.store.objects.s3 import S3Objects  # noqa: PLC0415  # loaded only where it is used

    return S3Objects.from_settings(settings)
