"""Whether pages can be read here (tesserocr and language data), as the other engines of the tests are asked for."""

from media import reading


def has_reader() -> bool:
    """True where the engine and its languages are installed: `make test` brings both."""
    return reading.engine() is not None
