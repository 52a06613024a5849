"""What tests ask of an open page, as files of JavaScript: each is an expression, mostly a function."""

from pathlib import Path


def script(name: str) -> str:
    """The text of one of them."""
    return (Path(__file__).parent / f"{name}.js").read_text(encoding="utf-8").strip()
