"""Text as it may be shown; see `media.inside.words`, which the sandboxed children use too."""

from media.inside.words import clean, decode

__all__ = ["clean", "decode"]
